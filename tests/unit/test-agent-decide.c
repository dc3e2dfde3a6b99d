/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-decide.h"
#include "test-support.h"

#include <string.h>

/* What is usual is seen in each case that does not name it as missing. */
enum { STARTED = 1, QUIET = 2, DUE = 4, WATCHED = 8, HEARING = 16 };

static const struct {
    const char *what;
    guint missing;
    AgentObservation seen;
    AgentAction action;
    gboolean look_again;
    const char *reason; /* nullable: a part of it */
} cases[] = {
    {"a replug request of a running domain is lifted at once",
     0,
     {.state = IOV_LEASE_RESERVED},
     AGENT_LIFT,
     FALSE,
     NULL},
    {"before the domain has started nothing happens",
     STARTED,
     {.state = IOV_LEASE_RESERVED},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"a static device is the admin's",
     0,
     {.state = IOV_LEASE_RESERVED, .is_static = TRUE},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"on its floor", 0, {.state = IOV_LEASE_FREE}, AGENT_NOTHING, FALSE, NULL},
    {"failover waits for the guest",
     0,
     {.state = IOV_LEASE_RESERVED, .teaming = TRUE},
     AGENT_WAIT,
     FALSE,
     "not negotiated"},
    {"failover after the guest's word",
     0,
     {.state = IOV_LEASE_RESERVED, .teaming = TRUE, .negotiated = TRUE},
     AGENT_LIFT,
     FALSE,
     NULL},
    {"failover of a domain whose start was not seen",
     WATCHED,
     {.state = IOV_LEASE_RESERVED, .teaming = TRUE},
     AGENT_LIFT,
     FALSE,
     NULL},
    {"an incoming domain is not touched",
     0,
     {.state = IOV_LEASE_RESERVED, .in_transit = TRUE, .paused = TRUE},
     AGENT_WAIT,
     FALSE,
     "migrating"},
    {"an incoming domain with its function in the XML is not touched either",
     0,
     {.state = IOV_LEASE_RESERVED, .in_transit = TRUE, .in_xml = TRUE},
     AGENT_WAIT,
     FALSE,
     "migrating"},
    {"an arrived domain brings its function along",
     0,
     {.state = IOV_LEASE_RESERVED, .in_xml = TRUE, .held = TRUE, .teaming = TRUE},
     AGENT_CONFIRM,
     FALSE,
     NULL},
    {"an arrived domain whose function QEMU is about to open",
     0,
     {.state = IOV_LEASE_RESERVED, .in_xml = TRUE, .teaming = TRUE},
     AGENT_WAIT,
     TRUE,
     "has not opened"},
    {"another function in its place",
     0,
     {.state = IOV_LEASE_ACTIVE, .displaced = TRUE},
     AGENT_MISTRUST,
     FALSE,
     NULL},
    {"mistrust is not a storm",
     DUE,
     {.state = IOV_LEASE_ACTIVE, .displaced = TRUE},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"a busy domain is lifted later",
     0,
     {.state = IOV_LEASE_RESERVED, .busy = TRUE},
     AGENT_WAIT,
     TRUE,
     "busy"},
    {"a failed lift is not repeated at once",
     DUE,
     {.state = IOV_LEASE_RESERVED},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"a paused guest can be given a function",
     0,
     {.state = IOV_LEASE_RESERVED, .paused = TRUE},
     AGENT_LIFT,
     FALSE,
     NULL},

    {"held is active",
     0,
     {.state = IOV_LEASE_ATTACHING, .in_xml = TRUE, .held = TRUE},
     AGENT_CONFIRM,
     FALSE,
     NULL},
    {"hidden until the guest negotiates",
     0,
     {.state = IOV_LEASE_ATTACHING, .in_xml = TRUE, .teaming = TRUE},
     AGENT_WAIT,
     FALSE,
     "not negotiated"},
    {"hidden, and no event will tell",
     HEARING,
     {.state = IOV_LEASE_ATTACHING, .in_xml = TRUE, .teaming = TRUE},
     AGENT_WAIT,
     TRUE,
     "not negotiated"},
    {"negotiated, and QEMU is opening it",
     0,
     {.state = IOV_LEASE_ATTACHING, .in_xml = TRUE, .teaming = TRUE, .negotiated = TRUE},
     AGENT_WAIT,
     TRUE,
     "has not opened"},
    {"cut short", 0, {.state = IOV_LEASE_ATTACHING}, AGENT_GIVE_UP, FALSE, NULL},
    {"someone may be at work on it",
     QUIET,
     {.state = IOV_LEASE_ATTACHING},
     AGENT_WAIT,
     TRUE,
     "under way"},
    {"given up only when QEMU has let go",
     0,
     {.state = IOV_LEASE_ATTACHING, .held = TRUE},
     AGENT_WAIT,
     TRUE,
     "under way"},
    {"given up only when libvirt rests",
     0,
     {.state = IOV_LEASE_ATTACHING, .busy = TRUE},
     AGENT_WAIT,
     TRUE,
     "under way"},

    {"active and there",
     0,
     {.state = IOV_LEASE_ACTIVE, .in_xml = TRUE, .no_floor = TRUE},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"taken off by hand", 0, {.state = IOV_LEASE_ACTIVE}, AGENT_PARK, FALSE, NULL},
    {"taken off by hand, still open",
     0,
     {.state = IOV_LEASE_ACTIVE, .held = TRUE},
     AGENT_WAIT,
     TRUE,
     "has not closed"},

    {"gone", 0, {.state = IOV_LEASE_DETACHING}, AGENT_FINISH_DROP, FALSE, NULL},
    {"gone, still open",
     0,
     {.state = IOV_LEASE_DETACHING, .held = TRUE},
     AGENT_WAIT,
     TRUE,
     "has not closed"},
    {"the guest keeps it",
     0,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .held = TRUE},
     AGENT_DETACH,
     FALSE,
     NULL},
    {"the guest was asked just now",
     QUIET,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE},
     AGENT_WAIT,
     TRUE,
     "not acknowledged"},
    {"the guest was asked a while ago",
     DUE,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"a paused guest cannot answer",
     0,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .paused = TRUE},
     AGENT_WAIT,
     FALSE,
     "paused"},
    {"a migrating guest is not asked",
     0,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .in_transit = TRUE},
     AGENT_WAIT,
     FALSE,
     "migrating"},

    {"what we want back is asked for at once",
     QUIET,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .wanted = TRUE},
     AGENT_ASK,
     FALSE,
     NULL},
    {"but not of a paused guest",
     QUIET,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .wanted = TRUE, .paused = TRUE},
     AGENT_WAIT,
     FALSE,
     "paused"},
    {"gone from the domain and from the host",
     0,
     {.state = IOV_LEASE_ACTIVE, .vanished = TRUE},
     AGENT_TAKE_BACK,
     FALSE,
     "vanished"},
    {"a guest that never negotiates gives its reservation back",
     0,
     {.state = IOV_LEASE_RESERVED, .teaming = TRUE, .overdue = TRUE},
     AGENT_GIVE_BACK,
     FALSE,
     "not negotiated"},
    {"a reservation that is overdue is lifted all the same",
     0,
     {.state = IOV_LEASE_RESERVED, .overdue = TRUE},
     AGENT_LIFT,
     FALSE,
     NULL},
    {"the floor gives way to the function",
     0,
     {.state = IOV_LEASE_ACTIVE, .in_xml = TRUE, .driven = TRUE},
     AGENT_LOWER,
     FALSE,
     NULL},
    {"but not before the guest's driver has it",
     0,
     {.state = IOV_LEASE_ACTIVE, .in_xml = TRUE},
     AGENT_WAIT,
     TRUE,
     "driver"},
    {"what is swapped stays so",
     0,
     {.state = IOV_LEASE_ACTIVE, .in_xml = TRUE, .lowered = TRUE, .driven = TRUE},
     AGENT_NOTHING,
     FALSE,
     NULL},
    {"a guest that boots again has its floor",
     0,
     {.state = IOV_LEASE_ACTIVE, .in_xml = TRUE, .lowered = TRUE},
     AGENT_RAISE,
     FALSE,
     NULL},
    {"the floor first, the unplug then",
     0,
     {.state = IOV_LEASE_DETACHING, .in_xml = TRUE, .lowered = TRUE, .wanted = TRUE},
     AGENT_RAISE,
     FALSE,
     NULL},
    {"on its floor, which has no link",
     0,
     {.state = IOV_LEASE_FREE, .lowered = TRUE},
     AGENT_RAISE,
     FALSE,
     NULL},
    {"no memory to pin",
     0,
     {.state = IOV_LEASE_RESERVED, .memory = "no memory"},
     AGENT_WAIT,
     TRUE,
     "no memory"},
    {"no memory to pin, for long",
     0,
     {.state = IOV_LEASE_RESERVED, .memory = "no memory", .overdue = TRUE},
     AGENT_GIVE_BACK,
     FALSE,
     "no memory"},

    {"scrubbing is the pass's", 0, {.state = IOV_LEASE_SCRUBBING}, AGENT_NOTHING, FALSE, NULL},
    {"quarantined", 0, {.state = IOV_LEASE_QUARANTINED}, AGENT_NOTHING, FALSE, NULL},
    {"foreign", 0, {.state = IOV_LEASE_FOREIGN}, AGENT_NOTHING, FALSE, NULL},
};

