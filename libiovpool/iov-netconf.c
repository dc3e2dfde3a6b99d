/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The policy of one network function as values: what a request gets under its pool's limits, and
 * how two policies differ. Pure functions; who writes a policy to the kernel, and its XML, are
 * elsewhere.
 */
#include "iov-netconf.h"

#include <string.h>

IovNetconf
iov_netconf_scrubbed(void)
{
    IovNetconf netconf = {
        .has_vlan = TRUE,
        .has_rate = TRUE,
        .trust = IOV_SWITCH_NO,
        .spoofcheck = IOV_SWITCH_YES,
        .link_state = IOV_LINK_STATE_AUTO,
    };

    g_strlcpy(netconf.mac, IOV_NO_MAC, sizeof netconf.mac);
    return netconf;
}

static gboolean
merge_vlan(const IovNetconf *defaults, const IovNetconf *wish, IovNetconf *result, GError **error)
{
    if (!wish->has_vlan)
        return TRUE;
    if (defaults->has_vlan && defaults->vlan != wish->vlan)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "the request asks for VLAN %u, but its pool sets VLAN %u", wish->vlan,
                             defaults->vlan);
    result->has_vlan = TRUE;
    result->vlan = wish->vlan;
    return TRUE;
}

static gboolean
merge_rate(const IovNetconf *defaults, const IovNetconf *wish, IovNetconf *result, GError **error)
{
    guint limit = defaults->has_rate ? defaults->max_rate : 0;

    if (!wish->has_rate)
        return TRUE;
    if (limit > 0 && wish->max_rate == 0)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "the request sets no maximum rate, but its pool allows %u Mbit/s",
                             limit);
    if (limit > 0 && wish->max_rate > limit)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "the request asks for up to %u Mbit/s, but its pool allows %u Mbit/s",
                             wish->max_rate, limit);
    result->has_rate = TRUE;
    result->min_rate = wish->min_rate;
    result->max_rate = wish->max_rate;
    return TRUE;
}

static gboolean
check_rate(const IovNetconf *netconf, GError **error)
{
    if (netconf->max_rate == 0 || netconf->min_rate <= netconf->max_rate)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_INVALID,
                         "the minimum rate of %u Mbit/s is above the maximum of %u Mbit/s",
                         netconf->min_rate, netconf->max_rate);
}

/* What weakens the host's protection is the pool's to give, not the request's to take. */
static gboolean
merge_switches(const IovNetconf *defaults, const IovNetconf *wish, IovNetconf *result,
               GError **error)
{
    if (wish->trust == IOV_SWITCH_YES && defaults->trust != IOV_SWITCH_YES)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "the request asks for trust, which its pool does not give");
    if (wish->spoofcheck == IOV_SWITCH_NO && defaults->spoofcheck != IOV_SWITCH_NO)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "the request asks for no spoof check, which its pool does not allow");
    if (wish->trust != IOV_SWITCH_UNSET)
        result->trust = wish->trust;
    if (wish->spoofcheck != IOV_SWITCH_UNSET)
        result->spoofcheck = wish->spoofcheck;
    if (wish->link_state != IOV_LINK_STATE_UNSET)
        result->link_state = wish->link_state;
    return TRUE;
}

gboolean
iov_netconf_merge(const IovNetconf *defaults, const IovNetconf *wish, IovNetconf *result,
                  GError **error)
{
    IovNetconf merged = *defaults;

    if (wish->mac[0] != '\0')
        memcpy(merged.mac, wish->mac, sizeof merged.mac);
    if (!merge_vlan(defaults, wish, &merged, error) ||
        !merge_rate(defaults, wish, &merged, error) || !check_rate(&merged, error) ||
        !merge_switches(defaults, wish, &merged, error))
        return FALSE;
    *result = merged;
    return TRUE;
}

static char *
number_difference(const char *what, guint wanted, guint actual)
{
    return wanted != actual ? g_strdup_printf("%s is %u, not %u", what, actual, wanted) : NULL;
}

/* Words of one enumeration, 0 being "unset" on both sides. */
static char *
word_difference(const char *what, const char *const *words, guint wanted, guint actual)
{
    if (wanted == 0 || actual == 0 || wanted == actual)
        return NULL;
    return g_strdup_printf("%s is %s, not %s", what, words[actual], words[wanted]);
}

static char *
mac_difference(const IovNetconf *wanted, const IovNetconf *actual)
{
    /* A driver that is told to choose may report any address. */
    if (wanted->mac[0] == '\0' || actual->mac[0] == '\0' || strcmp(wanted->mac, IOV_NO_MAC) == 0 ||
        g_ascii_strcasecmp(wanted->mac, actual->mac) == 0)
        return NULL;
    return g_strdup_printf("MAC address is %s, not %s", actual->mac, wanted->mac);
}

static char *
rate_difference(const IovNetconf *wanted, const IovNetconf *actual)
{
    char *difference;

    if (!wanted->has_rate || !actual->has_rate)
        return NULL;
    difference = number_difference("minimum rate", wanted->min_rate, actual->min_rate);
    return difference != NULL
               ? difference
               : number_difference("maximum rate", wanted->max_rate, actual->max_rate);
}

char *
iov_netconf_difference(const IovNetconf *wanted, const IovNetconf *actual)
{
    static const char *const switches[] = {NULL, "no", "yes"};
    static const char *const link_states[] = {NULL, "auto", "enable", "disable"};
    char *difference = mac_difference(wanted, actual);

    if (difference == NULL && wanted->has_vlan && actual->has_vlan)
        difference = number_difference("vlan", wanted->vlan, actual->vlan);
    if (difference == NULL)
        difference = rate_difference(wanted, actual);
    if (difference == NULL)
        difference = word_difference("trust", switches, wanted->trust, actual->trust);
    if (difference == NULL)
        difference =
            word_difference("spoof check", switches, wanted->spoofcheck, actual->spoofcheck);
    if (difference == NULL)
        difference =
            word_difference("link state", link_states, wanted->link_state, actual->link_state);
    return difference;
}

static gboolean
has_mac_form(const char *text)
{
    for (guint i = 0; i < IOV_MAC_SIZE - 1; i++)
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isxdigit(text[i]))
            return FALSE;
    return text[IOV_MAC_SIZE - 1] == '\0';
}

gboolean
iov_mac_parse(const char *text, char mac[static IOV_MAC_SIZE], GError **error)
{
    if (!has_mac_form(text))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.32s' is not a MAC address such as 52:54:00:aa:bb:cc", text);
    if ((g_ascii_xdigit_value(text[1]) & 1) != 0)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%s' is a multicast address; a device needs a unicast one", text);
    if (strcmp(text, IOV_NO_MAC) == 0)
        return iov_error_set(error, IOV_ERROR_INVALID, "'%s' is no device's address", text);
    for (guint i = 0; i < IOV_MAC_SIZE; i++)
        mac[i] = g_ascii_tolower(text[i]);
    return TRUE;
}

gboolean
iov_mac_is_zero(const char *mac)
{
    return mac[0] == '\0' || strcmp(mac, IOV_NO_MAC) == 0;
}

void
iov_mac_make(const guint8 random[static 3], char mac[static IOV_MAC_SIZE])
{
    g_snprintf(mac, IOV_MAC_SIZE, "52:54:00:%02x:%02x:%02x", random[0], random[1], random[2]);
}
