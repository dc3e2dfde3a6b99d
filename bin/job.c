/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job.h"

#include "follow.h"
#include "libvirt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SHOW_EVERY (500 * G_TIME_SPAN_MILLISECOND)

typedef struct {
    virDomainPtr domain;
    JobCall call;
    gpointer data;
    int ended; /* an eventfd: it has returned */
    gboolean done;
    GError *error;
} Job;

static gpointer
run(gpointer data)
{
    Job *job = data;
    const guint64 one = 1;

    job->done = job->call(job->domain, job->data, &job->error);
    while (write(job->ended, &one, sizeof one) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* How much of the job's data is through, in percent; -1: libvirt does not tell. */
static int
read_progress(virDomainPtr domain)
{
    virDomainJobInfo info;

    if (virDomainGetJobInfo(domain, &info) != 0 || info.dataTotal == 0)
        return -1;
    return (int)(100.0 * (double)info.dataProcessed / (double)info.dataTotal);
}

static void
show_progress(const char *what, int percent)
{
    if (percent >= 0)
        fprintf(stderr, "\r%s: %d %%", what, MIN(percent, 100));
}

static void
watch(Job *job, Follow *follow, const char *what, gboolean shown)
{
    for (;;) {
        gint64 next = shown ? g_get_monotonic_time() + SHOW_EVERY : FOLLOW_NO_DEADLINE;

        switch (follow_wait(follow, job->ended, POLLIN, next)) {
        case FOLLOW_READY:
            return;
        case FOLLOW_TIMEOUT:
            show_progress(what, read_progress(job->domain));
            continue;
        case FOLLOW_END:
            virDomainAbortJob(job->domain);
            return;
        }
    }
}

static gboolean
run_watched(Job *job, Follow *follow, const char *what, gboolean shown)
{
    GThread *thread = g_thread_new("job", run, job);

    watch(job, follow, what, shown);
    g_thread_join(thread);
    if (shown)
        fputc('\n', stderr);
    return job->done;
}

gboolean
job_run(Cli *cli, virDomainPtr domain, const char *what, JobCall call, gpointer data,
        GError **error)
{
    g_autoptr(Follow) follow = follow_begin(error);
    Job job = {.domain = domain, .call = call, .data = data, .ended = eventfd(0, EFD_CLOEXEC)};
    gboolean done = FALSE;

    if (follow != NULL && job.ended < 0)
        cli_error_set(error, IOV_ERROR_HOST, "cannot wait for it: %s", g_strerror(errno));
    else if (follow != NULL)
        done = run_watched(&job, follow, what, !cli->quiet && isatty(STDERR_FILENO));
    if (job.ended >= 0)
        close(job.ended);
    if (job.error != NULL)
        g_propagate_error(error, job.error);
    return done;
}
