/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "destination.h"

#include "cli-error.h"
#include "peer.h"

#include <json-glib/json-glib.h>
#include <string.h>

struct _Destination {
    Peer *peer;
    virConnectPtr connection;
};

void
destination_free(Destination *destination)
{
    g_clear_pointer(&destination->peer, peer_free);
    if (destination->connection != NULL)
        virConnectClose(destination->connection);
    g_free(destination);
}

const char *
destination_get_name(const Destination *destination)
{
    return peer_get_name(destination->peer);
}

virConnectPtr
destination_get_connection(const Destination *destination)
{
    return destination->connection;
}

Destination *
destination_open(const char *uri, const char *ssh, GError **error)
{
    g_autoptr(Destination) destination = g_new0(Destination, 1);

    destination->peer = peer_new(uri, ssh, error);
    if (destination->peer == NULL)
        return NULL;
    destination->connection = libvirt_open(uri, error);
    return destination->connection != NULL ? g_steal_pointer(&destination) : NULL;
}

/* ---- what it answers: another program's, so not to be believed ---- */

static void
answer_free(gpointer data)
{
    DestinationAnswer *answer = data;

    g_free(answer->request);
    g_free(answer->pool);
    g_free(answer->refusal);
    g_free(answer);
}

/* (nullable): no text, or not there */
static const char *
get_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static guint
get_count(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    gint64 count = node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                           json_node_get_value_type(node) == G_TYPE_INT64
                       ? json_node_get_int(node)
                       : 0;

    return (guint)CLAMP(count, 0, G_MAXINT);
}

static DestinationAnswer *
read_answer(JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *request = object != NULL ? get_text(object, "request") : NULL;
    const char *pool = object != NULL ? get_text(object, "pool") : NULL;

    if (request == NULL || pool == NULL)
        return NULL;
    DestinationAnswer *answer = g_new0(DestinationAnswer, 1);
    answer->request = g_strdup(request);
    answer->pool = g_strdup(pool);
    answer->free = get_count(object, "free");
    answer->refusal = g_strdup(get_text(object, "reason"));
    return answer;
}

static GPtrArray *
read_answers(const char *text)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GPtrArray) answers = g_ptr_array_new_with_free_func(answer_free);
    JsonNode *root =
        json_parser_load_from_data(parser, text, -1, NULL) ? json_parser_get_root(parser) : NULL;

    if (root == NULL || !JSON_NODE_HOLDS_ARRAY(root))
        return NULL;
    JsonArray *array = json_node_get_array(root);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        DestinationAnswer *answer = read_answer(json_array_get_element(array, i));

        if (answer == NULL)
            return NULL;
        g_ptr_array_add(answers, answer);
    }
    return g_steal_pointer(&answers);
}

GPtrArray *
destination_ask(const Destination *destination, const char *xml, GError **error)
{
    static const char *const words[] = {"--json", "incoming", "check", NULL};
    g_autofree char *text = peer_run(destination->peer, words, xml, strlen(xml), error);

    if (text == NULL)
        return NULL;
    GPtrArray *answers = read_answers(text);
    if (answers == NULL)
        cli_error_set(error, IOV_ERROR_HOST, "%s: its iovpool's answer cannot be understood",
                      destination_get_name(destination));
    return answers;
}

static gboolean
run_verb(const Destination *destination, const char *verb, const char *xml, GError **error)
{
    const char *const words[] = {"incoming", verb, NULL};
    g_autofree char *text = peer_run(destination->peer, words, xml, strlen(xml), error);

    return text != NULL;
}

gboolean
destination_reserve(const Destination *destination, const char *xml, GError **error)
{
    return run_verb(destination, "reserve", xml, error);
}

gboolean
destination_cancel(const Destination *destination, const char *xml, GError **error)
{
    return run_verb(destination, "cancel", xml, error);
}

/* ---- what its libvirt knows ---- */

static gboolean
has_network(virConnectPtr connection, const char *name)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, name);

    return network != NULL && virNetworkIsActive(network) == 1;
}

/* ---- what is in the way ---- */

static void
add(const Destination *destination, GPtrArray *constraints, IovObstacle obstacle,
    const char *request, const char *reason, const char *help)
{
    g_ptr_array_add(constraints,
                    iov_constraint_new_destination(obstacle, destination_get_name(destination),
                                                   request, reason, help));
}

static void
judge_floor(const Destination *destination, const IovDomain *record, const char *request,
            GPtrArray *constraints)
{
    const char *network = iov_domain_get_floor_network(record, request);

    if (network == NULL || has_network(destination->connection, network))
        return;
    g_autofree char *reason =
        g_strdup_printf("network '%.64s' of its floor is not active there", network);
    add(destination, constraints, IOV_OBSTACLE_DESTINATION_FLOOR, request, reason,
        "start its pool there, or the network by `virsh net-start`");
}

static void
judge_function(const Destination *destination, const DestinationAnswer *answer,
               GPtrArray *constraints)
{
    static const char help[] = "`iovpool migrate DOMAIN URI`: it arrives on its floor";

    if (answer->refusal != NULL) {
        add(destination, constraints, IOV_OBSTACLE_DESTINATION_POOL, answer->request,
            answer->refusal, help);
        return;
    }
    if (answer->free > 0)
        return;
    g_autofree char *reason = g_strdup_printf("pool '%s' has no free function there", answer->pool);
    add(destination, constraints, IOV_OBSTACLE_DESTINATION_FULL, answer->request, reason, help);
}

void
destination_judge(const Destination *destination, const IovDomain *record, GPtrArray *answers,
                  gboolean has_functions, GPtrArray *constraints)
{
    for (guint i = 0; i < answers->len; i++) {
        const DestinationAnswer *answer = g_ptr_array_index(answers, i);
        g_autofree char *alias = iov_alias_of_function(answer->request);

        judge_floor(destination, record, answer->request, constraints);
        if (has_functions || iov_domain_has_alias(record, alias))
            judge_function(destination, answer, constraints);
    }
}
