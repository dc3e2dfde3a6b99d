/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <iovpool.h>

/* One request of a running domain, as the agent sees it at one moment. */
typedef struct {
    gboolean is_static, started;
    IovLeaseState state; /* IOV_LEASE_FREE: it holds no lease */
    /* the domain */
    gboolean in_transit; /* migrating, being saved or restored, ending: not to be touched */
    gboolean paused;     /* it cannot acknowledge an unplug */
    gboolean busy;       /* a job of libvirt runs: an attach would wait 30 s for it and fail */
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
    /* failover */
    gboolean teaming;
    gboolean negotiated; /* the guest's driver has negotiated it: an event told so */
    gboolean watched;    /* had it negotiated, the event would have been heard */
    gboolean hearing;    /* when it negotiates, the event will be heard */
    /* the last failure is long enough ago */
    gboolean due;
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
} AgentAction;

typedef struct {
    AgentAction action;
    IovReason code;
    const char *reason;  /* nullable: static, or of the observation */
    gboolean look_again; /* no event will tell when this has changed */
} AgentDecision;

/* The next action for one request: a pure function. */
AgentDecision agent_decide(const AgentObservation *seen);

const char *agent_action_to_string(AgentAction action);
