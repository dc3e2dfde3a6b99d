/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a ledger that could be opened can be understood as a whole: SQLite's own look at its
 * pages, every row read once, and the counts against what they count. It repairs nothing.
 */
#include "iov-ledger-private.h"

#include <string.h>

static gboolean
refuse(IovLedger *ledger, const char *cause, GError **error)
{
    return iov_error_set(error, IOV_ERROR_CORRUPT,
                         "cannot use ledger %s: %s; run `iovpool reconcile`",
                         ledger->files.database, cause);
}

static gboolean
check_pages(IovLedger *ledger, GError **error)
{
    g_auto(IovLedgerQuery) query = {0};
    g_autofree char *verdict = NULL;

    if (!iov_ledger_query(ledger, &query, "PRAGMA integrity_check(1)", IOV_NO_VALUES, error) ||
        iov_ledger_query_step(&query, error) != IOV_LEDGER_STEP_ROW)
        return FALSE;
    verdict = iov_ledger_column_text(&query, 0);
    return g_strcmp0(verdict, "ok") == 0 ||
           refuse(ledger, verdict != NULL ? verdict : "no verdict", error);
}

static gboolean
check_counts(IovLedger *ledger, GError **error)
{
    static const char wrong[] =
        "SELECT 1 FROM adapters AS a WHERE (a.functions, a.free_functions, a.held_functions) <>"
        " (SELECT count(*), coalesce(sum(f.state = 0), 0),"
        "  coalesce(sum(f.state BETWEEN 1 AND 5), 0) FROM functions AS f"
        "  WHERE f.adapter = a.address) LIMIT 1";
    g_auto(IovLedgerQuery) query = {0};

    if (!iov_ledger_query(ledger, &query, wrong, IOV_NO_VALUES, error))
        return FALSE;
    switch (iov_ledger_query_step(&query, error)) {
    case IOV_LEDGER_STEP_FAILED:
        return FALSE;
    case IOV_LEDGER_STEP_ROW:
        return refuse(ledger, "its counts are wrong", error);
    case IOV_LEDGER_STEP_DONE:
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean
check_rows(IovLedger *ledger, GError **error)
{
    g_auto(GStrv) pools = iov_ledger_list_pools(ledger, error);
    g_autoptr(GPtrArray) adapters =
        pools != NULL ? iov_ledger_list_adapters(ledger, NULL, error) : NULL;
    g_autoptr(GPtrArray) functions =
        adapters != NULL ? iov_ledger_list_functions(ledger, NULL, error) : NULL;
    g_autoptr(GPtrArray) statuses =
        functions != NULL ? iov_ledger_list_status(ledger, NULL, error) : NULL;

    return statuses != NULL;
}

gboolean
iov_ledger_check(IovLedger *ledger, GError **error)
{
    return check_pages(ledger, error) && check_rows(ledger, error) && check_counts(ledger, error);
}
