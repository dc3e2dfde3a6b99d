/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What would help a request that is not served as it wishes: a text for each reason and for each
 * verdict. Texts are for people and may change. Names of domains are hostile, and a command is
 * there to be pasted into a shell: a name that is not plain is replaced by the domain's UUID.
 */
#include "iov-help.h"

#include <string.h>

#define REASONS (IOV_REASON_UNPLUG + 1)
#define BIT(verdict) (1u << (verdict))
#define LIMITS (BIT(IOV_VERDICT_RATE) | BIT(IOV_VERDICT_POLICY))
#define ANY (BIT(IOV_VERDICTS) - 1)

/* What helps against a reason. Where one of @verdicts is among the candidates, its help is better.
 * {domain}, {request} and {pool} are the request's; {holder} is "DOMAIN REQUEST" of who is the
 * first to give way. */
static const struct {
    const char *text;
    guint verdicts;
} by_reason[] = {
    [IOV_REASON_NONE] = {"the agent gives it a function: `systemctl status iovpoold`; `iovpool "
                         "attach {domain} {request}` does so at once",
                         LIMITS},
    [IOV_REASON_ADAPTER_DOWN] = {"mend the adapter's link (`iovpool adapters` shows it) or add "
                                 "another adapter (`iovpool edit {pool}`)",
                                 BIT(IOV_VERDICT_FREE)},
    [IOV_REASON_ATTACHING] = {"wait until QEMU has opened the function; the agent finishes it: "
                              "`systemctl status iovpoold`",
                              0},
    [IOV_REASON_BUSY] = {"wait for libvirt's job on the domain (`virsh domjobinfo {domain}`), or "
                         "end it: `virsh domjobabort {domain}`",
                         0},
    [IOV_REASON_EXHAUSTED] = {"add an adapter to the pool: `iovpool edit {pool}`", ANY},
    [IOV_REASON_GUEST_KEEPS] = {"the guest has to acknowledge the unplug: resume it if it is "
                                "paused (`virsh resume {domain}`), and see to its PCI hot-plug "
                                "driver; the agent asks again",
                                0},
    [IOV_REASON_IN_TRANSIT] = {"wait until the domain has come or gone: `virsh domjobinfo "
                               "{domain}`",
                               0},
    [IOV_REASON_MEMORY] = {"a function pins all of the guest's memory: free memory on the host, or "
                           "give the domain less; the agent looks again by itself",
                           0},
    [IOV_REASON_NEGOTIATION] = {"the guest needs virtio-net with failover (net_failover); for one "
                                "without, make the request with --migration replug",
                                0},
    [IOV_REASON_NO_PORT] = {"a root port cannot be hot-plugged: `iovpool request` adds it to the "
                            "persistent configuration, and the next start has it",
                            0},
    [IOV_REASON_PARKED] = {"`iovpool attach {domain} {request}`", 0},
    [IOV_REASON_POOL_STOPPED] = {"`iovpool start {pool}`", 0},
    [IOV_REASON_RECLAIMED] = {"raise its priority, add an adapter (`iovpool edit {pool}`), or wait "
                              "until a function is free",
                              BIT(IOV_VERDICT_FREE) | BIT(IOV_VERDICT_SCRUBBING)},
    [IOV_REASON_REFUSED] = {"`journalctl -u iovpoold` tells more; `iovpool attach {domain} "
                            "{request}` tries again",
                            LIMITS},
    [IOV_REASON_STATIC] = {"a device of the domain's own has no floor and never changes its "
                           "function: `iovpool request` puts a request in its place",
                           0},
    [IOV_REASON_UNPLUG] = {"wait until QEMU has closed the function; the agent finishes it: "
                           "`systemctl status iovpoold`",
                           0},
};

G_STATIC_ASSERT(G_N_ELEMENTS(by_reason) == REASONS);

