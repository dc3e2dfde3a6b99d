/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-domain-private.h"

/*
 * Other sources for devices of a domain's XML, which libvirt's hooks `migrate` and `restore` may
 * give it. Values of attributes alone are replaced, in the text itself: every other byte stays.
 */
typedef struct _IovDomainRewrite IovDomainRewrite;

IovDomainRewrite *iov_domain_rewrite_new(void);
void iov_domain_rewrite_free(IovDomainRewrite *rewrite);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovDomainRewrite, iov_domain_rewrite_free)

/* @hostdev is to have the host's function at @address, canonical. Once for each device. */
void iov_domain_rewrite_function(IovDomainRewrite *rewrite, const IovDomainHostdev *hostdev,
                                 const char *address);
/* @floor, which must be direct, is to stand on @netdev. Once for each device. */
void iov_domain_rewrite_netdev(IovDomainRewrite *rewrite, const IovDomainFloor *floor,
                               const char *netdev);
gboolean iov_domain_rewrite_is_empty(const IovDomainRewrite *rewrite);

/* @xml with these changes; it must be the text that the devices were read from. IOV_ERROR_INVALID
 * where it is another. (transfer full) */
char *iov_domain_rewrite_apply(const IovDomainRewrite *rewrite, const char *xml, gsize length,
                               GError **error);
