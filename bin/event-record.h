/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-output.h"

/* One event that the agent wrote to the journal. Texts are as they came; owned; nullable. */
typedef struct {
    gint64 time; /* when the journal got it: microseconds since the epoch */
    char *event;
    char *domain, *uuid;
    char *request;
    char *function; /* its PCI address */
    char *message;
} EventRecord;

/* The journal's fields that a record is read from. */
typedef enum {
    EVENT_FIELD_EVENT,
    EVENT_FIELD_DOMAIN,
    EVENT_FIELD_UUID,
    EVENT_FIELD_REQUEST,
    EVENT_FIELD_FUNCTION,
    EVENT_FIELD_MESSAGE,
    EVENT_FIELDS,
} EventField;

const char *event_field_to_string(EventField field);

void event_record_clear(EventRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EventRecord, event_record_clear)

/* @data: "NAME=VALUE" as the journal has it: any bytes, not terminated. Kept is a bounded part. */
void event_record_set(EventRecord *record, EventField field, const void *data, gsize length);
/* Of any domain where @name_or_uuid is NULL. */
gboolean event_record_is_of(const EventRecord *record, const char *name_or_uuid);

/* A listing of events. (transfer full) */
CliTable *event_table_new(void);
void event_table_add(CliTable *table, const EventRecord *record);
