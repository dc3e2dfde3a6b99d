/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-ledger.h"
#include "iov-pool-private.h"

#define IOV_RECORD_XML_LIMIT (16 * 1024 * 1024) /* bytes */

/*
 * What a pool's start found on the host, and the definition that it works by: a file of its own
 * beside the ledger, RUN_DIR/pools/NAME.xml, for a ledger that is lost. Where there is a ledger,
 * that is the truth. A record of another boot counts as none.
 */
typedef struct {
    IovPool *pool;
    gboolean is_complete; /* FALSE: the start is under way, or was cut off */
    GPtrArray *adapters;  /* IovLedgerAdapter: what they were like; no counts */
    GPtrArray *functions; /* IovLease: what they are, had_driver and had_mac; not complete: those
                             that were there before the start */
} IovRecord;

/* Takes a reference of @pool. */
IovRecord *iov_record_new(IovPool *pool);
void iov_record_free(IovRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovRecord, iov_record_free)
/* Both copy what a record keeps. */
void iov_record_add_adapter(IovRecord *record, const IovLedgerAdapter *adapter);
void iov_record_add_function(IovRecord *record, const IovLease *function);
/* What the ledger says of a pool that is started; IOV_ERROR_NOT_FOUND where it is not. */
IovRecord *iov_record_from_ledger(IovLedger *ledger, const char *name, GError **error);

/* ---- XML ---- */

char *iov_record_to_xml(const IovRecord *record, const char *boot_id);
/* Strict and bounded. @boot_id: (out) (transfer full): of which boot it is. */
IovRecord *iov_record_parse(const char *xml, gsize length, const char *origin, char **boot_id,
                            GError **error);

/* ---- files ---- */

/* Replaces the pool's record atomically. */
gboolean iov_record_save(const IovRecord *record, const char *run_dir, const char *boot_id,
                         GError **error);
/* NULL without @error where there is none of this boot. */
IovRecord *iov_record_load(const char *run_dir, const char *boot_id, const char *name,
                           GError **error);
/* No error where there is none. */
gboolean iov_record_remove(const char *run_dir, const char *name, GError **error);
/* The names of all pools that have one, of whatever boot; sorted. */
GStrv iov_record_list(const char *run_dir, GError **error);
