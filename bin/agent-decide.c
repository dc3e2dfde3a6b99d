/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to do next for one request of a running domain: values in, a value out. It reads no ledger,
 * asks no libvirt and does nothing; agent-domain.c observes and acts.
 */
#include "agent-decide.h"

#include "agent-decide-transit.h"

#define WAIT_FOR_EVENT(why, text)                                                                  \
    (AgentDecision)                                                                                \
    {                                                                                              \
        .action = AGENT_WAIT, .code = IOV_REASON_##why, .reason = (text)                           \
    }
#define WAIT_AND_LOOK(why, text)                                                                   \
    (AgentDecision)                                                                                \
    {                                                                                              \
        .action = AGENT_WAIT, .code = IOV_REASON_##why, .reason = (text), .look_again = TRUE       \
    }
#define DO(what)                                                                                   \
    (AgentDecision)                                                                                \
    {                                                                                              \
        .action = (what)                                                                           \
    }

#define GIVE_BACK(why, text)                                                                       \
    (AgentDecision)                                                                                \
    {                                                                                              \
        .action = AGENT_GIVE_BACK, .code = IOV_REASON_##why, .reason = (text)                      \
    }

static const char not_opened[] = "QEMU has not opened the function yet";
static const char not_negotiated[] = "guest has not negotiated failover yet";

static AgentDecision
decide_reserved(const AgentObservation *seen)
{
    AgentDecision transit = agent_decide_waiting(seen);

    if (!seen->started || transit.action != AGENT_NOTHING)
        return transit;
    /* after a migration: the destination's hook has pointed the XML to a function there */
    if (seen->in_xml)
        return seen->held ? DO(AGENT_CONFIRM) : WAIT_AND_LOOK(ATTACHING, not_opened);
    /* QEMU hides the function until then, and keeps the options of its first attach: before it a
     * function would be bound to a guest that perhaps never boots. */
    if (seen->teaming && seen->watched && !seen->negotiated)
        return seen->overdue ? GIVE_BACK(NEGOTIATION, not_negotiated)
                             : WAIT_FOR_EVENT(NEGOTIATION, not_negotiated);
    if (seen->memory != NULL)
        return seen->overdue ? GIVE_BACK(MEMORY, seen->memory)
                             : WAIT_AND_LOOK(MEMORY, seen->memory);
    if (seen->busy)
        return WAIT_AND_LOOK(BUSY, "libvirt is busy with another job of the domain");
    return DO(seen->due ? AGENT_LIFT : AGENT_NOTHING);
}

static AgentDecision
decide_attaching(const AgentObservation *seen)
{
    AgentDecision transit = agent_decide_waiting(seen);

    /* before the guest has it, who may be on his way */
    if (seen->in_xml && seen->unfit)
        return DO(seen->due ? AGENT_IMPOSE : AGENT_NOTHING);
    if (seen->in_xml && transit.action != AGENT_NOTHING)
        return transit;
    if (seen->in_xml && seen->held)
        return DO(AGENT_CONFIRM);
    if (seen->in_xml && seen->teaming && !seen->negotiated)
        return seen->hearing ? WAIT_FOR_EVENT(NEGOTIATION, not_negotiated)
                             : WAIT_AND_LOOK(NEGOTIATION, not_negotiated);
    if (seen->in_xml)
        return WAIT_AND_LOOK(ATTACHING, not_opened);
    if (seen->held || seen->busy || seen->in_transit || !seen->quiet)
        return WAIT_AND_LOOK(ATTACHING, "the attach is under way");
    return DO(AGENT_GIVE_UP);
}

/* In replug mode floor and function are swapped by the floor's link; what an admin did to it by
 * hand is his. */
static gboolean
may_swap(const AgentObservation *seen)
{
    return seen->state == IOV_LEASE_ACTIVE && seen->in_xml && !seen->teaming && !seen->no_floor;
}

/* A guest without a driver for the function, or that boots just now, has nothing but its floor. */
static AgentDecision
decide_swap(const AgentObservation *seen)
{
    if (seen->lowered)
        return DO(AGENT_NOTHING);
    if (!seen->driven)
        return WAIT_AND_LOOK(ATTACHING, "the guest's driver has not taken the function yet");
    if (seen->busy || seen->in_transit || !seen->due)
        return DO(AGENT_NOTHING);
    return DO(AGENT_LOWER);
}

