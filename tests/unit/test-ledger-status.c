/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests of active domains: what is stored, joined and waited for. */
#include "ledger-support.h"

static IovStatus *
status_of(const char *uuid, const char *request)
{
    IovStatus *status = iov_status_new();

    status->domain_uuid = g_strdup(uuid);
    status->domain_name = g_strdup("vm");
    status->request = g_strdup(request);
    status->pool = g_strdup("fast");
    status->tier = status->floor_tier = IOV_TIER_NETWORK;
    status->migration = IOV_MIGRATION_REPLUG;
    status->started = TRUE;
    status->since = 100;
    return status;
}

static void
put(IovLedger *ledger, const IovStatus *status)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_ledger_put_status(ledger, status, &error), error);
}

START_TEST(every_field_comes_back)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovStatus) status = status_of(VM1, "net0");

    iov_status_set_reason(status, IOV_REASON_EXHAUSTED, "all 8 functions of pool fast are leased");
    status->request_xml = g_strdup("<iov:requests/>");
    status->priority = -1000;
    status->tier = IOV_TIER_DIRECT;
    status->floor_tier = IOV_TIER_BRIDGE;
    status->is_static = status->parked = status->required = TRUE;
    status->started = FALSE;
    status->migration = IOV_MIGRATION_BLOCK;
    begin(ledger);
    put(ledger, status);
    commit(ledger);
    g_autoptr(IovStatus) got = iov_ledger_get_status(ledger, VM1, "net0", &error);
    assert_done(got != NULL, error);
    ck_assert_str_eq(got->domain_uuid, VM1);
    ck_assert_str_eq(got->domain_name, "vm");
    ck_assert_str_eq(got->request, "net0");
    ck_assert_str_eq(got->pool, "fast");
    ck_assert_str_eq(got->reason, status->reason);
    ck_assert_uint_eq(got->code, IOV_REASON_EXHAUSTED);
    ck_assert_str_eq(got->request_xml, "<iov:requests/>");
    ck_assert_int_eq(got->priority, -1000);
    ck_assert_uint_eq(got->tier, IOV_TIER_DIRECT);
    ck_assert_uint_eq(got->floor_tier, IOV_TIER_BRIDGE);
    ck_assert(got->is_static && got->parked && got->required && !got->started);
    ck_assert_uint_eq(got->migration, IOV_MIGRATION_BLOCK);
    ck_assert_int_eq(got->since, 100);
    ck_assert_ptr_null(got->lease);
    ck_assert_ptr_null(iov_ledger_get_status(ledger, VM1, "net1", &error));
    ck_assert_ptr_null(error);
}
END_TEST

START_TEST(a_second_put_replaces_and_a_remove_removes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovStatus) status = status_of(VM1, "net0");

    begin(ledger);
    put(ledger, status);
    status->tier = IOV_TIER_PASSTHROUGH;
    put(ledger, status);
    g_autoptr(GPtrArray) all = iov_ledger_list_status(ledger, NULL, &error);
    assert_done(all != NULL, error);
    ck_assert_uint_eq(all->len, 1);
    ck_assert_uint_eq(((IovStatus *)all->pdata[0])->tier, IOV_TIER_PASSTHROUGH);
    assert_done(iov_ledger_remove_status(ledger, VM1, "net0", &error), error);
    assert_done(iov_ledger_remove_status(ledger, VM1, "net0", &error), error);
    ck_assert_ptr_null(iov_ledger_get_status(ledger, VM1, "net0", &error));
    ck_assert_ptr_null(error);
}
END_TEST

START_TEST(the_lease_is_joined_in)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovStatus) first = status_of(VM1, "net0"), second = status_of(VM1, "net1");
    g_autoptr(IovStatus) other = status_of(VM2, "net0");

    begin(ledger);
    put(ledger, second);
    put(ledger, other);
    put(ledger, first);
    lease(ledger, vf(1, 2), VM1, "net1");
    commit(ledger);
    g_autoptr(GPtrArray) one = iov_ledger_list_status(ledger, VM1, &error);
    assert_done(one != NULL, error);
    ck_assert_uint_eq(one->len, 2);
    ck_assert_str_eq(((IovStatus *)one->pdata[0])->request, "net0");
    ck_assert_ptr_null(((IovStatus *)one->pdata[0])->lease);
    ck_assert_str_eq(((IovStatus *)one->pdata[1])->lease->function, vf(1, 2));
    ck_assert_uint_eq(((IovStatus *)one->pdata[1])->lease->state, IOV_LEASE_RESERVED);
    g_autoptr(GPtrArray) all = iov_ledger_list_status(ledger, NULL, &error);
    ck_assert_uint_eq(all->len, 3);
    ck_assert_str_eq(((IovStatus *)all->pdata[2])->domain_uuid, VM2);
}
END_TEST

