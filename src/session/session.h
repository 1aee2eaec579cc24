/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: what is loaded, scored, selected and set, with the way back. It never prints: commands
 * (language/command.h) read and change it and answer with a struct reply.
 *
 * What commands change is a state (state.h), a value whose parts are immutable. A command puts new parts in
 * the place of old ones; when it succeeds the state goes to the history, when it fails or is cancelled the
 * state before comes back. Not thread safe: one command at a time. */
#ifndef IPPRO_SESSION_SESSION_H
#define IPPRO_SESSION_SESSION_H

#include "base/file.h"
#include "base/pool.h"
#include "base/progress.h"
#include "score/criterion.h"
#include "score/layer.h"
#include "session/history.h"
#include "session/judgement.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/pass.h"
#include "session/reply.h"
#include "session/scored_images.h"
#include "session/state.h"
#include "session/trial.h"
#include "session/words/alias.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/theme.h"

struct npy;
struct training_hooks;
struct recipe_program;

struct session {
    struct state state; /* the present one, each part counted */

    enum background background; /* of the terminal, as the front end found it (appearance.h) */
    struct history history;
    struct measurements measurements; /* of all networks that were evaluated: no part of the state */
    struct passes passes;             /* the last ones: no part of it */
    struct judgement curve, sensitivity, search; /* the last ones, complete or not: no part of it either */
    struct trial trial;                          /* the last one: likewise */
    struct other_split other_split; /* of the data set that was last scored on another split: likewise */
    struct live *live; /* borrowed: where long commands show what they have so far (live.h); NULL: nowhere */
    struct pool *pool;
    int pool_threads;                            /* as asked for; 0: one per processor */
    unsigned scorings;                           /* how often it was scored */
    struct aliases *aliases;                     /* no part of the state either; NULL: none */
    const struct recipe_program *recipe_program; /* the front end's, borrowed; NULL: none */
    const struct training_hooks *hooks; /* borrowed: what a script has to say of a training; NULL: nothing */
    const struct npy
        *given; /* borrowed: an array that a script gives to forward in the place of a file; NULL */
};

/* A session with default options, nothing loaded. */
status session_new(struct session **session, struct error *error);
void session_free(struct session *session);
/* Another session in the same state, whose parts it shares; its history begins there. What either does later
 * leaves the other as it is. */
status session_fork(const struct session *session, struct session **fork, struct error *error);

/* A fork that also knows what was measured (but not which images were right): what a front end looks at while
 * a command runs in `session` on another thread. Made before that begins. */
status session_mirror(const struct session *session, struct session **mirror, struct error *error);

/* A command changes the session between begin and commit or rollback. */
struct session_change {
    struct state before;
    int position; /* in the history */
};
void session_begin(struct session *session, struct session_change *change);
/* Keep the change: a state that differs goes to the history under `line`, or for session files under the
 * lines of `log` where that is not NULL. Fails with a rollback. */
status session_commit(struct session *session, struct session_change *change, const char *line,
                      const char *log, struct error *error);
void session_rollback(struct session *session, struct session_change *change);
/* Go to a step of the history, between begin and commit. */
void session_go(struct session *session, int position);

/* Put parts in the place of the present ones. Ownership of `model` and `dataset` passes, also on failure. A
 * new model drops all scores, ratios and selections; with new data they stay, scores of the data before
 * included (board->pass->dataset tells): score on some images, judge on others. */
status session_set_model(struct session *session, struct model *model, struct error *error);
void session_set_dataset(struct session *session, struct dataset *dataset);
/* Ownership passes. The scores must be those of the model, the selection one of its channels. */
void session_set_board(struct session *session, struct board *board);
void session_set_pruning(struct session *session, struct pruning *pruning);

/* Make `options` the session's. Theme and those scores that the change touches are made anew first; scores
 * that would need another pass are dropped. */
status session_set_options(struct session *session, const struct options *options, struct error *error);

/* Score the choices under `options`, which become the session's together with the scores (board_score). */
status session_score(struct session *session, const struct choice *choices, int count,
                     const struct options *options, struct progress *progress, struct score_outcome *outcome,
                     struct error *error);

const struct score_entry *session_entry(const struct session *session,
                                        const char *label); /* NULL: not scored */
/* What a user's words can name. Borrowed from the session; NULL knows nothing. */
struct value_scope session_scope(const struct session *session);
/* The network as it is now: masked where channels are selected. Borrowed. */
status session_graph(struct session *session, const struct graph **graph, struct error *error);
/* The pool, made when first needed. */
status session_pool(struct session *session, struct pool **pool, struct error *error);

#endif