/* What helps against a verdict, the least effort first. */
static const struct {
    IovVerdict verdict;
    const char *text;
} by_verdict[] = {
    {IOV_VERDICT_FREE, "a function is free: the agent takes it at its next look; `iovpool attach "
                       "{domain} {request}` does so at once"},
    {IOV_VERDICT_SCRUBBING, "wait until the function that came back is clean: `systemctl status "
                            "iovpoold`"},
    {IOV_VERDICT_RECLAIMABLE, "wait until the agent takes one back from a request of lower "
                              "priority; `iovpool detach {holder}` does so at once"},
    {IOV_VERDICT_LEASED, "stop or detach a holder (`iovpool detach {holder}`), raise the request's "
                         "priority, or add an adapter (`iovpool edit {pool}`)"},
    {IOV_VERDICT_ADAPTER_DOWN, "mend the adapter's link (`iovpool adapters` shows it) or add "
                               "another adapter (`iovpool edit {pool}`)"},
    {IOV_VERDICT_GROUP_SHARED, "free the function's IOMMU group of the device that is in the way: "
                               "unbind it from its driver, or plug the adapter where ACS isolates "
                               "it"},
    {IOV_VERDICT_FOREIGN, "end the use of the function outside the pool, then `iovpool destroy "
                          "{pool}` and `iovpool start {pool}`"},
    {IOV_VERDICT_QUARANTINED, "take the function out of quarantine: `iovpool destroy {pool}` and "
                              "`iovpool start {pool}`"},
    {IOV_VERDICT_WRONG_NODE, "move the domain to the adapters' NUMA node, or let the pool only "
                             "prefer it (numa='prefer'): `iovpool edit {pool}`"},
    {IOV_VERDICT_RATE, "ask for a lower rate, or raise the pool's limit: `iovpool edit {pool}`"},
    {IOV_VERDICT_POLICY, "ask for what the pool allows, or allow it there: `iovpool edit {pool}`"},
    {IOV_VERDICT_OWN, NULL},
};

G_STATIC_ASSERT(G_N_ELEMENTS(by_verdict) == IOV_VERDICTS);

/* In place of a text that names a holder, where none can be detached. */
static const char without_holder[] =
    "stop a domain that has a function, or add an adapter (`iovpool edit {pool}`)";

gboolean
iov_help_is_plain(const char *name)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.+-";

    return name[0] != '\0' && name[0] != '-' && name[strspn(name, plain)] == '\0';
}

const char *
iov_help_shell_name(const char *name, const char *uuid)
{
    return iov_help_is_plain(name) ? name : uuid;
}

/* The one that would be missed least. A hostdev of a domain's own cannot be detached by us. */
static const IovLease *
first_to_give_way(GPtrArray *candidates)
{
    const IovCandidate *first = NULL;

    for (guint i = 0; i < candidates->len; i++) {
        const IovCandidate *candidate = candidates->pdata[i];
        gboolean is_held = candidate->verdict == IOV_VERDICT_LEASED ||
                           candidate->verdict == IOV_VERDICT_RECLAIMABLE;

        if (!is_held || candidate->holder == NULL || candidate->holder->is_static)
            continue;
        if (first == NULL || candidate->holder->priority < first->holder->priority)
            first = candidate;
    }
    return first != NULL ? first->lease : NULL;
}

/* NULL where none can. */
static char *
describe_first_to_give_way(GPtrArray *candidates)
{
    const IovLease *lease = first_to_give_way(candidates);

    if (lease == NULL || !iov_help_is_plain(lease->request))
        return NULL;
    return g_strdup_printf("%s %s", iov_help_shell_name(lease->domain_name, lease->domain_uuid),
                           lease->request);
}

static const char *
text_for(const IovStatus *status, GPtrArray *candidates)
{
    guint seen = 0;

    for (guint i = 0; i < candidates->len; i++)
        seen |= BIT(((const IovCandidate *)candidates->pdata[i])->verdict);
    seen &= by_reason[status->code].verdicts;
    for (guint i = 0; i < G_N_ELEMENTS(by_verdict); i++)
        if ((seen & BIT(by_verdict[i].verdict)) != 0 && by_verdict[i].text != NULL)
            return by_verdict[i].text;
    return by_reason[status->code].text;
}

static char *
fill_in(const char *text, const IovStatus *status, GPtrArray *candidates)
{
    g_autofree char *holder = describe_first_to_give_way(candidates);
    const char *const words[][2] = {
        {"{domain}", iov_help_shell_name(status->domain_name, status->domain_uuid)},
        {"{request}", iov_help_is_plain(status->request) ? status->request : "REQUEST"},
        {"{pool}", iov_help_is_plain(status->pool) ? status->pool : "POOL"},
        {"{holder}", holder != NULL ? holder : ""},
    };
    gboolean names_nobody = holder == NULL && strstr(text, "{holder}") != NULL;
    GString *line = g_string_new(names_nobody ? without_holder : text);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        g_string_replace(line, words[i][0], words[i][1], 0);
    return g_string_free(line, FALSE);
}

char *
iov_help_for(const IovStatus *status, gboolean active, GPtrArray *candidates)
{
    if (status->code == IOV_REASON_NONE && status->tier == IOV_TIER_PASSTHROUGH)
        return NULL;
    if (status->code == IOV_REASON_NONE && !active)
        return fill_in("`virsh start {domain}`", status, candidates);
    return fill_in(text_for(status, candidates), status, candidates);
}
