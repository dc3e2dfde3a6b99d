/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `iovpool status --watch` as a program over a ledger that this process changes. What it prints is
 * awaited; that it prints nothing is seen by what it prints next. */
#define _GNU_SOURCE /* nftw(3), posix_openpt(3) */
#include "ledger-support.h"
#include "settle.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define SETTLED_AFTER 0.1 /* seconds */
#define NOTHING_MS 500    /* several times what the command waits for a ledger to settle */
#define TABLE_END "\n\n"
#define NO_ROWS "[]\n"

static char *program;
static IovLedger *ledger;
static pid_t child;
static int output; /* what the program prints */

static void
set_up(void)
{
    const char *build = g_getenv("IOV_TEST_BUILDDIR");

    ck_assert_ptr_nonnull(build);
    program = g_build_filename(build, "iovpool", NULL);
    base = g_dir_make_tmp("iov-watch-XXXXXX", NULL);
    run_dir = g_build_filename(base, "run/iovpool", NULL);
    g_autofree char *random = g_build_filename(base, "proc/sys/kernel/random", NULL);
    g_autofree char *boot_id = g_build_filename(random, "boot_id", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(random, 0755), 0);
    ck_assert(g_file_set_contents(boot_id, BOOT "\n", -1, NULL));
    child = 0;
    output = -1;
}

static int
remove_entry(const char *path, const struct stat *status G_GNUC_UNUSED, int kind G_GNUC_UNUSED,
             struct FTW *walk G_GNUC_UNUSED)
{
    return remove(path);
}

static void
tear_down(void)
{
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    if (output >= 0)
        close(output);
    g_clear_pointer(&ledger, iov_ledger_close);
    nftw(base, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(run_dir);
    g_free(base);
    g_free(program);
}

static void
put_request(const char *uuid, const char *name, const char *reason)
{
    g_autoptr(IovStatus) status = iov_status_new();
    GError *error = NULL;

    status->domain_uuid = g_strdup(uuid);
    status->domain_name = g_strdup(name);
    status->request = g_strdup("net0");
    status->pool = g_strdup("fast");
    status->reason = g_strdup(reason);
    status->request_xml = g_strdup("");
    status->started = TRUE;
    status->since = 10;
    assert_done(iov_ledger_put_status(ledger, status, &error), error);
}

/* A change of the ledger that a row shows. */
static void
set_reason(const char *reason)
{
    begin(ledger);
    put_request(VM1, "vm1", reason);
    commit(ledger);
}

static void
make_ledger(const char *reason)
{
    ledger = open_filled();
    set_reason(reason);
}

/* @descriptor: its standard output, from now on the child's alone. */
static void
start(int descriptor, const char *option, const char *argument)
{
    child = fork();
    if (child == 0) {
        dup2(descriptor, STDOUT_FILENO);
        execl(program, "iovpool", "--root", base, "status", "--watch", option, argument, NULL);
        _exit(127);
    }
    close(descriptor);
}

static void
start_piped(const char *option, const char *argument)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    output = ends[0];
    start(ends[1], option, argument);
}

static gboolean
has_output(int milliseconds)
{
    struct pollfd descriptor = {.fd = output, .events = POLLIN};

    return poll(&descriptor, 1, milliseconds) > 0;
}

/* All that comes, up to and with @end. (transfer full) */
static char *
await(const char *end)
{
    GString *text = g_string_new(NULL);

    while (!g_str_has_suffix(text->str, end)) {
        char data[4096];
        ck_assert_msg(has_output(PATIENCE_MS), "'%s' did not come after: %s", end, text->str);
        gssize length = read(output, data, sizeof data);
        ck_assert_msg(length > 0, "it ended after: %s", text->str);
        g_string_append_len(text, data, length);
    }
    return g_string_free(text, FALSE);
}

