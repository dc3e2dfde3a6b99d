/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's front: takes libvirt's call, sorts out by raw bytes what is none of our business, and
 * only then loads the module that does the work. It decides the exit status, and owns the rule that
 * a guest never stays down because of us: only a `required` request without a function, and a
 * static hostdev that another domain holds, refuse a start. A domain that comes in with functions
 * in its XML is another case: it runs elsewhere, or is saved, and must not get a device that nobody
 * leased. It never calls libvirt: libvirtd waits for this very process, with the domain locked.
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
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define XML_LIMIT (4 * 1024 * 1024)
#define LEDGER_PATH "run/iovpool/ledger.db"

/* libvirt's calls that we act on. Every other one ends at once with 0 and no output: `start` and
 * `stopped` leave nothing to do between their neighbours, and what a later libvirt adds is not
 * ours. Only `migrate` and `restore` are asked for XML, and take no output as "XML unchanged": they
 * come before `prepare`, and may come alone, so the agent is poked to watch over what was reserved.
 */
typedef struct {
    const char *name, *suboperation;
    IovHookOperation operation;
    const char *action, *goes_on, *refused;
    bool needs_ledger; /* nothing to do where no pool was ever started */
    bool pokes;
    bool rewrites; /* the XML; whatever goes wrong refuses, once a device may be ours */
} Duty;

static const Duty duties[] = {
    {"prepare", "begin", IOV_HOOK_PREPARE, "cannot admit", "it starts without new functions",
     "its start is refused, because a request of it is required", false, false, false},
    {"started", "begin", IOV_HOOK_STARTED, "cannot take up", "`iovpool reconcile` takes it up",
     NULL, false, true, false},
    {"release", "end", IOV_HOOK_RELEASE, "cannot release",
     "`iovpool reconcile` frees its functions", NULL, true, true, false},
    {"reconnect", "begin", IOV_HOOK_RECONNECT, "cannot take up", "`iovpool reconcile` takes it up",
     NULL, false, true, false},
    {"migrate", "begin", IOV_HOOK_MIGRATE, "cannot take in", "its XML stays as it is",
     "its migration is refused", false, true, true},
    {"restore", "begin", IOV_HOOK_RESTORE, "cannot take in", "its XML stays as it is",
     "it is not restored", false, true, true},
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

/* A domain with a hostdev but no request matters only where functions can be leased, and one that
 * comes in only where it names devices of a host. */
static bool
is_ours(const Duty *duty, const IovHookScan *scan, const IovHookPaths *paths)
{
    if (!scan->has_request && !scan->has_hostdev)
        return false;
    if (duty->rewrites && !scan->has_hostdev && !scan->has_direct)
        return false;
    if (scan->has_request && !duty->needs_ledger)
        return true;
    return iov_hook_path_exists(paths, LEDGER_PATH);
}

/* With stdout or stderr closed the next file opened would take its number, and a message would be
 * written into the ledger. XML that nobody can read must not pass for written. */
static void
keep_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0)
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

static int
conclude(const IovHookEnding *ending, const IovHookCall *call, IovHookResult result)
{
    if (result == IOV_HOOK_FAILED)
        return end_failed(ending, call->message);
    /* a deadline that strikes from here on must agree */
    iov_hook_refuse = result == IOV_HOOK_REFUSED;
    if (result == IOV_HOOK_REFUSED)
        iov_hook_report("%s", call->message);
    return iov_hook_early_status(ending);
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

/* NULL, or the cause. libvirt reads to the end, and has no time limit. */
static const char *
write_output(const char *text, size_t length)
{
    struct pollfd writable = {.fd = STDOUT_FILENO, .events = POLLOUT};

    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);

        if (written < 0 && errno == EAGAIN && poll(&writable, 1, -1) == 1)
            continue;
        if (written < 0 && errno != EINTR)
            return strerror(errno);
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return NULL;
}

/* All is committed by now. Half an XML together with status 1 is nothing to libvirt, so a deadline
 * would do no harm; but without one the leases of an XML that was not delivered can be given back.
 */
static int
deliver(const IovHookEnding *ending, IovHookRun run, IovHookCall *call)
{
    char cause[256];
    const char *problem;

    iov_hook_end_deadline();
    problem = write_output(*call->output, *call->output_length);
    if (problem == NULL)
        return conclude(ending, call, IOV_HOOK_DONE);
    snprintf(cause, sizeof(cause), "cannot write its XML: %s", problem);
    call->operation = IOV_HOOK_GIVE_BACK;
    iov_hook_restart_deadline();
    run(call); /* where it fails, they end when their time is over */
    return end_incapable(ending, cause);
}

static int
run_module(const Duty *duty, const IovHookEnding *ending, const IovHookPaths *paths,
           const IovHookScan *scan, size_t length)
{
    char message[IOV_HOOK_MESSAGE_SIZE] = "";
    const char *output = NULL;
    size_t output_length = 0;
    IovHookCall call = {
        .abi = IOV_HOOK_ABI,
        .operation = duty->operation,
        .root = paths->root,
        .xml = xml,
        .length = length,
        .uuid = scan->uuid[0] != '\0' ? scan->uuid : NULL,
        .required = &iov_hook_refuse,
        .message = message,
        .output = &output,
        .output_length = &output_length,
    };
    IovHookRun run = load_module(paths);

    if (run == NULL)
        return end_incapable(ending, dlerror());
    IovHookResult result = run(&call);
    if (duty->pokes)
        iov_hook_poke(paths);
    return output != NULL ? deliver(ending, run, &call) : conclude(ending, &call, result);
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
    iov_hook_refuse = duty->rewrites || scan.has_required;
    keep_standard_descriptors();
    clean_environment();
    set_deadline(&ending, paths);
    if (problem != NULL)
        return end_incapable(&ending, problem);
    return run_module(duty, &ending, paths, &scan, length);
}
