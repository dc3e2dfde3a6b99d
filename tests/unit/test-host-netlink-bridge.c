/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filters and bridges over a real kernel, in a network namespace of the test's own: bridge "br0",
 * in which "port0" is a port. What only an adapter does is the contract suite's matter.
 */
#include "config.h"

#include "iov-host-netlink-private.h"
#include "test-support.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MAC "52:54:00:12:34:56"

static IovNetlink *netlink;

static int
make_link(const char *name, const char *kind)
{
    struct nl_msg *message = iov_netlink_link_message(RTM_NEWLINK, name, 0, 0, NULL);
    struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);

    nlmsg_hdr(message)->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
    nla_put_string(message, IFLA_INFO_KIND, kind);
    nla_nest_end(message, info);
    return iov_netlink_run(netlink, message, NULL, NULL);
}

static int
make_links(void)
{
    int number = make_link("br0", "bridge");

    if (number == 0)
        number = make_link("port0", "veth");
    if (number != 0)
        return number;
    struct nl_msg *message = iov_netlink_link_message(RTM_SETLINK, "port0", 0, 0, NULL);
    nla_put_u32(message, IFLA_MASTER, if_nametoindex("br0"));
    return iov_netlink_run(netlink, message, NULL, NULL);
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    netlink = iov_netlink_new(&error);
    assert_done(netlink != NULL, error);
}

static void
tear_down(void)
{
    g_clear_pointer(&netlink, iov_netlink_free);
}

typedef struct {
    guint8 table;
    guint found;
} Search;

static void
look(struct nlmsghdr *header, gpointer data)
{
    struct nlattr *attributes[NDA_MAX + 1] = {NULL};
    Search *search = data;
    guint8 wanted[ETH_ALEN];

    ck_assert(iov_netlink_read_mac(MAC, wanted));
    ck_assert_int_ge(nlmsg_parse(header, sizeof(struct ndmsg), attributes, NDA_MAX, NULL), 0);
    const struct ndmsg *entry = nlmsg_data(header);
    gboolean of_bridge = attributes[NDA_MASTER] != NULL;
    if (entry->ndm_ifindex != (int)if_nametoindex("port0") ||
        of_bridge != (search->table == NTF_MASTER) ||
        memcmp(nla_data(attributes[NDA_LLADDR]), wanted, ETH_ALEN) != 0)
        return;
    search->found++;
}

static guint
count(guint8 table)
{
    const struct ifinfomsg header = {.ifi_family = AF_BRIDGE};
    Search search = {.table = table};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP);

    nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO);
    ck_assert_int_eq(iov_netlink_run(netlink, message, look, &search), 0);
    return search.found;
}

/* A static entry: a port that is down learns no other. */
static void
learn(void)
{
    const struct ndmsg header = {.ndm_family = AF_BRIDGE,
                                 .ndm_ifindex = (int)if_nametoindex("port0"),
                                 .ndm_state = NUD_NOARP,
                                 .ndm_flags = NTF_MASTER};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWNEIGH, NLM_F_CREATE);
    guint8 bytes[ETH_ALEN];

    ck_assert(iov_netlink_read_mac(MAC, bytes));
    nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO);
    nla_put(message, NDA_LLADDR, sizeof(bytes), bytes);
    ck_assert_int_eq(iov_netlink_run(netlink, message, NULL, NULL), 0);
}

START_TEST(a_filter_takes_a_mac_once)
{
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(count(NTF_SELF), 0);
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_netlink_set_filter(netlink, "port0", MAC, TRUE, &error), error);
        ck_assert_uint_eq(count(NTF_SELF), 1);
    }
    ck_assert_uint_eq(count(NTF_MASTER), 0);
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_netlink_set_filter(netlink, "port0", MAC, FALSE, &error), error);
        ck_assert_uint_eq(count(NTF_SELF), 0);
    }
}
END_TEST

START_TEST(a_bridge_forgets)
{
    g_autoptr(GError) error = NULL;

    learn();
    assert_done(iov_netlink_set_filter(netlink, "port0", MAC, TRUE, &error), error);
    ck_assert_uint_eq(count(NTF_MASTER), 1);
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_netlink_unlearn(netlink, "port0", MAC, &error), error);
        ck_assert_uint_eq(count(NTF_MASTER), 0);
    }
    ck_assert_uint_eq(count(NTF_SELF), 1);
    assert_done(iov_netlink_set_filter(netlink, "port0", MAC, FALSE, &error), error);
}
END_TEST