static void
assert_waiting(IovLedger *ledger, const char *pool, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) waiting = iov_ledger_list_waiting(ledger, pool, &error);
    g_autoptr(GString) names = g_string_new(NULL);

    assert_done(waiting != NULL, error);
    for (guint i = 0; i < waiting->len; i++)
        g_string_append_printf(names, "%s ", ((IovStatus *)waiting->pdata[i])->request);
    ck_assert_str_eq(names->str, expected);
}

START_TEST(the_most_deserving_waits_first)
{
    static const struct {
        const char *request, *pool;
        int priority;
        gint64 since;
        gboolean parked, is_static, unstarted;
    } rows[] = {
        {"a-late", "fast", 0, 300, FALSE, FALSE, FALSE},
        {"b-early", "fast", 0, 200, FALSE, FALSE, FALSE},
        {"high", "fast", 5, 400, FALSE, FALSE, FALSE},
        {"low", "fast", -5, 1, FALSE, FALSE, FALSE},
        {"parked", "fast", 9, 1, TRUE, FALSE, FALSE},
        {"static", "fast", 9, 1, FALSE, TRUE, FALSE},
        {"unstarted", "fast", 9, 1, FALSE, FALSE, TRUE},
        {"leased", "fast", 9, 1, FALSE, FALSE, FALSE},
        {"elsewhere", "slow", 9, 1, FALSE, FALSE, FALSE},
    };
    g_autoptr(IovLedger) ledger = open_filled();

    begin(ledger);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(IovStatus) status = status_of(VM1, rows[i].request);

        g_free(status->pool);
        status->pool = g_strdup(rows[i].pool);
        status->priority = rows[i].priority;
        status->since = rows[i].since;
        status->parked = rows[i].parked;
        status->is_static = rows[i].is_static;
        status->started = !rows[i].unstarted;
        put(ledger, status);
    }
    guint64 generation = lease(ledger, vf(1, 0), VM1, "leased");
    assert_waiting(ledger, "fast", "high b-early a-late low ");
    assert_waiting(ledger, NULL, "elsewhere high b-early a-late low ");
    move(ledger, vf(1, 0), generation, IOV_LEASE_FREE);
    assert_waiting(ledger, "fast", "leased high b-early a-late low ");
    assert_waiting(ledger, "none", "");
}
END_TEST

START_TEST(hostile_text_is_only_text)
{
    static const char hostile[] = "'); DROP TABLE functions; -- \n\x01%s%n\xff";
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovStatus) status = status_of(hostile, hostile);
    g_autofree char *huge = g_strnfill(2 * 1024 * 1024, 'x');
    guint64 generation = 0;

    begin(ledger);
    put(ledger, status);
    assert_done(
        iov_ledger_lease(ledger, vf(1, 0), hostile, hostile, hostile, 1, 2, &generation, &error),
        error);
    assert_fails(
        iov_ledger_lease(ledger, vf(1, 0), VM1, hostile, "net0", 1, 2, &generation, &error), error,
        IOV_ERROR_BUSY, "'); DROP TABLE functions; -- ??%s%n");
    status->reason = g_steal_pointer(&huge);
    assert_fails(iov_ledger_put_status(ledger, status, &error), error, IOV_ERROR_LEDGER, "too big");
    commit(ledger);
    g_autoptr(IovStatus) got = iov_ledger_get_status(ledger, hostile, hostile, &error);
    assert_done(got != NULL, error);
    ck_assert_str_eq(got->lease->domain_name, hostile);
    assert_consistent(ledger, 8);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-status");
    TCase *tests = tcase_create("ledger-status");

    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, every_field_comes_back);
    tcase_add_test(tests, a_second_put_replaces_and_a_remove_removes);
    tcase_add_test(tests, the_lease_is_joined_in);
    tcase_add_test(tests, the_most_deserving_waits_first);
    tcase_add_test(tests, hostile_text_is_only_text);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
