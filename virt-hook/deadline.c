/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's last resort. libvirt waits for the hook without a limit, and kills a guest when its
 * `started` or `reconnect` hook fails in whatever way; so a deadline, a crash in a library and a
 * termination signal all end in a status of our own choice. The lines are made beforehand: a
 * handler may only write and exit. A process in uninterruptible sleep is beyond its reach.
 */
#include "deadline.h"

#include "report.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ALTERNATE_STACK_SIZE (16 * 1024)

enum { CAUSE_DEADLINE, CAUSE_CRASH, CAUSE_TERMINATED, N_CAUSES };

static const struct {
    int number;
    int cause;
} guarded[] = {
    {SIGALRM, CAUSE_DEADLINE},   {SIGSEGV, CAUSE_CRASH},      {SIGBUS, CAUSE_CRASH},
    {SIGABRT, CAUSE_CRASH},      {SIGFPE, CAUSE_CRASH},       {SIGILL, CAUSE_CRASH},
    {SIGTRAP, CAUSE_CRASH},      {SIGSYS, CAUSE_CRASH},       {SIGXCPU, CAUSE_CRASH},
    {SIGXFSZ, CAUSE_CRASH},      {SIGHUP, CAUSE_TERMINATED},  {SIGINT, CAUSE_TERMINATED},
    {SIGQUIT, CAUSE_TERMINATED}, {SIGTERM, CAUSE_TERMINATED},
};

volatile sig_atomic_t iov_hook_refuse;

static const IovHookEnding *guard_ending;
static struct timespec guard_start;
static char lines[N_CAUSES][2][512]; /* by status */

int
iov_hook_early_status(const IovHookEnding *ending)
{
    return ending->refused != NULL && iov_hook_refuse != 0 ? 1 : 0;
}

static void
end_early(int number)
{
    int status = iov_hook_early_status(guard_ending);

    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++) {
        if (guarded[i].number != number)
            continue;
        const char *line = lines[guarded[i].cause][status];
        if (write(STDERR_FILENO, line, strlen(line)) < 0)
            break;
    }
    _exit(status);
}

static void
make_line(int cause, int status, const char *text)
{
    const char *follows = status == 0 ? guard_ending->goes_on : guard_ending->refused;
    char *line = lines[cause][status];
    size_t size = sizeof(lines[cause][status]);

    if (follows == NULL)
        return;
    /* the name is cut first: the line must say what follows */
    snprintf(line, size - 1, "iovpool-virt-hook: %s domain %.128s: %s; %s", guard_ending->action,
             guard_ending->domain, text, follows);
    iov_hook_make_one_line(line);
    strcat(line, "\n");
}

static void
make_lines(int cause, const char *text)
{
    make_line(cause, 0, text);
    make_line(cause, 1, text);
}

void
iov_hook_guard(const IovHookEnding *ending)
{
    static char stack[ALTERNATE_STACK_SIZE]; /* a stack overflow is a crash too */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = end_early, .sa_flags = SA_ONSTACK};
    sigset_t none;

    guard_ending = ending;
    clock_gettime(CLOCK_MONOTONIC, &guard_start);
    make_lines(CAUSE_CRASH, "the hook crashed");
    make_lines(CAUSE_TERMINATED, "the hook was told to stop");
    sigaltstack(&alternate, NULL);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        sigaction(guarded[i].number, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void
iov_hook_set_deadline(unsigned seconds)
{
    struct itimerval timer = {0};
    struct timespec now;
    char text[64];

    snprintf(text, sizeof(text), "not done within %u s", seconds);
    make_lines(CAUSE_DEADLINE, text);
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long left = seconds * 1000000LL - (now.tv_sec - guard_start.tv_sec) * 1000000LL -
                     (now.tv_nsec - guard_start.tv_nsec) / 1000;
    if (left < 1)
        left = 1; /* 0 would mean: no deadline */
    timer.it_value.tv_sec = left / 1000000;
    timer.it_value.tv_usec = left % 1000000;
    setitimer(ITIMER_REAL, &timer, NULL);
}
