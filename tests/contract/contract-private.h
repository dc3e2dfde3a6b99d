/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "contract-suite.h"
#include "test-support.h"

#include <string.h>
#include <unistd.h>

extern const ContractSubject *contract;
extern IovHost *contract_host;

/* The subject's adapter as it is now. (transfer full) */
IovAdapter *contract_adapter(void);
/* The address of its VF @index. (transfer full) */
char *contract_function(guint index);
void contract_create(guint count, gboolean autoprobe);
void contract_assert_driver(const char *function, const char *driver);

void contract_add_network(TCase *tests);
