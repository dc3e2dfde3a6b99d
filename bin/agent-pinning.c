/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the host can spare the memory that a lift pins. It asks libvirt for the guest's figures
 * and the library for the host's; what follows from the answer is agent-decide.c's.
 */
#include "agent-pinning.h"

#define MIB 1024 /* KiB */

char *
agent_pinning_judge(guint64 memory, guint64 resident, guint64 spare)
{
    guint64 wanted = memory > resident ? memory - resident : 0;

    if (wanted <= spare)
        return NULL;
    return g_strdup_printf("a function would pin %" G_GUINT64_FORMAT " MiB more of its memory, and "
                           "the host can spare %" G_GUINT64_FORMAT " MiB",
                           wanted / MIB, spare / MIB);
}

/* FALSE where libvirt does not tell. */
static gboolean
read_resident(virDomainPtr domain, guint64 *resident)
{
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int count = virDomainMemoryStats(domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);

    for (int i = 0; i < count; i++) {
        if (stats[i].tag != VIR_DOMAIN_MEMORY_STAT_RSS)
            continue;
        *resident = stats[i].val;
        return TRUE;
    }
    return FALSE;
}

char *
agent_pinning_find_fault(virDomainPtr domain, const IovDomain *record, IovManager *manager)
{
    virDomainInfo info = {0};
    guint64 resident = 0, spare = 0;

    if (iov_domain_has_memory_set_aside(record) || iov_domain_has_hostdev(record))
        return NULL;
    if (virDomainGetInfo(domain, &info) != 0 || !read_resident(domain, &resident) ||
        !iov_manager_get_spare_memory(manager, &spare, NULL))
        return NULL;
    return agent_pinning_judge(info.maxMem, resident, spare);
}
