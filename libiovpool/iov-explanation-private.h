/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-candidate-private.h"
#include "iov-explanation.h"

struct _IovExplanation {
    gatomicrefcount references;
    IovStatus *status;
    gboolean active;
    char *help;            /* nullable */
    GPtrArray *candidates; /* IovCandidate */
};

/* Takes references of @status and @candidates, and finds the help. */
IovExplanation *iov_explanation_new(IovStatus *status, gboolean active, GPtrArray *candidates);
