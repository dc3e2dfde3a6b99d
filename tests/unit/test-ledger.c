/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools, adapters and functions: what each call does and refuses. */
#include "ledger-support.h"

START_TEST(pools_come_and_go)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    g_autofree char *definition = iov_ledger_get_pool(ledger, "fast", &error);
    assert_done(definition != NULL, error);
    ck_assert_str_eq(definition, "<iovpool/>");
    ck_assert_ptr_null(iov_ledger_get_pool(ledger, "slow", &error));
    ck_assert_ptr_null(error);
    begin(ledger);
    assert_fails(iov_ledger_add_pool(ledger, "fast", "<x/>", 1, &error), error, IOV_ERROR_EXISTS,
                 "pool fast is started already");
    assert_done(iov_ledger_add_pool(ledger, "also", "<x/>", 1, &error), error);
    g_auto(GStrv) names = iov_ledger_list_pools(ledger, &error);
    assert_done(names != NULL, error);
    ck_assert_str_eq(names[0], "also");
    ck_assert_str_eq(names[1], "fast");
    ck_assert_ptr_null(names[2]);
    assert_fails(iov_ledger_remove_pool(ledger, "slow", &error), error, IOV_ERROR_NOT_FOUND,
                 "pool slow is not started");
    assert_done(iov_ledger_remove_pool(ledger, "fast", &error), error);
    commit(ledger);
    assert_consistent(ledger, 0);
}
END_TEST

START_TEST(a_pool_stays_while_it_is_leased)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    lease(ledger, vf(2, 1), VM1, "net0");
    assert_fails(iov_ledger_remove_pool(ledger, "fast", &error), error, IOV_ERROR_BUSY,
                 "function 0000:02:00.2 is reserved for 001");
    commit(ledger);
    assert_consistent(ledger, 8);
}
END_TEST

START_TEST(adapters_keep_what_was_and_count)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;
    IovLedgerAdapter adapter = {.address = (char *)"10000:00:00.0",
                                .pool = (char *)"fast",
                                .netdev = (char *)"enp1s0",
                                .numa_node = 1,
                                .reason = (char *)"link down",
                                .had_num_vfs = 3,
                                .had_autoprobe = TRUE};

    begin(ledger);
    assert_done(iov_ledger_add_adapter(ledger, &adapter, &error), error);
    assert_fails(iov_ledger_add_adapter(ledger, &adapter, &error), error, IOV_ERROR_EXISTS,
                 "adapter 10000:00:00.0 is in started pool fast already");
    adapter.address = (char *)"0000:09:00.0";
    adapter.pool = (char *)"slow";
    assert_fails(iov_ledger_add_adapter(ledger, &adapter, &error), error, IOV_ERROR_LEDGER,
                 "FOREIGN KEY");
    move(ledger, vf(1, 0), lease(ledger, vf(1, 0), VM1, "net0"), IOV_LEASE_ATTACHING);
    commit(ledger);
    g_autoptr(GPtrArray) adapters = iov_ledger_list_adapters(ledger, "fast", &error);
    assert_done(adapters != NULL, error);
    ck_assert_uint_eq(adapters->len, 3);
    const IovLedgerAdapter *first = adapters->pdata[0], *last = adapters->pdata[2];
    ck_assert_str_eq(first->address, pf(1));
    ck_assert_ptr_null(first->netdev);
    ck_assert_ptr_null(first->reason);
    ck_assert(first->usable && !first->had_autoprobe);
    ck_assert_uint_eq(first->functions, 4);
    ck_assert_uint_eq(first->free_functions, 3);
    ck_assert_uint_eq(first->held_functions, 1);
    ck_assert_str_eq(last->address, "10000:00:00.0");
    ck_assert_str_eq(last->netdev, "enp1s0");
    ck_assert_str_eq(last->reason, "link down");
    ck_assert_int_eq(last->numa_node, 1);
    ck_assert_uint_eq(last->had_num_vfs, 3);
    ck_assert(!last->usable && last->had_autoprobe && !last->had_link_up);
    g_autoptr(GPtrArray) none = iov_ledger_list_adapters(ledger, "slow", &error);
    ck_assert_uint_eq(none->len, 0);
}
END_TEST

static void
assert_usable(IovLedger *ledger, gboolean usable, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) adapters = iov_ledger_list_adapters(ledger, NULL, &error);

    assert_done(adapters != NULL, error);
    const IovLedgerAdapter *second = adapters->pdata[1];
    ck_assert_int_eq(second->usable, usable);
    ck_assert_pstr_eq(second->reason, reason);
}