START_TEST(decides)
{
    AgentObservation seen = cases[_i].seen;

    seen.started = (cases[_i].missing & STARTED) == 0;
    seen.quiet = (cases[_i].missing & QUIET) == 0;
    seen.due = (cases[_i].missing & DUE) == 0;
    seen.watched = (cases[_i].missing & WATCHED) == 0;
    seen.hearing = (cases[_i].missing & HEARING) == 0;
    AgentDecision decision = agent_decide(&seen);
    ck_assert_msg(decision.action == cases[_i].action, "%s: %s, not %s", cases[_i].what,
                  agent_action_to_string(decision.action),
                  agent_action_to_string(cases[_i].action));
    ck_assert_msg(decision.look_again == cases[_i].look_again, "%s", cases[_i].what);
    ck_assert_msg((decision.reason != NULL) == (cases[_i].reason != NULL), "%s", cases[_i].what);
    if (cases[_i].reason != NULL)
        ck_assert_msg(strstr(decision.reason, cases[_i].reason) != NULL, "%s: %s", cases[_i].what,
                      decision.reason);
}
END_TEST

/* Whatever is seen: a function that QEMU holds is never given to the next, and a wait says why. */
START_TEST(never_frees_what_is_held)
{
    for (guint bits = 0; bits < 1u << 12; bits++)
        for (guint state = IOV_LEASE_FREE; state <= IOV_LEASE_FOREIGN; state++) {
            AgentObservation seen = {
                .state = (IovLeaseState)state,
                .is_static = bits & 1,
                .started = (bits >> 1) & 1,
                .in_transit = (bits >> 2) & 1,
                .paused = (bits >> 3) & 1,
                .busy = (bits >> 4) & 1,
                .in_xml = (bits >> 5) & 1,
                .held = (bits >> 6) & 1,
                .quiet = (bits >> 7) & 1,
                .teaming = (bits >> 8) & 1,
                .negotiated = (bits >> 9) & 1,
                .watched = (bits >> 10) & 1,
                .hearing = (bits >> 10) & 1,
                .due = (bits >> 11) & 1,
            };
            AgentDecision decision = agent_decide(&seen);
            gboolean frees = decision.action == AGENT_GIVE_UP || decision.action == AGENT_PARK ||
                             decision.action == AGENT_FINISH_DROP;

            ck_assert(!frees || !(seen.held || seen.in_xml));
            ck_assert((decision.action == AGENT_WAIT) == (decision.reason != NULL));
            ck_assert(!seen.in_transit ||
                      (decision.action != AGENT_LIFT && decision.action != AGENT_DETACH));
        }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-decide");
    TCase *tests = tcase_create("agent-decide");

    tcase_add_loop_test(tests, decides, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, never_frees_what_is_held);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
