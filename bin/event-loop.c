/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event-loop.h"

#include "libvirt.h"

#include <signal.h>

struct _EventLoop {
    GThread *thread;
    int stop_timer;
    gint stopping;
};

/* libvirt has one loop a process: whoever starts it shares it. */
static GMutex lock;
static EventLoop *only;
static guint users;

gboolean
event_loop_register(GError **error)
{
    return (virInitialize() == 0 && virEventRegisterDefaultImpl() == 0) ||
           libvirt_error(error, "cannot listen to libvirt's events");
}

static void
on_stop(int timer G_GNUC_UNUSED, void *data)
{
    EventLoop *loop = data;

    g_atomic_int_set(&loop->stopping, TRUE);
}

static gpointer
run(gpointer data)
{
    EventLoop *loop = data;

    while (!g_atomic_int_get(&loop->stopping))
        if (virEventRunDefaultImpl() < 0)
            break;
    return NULL;
}

/* Whoever waits for a signal blocks it, but cannot for a thread that was there before. */
static void
start_thread(EventLoop *loop)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    loop->thread = g_thread_new("libvirt", run, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static EventLoop *
loop_new(void)
{
    EventLoop *loop = g_new0(EventLoop, 1);

    /* disabled until it is needed to end the thread */
    loop->stop_timer = virEventAddTimeout(-1, on_stop, loop, NULL);
    start_thread(loop);
    return loop;
}

static void
loop_free(EventLoop *loop)
{
    virEventUpdateTimeout(loop->stop_timer, 0);
    g_thread_join(loop->thread);
    virEventRemoveTimeout(loop->stop_timer);
    g_free(loop);
}

EventLoop *
event_loop_start(void)
{
    EventLoop *loop;

    g_mutex_lock(&lock);
    if (users++ == 0)
        only = loop_new();
    loop = only;
    g_mutex_unlock(&lock);
    return loop;
}

void
event_loop_stop(EventLoop *loop)
{
    if (loop == NULL)
        return;
    g_mutex_lock(&lock);
    if (--users == 0)
        g_clear_pointer(&only, loop_free);
    g_mutex_unlock(&lock);
}
