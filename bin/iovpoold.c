/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iovpoold: options, signals, the socket of the pokes, readiness. It stays in the foreground, as
 * service managers like it; the hook starts it detached where there is none. All work is done by
 * the tasks of agent.h.
 */
#include "config.h"

#include "agent-links.h"
#include "agent-notify.h"
#include "agent-socket.h"
#include "agent-udev.h"
#include "agent.h"

#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A card that comes or goes takes many events; one look after the last is enough. */
#define HARDWARE_REST (2 * (gint64)G_USEC_PER_SEC)
#define LINKS_REST ((gint64)G_USEC_PER_SEC)

typedef struct {
    char *root, *uri;
    gboolean foreground, verbose, version;
} Options;

typedef struct {
    GMainContext *context;
    GMainLoop *loop;
    Agent *agent;
    AgentUdev *udev;
    AgentTimer *hardware;
    int links;
    AgentTimer *links_timer;
    gboolean links_armed;
} Program;

static void
clear_options(Options *options)
{
    g_free(options->root);
    g_free(options->uri);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, clear_options)

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &options->uri,
         "libvirt's address (qemu:///system)", "URI"},
        {"foreground", 'f', 0, G_OPTION_ARG_NONE, &options->foreground,
         "write messages to standard error as plain text", NULL},
        {"root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
         "take DIR for the root of the file system", "DIR"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "tell more", NULL},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "print the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, "The agent of SR-IOV pools, see iovpoold(8).");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    (*argv)[1]);
        return FALSE;
    }
    return TRUE;
}

static void
watch_descriptor(Program *program, int descriptor, GUnixFDSourceFunc function)
{
    g_autoptr(GSource) source = g_unix_fd_source_new(descriptor, G_IO_IN);

    g_source_set_callback(source, G_SOURCE_FUNC(function), program, NULL);
    g_source_attach(source, program->context);
}

static void
watch_signal(Program *program, int number, GSourceFunc function)
{
    g_autoptr(GSource) source = g_unix_signal_source_new(number);

    g_source_set_callback(source, function, program, NULL);
    g_source_attach(source, program->context);
}

static gboolean
on_poke(int descriptor, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Program *program = data;

    agent_socket_drain(descriptor);
    agent_work_add(program->agent->work, AGENT_TASK_PASS, NULL);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_udev(int descriptor G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Program *program = data;

    if (agent_udev_drain(program->udev))
        agent_timer_set(program->hardware, g_get_monotonic_time() + HARDWARE_REST);
    return G_SOURCE_CONTINUE;
}

/* A link that comes up or goes down often does so several times in a row: the look is at rest. It
 * is not put off by further events, or guests that come and go would put it off for ever. */
static gboolean
on_links(int descriptor, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    Program *program = data;

    agent_links_drain(descriptor);
    if (!program->links_armed)
        agent_timer_set(program->links_timer, g_get_monotonic_time() + LINKS_REST);
    program->links_armed = TRUE;
    return G_SOURCE_CONTINUE;
}

static void
look_at_adapters(Agent *agent)
{
    g_atomic_int_set(&agent->adapters_changed, TRUE);
    agent_work_add(agent->work, AGENT_TASK_PASS, NULL);
}

static void
on_links_rest(gpointer data)
{
    Program *program = data;

    program->links_armed = FALSE;
    look_at_adapters(program->agent);
}

static void
reconcile_soon(gpointer data)
{
    Program *program = data;

    g_atomic_int_set(&program->agent->adapters_changed, TRUE);
    agent_work_add(program->agent->work, AGENT_TASK_RECONCILE, NULL);
}

static gboolean
on_reload(gpointer data)
{
    reconcile_soon(data);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_end(gpointer data)
{
    Program *program = data;

    g_main_loop_quit(program->loop);
    return G_SOURCE_CONTINUE;
}

/* Only this host's own devices: a foreign root's do not show up here. */
static void
watch_hardware(Program *program, const Options *options)
{
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(options->root, "/") != 0)
        return;
    program->udev = agent_udev_new(&error);
    if (program->udev != NULL)
        watch_descriptor(program, agent_udev_get_descriptor(program->udev), on_udev);
    else
        agent_log(LOG_NOTICE, NULL, "%s: a device that vanishes is noticed later", error->message);
    g_clear_error(&error);
    program->links = agent_links_open(&error);
    if (program->links >= 0)
        watch_descriptor(program, program->links, on_links);
    else
        agent_log(LOG_NOTICE, NULL, "%s: a link that goes down is noticed later", error->message);
}

static void
report_memory(void)
{
    g_autofree char *text = NULL;
    unsigned long pages = 0;

    if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL) &&
        sscanf(text, "%*u %lu", &pages) == 1)
        agent_log(LOG_DEBUG, NULL, "resident: %lu KiB",
                  pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

static void
serve(Program *program, int poked, const Options *options)
{
    watch_descriptor(program, poked, on_poke);
    watch_signal(program, SIGTERM, on_end);
    watch_signal(program, SIGINT, on_end);
    watch_signal(program, SIGHUP, on_reload);
    watch_hardware(program, options);
    agent_log(LOG_INFO, NULL, "iovpoold %s ready", PACKAGE_VERSION);
    agent_notify("READY=1");
    agent_work_add(program->agent->work, AGENT_TASK_CONNECT, NULL);
    look_at_adapters(program->agent);
    g_main_loop_run(program->loop);
    agent_notify("STOPPING=1");
    /* what runs is awaited; a second signal does not wait */
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    report_memory();
}

static gboolean
run(const Options *options, GError **error)
{
    Program program = {.links = -1};
    /* its own context: libvirt's event loop may use the default one, in another thread */
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);
    g_autoptr(IovManager) manager = iov_manager_open(options->root, error);

    if (manager == NULL)
        return FALSE;
    int lock = agent_socket_lock(iov_manager_get_run_dir(manager), error);
    int poked = lock >= 0 ? agent_socket_open(iov_manager_get_run_dir(manager), error) : -1;
    program.context = context;
    program.loop = loop;
    program.agent = poked >= 0 ? agent_new(options->root, options->uri, context, error) : NULL;
    if (program.agent != NULL) {
        program.hardware = agent_timer_new(context, reconcile_soon, &program);
        program.links_timer = agent_timer_new(context, on_links_rest, &program);
        serve(&program, poked, options);
        agent_free(program.agent);
        agent_timer_free(program.hardware);
        agent_timer_free(program.links_timer);
        agent_udev_free(program.udev);
        if (program.links >= 0)
            close(program.links);
    }
    if (poked >= 0)
        close(poked);
    if (lock >= 0)
        close(lock);
    return program.agent != NULL;
}

int
main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;

    /* five threads that mostly sleep need no heap each */
    mallopt(M_ARENA_MAX, 2);
    if (!parse_options(&argc, &argv, &options, &error)) {
        fprintf(stderr, "iovpoold: %s: try --help\n", error->message);
        return 2;
    }
    if (options.version) {
        puts("iovpoold " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    if (options.root == NULL)
        options.root = g_strdup("/");
    if (options.uri == NULL)
        options.uri = g_strdup("qemu:///system");
    agent_log_open(options.foreground ? AGENT_LOG_PLAIN : AGENT_LOG_AUTO, options.verbose);
    if (run(&options, &error))
        return EXIT_SUCCESS;
    agent_log(LOG_ERR, NULL, "iovpoold: %s", error->message);
    return EXIT_FAILURE;
}
