/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool explain`: why requests are served as they are, and what would help. Of active domains
 * the ledger tells all; libvirt is asked only about a domain that is not active. What is said is
 * the library's; how it is printed is decided here.
 */
#include "cli-command.h"
#include "cmd-status.h"
#include "libvirt.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

/* ---- what is explained ---- */

/* The UUID of an active domain that the ledger knows, by name or UUID; NULL without @error where it
 * knows none. (transfer full) (nullable) */
static char *
find_active(IovManager *manager, const char *name, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, NULL, error);

    for (guint i = 0; statuses != NULL && i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        const char *uuid = iov_status_get_domain_uuid(status);

        if (strcmp(name, uuid) == 0 || strcmp(name, iov_status_get_domain_name(status)) == 0)
            return g_strdup(uuid);
    }
    return NULL;
}

/* A running domain whose requests the ledger does not know is not one that would start now. */
static IovDomain *
read_inactive(virConnectPtr connection, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = libvirt_find_domain(connection, name, error);
    if (domain == NULL)
        return NULL;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);
    if (record == NULL)
        return NULL;
    if (iov_domain_get_requests(record)->len == 0)
        cli_error_set(error, IOV_ERROR_NOT_FOUND,
                      "it has no request: `iovpool request` gives it one");
    else if (virDomainIsActive(domain) == 1)
        cli_error_set(
            error, IOV_ERROR_NOT_FOUND,
            "it runs, and the ledger does not know its requests: run `iovpool reconcile`");
    else
        return g_steal_pointer(&record);
    return NULL;
}

static GPtrArray *
explain_inactive(Cli *cli, const char *name, const char *request, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!cli_uses_libvirt(cli)) {
        cli_error_set(error, IOV_ERROR_NOT_FOUND,
                      "no active domain of that name has a request, and libvirt is not asked "
                      "about others without --connect");
        return NULL;
    }
    virConnectPtr connection = cli_get_connection(cli, &cause);
    if (connection == NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause),
                                   "no active domain of that name has a request, and of others "
                                   "nothing is known: ");
        return NULL;
    }
    g_autoptr(IovDomain) record = read_inactive(connection, name, error);
    if (record == NULL)
        return NULL;
    return iov_manager_explain(cli->manager, iov_domain_get_uuid(record), request, record, error);
}

static GPtrArray *
explain(Cli *cli, const char *name, const char *request, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return NULL;
    g_autofree char *uuid = find_active(manager, name, &cause);
    if (uuid != NULL)
        return iov_manager_explain(manager, uuid, request, NULL, error);
    if (cause == NULL)
        return explain_inactive(cli, name, request, error);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static const char *
state_of(const IovExplanation *explanation)
{
    const IovStatus *status = iov_explanation_get_status(explanation);
    const IovLease *lease = iov_status_get_lease(status);

    if (!iov_explanation_get_active(explanation))
        return "inactive";
    if (lease != NULL)
        return iov_lease_state_to_string(iov_lease_get_state(lease));
    return iov_status_get_parked(status) ? "parked" : "waiting";
}

/* ---- for people ---- */

static void
append_head(GString *text, const IovExplanation *explanation)
{
    const IovStatus *status = iov_explanation_get_status(explanation);

    g_string_append_printf(text,
                           "%s %s (pool %s, priority %d): ", iov_status_get_domain_name(status),
                           iov_status_get_request(status), iov_status_get_pool(status),
                           iov_status_get_priority(status));
    if (!iov_explanation_get_active(explanation)) {
        g_string_append(text, "not running; if it started now:");
        return;
    }
    g_autofree char *since = cli_format_time(iov_status_get_since(status), TRUE);
    g_string_append_printf(text, "%s since %s (%s)",
                           iov_tier_to_string(iov_status_get_tier(status)), since,
                           state_of(explanation));
}

static void
append_reason(GString *text, const IovStatus *status)
{
    g_autofree char *reason = status_reason(status);
    IovReason code = iov_status_get_reason_code(status);

    g_string_append(text, "  why: ");
    if (code != IOV_REASON_NONE)
        g_string_append_printf(text, "%s: ", iov_reason_to_string(code));
    g_string_append(text, reason);
}

/* Texts quote names of domains and of the kernel: a line is cleaned as a whole. */
static void
print_line(GString *text)
{
    g_autofree char *clean = cli_text_clean(text->str);

    puts(clean);
    g_string_truncate(text, 0);
}

static void
print_candidates(GPtrArray *candidates)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int function_width = 0, verdict_width = 0;

    for (guint i = 0; i < candidates->len; i++) {
        const IovCandidate *candidate = g_ptr_array_index(candidates, i);
        const char *function = iov_lease_get_function(iov_candidate_get_lease(candidate));
        const char *verdict = iov_verdict_to_string(iov_candidate_get_verdict(candidate));

        function_width = MAX(function_width, (int)strlen(function));
        verdict_width = MAX(verdict_width, (int)strlen(verdict));
    }
    for (guint i = 0; i < candidates->len; i++) {
        const IovCandidate *candidate = g_ptr_array_index(candidates, i);

        g_string_append_printf(text, "  %-*s  %-*s  %s", function_width,
                               iov_lease_get_function(iov_candidate_get_lease(candidate)),
                               verdict_width,
                               iov_verdict_to_string(iov_candidate_get_verdict(candidate)),
                               iov_candidate_get_text(candidate));
        print_line(text);
    }
}

static void
print_text(const IovExplanation *explanation)
{
    const IovStatus *status = iov_explanation_get_status(explanation);
    const char *help = iov_explanation_get_help(explanation);
    g_autoptr(GString) text = g_string_new(NULL);

    append_head(text, explanation);
    print_line(text);
    if (iov_status_get_reason(status)[0] != '\0') {
        append_reason(text, status);
        print_line(text);
    }
    if (help != NULL) {
        g_string_append_printf(text, "  help: %s", help);
        print_line(text);
    }
    print_candidates(iov_explanation_get_candidates(explanation));
}

/* ---- for programs ---- */

/* Absent where @text is NULL or empty. */
static void
add_text(JsonBuilder *builder, const char *name, const char *text)
{
    g_autofree char *clean = cli_text_clean(text != NULL ? text : "");

    json_builder_set_member_name(builder, name);
    if (*clean != '\0')
        json_builder_add_string_value(builder, clean);
    else
        json_builder_add_null_value(builder);
}

static void
add_candidate(JsonBuilder *builder, const IovCandidate *candidate)
{
    const IovLease *lease = iov_candidate_get_lease(candidate);

    json_builder_begin_object(builder);
    add_text(builder, "function", iov_lease_get_function(lease));
    add_text(builder, "adapter", iov_lease_get_adapter(lease));
    add_text(builder, "verdict", iov_verdict_to_string(iov_candidate_get_verdict(candidate)));
    add_text(builder, "text", iov_candidate_get_text(candidate));
    json_builder_end_object(builder);
}

static void
add_status(JsonBuilder *builder, const IovExplanation *explanation)
{
    const IovStatus *status = iov_explanation_get_status(explanation);
    const IovLease *lease = iov_status_get_lease(status);
    gint64 since = iov_status_get_since(status);
    g_autofree char *time = since > 0 ? cli_format_time(since, FALSE) : NULL;
    g_autofree char *reason = status_reason(status);

    add_text(builder, "domain", iov_status_get_domain_name(status));
    add_text(builder, "domain_uuid", iov_status_get_domain_uuid(status));
    add_text(builder, "request", iov_status_get_request(status));
    add_text(builder, "pool", iov_status_get_pool(status));
    json_builder_set_member_name(builder, "priority");
    json_builder_add_int_value(builder, iov_status_get_priority(status));
    add_text(builder, "tier", iov_tier_to_string(iov_status_get_tier(status)));
    add_text(builder, "since", time);
    add_text(builder, "state", state_of(explanation));
    add_text(builder, "function", lease != NULL ? iov_lease_get_function(lease) : NULL);
    add_text(builder, "reason_code", iov_reason_to_string(iov_status_get_reason_code(status)));
    add_text(builder, "reason", reason);
}

static void
add_explanation(JsonBuilder *builder, const IovExplanation *explanation)
{
    GPtrArray *candidates = iov_explanation_get_candidates(explanation);

    json_builder_begin_object(builder);
    add_status(builder, explanation);
    add_text(builder, "help", iov_explanation_get_help(explanation));
    json_builder_set_member_name(builder, "candidates");
    json_builder_begin_array(builder);
    for (guint i = 0; i < candidates->len; i++)
        add_candidate(builder, g_ptr_array_index(candidates, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void
print_json(GPtrArray *explanations)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < explanations->len; i++)
        add_explanation(builder, g_ptr_array_index(explanations, i));
    json_builder_end_array(builder);

    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    puts(text);
}

gboolean
cmd_explain(Cli *cli, char **arguments, GError **error)
{
    g_autoptr(GPtrArray) explanations = explain(cli, arguments[0], arguments[1], error);

    if (explanations == NULL) {
        cli_error_prefix(error, "cannot explain domain '%.64s': ", arguments[0]);
        return FALSE;
    }
    if (cli->json) {
        print_json(explanations);
        return TRUE;
    }
    for (guint i = 0; i < explanations->len; i++) {
        if (i > 0)
            putchar('\n');
        print_text(g_ptr_array_index(explanations, i));
    }
    return TRUE;
}