static AgentDecision
decide_active(const AgentObservation *seen)
{
    if (seen->in_xml && seen->teaming)
        return agent_decide_is_in_transit(seen) ? agent_decide_leaving(seen)
                                                : agent_decide_settling(seen);
    if (may_swap(seen))
        return decide_swap(seen);
    if (seen->in_xml)
        return DO(AGENT_NOTHING);
    if (seen->held)
        return WAIT_AND_LOOK(UNPLUG, "QEMU has not closed the function yet");
    if (seen->vanished)
        return (AgentDecision){.action = AGENT_TAKE_BACK,
                               .code = IOV_REASON_ADAPTER_DOWN,
                               .reason = "its function vanished from the host"};
    AgentDecision left = agent_decide_left(seen);
    return left.action != AGENT_NOTHING ? left : DO(AGENT_PARK);
}

static AgentDecision
decide_detaching(const AgentObservation *seen)
{
    if (!seen->in_xml && !seen->held)
        return DO(AGENT_FINISH_DROP);
    if (!seen->in_xml)
        return WAIT_AND_LOOK(UNPLUG, "QEMU has not closed the function yet");
    if (agent_decide_is_in_transit(seen))
        return agent_decide_leaving(seen);
    AgentDecision frames = agent_decide_settling(seen);
    if (frames.action != AGENT_NOTHING)
        return frames;
    if (seen->paused)
        return WAIT_FOR_EVENT(GUEST_KEEPS, "the guest is paused and cannot acknowledge the unplug");
    if (seen->wanted && !seen->busy)
        return DO(AGENT_ASK);
    if (seen->busy || !seen->quiet)
        return WAIT_AND_LOOK(GUEST_KEEPS, "the guest has not acknowledged the unplug yet");
    return DO(seen->due ? AGENT_DETACH : AGENT_NOTHING);
}

AgentDecision
agent_decide(const AgentObservation *seen)
{
    if (seen->is_static)
        return DO(AGENT_NOTHING);
    if (seen->displaced)
        return DO(seen->due ? AGENT_MISTRUST : AGENT_NOTHING);
    if (seen->lowered && !(may_swap(seen) && seen->driven) && seen->due &&
        !agent_decide_is_in_transit(seen))
        return DO(AGENT_RAISE);
    switch (seen->state) {
    case IOV_LEASE_RESERVED:
        return decide_reserved(seen);
    case IOV_LEASE_ATTACHING:
        return decide_attaching(seen);
    case IOV_LEASE_ACTIVE:
        return decide_active(seen);
    case IOV_LEASE_DETACHING:
        return decide_detaching(seen);
    case IOV_LEASE_FREE:
        return agent_decide_waiting(seen);
    case IOV_LEASE_SCRUBBING:
    case IOV_LEASE_QUARANTINED:
    case IOV_LEASE_FOREIGN:
        break;
    }
    return DO(AGENT_NOTHING);
}

const char *
agent_action_to_string(AgentAction action)
{
    static const char *const names[] = {
        [AGENT_NOTHING] = "nothing",
        [AGENT_WAIT] = "wait",
        [AGENT_LIFT] = "lift",
        [AGENT_CONFIRM] = "confirm",
        [AGENT_GIVE_UP] = "give up",
        [AGENT_GIVE_BACK] = "give the reservation back",
        [AGENT_TAKE_BACK] = "take the function back",
        [AGENT_LOWER] = "take the floor's link away",
        [AGENT_RAISE] = "give the floor its link back",
        [AGENT_ASK] = "detach",
        [AGENT_DETACH] = "detach",
        [AGENT_FINISH_DROP] = "finish the drop",
        [AGENT_PARK] = "park",
        [AGENT_MISTRUST] = "mistrust",
        [AGENT_IMPOSE] = "set the function's policy",
        [AGENT_YIELD] = "leave the guest's frames to its floor",
        [AGENT_REGAIN] = "give the guest's frames to its function again",
        [AGENT_ABORT] = "abort what waits for the guest",
        [AGENT_RESUME] = "resume the guest",
        [AGENT_SETTLE] = "settle",
    };

    return names[action];
}
