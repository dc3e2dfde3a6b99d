/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random sequences of calls against a model in a few lines: after each commit and rollback the
 * ledger holds what the model holds. IOV_TEST_SEED repeats a run.
 */
#include "ledger-support.h"

#define ADAPTERS 3
#define PER_ADAPTER 4
#define FUNCTIONS (ADAPTERS * PER_ADAPTER)
#define DOMAINS 3
#define REQUESTS 3
#define OWNERS (DOMAINS * REQUESTS)
#define STEPS 20000
#define NOBODY (-1)
#define DONE (-1)

/* ---- the model ---- */

typedef struct {
    IovLeaseState state[FUNCTIONS];
    int owner[FUNCTIONS]; /* domain * REQUESTS + request, or NOBODY */
    guint64 generation[FUNCTIONS];
    gint64 deadline[FUNCTIONS];
    guint64 highest; /* generation */
} Model;

/* May go: by letter, "fraAdsqF" as in the states' order; independent of the library's table. */
static const char *const successors[] = {"rqF", "aAsfF", "Ads", "ds", "sA", "fqF", "sF", "sA"};
static const char letters[] = "fraAdsqF";

static int
model_give(Model *model, guint function, int owner, IovLeaseState state, gint64 deadline,
           gboolean from_foreign)
{
    if (model->state[function] != IOV_LEASE_FREE &&
        !(from_foreign && model->state[function] == IOV_LEASE_FOREIGN))
        return IOV_ERROR_BUSY;
    for (guint i = 0; i < FUNCTIONS; i++) {
        if (model->owner[i] != owner)
            continue;
        if (model->state[i] != IOV_LEASE_SCRUBBING)
            return IOV_ERROR_BUSY;
        model->owner[i] = NOBODY; /* it is left behind */
    }
    model->state[function] = state;
    model->owner[function] = owner;
    model->deadline[function] = deadline;
    return DONE;
}

static int
model_move(Model *model, guint function, guint64 generation, IovLeaseState to)
{
    gboolean ends = to == IOV_LEASE_FREE || to >= IOV_LEASE_QUARANTINED;

    if (generation != model->generation[function])
        return IOV_ERROR_STALE;
    if (strchr(successors[model->state[function]], letters[to]) == NULL)
        return IOV_ERROR_INVALID;
    if (model->owner[function] == NOBODY && !ends && to != IOV_LEASE_SCRUBBING)
        return IOV_ERROR_INVALID;
    model->state[function] = to;
    model->deadline[function] = 0;
    if (ends)
        model->owner[function] = NOBODY;
    return DONE;
}

/* ---- the ledger beside it ---- */

static const char *
function_of(guint function)
{
    return vf(1 + function / PER_ADAPTER, function % PER_ADAPTER);
}

typedef struct {
    IovLedger *ledger;
    GRand *random;
    Model now, committed;
    gboolean is_changing;
} Run;

static guint
pick(Run *run, guint limit)
{
    return (guint)g_rand_int_range(run->random, 0, (gint32)limit);
}

static void
assert_expected(int expected, gboolean done, GError *error)
{
    ck_assert_msg(done == (expected == DONE) && (done ? error == NULL : error->code == expected),
                  "expected %d, got %d: %s", expected, error != NULL ? error->code : DONE,
                  error != NULL ? error->message : "done");
}

/* A new generation is higher than every one before. */
static void
note_generation(Run *run, guint function)
{
    g_autoptr(IovLease) row = get(run->ledger, function_of(function));

    ck_assert_uint_gt(row->generation, run->now.highest);
    run->now.highest = run->now.generation[function] = row->generation;
}

static void
give(Run *run, gboolean adopt)
{
    g_autoptr(GError) error = NULL;
    guint function = pick(run, FUNCTIONS), owner = pick(run, OWNERS);
    IovLeaseState state =
        adopt ? (IovLeaseState)(IOV_LEASE_ATTACHING + pick(run, 4)) : IOV_LEASE_RESERVED;
    g_autofree char *uuid = g_strdup_printf("domain-%u", owner / REQUESTS);
    g_autofree char *request = g_strdup_printf("net%u", owner % REQUESTS);
    guint64 generation = 0;
    int expected = model_give(&run->now, function, (int)owner, state, adopt ? 0 : 99, adopt);
    gboolean done = adopt ? iov_ledger_adopt(run->ledger, function_of(function), uuid, uuid,
                                             request, state, 1, &generation, &error)
                          : iov_ledger_lease(run->ledger, function_of(function), uuid, uuid,
                                             request, 1, 99, &generation, &error);

    assert_expected(expected, done, error);
    if (!done)
        return;
    note_generation(run, function);
    ck_assert_uint_eq(generation, run->now.generation[function]);
}

