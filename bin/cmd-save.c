/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool save` and `managedsave`: the domain goes down to its floors first, because a guest that
 * is paused for its save cannot give back a function any more, and libvirt waits for that without
 * end. A saved image holds no function of a request; when it is restored the ordinary lift follows.
 */
#include "cli-command.h"
#include "ground.h"
#include "job.h"
#include "libvirt.h"

static struct {
    gboolean bypass_cache, running, paused;
} how;

GOptionEntry cmd_save_options[] = {
    {"bypass-cache", 0, 0, G_OPTION_ARG_NONE, &how.bypass_cache,
     "avoid the file system's cache for the image", NULL},
    {"running", 0, 0, G_OPTION_ARG_NONE, &how.running, "it runs when it is restored", NULL},
    {"paused", 0, 0, G_OPTION_ARG_NONE, &how.paused, "it is paused when it is restored", NULL},
    {0},
};

static guint
save_flags(void)
{
    return (how.bypass_cache ? VIR_DOMAIN_SAVE_BYPASS_CACHE : 0) |
           (how.running ? VIR_DOMAIN_SAVE_RUNNING : 0) | (how.paused ? VIR_DOMAIN_SAVE_PAUSED : 0);
}

static gboolean
save_to_file(virDomainPtr domain, gpointer path, GError **error)
{
    return virDomainSaveFlags(domain, path, NULL, save_flags()) == 0 ||
           libvirt_error(error, "libvirt cannot save it");
}

static gboolean
save_managed(virDomainPtr domain, gpointer data G_GNUC_UNUSED, GError **error)
{
    return virDomainManagedSave(domain, save_flags()) == 0 ||
           libvirt_error(error, "libvirt cannot save it");
}

static gboolean
save_grounded(Cli *cli, virDomainPtr domain, JobCall call, gpointer path, GError **error)
{
    g_auto(Ground) ground = {0};

    if (!ground_domain(domain, cli->manager, &ground, error))
        return FALSE;
    for (guint i = 0; i < ground.dropped->len; i++)
        cli_say(cli, "%s %s: on its floor", virDomainGetName(domain),
                (const char *)g_ptr_array_index(ground.dropped, i));
    if (job_run(cli, domain, "saving", call, path, error))
        return TRUE;
    ground_lift_again(domain, cli->manager, &ground);
    return FALSE;
}

static gboolean
save(Cli *cli, const char *name, JobCall call, char *path, GError **error)
{
    if (how.running && how.paused)
        return cli_error_usage(error, "--running and --paused exclude each other");
    if (cli_get_manager(cli, error) == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, name, error);
    if (domain == NULL)
        return FALSE;
    if (virDomainIsActive(domain) != 1)
        return cli_error_set(error, IOV_ERROR_INVALID, "it is not running");
    gboolean done = save_grounded(cli, domain, call, path, error);
    cli_poke(cli);
    return done;
}

gboolean
cmd_save(Cli *cli, char **arguments, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(arguments[1], NULL);

    if (!save(cli, arguments[0], save_to_file, path, error)) {
        cli_error_prefix(error, "cannot save domain '%.64s' to %s: ", arguments[0], arguments[1]);
        return FALSE;
    }
    cli_say(cli, "%s saved to %s", arguments[0], path);
    return TRUE;
}

gboolean
cmd_managedsave(Cli *cli, char **arguments, GError **error)
{
    if (!save(cli, arguments[0], save_managed, NULL, error)) {
        cli_error_prefix(error, "cannot save domain '%.64s': ", arguments[0]);
        return FALSE;
    }
    cli_say(cli, "%s saved: it goes on at its next start", arguments[0]);
    return TRUE;
}
