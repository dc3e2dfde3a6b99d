/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Runs hook-under-test as libvirt does: XML in, both outputs read to their end, no time limit of
 * its own but one that fails the test. */
#define PLAIN_XML                                                                                  \
    "<domain type='kvm'><name>vm1</name><uuid>6A7F05C1-52b8-4f3e-8b6a-0c8f0e1d2c3b</uuid>"         \
    "<description>SECRET</description></domain>"
#define UUID "6a7f05c1-52b8-4f3e-8b6a-0c8f0e1d2c3b"
#define REQUEST_XML_WITH(attributes)                                                               \
    "<domain type='kvm'><name>vm1</name><uuid>" UUID "</uuid><description>SECRET</description>"    \
    "<metadata><iov:requests xmlns:iov=\"https://libiovpool.org/xmlns/domain/1\">"                 \
    "<iov:request name=\"net0\" pool=\"fast\" " attributes "/></iov:requests></metadata></domain>"
#define REQUEST_XML REQUEST_XML_WITH("required=\"no\"")
#define REQUIRED_XML REQUEST_XML_WITH("required=\"yes\"")
#define HOSTDEV_XML                                                                                \
    "<domain type='kvm'><name>vm1</name><uuid>" UUID "</uuid><devices>"                            \
    "<hostdev mode='subsystem' type='pci' managed='yes'/></devices></domain>"

/* What comes in: with a request's function, with a raw direct floor. */
#define INCOMING_XML_WITH(device)                                                                  \
    "<domain type='kvm'><name>vm1</name><uuid>" UUID "</uuid><description>SECRET</description>"    \
    "<metadata><iov:requests xmlns:iov=\"https://libiovpool.org/xmlns/domain/1\">"                 \
    "<iov:request name=\"net0\" pool=\"fast\"/></iov:requests></metadata><devices>" device         \
    "</devices></domain>"
#define INCOMING_FUNCTION(address)                                                                 \
    "<interface type='hostdev' managed='no'><source><address type='pci' " address "/></source>"    \
    "<teaming type='transient' persistent='ua-iov-net0'/><alias name='ua-iov-net0-vf'/>"           \
    "</interface>"
#define INCOMING_XML                                                                               \
    INCOMING_XML_WITH(INCOMING_FUNCTION("domain='0x0000' bus='0x81' slot='0x00' function='0x3'"))
#define INCOMING_FLOOR_XML                                                                         \
    INCOMING_XML_WITH("<interface type='direct'><source dev='eth7'/><alias name='ua-iov-net0'/>"   \
                      "</interface>")

typedef struct {
    const char *domain, *operation, *suboperation;
    const char *xml; /* NULL: stdin stays open and empty */
    gsize length;    /* 0: strlen(xml) */
    guint closed;    /* bit n: the hook starts without descriptor n */
    gboolean deaf;   /* nobody reads its stdout */
    guint pause;     /* milliseconds before anybody reads its stdout */
    gboolean partly; /* a write to it may do a part */
} HookRun;

typedef struct {
    int status; /* the exit status, or 256 + the signal's number */
    char *out, *err;
    double seconds;
} HookResult;

/* The root directory of this test, made at the first call, removed by drop_root(). */
const char *test_root(void);
char *root_path(const char *relative); /* transfer full */
void drop_root(void);
/* Writes a file below the root, its directories too. */
void put_file(const char *relative, const char *text);
/* The stub's calls so far, "" where none. (transfer full) */
char *read_calls(void);
/* The module that hook-under-test loads from now on. */
void use_module(const char *path);
/* The same with a copy of the stub that no other test opens; its path. (transfer full) */
char *use_own_module(void);
/* Copies the stub agent into the root, where the hook expects the agent. */
void install_agent(void);
const char *stub_module(void);
/* A file of the build directory. (transfer full) */
char *built_file(const char *relative);

HookResult run_hook(const HookRun *run);
void hook_result_clear(HookResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HookResult, hook_result_clear)