static void
go(Run *run)
{
    g_autoptr(GError) error = NULL;
    guint function = pick(run, FUNCTIONS);
    IovLeaseState to = (IovLeaseState)pick(run, 8);
    guint64 generation = run->now.generation[pick(run, 8) == 0 ? pick(run, FUNCTIONS) : function];
    int expected = model_move(&run->now, function, generation, to);
    gboolean done =
        iov_ledger_move(run->ledger, function_of(function), generation, to, NULL, 1, &error);

    assert_expected(expected, done, error);
    if (done && run->now.owner[function] == NOBODY && to != IOV_LEASE_SCRUBBING)
        note_generation(run, function);
}

static void
assert_function(Run *run, const IovLease *row, guint function)
{
    int owner = run->now.owner[function];

    ck_assert_str_eq(row->function, function_of(function));
    ck_assert_uint_eq(row->state, run->now.state[function]);
    ck_assert_uint_eq(row->generation, run->now.generation[function]);
    ck_assert_int_eq(row->deadline, run->now.deadline[function]);
    ck_assert_int_eq(row->domain_uuid == NULL, owner == NOBODY);
    if (owner == NOBODY)
        return;
    g_autofree char *uuid = g_strdup_printf("domain-%d", owner / REQUESTS);
    g_autofree char *request = g_strdup_printf("net%d", owner % REQUESTS);
    ck_assert_str_eq(row->domain_uuid, uuid);
    ck_assert_str_eq(row->request, request);
}

static void
assert_same(Run *run)
{
    g_autoptr(GPtrArray) rows = iov_ledger_list_functions(run->ledger, NULL, NULL);

    assert_consistent(run->ledger, FUNCTIONS);
    for (guint i = 0; i < FUNCTIONS; i++)
        assert_function(run, rows->pdata[i], i);
    for (guint adapter = 0; adapter < ADAPTERS; adapter++) {
        g_autoptr(IovLease) first = iov_ledger_first_free(run->ledger, pf(1 + adapter), NULL);
        guint i = adapter * PER_ADAPTER;

        while (i < (adapter + 1) * PER_ADAPTER && run->now.state[i] != IOV_LEASE_FREE)
            i++;
        ck_assert_pstr_eq(first != NULL ? first->function : NULL,
                          i < (adapter + 1) * PER_ADAPTER ? function_of(i) : NULL);
    }
}

/* Ends the change in one of three ways; sometimes on a new handle. */
static void
end_change(Run *run)
{
    guint way = pick(run, 4);

    if (way < 2) {
        commit(run->ledger);
        run->committed = run->now;
    } else {
        run->now = run->committed;
        if (way == 2)
            iov_ledger_rollback(run->ledger);
    }
    if (way == 3 || pick(run, 8) == 0) {
        iov_ledger_close(run->ledger);
        run->ledger = open_ledger(IOV_LEDGER_WRITE);
    }
    assert_same(run);
}

START_TEST(random_sequences_agree_with_the_model)
{
    Run run = {.random = test_random("random_sequences_agree_with_the_model")};

    run.ledger = open_ledger(IOV_LEDGER_CREATE);
    begin(run.ledger);
    fill(run.ledger, "fast", 1, ADAPTERS, PER_ADAPTER);
    commit(run.ledger);
    for (guint i = 0; i < FUNCTIONS; i++) {
        run.now.owner[i] = NOBODY;
        note_generation(&run, i);
    }
    run.committed = run.now;
    for (guint step = 0; step < STEPS;) {
        begin(run.ledger);
        for (guint calls = pick(&run, 20); calls > 0; calls--, step++) {
            guint call = pick(&run, 10);

            if (call < 7)
                go(&run);
            else
                give(&run, call == 7);
        }
        end_change(&run);
    }
    iov_ledger_close(run.ledger);
    g_rand_free(run.random);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-model");
    TCase *tests = tcase_create("ledger-model");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, random_sequences_agree_with_the_model);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
