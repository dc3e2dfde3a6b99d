/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-memory.h"
#include "domain-state.h"

/* A guest that runs has this long to give a function back to QEMU for a migration, in microseconds;
 * one that is paused never will, so that it is only made sure that QEMU waits for that. */
#define AGENT_UNPLUG_TIME (60 * (gint64)G_USEC_PER_SEC)
#define AGENT_PAUSED_UNPLUG_TIME (10 * (gint64)G_USEC_PER_SEC)
/* So long after a migration or save that came to nothing, a guest may yet follow an unplug that it
 * was asked for then. */
#define AGENT_SETTLE_TIME (60 * (gint64)G_USEC_PER_SEC)

/* One request of a running domain, as the agent sees it at one moment. */
typedef struct {
    gboolean is_static, started;
    IovLeaseState state; /* IOV_LEASE_FREE: it holds no lease */
    /* the domain */
    gboolean in_transit; /* migrating, being saved or restored, ending: not to be touched */
    gboolean paused;     /* it cannot acknowledge an unplug */
    gboolean busy;       /* a job of libvirt runs: an attach would wait 30 s for it and fail */
    gboolean stopped;    /* libvirt's job has paused it */
    DomainJob job;
    gboolean copied; /* the last job copied it, and it went on here */
    /* the device */
    gboolean in_xml;    /* libvirt has attached the leased function */
    gboolean displaced; /* another function stands in its place */
    gboolean held;      /* QEMU has its /dev/vfio descriptor open */
    gboolean vanished;  /* the function is no longer on the host */
    gboolean quiet;     /* the state is old enough that no one can be at work on it */
    gboolean wanted;    /* we want it back, and the guest was not asked yet */
    gboolean overdue;   /* the reservation's time is over */
    const char *memory; /* nullable: why the host cannot spare what a lift would pin */
    gboolean lowered;   /* we took its floor's link away */
    gboolean no_floor;  /* there is none to swap */
    gboolean driven;    /* the guest's driver has the function */
    gboolean unfit;     /* the function does not show the request's policy */
    gboolean mac_on;    /* the function's MAC is the request's */
    gboolean mac_off;   /* it has none, or another */
    /* what the ledger says beside the lease */
    IovReason code;     /* why it is served so */
    const char *reason; /* likewise, for people; not NULL where @code is not IOV_REASON_NONE */
    gboolean parked;
    gboolean yielded; /* active, and served by its floor: QEMU unplugged the function */
    /* failover */
    gboolean teaming;
    gboolean negotiated; /* the guest's driver has negotiated it: an event told so */
    gboolean watched;    /* had it negotiated, the event would have been heard */
    gboolean hearing;    /* when it negotiates, the event will be heard */
    /* the last failure is long enough ago */
    gboolean due;
    /* QEMU waits for the unplug, or a migration or save has ended here, for so long by now */
    gint64 elapsed;
} AgentObservation;

typedef enum {
    AGENT_NOTHING,
    AGENT_WAIT,        /* the reason goes into the status */
    AGENT_LIFT,        /* attach */
    AGENT_CONFIRM,     /* attaching is active now */
    AGENT_GIVE_UP,     /* attaching came to nothing */
    AGENT_GIVE_BACK,   /* a reservation that serves nobody; the reason goes into the status */
    AGENT_TAKE_BACK,   /* active is detaching now: the function is gone; likewise */
    AGENT_LOWER,       /* its floor's link goes, the function serves it */
    AGENT_RAISE,       /* its floor's link comes back */
    AGENT_ASK,         /* ask for the unplug, the first time */
    AGENT_DETACH,      /* ask for the unplug again */
    AGENT_FINISH_DROP, /* the device has left */
    AGENT_PARK,        /* the device has left, and nobody here asked for it */
    AGENT_MISTRUST,    /* the ledger contradicts the domain: reconcile */
    AGENT_IMPOSE,      /* the function gets the request's policy */
    AGENT_YIELD,       /* QEMU unplugged the function: its frames go to the floor */
    AGENT_REGAIN,      /* it is plugged in again: they go to the function */
    AGENT_ABORT,       /* libvirt's job waits for an unplug that does not come */
    AGENT_RESUME,      /* the job was aborted, and left the guest paused */
    AGENT_SETTLE,      /* a migration or save is over for good */
} AgentAction;

/* What the function's MAC is to be; @AGENT_MAC_KEEP: as it is. */
typedef enum { AGENT_MAC_KEEP, AGENT_MAC_ON, AGENT_MAC_OFF } AgentMac;

typedef struct {
    AgentAction action;
    IovReason code;
    const char *reason;  /* nullable: static, or of the observation */
    gboolean look_again; /* no event will tell when this has changed */
    gint64 look_in;      /* it is to be looked at after so long, in microseconds; 0: no */
} AgentDecision;

/* The next action for one request: a pure function. */
AgentDecision agent_decide(const AgentObservation *seen);

/* Part of it: where the guest's frames are to go while QEMU has taken the function away, or may. */
AgentMac agent_decide_mac(const AgentObservation *seen);

/* What time is counted for. */
AgentPhase agent_decide_phase(const AgentObservation *seen);

const char *agent_action_to_string(AgentAction action);
