/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's front: takes libvirt's call, sorts out by raw bytes what is none of our business, and
 * only then loads the module that does the work. It decides the exit status, and owns the rule that
 * a guest never stays down because of us: only a `required` request without a function, and a
 * static hostdev that another domain holds, refuse a start. It never calls libvirt: libvirtd waits
 * for this very process, with the domain locked.
 */
#include "front.h"

#include "deadline.h"
#include "hook-conf.h"
#include "poke.h"
#include "report.h"
#include "scan.h"
#include "virt-hook.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XML_LIMIT (4 * 1024 * 1024)
#define LEDGER_PATH "run/iovpool/ledger.db"

/* libvirt's calls that we act on. Every other one ends at once with 0 and no output: `start` and
 * `stopped` leave nothing to do between their neighbours, `migrate` and `restore` take empty output
 * as "XML unchanged", and what a later libvirt adds is not ours. */
typedef struct {
    const char *name, *suboperation;
    IovHookOperation operation;
    const char *action, *goes_on, *refused;
    bool needs_ledger; /* nothing to do where no pool was ever started */
    bool pokes;
} Duty;

static const Duty duties[] = {
    {"prepare", "begin", IOV_HOOK_PREPARE, "cannot admit", "it starts without new functions",
     "its start is refused, because a request of it is required", false, false},
    {"started", "begin", IOV_HOOK_STARTED, "cannot take up", "`iovpool reconcile` takes it up",
     NULL, false, true},
    {"release", "end", IOV_HOOK_RELEASE, "cannot release",
     "`iovpool reconcile` frees its functions", NULL, true, true},
    {"reconnect", "begin", IOV_HOOK_RECONNECT, "cannot take up", "`iovpool reconcile` takes it up",
     NULL, false, true},
};

/* One byte more than the limit tells a longer input. Untouched pages cost nothing. */
static char xml[XML_LIMIT + 1];

static const Duty *
find_duty(const char *name, const char *suboperation)
{
    for (size_t i = 0; i < sizeof(duties) / sizeof(duties[0]); i++)
        if (strcmp(duties[i].name, name) == 0 && strcmp(duties[i].suboperation, suboperation) == 0)
            return &duties[i];
    return NULL;
}

/* Fills xml from stdin. NULL, or the cause of an incomplete read. */
static const char *
read_xml(size_t *length)
{
    *length = 0;
    while (*length < sizeof(xml)) {
        ssize_t got = read(STDIN_FILENO, xml + *length, sizeof(xml) - *length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strerror(errno);
        if (got == 0)
            return NULL;
        *length += (size_t)got;
    }
    *length = XML_LIMIT;
    return "its XML is larger than 4 MiB";
}

/* A domain with a hostdev but no request matters only where functions can be leased. */
static bool
is_ours(const Duty *duty, const IovHookScan *scan, const IovHookPaths *paths)
{
    if (!scan->has_request && !scan->has_hostdev)
        return false;
    if (scan->has_request && !duty->needs_ledger)
        return true;
    return iov_hook_path_exists(paths, LEDGER_PATH);
}

/* With stdout or stderr closed the next file opened would take its number, and a message would be
 * written into the ledger. */
static void
keep_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            return;
}

/* The libraries that follow read their environment; it belongs to whoever started libvirtd. */
static void
clean_environment(void)
{
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    static char *clean[] = {path, locale, NULL};

    environ = clean;
}

static int
end_failed(const IovHookEnding *ending, const char *message)
{
    int status = iov_hook_early_status(ending);

    iov_hook_report("%s; %s", message, status == 0 ? ending->goes_on : ending->refused);
    return status;
}

static int
end_incapable(const IovHookEnding *ending, const char *cause)
{
    char message[IOV_HOOK_MESSAGE_SIZE];

    snprintf(message, sizeof(message), "%s domain %.128s: %s", ending->action, ending->domain,
             cause);
    return end_failed(ending, message);
}

static void
set_deadline(const IovHookEnding *ending, const IovHookPaths *paths)
{
    char problem[256];

    iov_hook_set_deadline(iov_hook_conf_read(paths, problem, sizeof(problem)));
    if (problem[0] != '\0' && ending->refused != NULL)
        iov_hook_report("%s", problem);
}

static IovHookRun
load_module(const IovHookPaths *paths)
{
    /* Found missing at its first call, a symbol would end the process with status 127, and libvirt
     * would kill the guest. The module and libiovpool are linked to be bound at once (-z now): what
     * a mismatched version lacks is an error here. The libraries below them come with the system
     * and match each other; binding libstdc++, which libxml2 brings with ICU, takes a sixth of the
     * time of loading.
     */
    void *module = dlopen(paths->module, RTLD_LAZY | RTLD_LOCAL);
    IovHookRun run = NULL;

    if (module != NULL)
        *(void **)&run = dlsym(module, IOV_HOOK_SYMBOL);
    return run;
}

static int
run_module(const Duty *duty, const IovHookEnding *ending, const IovHookPaths *paths,
           const IovHookScan *scan, size_t length)
{
    char message[IOV_HOOK_MESSAGE_SIZE] = "";
    IovHookCall call = {
        .abi = IOV_HOOK_ABI,
        .operation = duty->operation,
        .root = paths->root,
        .xml = xml,
        .length = length,
        .uuid = scan->uuid[0] != '\0' ? scan->uuid : NULL,
        .required = &iov_hook_refuse,
        .message = message,
    };
    IovHookRun run = load_module(paths);

    if (run == NULL)
        return end_incapable(ending, dlerror());
    IovHookResult result = run(&call);
    if (duty->pokes)
        iov_hook_poke(paths);
    if (result == IOV_HOOK_FAILED)
        return end_failed(ending, message);
    /* a deadline that strikes from here on must agree */
    iov_hook_refuse = result == IOV_HOOK_REFUSED;
    if (result == IOV_HOOK_REFUSED)
        iov_hook_report("%s", message);
    return iov_hook_early_status(ending);
}

int
iov_hook_main(int argc, char **argv, const IovHookPaths *paths)
{
    static IovHookEnding ending;
    IovHookScan scan;
    const Duty *duty;
    const char *problem;
    size_t length;

    if (argc < 4) {
        iov_hook_report("usage: iovpool-virt-hook DOMAIN OPERATION SUBOPERATION EXTRA < XML; "
                        "libvirt runs it, see iovpool-virt-hook(8)");
        return 2;
    }
    duty = find_duty(argv[2], argv[3]);
    if (duty == NULL)
        return 0;
    ending = (IovHookEnding){duty->action, argv[1], duty->goes_on, duty->refused};
    iov_hook_guard(&ending);
    iov_hook_set_deadline(IOV_HOOK_DEADLINE);
    problem = read_xml(&length);
    iov_hook_scan(xml, length, &scan);
    if (!is_ours(duty, &scan, paths))
        return 0;
    iov_hook_refuse = scan.has_required;
    keep_standard_descriptors();
    clean_environment();
    set_deadline(&ending, paths);
    if (problem != NULL)
        return end_incapable(&ending, problem);
    return run_module(duty, &ending, paths, &scan, length);
}
