/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host.h"

#include <check.h>

/*
 * What every host backend must do, as one suite: run over the fake in `make check`, and over a real
 * kernel by iov-contract-host. A behaviour that only one of them shows does not belong here.
 */
typedef struct {
    const char *name; /* of the suite */
    /* A host whose adapter @pf has no VFs; the suite frees it. */
    IovHost *(*open)(void);
    const char *pf;
    const char *plain;     /* a PCI device without SR-IOV */
    const char *vf_driver; /* nullable: a network driver that takes the VFs, loaded already */
    gboolean has_policy;   /* the PF's netdev takes VF policies */
    /* Makes this process hold the group's vfio descriptor, and let it go. */
    void (*hold)(IovHost *host, int iommu_group);
    void (*release)(IovHost *host, int iommu_group);
    /* Whether the PF's filter holds @mac, by other means than the host's. */
    gboolean (*has_filter)(IovHost *host, const char *netdev, const char *mac);
} ContractSubject;

Suite *contract_suite(const ContractSubject *subject);
