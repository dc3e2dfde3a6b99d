/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stddef.h>

/*
 * What the hook's front (libc alone) and its module (virt-hook.so, everything else) tell each
 * other. Plain C: no type of a library that the front does not load.
 */
#define IOV_HOOK_ABI 2
#define IOV_HOOK_MESSAGE_SIZE 1024

typedef enum {
    IOV_HOOK_PREPARE,
    IOV_HOOK_STARTED,
    IOV_HOOK_RELEASE,
    IOV_HOOK_RECONNECT,
    IOV_HOOK_MIGRATE,
    IOV_HOOK_RESTORE,
    IOV_HOOK_GIVE_BACK, /* what the MIGRATE or RESTORE before it in this process leased */
} IovHookOperation;

typedef enum {
    IOV_HOOK_DONE,
    IOV_HOOK_REFUSED, /* the domain must not start: @message says why */
    IOV_HOOK_FAILED,  /* nothing was recorded: @message says why, the front knows what follows */
} IovHookResult;

typedef struct {
    unsigned abi; /* IOV_HOOK_ABI of the front: an upgrade replaces the two files one by one */
    IovHookOperation operation;
    const char *root; /* "/", or a directory that stands for it */
    const char *xml;  /* the domain, hostile; not terminated */
    size_t length;
    const char *uuid;                /* nullable: the domain's, canonical */
    volatile sig_atomic_t *required; /* set once known: a request of the domain is required */
    char *message;                   /* IOV_HOOK_MESSAGE_SIZE bytes, "" at first */
    /* MIGRATE, RESTORE: the changed XML, *@output NULL at first and where it stays as it is. The
     * module's, and there until the process ends. */
    const char **output;
    size_t *output_length;
} IovHookCall;

typedef IovHookResult (*IovHookRun)(const IovHookCall *call);

/* The module's only symbol. */
#define IOV_HOOK_SYMBOL "iov_virt_hook_run"
IovHookResult iov_virt_hook_run(const IovHookCall *call);
