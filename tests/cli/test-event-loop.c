/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections are served whatever the program waits for, and its signals stay its own. */
#include "cli-command.h"
#include "test-support.h"

#include <libvirt/libvirt.h>
#include <signal.h>
#include <unistd.h>

#define PATIENCE ((gint64)20 * G_USEC_PER_SEC)

static GMutex lock;
static GCond changed;
static gboolean served;

/* libvirtd's question whether the client is there comes to it like this. */
static void
serve(int timer, void *data G_GNUC_UNUSED)
{
    virEventRemoveTimeout(timer);
    g_mutex_lock(&lock);
    served = TRUE;
    g_cond_signal(&changed);
    g_mutex_unlock(&lock);
}

static Cli
connect_cli(void)
{
    g_autoptr(GError) error = NULL;
    Cli cli = {.root = "/", .uri = "test:///default"};

    assert_done(cli_get_connection(&cli, &error) != NULL, error);
    return cli;
}

START_TEST(a_connection_is_served_while_the_program_waits)
{
    Cli cli = connect_cli();
    gint64 end = g_get_monotonic_time() + PATIENCE;

    ck_assert_int_ge(virEventAddTimeout(0, serve, NULL, NULL), 0);
    g_mutex_lock(&lock);
    while (!served)
        ck_assert(g_cond_wait_until(&changed, &lock, end));
    g_mutex_unlock(&lock);
    cli_clear(&cli);
}
END_TEST

/* As follow_begin() does, which the aborting of a migration depends on. */
START_TEST(a_signal_is_for_who_waits_for_it)
{
    Cli cli = connect_cli();
    sigset_t signals;
    int got = 0;

    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(sigwait(&signals, &got), 0);
    ck_assert_int_eq(got, SIGUSR1);
    cli_clear(&cli);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("event-loop");
    TCase *tests = tcase_create("event-loop");

    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_connection_is_served_while_the_program_waits);
    tcase_add_test(tests, a_signal_is_for_who_waits_for_it);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
