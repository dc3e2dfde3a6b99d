/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event-record.h"

#include "test-support.h"

#include <string.h>

/* 2026-11-22 10:00:00 UTC, and most of a second */
#define TIME (G_GINT64_CONSTANT(1795341600) * G_USEC_PER_SEC + 999999)
#define UUID "aaaaaaaa-0000-4000-8000-000000000001"
#define LONGEST 1024

static void
set(EventRecord *record, EventField field, const char *value)
{
    g_autofree char *data = g_strconcat(event_field_to_string(field), "=", value, NULL);

    event_record_set(record, field, data, strlen(data));
}

static void
set_all(EventRecord *record)
{
    record->time = TIME;
    set(record, EVENT_FIELD_EVENT, "lifted");
    set(record, EVENT_FIELD_DOMAIN, "vm1");
    set(record, EVENT_FIELD_UUID, UUID);
    set(record, EVENT_FIELD_REQUEST, "net0");
    set(record, EVENT_FIELD_FUNCTION, "0000:01:10.0");
    set(record, EVENT_FIELD_MESSAGE, "lifted in 90 ms");
}

/* The agent writes these. */
START_TEST(names_the_fields)
{
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_EVENT), "IOVPOOL_EVENT");
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_DOMAIN), "IOVPOOL_DOMAIN");
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_UUID), "IOVPOOL_UUID");
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_REQUEST), "IOVPOOL_REQUEST");
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_FUNCTION), "IOVPOOL_FUNCTION");
    ck_assert_str_eq(event_field_to_string(EVENT_FIELD_MESSAGE), "MESSAGE");
}
END_TEST

START_TEST(lists_events)
{
    g_auto(EventRecord) record = {0};
    g_autoptr(CliTable) table = event_table_new();

    set_all(&record);
    event_table_add(table, &record);
    event_record_clear(&record);
    record.time = TIME + G_USEC_PER_SEC;
    set(&record, EVENT_FIELD_EVENT, "freed");
    event_table_add(table, &record);
    g_autofree char *text = cli_table_to_text(table, TRUE);
    ck_assert_str_eq(text,
                     " 2026-11-22 10:00:00   lifted   vm1      net0      0000:01:10.0   lifted in "
                     "90 ms\n"
                     " 2026-11-22 10:00:01   freed    -        -         -              -\n");
    g_autofree char *json = cli_table_to_json(table, FALSE);
    ck_assert_str_eq(json, "[{\"time\":\"2026-11-22T10:00:00Z\",\"event\":\"lifted\","
                           "\"domain\":\"vm1\",\"domain_uuid\":\"" UUID "\",\"request\":\"net0\","
                           "\"function\":\"0000:01:10.0\",\"message\":\"lifted in 90 ms\"},"
                           "{\"time\":\"2026-11-22T10:00:01Z\",\"event\":\"freed\","
                           "\"domain\":null,\"domain_uuid\":null,\"request\":null,"
                           "\"function\":null,\"message\":null}]\n");
}
END_TEST

/* A field is bytes of any length; none of them is believed to end it. */
START_TEST(bounds_and_cleans_fields)
{
    static const char hostile[] = "MESSAGE=a\033[31m\nb\0c\xff";
    g_auto(EventRecord) record = {0};
    g_autoptr(CliTable) table = event_table_new();
    g_autofree char *long_text = g_strnfill(LONGEST + 1, 'x');

    set(&record, EVENT_FIELD_EVENT, long_text);
    ck_assert_uint_eq(strlen(record.event), LONGEST);
    event_record_set(&record, EVENT_FIELD_MESSAGE, hostile, sizeof hostile - 1);
    set(&record, EVENT_FIELD_EVENT, "lifted");
    event_table_add(table, &record);
    g_autofree char *text = cli_table_to_text(table, TRUE);
    ck_assert_msg(g_str_has_suffix(text, " a [31m b\357\277\275"
                                         "c\357\277\275\n"),
                  "it is: %s", text);

    set(&record, EVENT_FIELD_DOMAIN, "");
    ck_assert_ptr_null(record.domain);
    event_record_set(&record, EVENT_FIELD_MESSAGE, "MESS", 4);
    ck_assert_ptr_null(record.message);
}
END_TEST

START_TEST(knows_its_domain)
{
    g_auto(EventRecord) record = {0};

    ck_assert(event_record_is_of(&record, NULL));
    ck_assert(!event_record_is_of(&record, "vm1"));
    set_all(&record);
    ck_assert(event_record_is_of(&record, NULL));
    ck_assert(event_record_is_of(&record, "vm1"));
    ck_assert(event_record_is_of(&record, UUID));
    ck_assert(!event_record_is_of(&record, "vm"));
    ck_assert(!event_record_is_of(&record, "net0"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("event-record");
    TCase *tests = tcase_create("event-record");

    g_setenv("TZ", "UTC", TRUE);
    tcase_add_test(tests, names_the_fields);
    tcase_add_test(tests, lists_events);
    tcase_add_test(tests, bounds_and_cleans_fields);
    tcase_add_test(tests, knows_its_domain);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
