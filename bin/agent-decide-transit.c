/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to do while a domain migrates or is being saved, and what after it: values in, a value out.
 * All of it follows from the ledger, libvirt and the host at that moment, so that an agent that was
 * killed in between comes to the same end; only the time that it has waited is counted anew.
 *
 * For each copy of a domain (migration, save, snapshot with memory, dump) QEMU has the guest give
 * the function of a failover pair back first. libvirt's XML keeps the device, and QEMU keeps it
 * open: where the copy fails, QEMU plugs it in again (QEMU, hw/net/virtio-net.c).
 */
#include "agent-decide-transit.h"

static const char migrating[] = "the domain is migrating, being saved or restored, or ending";
static const char asked[] = "QEMU has asked the guest for the function, to migrate or save it";
static const char came_back[] = "a migration or save of the domain has just ended here";
static const char kept_unplugged[] =
    "QEMU took the function from the guest for a snapshot or dump, and has not given it back";
static const char left_late[] =
    "the guest gave the function up for a migration or save that came to nothing";
static const char came_early[] =
    "the guest's driver found its function before it had its MAC again, and made no pair of it";
static const char kept[] =
    "the guest did not give its function back within a minute: the migration or save was aborted";

/* Why a paused guest's job was aborted, and what to do instead. */
static const char *const hung[] = {
    [DOMAIN_JOB_NONE] = kept,
    [DOMAIN_JOB_OTHER] = kept,
    [DOMAIN_JOB_MIGRATION] = "a paused guest cannot give its function back: migration aborted; "
                             "migrate with --live, and resume the guest before, or use `iovpool "
                             "detach` while it runs",
    [DOMAIN_JOB_SAVE] = "libvirt pauses the guest before a save, and a paused guest cannot give "
                        "its function back: save aborted; use `iovpool save`",
    [DOMAIN_JOB_SNAPSHOT] = "a paused guest cannot give its function back: snapshot aborted; use "
                            "`iovpool detach` before it, or `iovpool save`",
    [DOMAIN_JOB_DUMP] = "a paused guest cannot give its function back: dump aborted; use --live, "
                        "--memory-only, or `iovpool detach` before it",
};

/* A reason that stands already is not written again, nor its code. */
static AgentDecision
wait_for(const char *reason, gboolean look_again, gint64 look_in)
{
    return (AgentDecision){.action = AGENT_WAIT,
                           .code = IOV_REASON_IN_TRANSIT,
                           .reason = reason,
                           .look_again = look_again,
                           .look_in = look_in};
}

static AgentDecision
act(const AgentObservation *seen, AgentAction action, IovReason code, const char *reason)
{
    if (!seen->due)
        return (AgentDecision){.action = AGENT_NOTHING};
    return (AgentDecision){.action = action, .code = code, .reason = reason};
}

static gboolean
is_leaving(const AgentObservation *seen)
{
    return domain_job_is_copy(&seen->job);
}

/* Such a reason stays in the ledger until all is over. */
static gboolean
was_in_transit(const AgentObservation *seen)
{
    return seen->code == IOV_REASON_IN_TRANSIT ||
           (seen->state == IOV_LEASE_ACTIVE && seen->code == IOV_REASON_GUEST_KEEPS);
}

gboolean
agent_decide_is_in_transit(const AgentObservation *seen)
{
    return seen->in_transit || is_leaving(seen);
}

/* A guest has its function, as one half of a pair that QEMU takes apart for a copy. */
static gboolean
is_paired(const AgentObservation *seen)
{
    return (seen->state == IOV_LEASE_ACTIVE || seen->state == IOV_LEASE_DETACHING) &&
           seen->teaming && seen->in_xml;
}

AgentPhase
agent_decide_phase(const AgentObservation *seen)
{
    if (is_paired(seen) && is_leaving(seen) && seen->job.waiting)
        return AGENT_PHASE_UNPLUG;
    if (seen->state == IOV_LEASE_ACTIVE && was_in_transit(seen) &&
        !agent_decide_is_in_transit(seen))
        return AGENT_PHASE_SETTLE;
    return AGENT_PHASE_NONE;
}

/* Off before the guest has let go, it would cut the guest off; on again too late, the guest's
 * driver would find a function of another MAC, which is no half of its pair. Whoever has arrived
 * elsewhere must not be drawn to the function here: so a guest that is paused without a job that
 * says why stays as it is. A snapshot goes on here when it has succeeded, and QEMU does not plug in
 * again for it. */
AgentMac
agent_decide_mac(const AgentObservation *seen)
{
    if (!is_paired(seen))
        return AGENT_MAC_KEEP;
    if (is_leaving(seen))
        return seen->job.copying ? AGENT_MAC_OFF : AGENT_MAC_ON;
    if (seen->in_transit || (seen->yielded && seen->copied && !seen->driven))
        return AGENT_MAC_KEEP;
    return AGENT_MAC_ON;
}

