/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands for the hook's module: does what the file ROOT/stub says, a word, and appends a line on
 * each call to ROOT/calls. It knows nothing of pools and ledgers.
 */
#include "virt-hook.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *
open_in_root(const IovHookCall *call, const char *name, const char *mode)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", call->root, name);
    return fopen(path, mode);
}

static void
record(const IovHookCall *call)
{
    FILE *calls = open_in_root(call, "calls", "a");

    if (calls == NULL)
        abort();
    fprintf(calls, "operation=%d uuid=%s length=%zu required=%d fd=%d", call->operation,
            call->uuid != NULL ? call->uuid : "none", call->length, (int)*call->required,
            fileno(calls));
    for (char **entry = environ; *entry != NULL; entry++)
        fprintf(calls, " %s", *entry);
    fputc('\n', calls);
    fclose(calls);
}

/* Deeper than any stack: the frames are real, each is used after its call. */
__attribute__((noinline)) static int
overflow(unsigned depth, volatile char *above)
{
    volatile char here[4096];

    here[0] = above[0];
    return depth == 0 ? 0 : overflow(depth - 1, here) + here[0];
}

static void
hang(void)
{
    for (;;)
        pause();
}

#define MANY 1000000

static void
write_xml(const IovHookCall *call, size_t length)
{
    static char text[MANY];

    memset(text, 'x', length);
    memcpy(text, "<changed/>", 10);
    *call->output = text;
    *call->output_length = length;
}

static IovHookResult
act(const IovHookCall *call, const char *word)
{
    volatile char zero = 0;

    *call->required = strncmp(word, "required-", 9) == 0 ? 1 : *call->required;
    *call->required = strncmp(word, "optional-", 9) == 0 ? 0 : *call->required;
    if (strstr(word, "hang") != NULL)
        hang();
    if (strcmp(word, "crash") == 0)
        raise(SIGSEGV);
    if (strcmp(word, "abort") == 0)
        abort();
    if (strcmp(word, "overflow") == 0)
        exit(overflow(~0U, &zero));
    if (strcmp(word, "terminate") == 0)
        raise(SIGTERM);
    if (strcmp(word, "write") == 0)
        write_xml(call, 10);
    if (strcmp(word, "write-much") == 0)
        write_xml(call, MANY);
    if (strcmp(word, "refuse") == 0) {
        strcpy(call->message, "the pool is empty");
        return IOV_HOOK_REFUSED;
    }
    if (strcmp(word, "fail") == 0) {
        strcpy(call->message, "the ledger\nis broken");
        return IOV_HOOK_FAILED;
    }
    return IOV_HOOK_DONE;
}

IovHookResult
iov_virt_hook_run(const IovHookCall *call)
{
    char word[32] = "done";
    FILE *stub = open_in_root(call, "stub", "r");

    if (stub != NULL && fscanf(stub, "%31s", word) != 1)
        abort();
    if (stub != NULL)
        fclose(stub);
    record(call);
    return act(call, word);
}