/* One listing that has @word and, where that is not NULL, not @missing. */
static void
assert_prints(const char *end, const char *word, const char *missing)
{
    g_autofree char *text = await(end);

    ck_assert_msg(strstr(text, word) != NULL, "no '%s' in: %s", word, text);
    ck_assert_msg(missing == NULL || strstr(text, missing) == NULL, "'%s' in: %s", missing, text);
}

static int
wait_ended(void)
{
    int status = 0;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    child = 0;
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void
end_by(int number)
{
    ck_assert_int_eq(kill(child, number), 0);
    ck_assert_int_eq(wait_ended(), 0);
}

START_TEST(prints_again_what_changed)
{
    make_ledger("no function");
    start_piped(NULL, NULL);
    assert_prints(TABLE_END, "no function", NULL);
    set_reason("parked by hand");
    assert_prints(TABLE_END, "parked by hand", "no function");
    begin(ledger);
    lease(ledger, vf(1, 0), VM1, "net0");
    commit(ledger);
    assert_prints(TABLE_END, vf(1, 0), NULL);
    end_by(SIGINT);
}
END_TEST

START_TEST(prints_nothing_where_no_row_differs)
{
    make_ledger("alpha");
    start_piped(NULL, NULL);
    assert_prints(TABLE_END, "alpha", NULL);
    begin(ledger);
    fill(ledger, "slow", 9, 1, 1);
    commit(ledger);
    set_reason("alpha");
    ck_assert(!has_output(NOTHING_MS));
    set_reason("beta");
    assert_prints(TABLE_END, "beta", "alpha");
    end_by(SIGTERM);
}
END_TEST

START_TEST(tells_when_a_row_of_events_is_over)
{
    Settle settle = SETTLE_INIT(100, 1000);

    ck_assert_int_eq(settle.deadline, -1);
    settle_note_event(&settle, 5000);
    ck_assert_int_eq(settle.deadline, 5100);
    settle_note_event(&settle, 5090);
    ck_assert_int_eq(settle.deadline, 5190);
    for (gint64 now = 5100; now < 6000; now += 90)
        settle_note_event(&settle, now);
    ck_assert_int_eq(settle.deadline, 6000);
}
END_TEST

/* Changes without a pause: they are shown, though they do not end, and not each by itself. */
START_TEST(settles)
{
    g_autoptr(GTimer) timer = g_timer_new();
    guint listings = 0;

    make_ledger("first");
    start_piped("--json", NULL);
    assert_prints("]\n", "first", NULL);
    g_timer_start(timer);
    for (guint i = 0; !has_output(0); i++) {
        g_autofree char *reason = g_strdup_printf("change %u", i);
        ck_assert_double_lt(g_timer_elapsed(timer, NULL), PATIENCE_MS / 1000.0);
        set_reason(reason);
    }
    ck_assert_double_ge(g_timer_elapsed(timer, NULL), SETTLED_AFTER);
    set_reason("last");
    for (gboolean last = FALSE; !last; listings++) {
        g_autofree char *text = await("]\n");
        last = strstr(text, "last") != NULL;
    }
    ck_assert_uint_le(listings, 2);
    end_by(SIGINT);
}
END_TEST

START_TEST(awaits_a_ledger)
{
    start_piped("--json", NULL);
    assert_prints(NO_ROWS, NO_ROWS, NULL);
    make_ledger("alpha");
    assert_prints("]\n", "\"reason\":\"alpha\"", NULL);
    end_by(SIGINT);
}
END_TEST

START_TEST(follows_a_ledger_that_is_removed_and_replaced)
{
    g_autofree char *path = ledger_path("ledger.db"), *aside = ledger_path("aside");
    GError *error = NULL;

    make_ledger("alpha");
    start_piped("--json", NULL);
    assert_prints("]\n", "alpha", NULL);
    ck_assert_int_eq(g_rename(path, aside), 0);
    assert_prints("]\n", NO_ROWS, NULL);
    ck_assert_int_eq(g_rename(aside, path), 0);
    assert_prints("]\n", "alpha", NULL);
    iov_ledger_close(ledger);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
    assert_prints("]\n", NO_ROWS, NULL);
    make_ledger("beta");
    assert_prints("]\n", "beta", NULL);
    end_by(SIGINT);
}
END_TEST

START_TEST(follows_a_directory_that_is_removed_and_made_again)
{
    g_autofree char *above = g_build_filename(base, "run", NULL);
    g_autofree char *aside = g_build_filename(base, "aside", NULL);

    make_ledger("alpha");
    start_piped("--json", NULL);
    assert_prints("]\n", "alpha", NULL);
    g_clear_pointer(&ledger, iov_ledger_close);
    ck_assert_int_eq(g_rename(run_dir, aside), 0);
    ck_assert_int_eq(g_rmdir(above), 0);
    assert_prints("]\n", NO_ROWS, NULL);
    make_ledger("beta");
    assert_prints("]\n", "beta", NULL);
    end_by(SIGINT);
}
END_TEST

START_TEST(watches_one_domain)
{
    make_ledger("alpha");
    start_piped("--json", "vm2");
    assert_prints(NO_ROWS, NO_ROWS, NULL);
    set_reason("beta");
    begin(ledger);
    put_request(VM2, "vm2", "here");
    commit(ledger);
    assert_prints("]\n", "vm2", "vm1");
    end_by(SIGINT);
}
END_TEST

START_TEST(parts_listings_without_titles_by_an_empty_line)
{
    make_ledger("alpha");
    start_piped("--quiet", NULL);
    assert_prints("\n", " vm1 ", "Domain");
    set_reason("beta");
    g_autofree char *text = await("beta\n");
    ck_assert_msg(g_str_has_prefix(text, "\n vm1 "), "it printed: %s", text);
    end_by(SIGINT);
}
END_TEST

START_TEST(redraws_a_terminal)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(grantpt(terminal), 0);
    ck_assert_int_eq(unlockpt(terminal), 0);
    int slave = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(slave, 0);
    output = terminal;
    make_ledger("alpha");
    start(slave, NULL, NULL);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *text = await("\r\n\r\n");
        ck_assert_msg(g_str_has_prefix(text, "\033[H\033[2J Domain "), "it printed: %s", text);
        ck_assert_ptr_nonnull(strstr(text, i == 0 ? "alpha" : "beta"));
        set_reason("beta");
    }
    end_by(SIGINT);
}
END_TEST