static AgentDecision
decide_frames(const AgentObservation *seen)
{
    switch (agent_decide_mac(seen)) {
    case AGENT_MAC_OFF:
        if ((seen->state == IOV_LEASE_ACTIVE && !seen->yielded) || seen->mac_on)
            return act(seen, AGENT_YIELD, IOV_REASON_IN_TRANSIT, migrating);
        break;
    case AGENT_MAC_ON:
        /* QEMU plugged it in while nobody watched: it is to be plugged in anew, with its MAC */
        if (seen->yielded && seen->mac_off && seen->driven)
            return act(seen, AGENT_TAKE_BACK, IOV_REASON_IN_TRANSIT, came_early);
        /* some drivers show none, ever: that alone says nothing; who gives it back needs none */
        if (seen->yielded ||
            (seen->mac_off &&
             (is_leaving(seen) || (seen->state == IOV_LEASE_ACTIVE && was_in_transit(seen)))))
            return act(seen, AGENT_REGAIN, IOV_REASON_IN_TRANSIT,
                       is_leaving(seen) ? migrating : came_back);
        break;
    case AGENT_MAC_KEEP:
        break;
    }
    return (AgentDecision){.action = AGENT_NOTHING};
}

/* QEMU waits without end, and so does libvirt. Of a job that is aborted QEMU waits another 30 s for
 * the guest, so that it may plug the function in again. */
static AgentDecision
decide_unplug(const AgentObservation *seen)
{
    gboolean aborted = seen->code == IOV_REASON_GUEST_KEEPS;
    gint64 limit = seen->paused && !aborted ? AGENT_PAUSED_UNPLUG_TIME : AGENT_UNPLUG_TIME;

    if (seen->elapsed >= limit)
        return act(seen, AGENT_ABORT, IOV_REASON_GUEST_KEEPS,
                   seen->paused ? hung[seen->job.kind] : kept);
    /* an event tells when a guest runs again; not, when libvirt is done with one that ran on */
    return wait_for(aborted ? seen->reason : asked, aborted || !seen->paused,
                    limit - seen->elapsed);
}

AgentDecision
agent_decide_leaving(const AgentObservation *seen)
{
    AgentDecision frames = decide_frames(seen);

    if (frames.action != AGENT_NOTHING)
        return frames;
    if (agent_decide_phase(seen) == AGENT_PHASE_UNPLUG)
        return decide_unplug(seen);
    /* what libvirt gives up it may leave as it was when it paused it */
    if (seen->stopped && !seen->busy && seen->state == IOV_LEASE_ACTIVE &&
        seen->code == IOV_REASON_GUEST_KEEPS)
        return act(seen, AGENT_RESUME, IOV_REASON_GUEST_KEEPS, seen->reason);
    if (seen->state == IOV_LEASE_ACTIVE && seen->code == IOV_REASON_GUEST_KEEPS)
        return wait_for(seen->reason, is_leaving(seen), 0);
    return wait_for(migrating, is_leaving(seen) && !seen->job.copying, 0);
}

AgentDecision
agent_decide_settling(const AgentObservation *seen)
{
    AgentDecision frames = decide_frames(seen);

    if (frames.action != AGENT_NOTHING || seen->state != IOV_LEASE_ACTIVE || !was_in_transit(seen))
        return frames;
    if (seen->yielded)
        return wait_for(kept_unplugged, FALSE, 0);
    if (seen->elapsed < AGENT_SETTLE_TIME)
        return wait_for(seen->code == IOV_REASON_GUEST_KEEPS ? seen->reason : came_back, FALSE,
                        AGENT_SETTLE_TIME - seen->elapsed);
    return act(seen, AGENT_SETTLE, IOV_REASON_NONE, NULL);
}

/* An unplug that QEMU asked for and the guest followed late: QEMU takes it for an ordinary one. */
AgentDecision
agent_decide_left(const AgentObservation *seen)
{
    if (was_in_transit(seen) || agent_decide_is_in_transit(seen))
        return (AgentDecision){
            .action = AGENT_TAKE_BACK, .code = IOV_REASON_IN_TRANSIT, .reason = left_late};
    return (AgentDecision){.action = AGENT_NOTHING};
}

/* A parked request has its reason, and nothing to wait for. */
AgentDecision
agent_decide_waiting(const AgentObservation *seen)
{
    if (!seen->started || seen->parked)
        return (AgentDecision){.action = AGENT_NOTHING};
    if (!agent_decide_is_in_transit(seen))
        return was_in_transit(seen) ? act(seen, AGENT_SETTLE, IOV_REASON_NONE, NULL)
                                    : (AgentDecision){.action = AGENT_NOTHING};
    /* the time of a long copy is not to be spent on keeping a function from others */
    if (seen->state == IOV_LEASE_RESERVED && seen->overdue && !seen->in_xml)
        return (AgentDecision){
            .action = AGENT_GIVE_BACK, .code = IOV_REASON_IN_TRANSIT, .reason = migrating};
    return wait_for(migrating, is_leaving(seen), 0);
}
