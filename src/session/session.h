/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session: what is loaded, what was scored, and the options. It never prints: commands (command.h) read
 * and change it and answer with a struct reply.
 *
 * Every change is made whole or not at all: the new part is built first and swapped in last, so that a failed
 * or cancelled command leaves the session as it was. Not thread safe: one command at a time. */
#ifndef IPPRO_SESSION_SESSION_H
#define IPPRO_SESSION_SESSION_H

#include "base/file.h"
#include "base/pool.h"
#include "base/progress.h"
#include "prune/criterion.h"
#include "prune/layer.h"
#include "session/choice.h"
#include "session/option.h"
#include "session/reply.h"
#include "view/theme.h"

/* A network as loaded. Immutable. */
struct model {
    char *name; /* what the user called it: a path, or "example" */
    char digest[DIGEST_SIZE];
    struct graph *graph; /* simplified */
    struct layers *layers;
    struct shape *layer_outputs; /* per layer: shape of its output for one image */
    struct shape input;          /* for one image, batch dimension 1 */
    int64_t classes;
    int64_t parameters; /* weights and biases that a trainer would count: running statistics are not */
};

/* `name` "example" is the built-in network. Errors name the file. */
status model_load(const char *name, struct model **model, struct error *error);
void model_free(struct model *model);

/* How a pass was made: two passes with equal settings over the same model and data give the same statistics.
 */
struct pass_settings {
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch, batch;
    struct sample_options sample;
};

/* One criterion's scores under the name by which the user asked for them. */
struct score_entry {
    struct choice choice;
    struct scores *scores;
    unsigned needs;
};

/* All scores that are held. They always belong to one sample. */
struct board {
    struct sample sample; /* count 0: no pass was made */
    struct pass_settings settings;
    struct score_statistics *statistics; /* NULL: no pass was made */
    struct score_entry entries[CHOICES_MAX];
    int count;
};

struct session {
    struct model *model;     /* NULL: none */
    struct dataset *dataset; /* NULL: none */
    struct board board;
    struct options options;
    struct theme *theme; /* NULL: no theme could be found; plain text then */
    struct pool *pool;
    int pool_threads;             /* as asked for; 0: one per processor */
    const struct session *before; /* while a command runs: what a failure goes back to */
};

/* A session with default options, nothing loaded. */
status session_new(struct session **session, struct error *error);
void session_free(struct session *session);

/* A command changes the session between begin and commit or rollback: what it replaces is kept until then, so
 * that a command that fails late (its figure cannot be written) leaves no trace. `before` is the caller's and
 * must live until then; the pool of threads is no part of it. */
void session_begin(struct session *session, struct session *before);
void session_commit(struct session *session, struct session *before);
void session_rollback(struct session *session, struct session *before);

/* Swap in a model or data set (ownership passes) and drop what belonged to the old one: a new model drops all
 * scores, new data drops the statistics and every score that came from them. */
void session_set_model(struct session *session, struct model *model);
void session_set_dataset(struct session *session, struct dataset *dataset);

/* Make `options` the session's. Threads, theme and those scores that the change touches are made anew first;
 * scores that would need another pass are dropped, and `reply` (may be NULL) says so. */
status session_set_options(struct session *session, const struct options *options, struct reply *reply,
                           struct error *error);

/* What session_score did. */
struct score_outcome {
    bool passed; /* a pass was made */
    bool reused; /* gradients were needed and those of the last pass served */
};

/* Score the choices under `options`, which become the session's together with the scores. One pass at most,
 * none when weights suffice or when the last pass had what is needed over the same sample. Scores already
 * held stay and are brought to the same sample and options. */
status session_score(struct session *session, const struct choice *choices, int count,
                     const struct options *options, struct progress *progress, struct score_outcome *outcome,
                     struct error *error);

const struct score_entry *session_entry(const struct session *session,
                                        const char *label); /* NULL: not scored */
/* The pool, made when first needed. */
status session_pool(struct session *session, struct pool **pool, struct error *error);
/* Refuses a data set whose images or classes do not fit the network, naming both. */
status session_fit(const struct model *model, const struct dataset *dataset, struct error *error);

#endif
