/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-host.h"
#include "iov-address.h"

#define FAKE_NAME_SIZE 32
#define FAKE_TEXT_SIZE 160
#define FAKE_HOLDERS 64
#define FAKE_NEIGHBOURS 16
#define FAKE_PORTS 16
#define FAKE_PAIRS 64
#define FAKE_JOURNAL_SIZE (1024 * 1024)

/* Fixed sizes and no pointers: the whole state is one shared mapping. */
typedef struct {
    gboolean exists;
    gint64 visible_from;
    char address[IOV_ADDRESS_SIZE];
    char driver[FAKE_NAME_SIZE], override[FAKE_NAME_SIZE];
    gboolean netdev_up, sticky, driven, hurried;
    char user[FAKE_TEXT_SIZE];
    char factory_mac[IOV_MAC_SIZE];
    IovNetconf netconf;
} FakeVf;

typedef struct {
    gboolean exists;
    char address[IOV_ADDRESS_SIZE];
    IovClass class_;
    guint vendor, device, class_code;
    char driver[FAKE_NAME_SIZE], netdev[FAKE_NAME_SIZE], vf_driver[FAKE_NAME_SIZE];
    guint total_vfs, num_vfs, speed;
    int numa_node, iommu_group;
    gboolean autoprobe, no_iommu, link_up, boot_link_up, no_carrier, needs_link_up;
    FakeVf vfs[FAKE_HOST_VFS];
} FakePf;

/* A MAC at a netdev; a free place where @netdev is "". */
typedef struct {
    char netdev[FAKE_NAME_SIZE], mac[IOV_MAC_SIZE];
} FakePair;

typedef struct {
    char bridge[FAKE_NAME_SIZE], port[FAKE_NAME_SIZE], lower[FAKE_NAME_SIZE];
    gboolean is_deaf; /* the bridge learns nothing there */
} FakePort;

typedef struct {
    char netdev[FAKE_NAME_SIZE];
    IovMacvtapMode mode;
} FakeMacvtap;

typedef struct {
    gint64 now, creation_delay;
    char boot_id[64];
    guint effects, fail_number, die_number;
    int fail_errno;
    gboolean die_after;
    struct {
        int group;
        GPid pid;
    } holders[FAKE_HOLDERS];
    struct {
        int group;
        char address[IOV_ADDRESS_SIZE], driver[FAKE_NAME_SIZE];
    } neighbours[FAKE_NEIGHBOURS];
    FakePf pfs[FAKE_HOST_ADAPTERS];
    guint64 available; /* memory, KiB */
    FakePort ports[FAKE_PORTS];
    FakeMacvtap macvtaps[FAKE_PORTS];
    FakePair filters[FAKE_PAIRS], learned[FAKE_PAIRS];
    gsize journal_length;
    char journal[FAKE_JOURNAL_SIZE];
} FakeState;

typedef struct {
    guint references; /* handles of this process */
    FakeState *state;
} FakeKernel;

typedef struct {
    IovHost parent;
    FakeKernel *kernel;
} FakeHost;

extern const IovHostOperations fake_host_operations;

FakeState *fake_state(IovHost *host);
/* NULL where there is no such device now. */
FakePf *fake_find_pf(FakeState *state, const char *address);
FakePf *fake_find_pf_of_netdev(FakeState *state, const char *netdev);
/* A VF that is visible now; @pf: (out) (optional): whose it is. */
FakeVf *fake_find_vf(FakeState *state, const char *address, FakePf **pf);
FakeVf *fake_find_vf_of_netdev(FakeState *state, const char *netdev);
gboolean fake_vf_is_visible(const FakeState *state, const FakeVf *vf);
int fake_vf_group(const FakePf *pf, const FakeVf *vf);
/* "" where the VF has none: it is bound to no network driver. */
void fake_vf_netdev(const FakePf *pf, const FakeVf *vf, char name[static FAKE_TEXT_SIZE]);
/* The driver of a neighbour, NULL where there is none of that address. */
const char *fake_driver_of_neighbour(const FakeState *state, const char *address);
GPid fake_holder_of(const FakeState *state, int group);
IovLink fake_link_of(const FakePf *pf);
/* As fake_find_vf; sets IOV_ERROR_NOT_FOUND where there is none. */
FakeVf *fake_need_vf(FakeState *state, const char *address, FakePf **pf, GError **error);

/* Counts and journals an effect. FALSE: it is to fail now, with @errno_value. */
gboolean fake_begin(FakeState *state, int *errno_value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The effect is done. Returns TRUE. */
gboolean fake_end(FakeState *state);
/* The effect was refused: journals it and sets @error to "cannot WHAT: REASON". */
gboolean fake_refuse(FakeState *state, int errno_value, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The operations, see iov-host.h. */
GPtrArray *fake_list_adapters(IovHost *host, GError **error);
IovAdapter *fake_get_adapter(IovHost *host, const char *address, GError **error);
char *fake_find_netdev(IovHost *host, const char *netdev, GError **error);
gboolean fake_set_autoprobe(IovHost *host, const char *address, gboolean autoprobe, GError **error);
gboolean fake_set_num_vfs(IovHost *host, const char *address, guint count, GError **error);
gboolean fake_set_driver_override(IovHost *host, const char *address, const char *driver,
                                  GError **error);
gboolean fake_unbind(IovHost *host, const char *address, GError **error);
gboolean fake_probe(IovHost *host, const char *address, const char *driver, GError **error);
GStrv fake_list_group(IovHost *host, int group, GError **error);
char *fake_get_driver(IovHost *host, const char *address, GError **error);
gboolean fake_set_link_up(IovHost *host, const char *netdev, gboolean up, GError **error);
gboolean fake_get_link(IovHost *host, const char *netdev, IovLink *link, GError **error);
gboolean fake_set_vf_netconf(IovHost *host, const char *pf_netdev, guint index,
                             const IovNetconf *netconf, GError **error);
gboolean fake_get_vf_netconf(IovHost *host, const char *pf_netdev, guint index, IovNetconf *netconf,
                             GError **error);
GPtrArray *fake_list_uplinks(IovHost *host, const char *bridge, const char *const *netdevs,
                             GError **error);
char *fake_get_mac(IovHost *host, const char *netdev, GError **error);
gboolean fake_set_filter(IovHost *host, const char *pf_netdev, const char *mac, gboolean present,
                         GError **error);
gboolean fake_unlearn(IovHost *host, const char *port, const char *mac, GError **error);
gboolean fake_set_learning(IovHost *host, const char *port, gboolean learning, GError **error);
gboolean fake_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode, GError **error);
