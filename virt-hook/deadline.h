/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* How the hook ends when it cannot end by itself. */
typedef struct {
    const char *action;  /* "cannot admit" */
    const char *domain;  /* its name, hostile */
    const char *goes_on; /* what follows where libvirt goes on */
    const char *refused; /* what follows where it does not; NULL: the operation never refuses */
} IovHookEnding;

/* Not 0: an early end refuses, where the operation may refuse. */
extern volatile sig_atomic_t iov_hook_refuse;

/* The exit status of an early end. */
int iov_hook_early_status(const IovHookEnding *ending);

/* From now on a crash, a termination signal and the deadline write one line to stderr and exit with
 * that status. @ending must outlive the process. */
void iov_hook_guard(const IovHookEnding *ending);

/* The deadline is @seconds after the call of iov_hook_guard(). */
void iov_hook_set_deadline(unsigned seconds);

/* No deadline from here on; or the same, counted from now. */
void iov_hook_end_deadline(void);
void iov_hook_restart_deadline(void);
