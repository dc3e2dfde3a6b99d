/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent.h"
#include "manager-support.h"

/*
 * An agent over the fake host and libvirt's test driver. That driver has domains, states and
 * events, but attaches no devices: three of libvirt's functions are replaced by stand-ins that keep
 * each domain's hot-plugged devices beside it, and let the fake host's QEMU hold what is attached.
 */
typedef struct {
    World world;
    Agent agent;
    virConnectPtr connection;
} Scene;

void scene_set_up(Scene *scene);
void scene_tear_down(Scene *scene);

/* A running domain with request net0 in pool fast, prepared and started as by the hook. @migration:
 * "failover" (with a virtio floor) or "replug". The UUID ends in the name's last character. */
virDomainPtr scene_start(Scene *scene, const char *name, const char *migration);
/* It is gone, and no hook told the ledger. */
void scene_destroy(Scene *scene, virDomainPtr domain);
/* It is gone, hook and all. */
void scene_stop(Scene *scene, virDomainPtr domain);

/* Runs the domain's task. */
void scene_look(Scene *scene, virDomainPtr domain);
/* What the queue was given since the last call, in order: "pass", "reconcile", a domain's name's
 * last character. (transfer full) */
char *scene_take_tasks(Scene *scene);

/* "STATE|TIER|REASON" of net0 in the ledger, STATE "floor" where it holds nothing. (transfer full)
 */
char *scene_status(Scene *scene, virDomainPtr domain);
gboolean scene_is_parked(Scene *scene, virDomainPtr domain);
#define assert_status(scene, domain, expected)                                                     \
    do {                                                                                           \
        g_autofree char *status_ = scene_status(scene, domain);                                    \
        ck_assert_str_eq(status_, expected);                                                       \
    } while (0)
#define assert_tasks(scene, expected)                                                              \
    do {                                                                                           \
        g_autofree char *tasks_ = scene_take_tasks(scene);                                         \
        ck_assert_str_eq(tasks_, expected);                                                        \
    } while (0)

/* ---- what libvirt, QEMU and the guest do ---- */

/* The next attach is refused by libvirt with a message that says so; counts attaches. */
extern gboolean stand_in_refuses;
extern guint stand_in_attached, stand_in_asked;
/* (nullable): XML of a device that every domain has, its floor for one */
extern const char *stand_in_device;
/* (nullable): called once when the domain's XML is read, after the ledger was */
extern void (*stand_in_meanwhile)(void);
/* (nullable): called once when the domain's XML was read */
extern void (*stand_in_thereafter)(void);
/* libvirt answers no question about a domain, as over a connection that broke. */
extern gboolean stand_in_is_mute;
/* Attaches are done, but the answer is lost. */
extern gboolean stand_in_loses_answers;
/* Gives the domain the floor of net0; its XML as it is now, "" without one. */
void scene_add_floor(Scene *scene, virDomainPtr domain);
const char *scene_floor(virDomainPtr domain);
/* What of a domain's memory is resident, in KiB; all unless told. */
extern guint64 stand_in_resident;
/* An attached device stays hidden: QEMU does not open it. */
extern gboolean stand_in_hides;
/* The guest's driver does not take what is attached. */
extern gboolean stand_in_lacks_driver;
/* libvirt says so of each domain's state, where it is not negative; */
extern int stand_in_state, stand_in_reason;
/* of its job, a virDomainJobOperation, 0 where there is none; how many pages QEMU has sent for it,
 * negative where it waits; and of the job before. */
extern int stand_in_operation, stand_in_pages, stand_in_completed;
extern guint stand_in_aborted, stand_in_resumed;
/* (nullable): the floor of net0 in each domain's persistent configuration, which it has then; what
 * it was changed to is scene_floor()'s. */
extern const char *stand_in_config;
/* So much later than the clock says, in microseconds: g_get_monotonic_time(3) */
extern gint64 stand_in_later;
/* All of these as at the start. */
void stand_in_reset(void);
/* As scene_start(), of a domain that comes from another host with its function in the XML, as the
 * hook has pointed it there: paused, until stand_in_state is negative. */
virDomainPtr scene_arrive(Scene *scene, const char *name);
/* The agent is killed and started again: it knows nothing but what it can see. */
void scene_restart(Scene *scene);
/* The address of the function that net0 of the domain holds. (transfer full) */
char *scene_function(Scene *scene, virDomainPtr domain);
/* QEMU opens or closes what the domain has. */
void scene_hold(Scene *scene, virDomainPtr domain, gboolean held);
/* The device leaves the domain, whoever wanted it; QEMU closes it. */
void scene_unplug(Scene *scene, virDomainPtr domain);