static void
look_for_learning(struct nlmsghdr *header, gpointer data)
{
    struct nlattr *attributes[IFLA_MAX + 1] = {NULL};
    struct nlattr *port[IFLA_BRPORT_MAX + 1] = {NULL};

    ck_assert_int_ge(nlmsg_parse(header, sizeof(struct ifinfomsg), attributes, IFLA_MAX, NULL), 0);
    const struct ifinfomsg *link = nlmsg_data(header);
    if (link->ifi_index != (int)if_nametoindex("port0") || attributes[IFLA_PROTINFO] == NULL)
        return;
    ck_assert_int_ge(nla_parse_nested(port, IFLA_BRPORT_MAX, attributes[IFLA_PROTINFO], NULL), 0);
    *(int *)data = nla_get_u8(port[IFLA_BRPORT_LEARNING]);
}

static int
read_learning(void)
{
    const struct ifinfomsg header = {.ifi_family = AF_BRIDGE};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP);
    int learning = -1;

    nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO);
    ck_assert_int_eq(iov_netlink_run(netlink, message, look_for_learning, &learning), 0);
    return learning;
}

START_TEST(a_bridge_learns_or_does_not)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(read_learning(), 1);
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_netlink_set_learning(netlink, "port0", FALSE, &error), error);
        ck_assert_int_eq(read_learning(), 0);
    }
    assert_done(iov_netlink_set_learning(netlink, "port0", TRUE, &error), error);
    ck_assert_int_eq(read_learning(), 1);
}
END_TEST

START_TEST(a_missing_netdev_is_not_found)
{
    static const char *const names[] = {"iovnone0", "", "a-name-longer-than-15"};
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        assert_fails(iov_netlink_set_filter(netlink, names[i], MAC, TRUE, &error), error,
                     IOV_ERROR_NOT_FOUND, "take frames for " MAC);
        assert_fails(iov_netlink_unlearn(netlink, names[i], MAC, &error), error,
                     IOV_ERROR_NOT_FOUND, "forget " MAC);
        assert_fails(iov_netlink_set_learning(netlink, names[i], FALSE, &error), error,
                     IOV_ERROR_NOT_FOUND, "no netdev");
        assert_fails(iov_netlink_set_macvtap(netlink, names[i], TRUE, MACVLAN_MODE_VEPA, &error),
                     error, IOV_ERROR_NOT_FOUND, "no netdev");
    }
}
END_TEST

START_TEST(what_cannot_be_set_is_named)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_netlink_set_filter(netlink, "lo", MAC, TRUE, &error), error, IOV_ERROR_HOST,
                 "cannot let lo take frames for " MAC);
    assert_fails(iov_netlink_set_filter(netlink, "port0", "nonsense", TRUE, &error), error,
                 IOV_ERROR_HOST, "nonsense");
}
END_TEST

/* A name that libvirt gave a macvtap may be another device's by now. */
START_TEST(only_a_macvtap_has_a_mode)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!iov_netlink_set_macvtap(netlink, "port0", TRUE, MACVLAN_MODE_VEPA, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "cannot change the mode of port0"));
}
END_TEST

int
main(void)
{
    int number;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        puts("SKIP: this system gives a test no network namespace of its own");
        return 77; /* automake's word for a skipped test */
    }
    netlink = iov_netlink_new(NULL);
    number = netlink != NULL ? make_links() : EIO;
    tear_down();
    if (number != 0) {
        printf("SKIP: this kernel makes no bridge and no veth: %s\n", g_strerror(number));
        return 77;
    }
    Suite *suite = suite_create("host-netlink-bridge");
    TCase *tests = tcase_create("host-netlink-bridge");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_filter_takes_a_mac_once);
    tcase_add_test(tests, a_bridge_forgets);
    tcase_add_test(tests, a_bridge_learns_or_does_not);
    tcase_add_test(tests, a_missing_netdev_is_not_found);
    tcase_add_test(tests, what_cannot_be_set_is_named);
    tcase_add_test(tests, only_a_macvtap_has_a_mode);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
