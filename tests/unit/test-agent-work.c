/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-work.h"
#include "test-support.h"

#include <string.h>

#define UUID_A "aaaaaaaa-0000-0000-0000-000000000000"
#define UUID_B "bbbbbbbb-0000-0000-0000-000000000000"

static const AgentTask domain_a = {AGENT_TASK_DOMAIN, UUID_A};
static const AgentTask domain_b = {AGENT_TASK_DOMAIN, UUID_B};
static const AgentTask pass = {AGENT_TASK_PASS, ""};
static const AgentTask reconcile = {AGENT_TASK_RECONCILE, ""};
static const AgentTask reach = {AGENT_TASK_CONNECT, ""};

START_TEST(knows_who_may_run_beside_whom)
{
    static const struct {
        const AgentTask *task, *beside;
        gboolean may;
    } cases[] = {
        {&domain_a, &domain_b, TRUE},   {&domain_a, &domain_a, FALSE},  {&domain_a, &pass, TRUE},
        {&pass, &pass, FALSE},          {&reconcile, &pass, FALSE},     {&pass, &reconcile, FALSE},
        {&domain_a, &reconcile, FALSE}, {&reconcile, &domain_a, FALSE}, {&reach, &reconcile, TRUE},
        {&reach, &reach, FALSE},        {&domain_b, &reach, TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) running = g_ptr_array_new();

        ck_assert(agent_work_may_run(cases[i].task, running));
        g_ptr_array_add(running, (gpointer)cases[i].beside);
        ck_assert_msg(agent_work_may_run(cases[i].task, running) == cases[i].may, "case %zu", i);
    }
}
END_TEST

static int
choose(const AgentTask *const waiting[], const AgentTask *const running[])
{
    g_autoptr(GPtrArray) wait = g_ptr_array_new();
    g_autoptr(GPtrArray) run = g_ptr_array_new();

    for (gsize i = 0; waiting[i] != NULL; i++)
        g_ptr_array_add(wait, (gpointer)waiting[i]);
    for (gsize i = 0; running[i] != NULL; i++)
        g_ptr_array_add(run, (gpointer)running[i]);
    return agent_work_choose(wait, run);
}

#define TASKS(...) ((const AgentTask *const[]){__VA_ARGS__})

START_TEST(chooses_in_order)
{
    ck_assert_int_eq(choose(TASKS(NULL), TASKS(NULL)), -1);
    ck_assert_int_eq(choose(TASKS(&domain_a, &domain_b, NULL), TASKS(NULL)), 0);
    ck_assert_int_eq(choose(TASKS(&domain_a, &domain_b, NULL), TASKS(&domain_a, NULL)), 1);
    ck_assert_int_eq(choose(TASKS(&reconcile, &domain_b, NULL), TASKS(NULL)), 0);
    /* nothing overtakes a reconcile that waits for a domain, so it is not kept out for ever */
    ck_assert_int_eq(choose(TASKS(&reconcile, &domain_b, &pass, NULL), TASKS(&domain_a, NULL)), -1);
    ck_assert_int_eq(choose(TASKS(&reconcile, &domain_b, &reach, NULL), TASKS(&domain_a, NULL)), 2);
}
END_TEST

/* Records what runs at the same time; tasks block until they are let go. */
typedef struct {
    GMutex lock;
    GCond changed;
    gboolean blocked;
    guint started, finished, together, most_together;
    guint of_a, of_a_together, most_of_a;
} Stage;

static void
perform(const AgentTask *task, gpointer data)
{
    Stage *stage = data;
    gboolean is_a = strcmp(task->uuid, UUID_A) == 0;

    g_mutex_lock(&stage->lock);
    stage->started++;
    stage->together++;
    stage->most_together = MAX(stage->most_together, stage->together);
    if (is_a) {
        stage->of_a++;
        stage->of_a_together++;
        stage->most_of_a = MAX(stage->most_of_a, stage->of_a_together);
    }
    g_cond_broadcast(&stage->changed);
    while (stage->blocked)
        g_cond_wait(&stage->changed, &stage->lock);
    stage->together--;
    if (is_a)
        stage->of_a_together--;
    stage->finished++;
    g_mutex_unlock(&stage->lock);
}

static void
let_go(Stage *stage)
{
    g_mutex_lock(&stage->lock);
    stage->blocked = FALSE;
    g_cond_broadcast(&stage->changed);
    g_mutex_unlock(&stage->lock);
}

static void
wait_started(Stage *stage, guint count)
{
    g_mutex_lock(&stage->lock);
    while (stage->started < count)
        g_cond_wait(&stage->changed, &stage->lock);
    g_mutex_unlock(&stage->lock);
}

START_TEST(one_wish_is_one_task)
{
    Stage stage = {.blocked = TRUE};
    AgentWork *work = agent_work_new(perform, &stage);

    agent_work_add(work, AGENT_TASK_DOMAIN, UUID_A);
    wait_started(&stage, 1);
    /* it runs: wished again, however often, it runs once more, and not beside itself */
    for (guint i = 0; i < 1000; i++)
        agent_work_add(work, AGENT_TASK_DOMAIN, UUID_A);
    agent_work_add(work, AGENT_TASK_DOMAIN, UUID_B);
    wait_started(&stage, 2);
    let_go(&stage);
    agent_work_wait(work);
    ck_assert_uint_eq(stage.of_a, 2);
    ck_assert_uint_eq(stage.most_of_a, 1);
    ck_assert_uint_eq(stage.finished, 3);
    agent_work_free(work);
}
END_TEST

START_TEST(works_in_parallel_within_bounds)
{
    Stage stage = {.blocked = TRUE};
    AgentWork *work = agent_work_new(perform, &stage);

    for (guint i = 0; i < 20; i++) {
        g_autofree char *uuid = g_strdup_printf("%08x-0000-0000-0000-000000000000", i);
        agent_work_add(work, AGENT_TASK_DOMAIN, uuid);
    }
    wait_started(&stage, AGENT_WORKERS);
    let_go(&stage);
    agent_work_wait(work);
    ck_assert_uint_eq(stage.finished, 20);
    ck_assert_uint_eq(stage.most_together, AGENT_WORKERS);
    agent_work_free(work);
}
END_TEST

START_TEST(stops_without_what_waits)
{
    Stage stage = {.blocked = TRUE};
    AgentWork *work = agent_work_new(perform, &stage);

    agent_work_add(work, AGENT_TASK_RECONCILE, NULL);
    wait_started(&stage, 1);
    agent_work_add(work, AGENT_TASK_PASS, NULL);
    g_autoptr(GThread) stopper =
        g_thread_new("stopper", (GThreadFunc)(void (*)(void))agent_work_stop, work);
    /* the stop is under way once wishes are no longer taken; only then may the task end */
    while (!agent_work_is_stopping(work))
        g_thread_yield();
    let_go(&stage);
    g_thread_join(g_steal_pointer(&stopper));
    ck_assert_uint_eq(stage.finished, 1);
    agent_work_add(work, AGENT_TASK_PASS, NULL);
    agent_work_free(work);
    ck_assert_uint_eq(stage.finished, 1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-work");
    TCase *tests = tcase_create("agent-work");

    tcase_add_test(tests, knows_who_may_run_beside_whom);
    tcase_add_test(tests, chooses_in_order);
    tcase_add_test(tests, one_wish_is_one_task);
    tcase_add_test(tests, works_in_parallel_within_bounds);
    tcase_add_test(tests, stops_without_what_waits);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
