/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-decide.h"

/* The parts of agent_decide() that concern domains which migrate or are saved: pure functions. */

/* TRUE: it arrives, leaves, is copied or ends: none of its devices is to be touched. */
gboolean agent_decide_is_in_transit(const AgentObservation *seen);

/* For a lease whose device stands in the XML of a domain that is in transit, */
AgentDecision agent_decide_leaving(const AgentObservation *seen);
/* the same of one that is not, any more: AGENT_NOTHING where all is as ever, */
AgentDecision agent_decide_settling(const AgentObservation *seen);
/* for an active one whose device has left: AGENT_NOTHING where an admin took it, */
AgentDecision agent_decide_left(const AgentObservation *seen);
/* and for a request that has no device: AGENT_NOTHING where it is free to go on. */
AgentDecision agent_decide_waiting(const AgentObservation *seen);
