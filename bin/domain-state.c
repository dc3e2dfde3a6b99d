/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a domain rests, and what libvirt's job does with it where it does not. It changes
 * nothing; QEMU's monitor is not spoken to, as libvirt marks a domain for that (tainted). What QEMU
 * waits for shows in libvirt's statistics: they count no page of memory as long as it waits.
 */
#include "domain-state.h"

#include "cli-error.h"

/* States in which a domain may be touched, and those that are told apart; all others are passing
 * ones, and an event ends each. */
static const struct {
    int state, reason; /* reason -1: any but those above it */
    gboolean in_transit, paused, stopped;
} states[] = {
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, TRUE, FALSE, FALSE},
#if LIBVIR_CHECK_VERSION(8, 5, 0)
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED, TRUE, FALSE, FALSE},
#endif
    {VIR_DOMAIN_RUNNING, -1, FALSE, FALSE, FALSE},
    {VIR_DOMAIN_BLOCKED, -1, FALSE, FALSE, FALSE},
    {VIR_DOMAIN_PMSUSPENDED, -1, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_FROM_SNAPSHOT, FALSE, TRUE, FALSE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, TRUE, TRUE, TRUE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE, TRUE, TRUE, TRUE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP, TRUE, TRUE, TRUE},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SNAPSHOT, TRUE, TRUE, TRUE},
};

void
domain_state_judge(DomainState *state, int number, int reason)
{
    state->in_transit = state->paused = TRUE;
    state->stopped = state->came = FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        if (states[i].state != number || (states[i].reason != -1 && states[i].reason != reason))
            continue;
        state->in_transit = states[i].in_transit;
        state->paused = states[i].paused;
        state->stopped = states[i].stopped;
        state->came = !state->in_transit &&
                      (number != VIR_DOMAIN_RUNNING || reason == VIR_DOMAIN_RUNNING_MIGRATED);
        return;
    }
}

static DomainJobKind
kind_of(virTypedParameterPtr parameters, int count)
{
    int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

    virTypedParamsGetInt(parameters, count, VIR_DOMAIN_JOB_OPERATION, &operation);
    switch (operation) {
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
        return DOMAIN_JOB_MIGRATION;
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
        return DOMAIN_JOB_SAVE;
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
        return DOMAIN_JOB_SNAPSHOT;
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
        return DOMAIN_JOB_DUMP;
    default: /* a number of another program: libvirt's, and newer ones */
        return DOMAIN_JOB_OTHER;
    }
}

static guint64
number_of(virTypedParameterPtr parameters, int count, const char *name, gboolean *told)
{
    unsigned long long number = 0;
    int found = virTypedParamsGetULLong(parameters, count, name, &number);

    *told = found == 1;
    return number;
}

/* Pages are counted from the first that is sent. A dump of the memory alone counts bytes instead:
 * QEMU does not migrate for it. Before memory, a migration may copy disks, for hours. */
DomainJob
domain_job_judge(virTypedParameterPtr parameters, int count)
{
    DomainJob job = {.kind = kind_of(parameters, count)};
    gboolean counted, told;

    if (!domain_job_is_copy(&job))
        return job;
    guint64 pages = number_of(parameters, count, VIR_DOMAIN_JOB_MEMORY_NORMAL, &counted) +
                    number_of(parameters, count, VIR_DOMAIN_JOB_MEMORY_CONSTANT, &told);
    job.copying = pages > 0;
    job.waiting =
        !job.copying &&
        (counted || number_of(parameters, count, VIR_DOMAIN_JOB_MEMORY_TOTAL, &told) == 0) &&
        number_of(parameters, count, VIR_DOMAIN_JOB_DISK_REMAINING, &told) == 0;
    return job;
}

gboolean
domain_job_is_copy(const DomainJob *job)
{
    return job->kind != DOMAIN_JOB_NONE && job->kind != DOMAIN_JOB_OTHER;
}

static DomainJob
read_statistics(virDomainPtr domain, guint flags)
{
    virTypedParameterPtr parameters = NULL;
    int type = VIR_DOMAIN_JOB_NONE, count = 0;
    DomainJob job = {.kind = DOMAIN_JOB_NONE};

    if (virDomainGetJobStats(domain, &type, &parameters, &count, flags) == 0 &&
        type != VIR_DOMAIN_JOB_NONE)
        job = domain_job_judge(parameters, count);
    virTypedParamsFree(parameters, count);
    return job;
}

/* Not all jobs have statistics, and drivers that know no jobs have none. */
static DomainJob
read_job(virDomainPtr domain)
{
    virDomainJobInfo information = {0};
    DomainJob job = {.kind = DOMAIN_JOB_NONE};

    if (virDomainGetJobInfo(domain, &information) != 0 || information.type == VIR_DOMAIN_JOB_NONE ||
        information.type == VIR_DOMAIN_JOB_COMPLETED)
        return job;
    job = read_statistics(domain, 0);
    if (job.kind == DOMAIN_JOB_NONE)
        job.kind = DOMAIN_JOB_OTHER;
    return job;
}

gboolean
domain_state_read(DomainState *state, virDomainPtr domain, GError **error)
{
    int number = 0, reason = 0;

    if (virDomainGetState(domain, &number, &reason, 0) != 0)
        return libvirt_error(error, "cannot read the state of domain '%s'",
                             virDomainGetName(domain));
    domain_state_judge(state, number, reason);
    state->job = read_job(domain);
    return TRUE;
}

gboolean
domain_state_was_copied(virDomainPtr domain)
{
    DomainJob job = read_statistics(domain, VIR_DOMAIN_JOB_STATS_COMPLETED |
                                                VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED);

    return job.kind == DOMAIN_JOB_SNAPSHOT || job.kind == DOMAIN_JOB_DUMP;
}

gboolean
domain_state_check_rest(virDomainPtr domain, GError **error)
{
    static const char *const doings[] = {
        [DOMAIN_JOB_NONE] = "arrives, leaves or ends just now",
        [DOMAIN_JOB_OTHER] = "arrives, leaves or ends just now",
        [DOMAIN_JOB_MIGRATION] = "migrates",
        [DOMAIN_JOB_SAVE] = "is being saved",
        [DOMAIN_JOB_SNAPSHOT] = "is having a snapshot taken",
        [DOMAIN_JOB_DUMP] = "is being dumped",
    };
    DomainState state;

    if (!domain_state_read(&state, domain, error))
        return FALSE;
    if (!state.in_transit && !domain_job_is_copy(&state.job))
        return TRUE;
    return cli_error_set(error, IOV_ERROR_BUSY, "domain '%s' %s: try again when that is over",
                         virDomainGetName(domain), doings[state.job.kind]);
}
