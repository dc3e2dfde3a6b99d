/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's last resort. libvirt waits for the hook without a limit, and kills a guest when its
 * `started` or `reconnect` hook fails in whatever way; so a deadline, a crash in a library and a
 * termination signal all end in a status of our own choice. The handler calls nothing but what is
 * async-signal-safe. A process in uninterruptible sleep is beyond its reach.
 */
#include "deadline.h"

#include "report.h"

#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ALTERNATE_STACK_SIZE (16 * 1024)
#define LINE_SIZE 512
#define NAME_LIMIT 128 /* bytes: the line must get to what follows */

static const char not_done[] = "not done within ";
static const char crashed[] = "the hook crashed";
static const char terminated[] = "the hook was told to stop";

static const struct {
    int number;
    const char *cause;
} guarded[] = {
    {SIGALRM, not_done},   {SIGSEGV, crashed},    {SIGBUS, crashed},    {SIGABRT, crashed},
    {SIGFPE, crashed},     {SIGILL, crashed},     {SIGTRAP, crashed},   {SIGSYS, crashed},
    {SIGXCPU, crashed},    {SIGXFSZ, crashed},    {SIGHUP, terminated}, {SIGINT, terminated},
    {SIGQUIT, terminated}, {SIGTERM, terminated},
};

volatile sig_atomic_t iov_hook_refuse;

static const IovHookEnding *guard_ending;
static struct timespec guard_start;
static unsigned deadline_seconds;

int
iov_hook_early_status(const IovHookEnding *ending)
{
    return ending->refused != NULL && iov_hook_refuse != 0 ? 1 : 0;
}

typedef struct {
    char text[LINE_SIZE];
    size_t length;
} Line;

/* Leaves room for the newline and the terminator. */
static void
append_bytes(Line *line, const char *text, size_t length)
{
    size_t room = sizeof(line->text) - 2 - line->length;

    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
}

static void
append(Line *line, const char *text)
{
    append_bytes(line, text, strlen(text));
}

static void
append_seconds(Line *line, unsigned seconds)
{
    char text[] = {(char)('0' + seconds / 10 % 10), (char)('0' + seconds % 10), '\0'};

    append(line, seconds < 10 ? text + 1 : text);
    append(line, " s");
}

static void
write_line(const char *cause, const char *follows)
{
    const char *name = guard_ending->domain;
    Line line = {.length = 0};

    append(&line, "iovpool-virt-hook: ");
    append(&line, guard_ending->action);
    append(&line, " domain ");
    append_bytes(&line, name, strnlen(name, NAME_LIMIT));
    append(&line, ": ");
    append(&line, cause);
    if (cause == not_done)
        append_seconds(&line, deadline_seconds);
    append(&line, "; ");
    append(&line, follows);
    iov_hook_make_one_line(line.text);
    line.text[line.length++] = '\n';
    if (write(STDERR_FILENO, line.text, line.length) < 0)
        return;
}

static void
end_early(int number)
{
    int status = iov_hook_early_status(guard_ending);
    const char *follows = status == 0 ? guard_ending->goes_on : guard_ending->refused;

    for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
        if (guarded[i].number == number)
            write_line(guarded[i].cause, follows);
    _exit(status);
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

    deadline_seconds = seconds;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long left = seconds * 1000000LL - (now.tv_sec - guard_start.tv_sec) * 1000000LL -
                     (now.tv_nsec - guard_start.tv_nsec) / 1000;
    if (left < 1)
        left = 1; /* 0 would mean: no deadline */
    timer.it_value.tv_sec = left / 1000000;
    timer.it_value.tv_usec = left % 1000000;
    setitimer(ITIMER_REAL, &timer, NULL);
}

void
iov_hook_end_deadline(void)
{
    struct itimerval none = {0};

    setitimer(ITIMER_REAL, &none, NULL);
}

void
iov_hook_restart_deadline(void)
{
    clock_gettime(CLOCK_MONOTONIC, &guard_start);
    iov_hook_set_deadline(deadline_seconds);
}
