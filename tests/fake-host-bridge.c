/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake host's bridges, macvtaps and filters: who gets the frames for a MAC. Frames there are
 * none; what is kept is what the kernel would go by.
 */
#include "fake-host-private.h"

#include <errno.h>
#include <string.h>

void (*fake_host_meanwhile)(void);

static FakePair *
find_pair(FakePair pairs[static FAKE_PAIRS], const char *netdev, const char *mac)
{
    for (gsize i = 0; i < FAKE_PAIRS; i++)
        if (strcmp(pairs[i].netdev, netdev) == 0 && strcmp(pairs[i].mac, mac) == 0)
            return &pairs[i];
    return NULL;
}

static void
add_pair(FakePair pairs[static FAKE_PAIRS], const char *netdev, const char *mac)
{
    FakePair *pair = find_pair(pairs, "", "");

    g_assert(pair != NULL && strlen(netdev) < FAKE_NAME_SIZE && strlen(mac) < IOV_MAC_SIZE);
    g_strlcpy(pair->netdev, netdev, sizeof(pair->netdev));
    g_strlcpy(pair->mac, mac, sizeof(pair->mac));
}

static void
remove_pair(FakePair *pair)
{
    *pair = (FakePair){.netdev = ""};
}

static FakePort *
find_port(FakeState *state, const char *port)
{
    for (gsize i = 0; i < FAKE_PORTS; i++)
        if (strcmp(state->ports[i].port, port) == 0)
            return &state->ports[i];
    return NULL;
}

static FakeMacvtap *
find_macvtap(FakeState *state, const char *netdev)
{
    for (gsize i = 0; i < FAKE_PORTS; i++)
        if (strcmp(state->macvtaps[i].netdev, netdev) == 0)
            return &state->macvtaps[i];
    return NULL;
}

void
fake_host_add_port(IovHost *host, const char *bridge, const char *port, const char *lower)
{
    FakePort *place = find_port(fake_state(host), "");

    g_assert(place != NULL);
    g_strlcpy(place->bridge, bridge, sizeof(place->bridge));
    g_strlcpy(place->port, port, sizeof(place->port));
    g_strlcpy(place->lower, lower != NULL ? lower : "", sizeof(place->lower));
}

void
fake_host_add_macvtap(IovHost *host, const char *netdev)
{
    FakeMacvtap *place = find_macvtap(fake_state(host), "");

    g_assert(place != NULL);
    g_strlcpy(place->netdev, netdev, sizeof(place->netdev));
    place->mode = IOV_MACVTAP_BRIDGE;
}

gboolean
fake_host_has_filter(IovHost *host, const char *netdev, const char *mac)
{
    return find_pair(fake_state(host)->filters, netdev, mac) != NULL;
}

void
fake_host_learn(IovHost *host, const char *port, const char *mac)
{
    const FakePort *place = find_port(fake_state(host), port);

    g_assert(place != NULL);
    if (!place->is_deaf)
        add_pair(fake_state(host)->learned, port, mac);
}

gboolean
fake_host_has_learned(IovHost *host, const char *port, const char *mac)
{
    return find_pair(fake_state(host)->learned, port, mac) != NULL;
}

IovMacvtapMode
fake_host_get_macvtap(IovHost *host, const char *netdev)
{
    FakeMacvtap *macvtap = find_macvtap(fake_state(host), netdev);

    g_assert(macvtap != NULL);
    return macvtap->mode;
}

/* A PF's is made of its place in the table. */
char *
fake_get_mac(IovHost *host, const char *netdev, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = fake_find_pf_of_netdev(state, netdev);

    if (pf != NULL)
        return g_strdup_printf("52:54:00:f0:00:%02x", (guint)(pf - state->pfs));
    for (gsize i = 0; i < FAKE_PORTS; i++)
        if (strcmp(state->ports[i].bridge, netdev) == 0 && netdev[0] != '\0')
            return g_strdup(FAKE_HOST_BRIDGE_MAC);
    iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev '%.64s'", netdev);
    return NULL;
}