START_TEST(an_adapter_may_be_out_of_use)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    assert_done(iov_ledger_set_adapter_usable(ledger, pf(2), FALSE, &error), error);
    assert_usable(ledger, FALSE, NULL);
    assert_done(iov_ledger_note_adapter(ledger, pf(2), "link down", &error), error);
    assert_usable(ledger, FALSE, "link down");
    assert_done(iov_ledger_set_adapter_usable(ledger, pf(2), TRUE, &error), error);
    assert_usable(ledger, TRUE, NULL);
    assert_fails(iov_ledger_set_adapter_usable(ledger, pf(3), TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, "0000:03:00.0 is in no started pool");
    assert_fails(iov_ledger_note_adapter(ledger, pf(3), "x", &error), error, IOV_ERROR_NOT_FOUND,
                 "0000:03:00.0 is in no started pool");
}
END_TEST

START_TEST(functions_are_added_once_and_not_held)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) function = get(ledger, vf(1, 3));

    ck_assert_str_eq(function->function, "0000:01:00.4");
    ck_assert_str_eq(function->adapter, pf(1));
    ck_assert_str_eq(function->pool, "fast");
    ck_assert_uint_eq(function->index, 3);
    ck_assert_int_eq(function->iommu_group, 259);
    ck_assert_str_eq(function->had_driver, "igbvf");
    ck_assert_ptr_null(function->domain_uuid);
    ck_assert_int_eq(function->deadline, 0);
    begin(ledger);
    assert_fails(iov_ledger_add_function(ledger, function, &error), error, IOV_ERROR_EXISTS,
                 "function 0000:01:00.4 is in started pool fast already");
    function->state = IOV_LEASE_ACTIVE;
    assert_fails(iov_ledger_add_function(ledger, function, &error), error, IOV_ERROR_INVALID,
                 "cannot be active from the start");
    ck_assert_ptr_null(iov_ledger_get_function(ledger, vf(9, 9), &error));
    ck_assert_ptr_null(error);
    add_function(ledger, "fast", 2, 8, IOV_LEASE_QUARANTINED);
    add_function(ledger, "fast", 2, 9, IOV_LEASE_FOREIGN);
    commit(ledger);
    assert_consistent(ledger, 10);
}
END_TEST

START_TEST(the_first_free_is_by_index)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *request = g_strdup_printf("net%u", i);
        g_autoptr(IovLease) free = iov_ledger_first_free(ledger, pf(2), &error);

        assert_done(free != NULL, error);
        ck_assert_uint_eq(free->index, i);
        lease(ledger, free->function, VM1, request);
    }
    ck_assert_ptr_null(iov_ledger_first_free(ledger, pf(2), &error));
    ck_assert_ptr_null(error);
    ck_assert_ptr_null(iov_ledger_first_free(ledger, pf(3), &error));
    ck_assert_ptr_null(error);
}
END_TEST

START_TEST(lists_are_by_pool_and_by_age)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    fill(ledger, "slow", 256, 1, 2);
    g_autoptr(GPtrArray) slow = iov_ledger_list_functions(ledger, "slow", &error);
    assert_done(slow != NULL, error);
    ck_assert_uint_eq(slow->len, 2);
    ck_assert_str_eq(((IovLease *)slow->pdata[0])->function, vf(256, 0));
    guint64 late = lease(ledger, vf(1, 0), VM1, "net0");
    guint64 early = lease(ledger, vf(2, 0), VM1, "net1");
    assert_done(iov_ledger_move(ledger, vf(1, 0), late, IOV_LEASE_SCRUBBING, NULL, 60, &error),
                error);
    assert_done(iov_ledger_move(ledger, vf(2, 0), early, IOV_LEASE_SCRUBBING, NULL, 50, &error),
                error);
    g_autoptr(GPtrArray) scrubbing =
        iov_ledger_list_functions_in_state(ledger, IOV_LEASE_SCRUBBING, &error);
    assert_done(scrubbing != NULL, error);
    ck_assert_uint_eq(scrubbing->len, 2);
    ck_assert_str_eq(((IovLease *)scrubbing->pdata[0])->function, vf(2, 0));
    ck_assert_str_eq(((IovLease *)scrubbing->pdata[1])->function, vf(1, 0));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *tests = tcase_create("ledger");

    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, pools_come_and_go);
    tcase_add_test(tests, a_pool_stays_while_it_is_leased);
    tcase_add_test(tests, adapters_keep_what_was_and_count);
    tcase_add_test(tests, an_adapter_may_be_out_of_use);
    tcase_add_test(tests, functions_are_added_once_and_not_held);
    tcase_add_test(tests, the_first_free_is_by_index);
    tcase_add_test(tests, lists_are_by_pool_and_by_age);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
