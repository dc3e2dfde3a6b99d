/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One event of the agent, from the bytes of journal fields to a row of a listing. A field may hold
 * anything: it is cut to a bounded length here, and cleaned by the listing. How the journal is read
 * is journal.h's.
 */
#include "event-record.h"

#include <string.h>

#define VALUE_LIMIT 1024 /* bytes of a field that are shown; a message of the agent is one line */

static const struct {
    const char *name;
    gsize offset;
} fields[] = {
    [EVENT_FIELD_EVENT] = {"IOVPOOL_EVENT", G_STRUCT_OFFSET(EventRecord, event)},
    [EVENT_FIELD_DOMAIN] = {"IOVPOOL_DOMAIN", G_STRUCT_OFFSET(EventRecord, domain)},
    [EVENT_FIELD_UUID] = {"IOVPOOL_UUID", G_STRUCT_OFFSET(EventRecord, uuid)},
    [EVENT_FIELD_REQUEST] = {"IOVPOOL_REQUEST", G_STRUCT_OFFSET(EventRecord, request)},
    [EVENT_FIELD_FUNCTION] = {"IOVPOOL_FUNCTION", G_STRUCT_OFFSET(EventRecord, function)},
    [EVENT_FIELD_MESSAGE] = {"MESSAGE", G_STRUCT_OFFSET(EventRecord, message)},
};
G_STATIC_ASSERT(G_N_ELEMENTS(fields) == EVENT_FIELDS);

const char *
event_field_to_string(EventField field)
{
    return fields[field].name;
}

static char **
value_of(EventRecord *record, EventField field)
{
    return &G_STRUCT_MEMBER(char *, record, fields[field].offset);
}

void
event_record_clear(EventRecord *record)
{
    for (EventField field = 0; field < EVENT_FIELDS; field++)
        g_clear_pointer(value_of(record, field), g_free);
    record->time = 0;
}

void
event_record_set(EventRecord *record, EventField field, const void *data, gsize length)
{
    gsize start = strlen(fields[field].name) + 1;
    char **value = value_of(record, field);

    g_clear_pointer(value, g_free);
    if (length <= start)
        return;
    *value = g_utf8_make_valid((const char *)data + start,
                               (gssize)MIN(length - start, (gsize)VALUE_LIMIT));
}

gboolean
event_record_is_of(const EventRecord *record, const char *name_or_uuid)
{
    return name_or_uuid == NULL || g_strcmp0(record->domain, name_or_uuid) == 0 ||
           g_strcmp0(record->uuid, name_or_uuid) == 0;
}

CliTable *
event_table_new(void)
{
    static const CliColumn columns[] = {
        {"Time", "time"},       {"Event", "event"},     {"Domain", "domain"},
        {NULL, "domain_uuid"},  {"Request", "request"}, {"Function", "function"},
        {"Message", "message"},
    };

    return cli_table_new(columns, G_N_ELEMENTS(columns));
}

void
event_table_add(CliTable *table, const EventRecord *record)
{
    cli_table_add_row(table, cell_time(record->time), cell_text(record->event),
                      cell_text(record->domain), cell_text(record->uuid),
                      cell_text(record->request), cell_text(record->function),
                      cell_text(record->message));
}