START_TEST(ends_with_its_reader)
{
    make_ledger("alpha");
    start_piped(NULL, NULL);
    assert_prints(TABLE_END, "alpha", NULL);
    close(output);
    output = -1;
    ck_assert_int_eq(wait_ended(), 0);
}
END_TEST

START_TEST(fails_where_the_ledger_is_another_programs)
{
    g_autofree char *path = ledger_path("ledger.db");

    make_ledger("alpha");
    start_piped(NULL, NULL);
    assert_prints(TABLE_END, "alpha", NULL);
    g_clear_pointer(&ledger, iov_ledger_close);
    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ck_assert_int_eq(wait_ended(), 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("status-watch");
    TCase *tests = tcase_create("status-watch");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 10);
    tcase_add_test(tests, prints_again_what_changed);
    tcase_add_test(tests, prints_nothing_where_no_row_differs);
    tcase_add_test(tests, tells_when_a_row_of_events_is_over);
    tcase_add_test(tests, settles);
    tcase_add_test(tests, awaits_a_ledger);
    tcase_add_test(tests, follows_a_ledger_that_is_removed_and_replaced);
    tcase_add_test(tests, follows_a_directory_that_is_removed_and_made_again);
    tcase_add_test(tests, watches_one_domain);
    tcase_add_test(tests, parts_listings_without_titles_by_an_empty_line);
    tcase_add_test(tests, redraws_a_terminal);
    tcase_add_test(tests, ends_with_its_reader);
    tcase_add_test(tests, fails_where_the_ledger_is_another_programs);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