static void
add_uplink(IovHost *host, GPtrArray *uplinks, const FakePort *port, const char *netdev,
           const char *const *netdevs)
{
    if (!g_strv_contains(netdevs, netdev))
        return;
    IovUplink *uplink = g_new0(IovUplink, 1);
    uplink->port = g_strdup(port->port);
    uplink->netdev = g_strdup(netdev);
    uplink->mac = fake_get_mac(host, netdev, NULL);
    g_ptr_array_add(uplinks, uplink);
}

GPtrArray *
fake_list_uplinks(IovHost *host, const char *bridge, const char *const *netdevs, GError **error)
{
    FakeState *state = fake_state(host);
    GPtrArray *uplinks = g_ptr_array_new_with_free_func((GDestroyNotify)iov_uplink_free);
    void (*meanwhile)(void) = g_steal_pointer(&fake_host_meanwhile);

    (void)error;
    if (meanwhile != NULL)
        meanwhile();
    for (gsize i = 0; i < FAKE_PORTS; i++) {
        const FakePort *port = &state->ports[i];

        if (port->port[0] == '\0' || strcmp(port->bridge, bridge) != 0)
            continue;
        add_uplink(host, uplinks, port, port->port, netdevs);
        add_uplink(host, uplinks, port, port->lower, netdevs);
    }
    return uplinks;
}

gboolean
fake_set_filter(IovHost *host, const char *pf_netdev, const char *mac, gboolean present,
                GError **error)
{
    FakeState *state = fake_state(host);
    FakePair *pair = find_pair(state->filters, pf_netdev, mac);
    int number;

    if (fake_find_pf_of_netdev(state, pf_netdev) == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", pf_netdev);
    if ((pair != NULL) == present)
        return TRUE;
    if (!fake_begin(state, &number, "%s: %s %s", pf_netdev, present ? "take" : "leave", mac))
        return fake_refuse(state, number, error, "%s %s on %s", present ? "take" : "leave", mac,
                           pf_netdev);
    if (present)
        add_pair(state->filters, pf_netdev, mac);
    else
        remove_pair(pair);
    return fake_end(state);
}

gboolean
fake_unlearn(IovHost *host, const char *port, const char *mac, GError **error)
{
    FakeState *state = fake_state(host);
    FakePair *pair = find_pair(state->learned, port, mac);
    int number;

    if (pair == NULL)
        return TRUE;
    if (!fake_begin(state, &number, "%s: unlearn %s", port, mac))
        return fake_refuse(state, number, error, "unlearn %s on %s", mac, port);
    remove_pair(pair);
    return fake_end(state);
}

gboolean
fake_set_learning(IovHost *host, const char *port, gboolean learning, GError **error)
{
    FakeState *state = fake_state(host);
    FakePort *place = find_port(state, port);
    int number;

    if (place == NULL || port[0] == '\0')
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", port);
    if (place->is_deaf == !learning)
        return TRUE;
    if (!fake_begin(state, &number, "%s: learning %s", port, learning ? "on" : "off"))
        return fake_refuse(state, number, error, "set learning of %s", port);
    place->is_deaf = !learning;
    return fake_end(state);
}

gboolean
fake_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode, GError **error)
{
    FakeState *state = fake_state(host);
    FakeMacvtap *macvtap = find_macvtap(state, netdev);
    static const char *const names[] = {"bridge", "vepa", "down"};
    const char *name = names[mode];
    int number;

    if (macvtap == NULL || netdev[0] == '\0')
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", netdev);
    if (macvtap->mode == mode)
        return TRUE;
    if (!fake_begin(state, &number, "%s: mode %s", netdev, name))
        return fake_refuse(state, number, error, "set %s to mode %s", netdev, name);
    macvtap->mode = mode;
    return fake_end(state);
}
