/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An rtnetlink socket: one request, its whole answer, the kernel's errno. Links up and down, and
 * whether a netdev has an address. VF policies stand in iov-host-netlink-vf.c, who gets the frames
 * for a MAC in iov-host-netlink-bridge.c.
 */
#include "iov-host-netlink-private.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_SECONDS 10

struct _IovNetlink {
    struct nl_sock *socket;
};

typedef struct {
    IovNetlinkReader reader;
    gpointer data;
    gboolean done;
    int number; /* errno value of the answer */
} Exchange;

IovNetlink *
iov_netlink_new(GError **error)
{
    /* A driver that holds the kernel's network lock for good must not hold us. */
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    g_autoptr(IovNetlink) netlink = g_new0(IovNetlink, 1);
    int status;

    netlink->socket = nl_socket_alloc();
    if (netlink->socket == NULL)
        g_error("out of memory");
    status = nl_connect(netlink->socket, NETLINK_ROUTE);
    if (status < 0) {
        iov_error_set(error, IOV_ERROR_HOST, "cannot open a netlink socket: %s",
                      nl_geterror(status));
        return NULL;
    }
    /* The answer about an adapter of 256 VFs is larger than the usual buffer. */
    nl_socket_enable_msg_peek(netlink->socket);
    setsockopt(nl_socket_get_fd(netlink->socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return g_steal_pointer(&netlink);
}

void
iov_netlink_free(IovNetlink *netlink)
{
    if (netlink == NULL)
        return;
    nl_socket_free(netlink->socket);
    g_free(netlink);
}

static int
on_error(struct sockaddr_nl *from, struct nlmsgerr *answer, void *data)
{
    Exchange *exchange = data;

    (void)from;
    exchange->number = -answer->error;
    exchange->done = TRUE;
    return NL_STOP;
}

static int
on_end(struct nl_msg *message, void *data)
{
    Exchange *exchange = data;

    (void)message;
    exchange->done = TRUE;
    return NL_STOP;
}

static int
on_message(struct nl_msg *message, void *data)
{
    Exchange *exchange = data;

    if (exchange->reader != NULL)
        exchange->reader(nlmsg_hdr(message), exchange->data);
    return NL_OK;
}

/* A late answer to a request that we gave up must not be taken for the next one's: libnl checks
 * sequence numbers, so a socket that timed out is of no more use and is replaced. */
static void
replace_socket(IovNetlink *netlink)
{
    g_autoptr(IovNetlink) fresh = iov_netlink_new(NULL);

    if (fresh != NULL) {
        struct nl_sock *old = netlink->socket;

        netlink->socket = fresh->socket;
        fresh->socket = old;
    }
}

int
iov_netlink_run(IovNetlink *netlink, struct nl_msg *message, IovNetlinkReader reader, gpointer data)
{
    Exchange exchange = {.reader = reader, .data = data};
    struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
    int status = nl_send_auto(netlink->socket, message);

    nlmsg_free(message);
    nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, &exchange);
    nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, &exchange);
    nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_end, &exchange);
    nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &exchange);
    while (status >= 0 && !exchange.done)
        status = nl_recvmsgs(netlink->socket, callbacks);
    nl_cb_put(callbacks);
    if (exchange.done)
        return exchange.number;
    replace_socket(netlink);
    return status == -NLE_AGAIN ? ETIMEDOUT : EIO;
}

gboolean
iov_netlink_fail(const char *netdev, int number, GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (number == ENODEV)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "cannot %s: no netdev %s", what, netdev);
    return iov_error_set_errno(error, number, "cannot %s", what);
}

gboolean
iov_netlink_read_mac(const char *mac, guint8 bytes[static ETH_ALEN])
{
    unsigned int parts[ETH_ALEN] = {0};

    if (sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x", &parts[0], &parts[1], &parts[2], &parts[3],
               &parts[4], &parts[5]) != ETH_ALEN)
        return FALSE;
    for (guint i = 0; i < ETH_ALEN; i++)
        bytes[i] = (guint8)parts[i];
    return TRUE;
}

struct nl_msg *
iov_netlink_link_message(int type, const char *netdev, guint flags, guint change, GError **error)
{
    const struct ifinfomsg header = {.ifi_flags = flags, .ifi_change = change};

    if (netdev[0] == '\0' || strlen(netdev) >= IFNAMSIZ) {
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev '%.64s'", netdev);
        return NULL;
    }
    struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST);
    if (message == NULL || nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) ||
        nla_put_string(message, IFLA_IFNAME, netdev))
        g_error("out of memory");
    return message;
}

gboolean
iov_netlink_set_up(IovNetlink *netlink, const char *netdev, gboolean up, GError **error)
{
    struct nl_msg *message =
        iov_netlink_link_message(RTM_SETLINK, netdev, up ? IFF_UP : 0, IFF_UP, error);
    int number;

    if (message == NULL)
        return FALSE;
    number = iov_netlink_run(netlink, message, NULL, NULL);
    if (number != 0)
        return iov_netlink_fail(netdev, number, error, "bring %s %s", netdev, up ? "up" : "down");
    return TRUE;
}

typedef struct {
    guint index;
    gboolean found;
} AddressSearch;

static void
look_for_address(struct nlmsghdr *header, gpointer data)
{
    AddressSearch *search = data;

    if (header->nlmsg_type != RTM_NEWADDR ||
        !nlmsg_valid_hdr(header, (int)sizeof(struct ifaddrmsg)))
        return;
    const struct ifaddrmsg *address = nlmsg_data(header);
    if (address->ifa_index == search->index)
        search->found = TRUE;
}

gboolean
iov_netlink_has_address(IovNetlink *netlink, const char *netdev, gboolean *has_address,
                        GError **error)
{
    const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};
    AddressSearch search = {.index = if_nametoindex(netdev)};
    int number;

    if (search.index == 0)
        return iov_netlink_fail(netdev, ENODEV, error, "list the addresses of %s", netdev);
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP);
    if (message == NULL || nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO))
        g_error("out of memory");
    number = iov_netlink_run(netlink, message, look_for_address, &search);
    if (number != 0)
        return iov_netlink_fail(netdev, number, error, "list the addresses of %s", netdev);
    *has_address = search.found;
    return TRUE;
}
