/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <syslog.h>

/* What a message is about; each goes to the journal as a field of its own. All nullable. */
typedef struct {
    const char *event;    /* IOVPOOL_EVENT: lifted, dropped, waiting, quarantined, ... */
    const char *domain;   /* IOVPOOL_DOMAIN: its name */
    const char *uuid;     /* IOVPOOL_UUID */
    const char *request;  /* IOVPOOL_REQUEST */
    const char *function; /* IOVPOOL_FUNCTION: its PCI address */
} AgentRecord;

typedef enum {
    AGENT_LOG_AUTO,  /* the journal where stderr leads there, syslog where it leads nowhere */
    AGENT_LOG_PLAIN, /* stderr, for people */
} AgentLogTarget;

/* To be called once, before any thread is made. @verbose: LOG_DEBUG messages too. */
void agent_log_open(AgentLogTarget target, gboolean verbose);

/* One line; @priority is a level of syslog(3). @record may be NULL. Safe in every thread. */
void agent_log(int priority, const AgentRecord *record, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* A datagram of the journal's native protocol. (transfer full) */
GString *agent_log_to_journal(int priority, const AgentRecord *record, const char *message);
/* The line for stderr; @prefix: with the level as "<N>" in front, sd-daemon(3). (transfer full) */
char *agent_log_to_line(int priority, const AgentRecord *record, const char *message,
                        gboolean prefix);
