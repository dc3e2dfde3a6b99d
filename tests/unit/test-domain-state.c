/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's states and statistics mean; the numbers are those that libvirt 9 gives while QEMU
 * is where the case says. */
#include "domain-state.h"
#include "test-support.h"

#include <string.h>

START_TEST(knows_passing_states)
{
    static const struct {
        int state, reason;
        gboolean in_transit, paused, stopped, came;
    } cases[] = {
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, FALSE, FALSE, FALSE, FALSE},
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, FALSE, FALSE, FALSE, TRUE},
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, TRUE, FALSE, FALSE, FALSE},
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_SAVE_CANCELED, FALSE, FALSE, FALSE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, FALSE, TRUE, FALSE, TRUE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, TRUE, TRUE, TRUE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, TRUE, TRUE, FALSE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE, TRUE, TRUE, TRUE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP, TRUE, TRUE, TRUE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SNAPSHOT, TRUE, TRUE, TRUE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, TRUE, TRUE, FALSE, FALSE},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SHUTTING_DOWN, TRUE, TRUE, FALSE, FALSE},
        {VIR_DOMAIN_PMSUSPENDED, 0, FALSE, TRUE, FALSE, TRUE},
        {VIR_DOMAIN_SHUTOFF, 0, TRUE, TRUE, FALSE, FALSE},
        {VIR_DOMAIN_SHUTDOWN, 0, TRUE, TRUE, FALSE, FALSE},
        {VIR_DOMAIN_NOSTATE, 0, TRUE, TRUE, FALSE, FALSE},
        {99, 99, TRUE, TRUE, FALSE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        DomainState state = {0};

        domain_state_judge(&state, cases[i].state, cases[i].reason);
        ck_assert_msg(state.in_transit == cases[i].in_transit, "case %zu", i);
        ck_assert_msg(state.paused == cases[i].paused, "case %zu", i);
        ck_assert_msg(state.stopped == cases[i].stopped, "case %zu", i);
        ck_assert_msg(state.came == cases[i].came, "case %zu", i);
    }
}
END_TEST

#define ABSENT (-1)

/* Lists of parameters need it. */
static void
set_up(void)
{
    ck_assert_int_eq(virInitialize(), 0);
}

START_TEST(knows_what_qemu_waits_for)
{
    static const struct {
        const char *what;
        int operation;
        long long memory_total, normal, constant, disk_remaining;
        DomainJobKind kind;
        gboolean copying, waiting;
    } cases[] = {
        {"waits for the unplug", VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 0, ABSENT, ABSENT, 0,
         DOMAIN_JOB_MIGRATION, FALSE, TRUE},
        {"copies disks first", VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 0, ABSENT, ABSENT, 4096,
         DOMAIN_JOB_MIGRATION, FALSE, FALSE},
        {"sends memory", VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 1 << 30, 17, 0, 0,
         DOMAIN_JOB_MIGRATION, TRUE, FALSE},
        {"sends zero pages", VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 1 << 30, 0, 3, 0,
         DOMAIN_JOB_MIGRATION, TRUE, FALSE},
        {"is being cancelled while it waits", VIR_DOMAIN_JOB_OPERATION_SAVE, 1 << 30, 0, 0, 0,
         DOMAIN_JOB_SAVE, FALSE, TRUE},
        {"a save that waits", VIR_DOMAIN_JOB_OPERATION_SAVE, 0, ABSENT, ABSENT, 0, DOMAIN_JOB_SAVE,
         FALSE, TRUE},
        {"a snapshot", VIR_DOMAIN_JOB_OPERATION_SNAPSHOT, 0, ABSENT, ABSENT, 0, DOMAIN_JOB_SNAPSHOT,
         FALSE, TRUE},
        {"a dump by migration", VIR_DOMAIN_JOB_OPERATION_DUMP, 1 << 30, 5, 5, 0, DOMAIN_JOB_DUMP,
         TRUE, FALSE},
        {"a dump of the memory alone", VIR_DOMAIN_JOB_OPERATION_DUMP, 1 << 30, ABSENT, ABSENT,
         ABSENT, DOMAIN_JOB_DUMP, FALSE, FALSE},
        {"a backup", VIR_DOMAIN_JOB_OPERATION_BACKUP, ABSENT, ABSENT, ABSENT, 7, DOMAIN_JOB_OTHER,
         FALSE, FALSE},
        {"an unknown one", 4711, 0, ABSENT, ABSENT, 0, DOMAIN_JOB_OTHER, FALSE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        virTypedParameterPtr list = NULL;
        int count = 0, room = 0;
        const struct {
            const char *name;
            long long value;
        } numbers[] = {
            {VIR_DOMAIN_JOB_MEMORY_TOTAL, cases[i].memory_total},
            {VIR_DOMAIN_JOB_MEMORY_NORMAL, cases[i].normal},
            {VIR_DOMAIN_JOB_MEMORY_CONSTANT, cases[i].constant},
            {VIR_DOMAIN_JOB_DISK_REMAINING, cases[i].disk_remaining},
        };

        virTypedParamsAddInt(&list, &count, &room, VIR_DOMAIN_JOB_OPERATION, cases[i].operation);
        for (gsize j = 0; j < G_N_ELEMENTS(numbers); j++)
            if (numbers[j].value != ABSENT)
                virTypedParamsAddULLong(&list, &count, &room, numbers[j].name,
                                        (unsigned long long)numbers[j].value);
        DomainJob job = domain_job_judge(list, count);
        ck_assert_msg(job.kind == cases[i].kind, "%s", cases[i].what);
        ck_assert_msg(job.copying == cases[i].copying, "%s", cases[i].what);
        ck_assert_msg(job.waiting == cases[i].waiting, "%s", cases[i].what);
        ck_assert(domain_job_is_copy(&job) == (cases[i].kind != DOMAIN_JOB_OTHER));
        virTypedParamsFree(list, count);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("domain-state");
    TCase *tests = tcase_create("domain-state");

    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, knows_passing_states);
    tcase_add_test(tests, knows_what_qemu_waits_for);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
