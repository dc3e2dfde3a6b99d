/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-log.h"
#include "test-support.h"

#include <string.h>

START_TEST(writes_journal_fields)
{
    const AgentRecord record = {.event = "lifted",
                                .domain = "vm1",
                                .uuid = "aaaaaaaa-0000-0000-0000-000000000000",
                                .request = "net0",
                                .function = "0000:01:10.0"};
    GString *datagram = agent_log_to_journal(LOG_INFO, &record, "done");

    ck_assert_str_eq(datagram->str, "MESSAGE=done\nPRIORITY=6\nSYSLOG_IDENTIFIER=iovpoold\n"
                                    "IOVPOOL_EVENT=lifted\nIOVPOOL_DOMAIN=vm1\n"
                                    "IOVPOOL_UUID=aaaaaaaa-0000-0000-0000-000000000000\n"
                                    "IOVPOOL_REQUEST=net0\nIOVPOOL_FUNCTION=0000:01:10.0\n");
    g_string_free(datagram, TRUE);
}
END_TEST

/* A domain may be called what it likes: it writes no field of its own. */
START_TEST(keeps_hostile_text_in_its_field)
{
    const AgentRecord record = {.domain = "vm\nPRIORITY=0\nX=\xff"};
    GString *datagram = agent_log_to_journal(LOG_ERR, &record, "a\nUSER=root");

    ck_assert_str_eq(datagram->str, "MESSAGE=a?USER=root\nPRIORITY=3\nSYSLOG_IDENTIFIER=iovpoold\n"
                                    "IOVPOOL_DOMAIN=vm?PRIORITY=0?X=\xef\xbf\xbd\n");
    g_string_free(datagram, TRUE);

    g_autofree char *line = agent_log_to_line(LOG_ERR, &record, "a\n<0>b", TRUE);
    ck_assert_str_eq(line, "<3>vm?PRIORITY=0?X=\xef\xbf\xbd: a?<0>b\n");
}
END_TEST

START_TEST(writes_lines)
{
    const AgentRecord record = {.domain = "vm1", .request = "net0"};
    g_autofree char *plain = agent_log_to_line(LOG_INFO, &record, "done", FALSE);
    g_autofree char *bare = agent_log_to_line(LOG_WARNING, NULL, "done", TRUE);

    ck_assert_str_eq(plain, "vm1: net0: done\n");
    ck_assert_str_eq(bare, "<4>done\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-log");
    TCase *tests = tcase_create("agent-log");

    tcase_add_test(tests, writes_journal_fields);
    tcase_add_test(tests, keeps_hostile_text_in_its_field);
    tcase_add_test(tests, writes_lines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
