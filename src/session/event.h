/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened to a session while a command ran, for those who want to be told (lua/script.h). It is found
 * by comparing states, so that whatever led to it, a command, a session file or undo, is told alike. */
#ifndef IPPRO_SESSION_EVENT_H
#define IPPRO_SESSION_EVENT_H

#include "session/session.h"

/* code, name */
#define EVENT_LIST(X)                                                                                        \
    X(EVENT_LOADED, "loaded")       /* another network is there */                                           \
    X(EVENT_DATA, "data")           /* another data set is open */                                           \
    X(EVENT_SCORED, "scored")       /* the network was scored, or there are other scores */                  \
    X(EVENT_SELECTED, "selected")   /* other channels are selected, or none any more */                      \
    X(EVENT_PRUNED, "pruned")       /* the network is another one made from the same file */                 \
    X(EVENT_EVALUATED, "evaluated") /* the network was evaluated */                                          \
    X(EVENT_QUIT, "quit")           /* the program ends: told by the front end */

enum event {
#define EVENT_ENUM(code, name) code,
    EVENT_LIST(EVENT_ENUM)
#undef EVENT_ENUM
        EVENT_COUNT
};
const char *event_name(int index); /* NULL past the end */

struct event_watch {
    struct state before;
    long measured;
    unsigned scorings;
};
/* From here to event_watch_end the state before is held. */
void event_watch_begin(struct event_watch *watch, const struct session *session);
/* What happened since, as bits 1 << enum event. *changed (may be NULL): is the state another one? */
unsigned event_watch_end(struct event_watch *watch, const struct session *session, bool *changed);

#endif
