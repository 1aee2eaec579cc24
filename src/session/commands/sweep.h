/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What curve and sensitivity have in common: ratios, blocks, images and rules of a call. */
#ifndef IPPRO_SESSION_COMMANDS_SWEEP_H
#define IPPRO_SESSION_COMMANDS_SWEEP_H

#include "data/sampler.h"
#include "session/commands/grouping.h"
#include "session/language/command.h"
#include "session/words/ratio_list.h"

struct sweep {
    double ratios[RATIOS_MAX];
    int ratio_count;
    bool *included; /* per block */
    struct sample sample;
    struct select_options select;
    struct group_rule grouping;
    enum element_type real;
    enum kernel_choice kernel;
    int64_t micro_batch;
    size_t memory; /* bytes, as in nn/engine/run.h; 0: no bound */
};

/* From the parameters ratios, where, samples, round_to, min and those of grouping.h, and the options order,
 * seed, balanced, round, precision, kernel, micro_batch, memory. Freed by sweep_free, also after a failure.
 */
status sweep_prepare(struct call *call, struct sweep *sweep, struct error *error);
void sweep_free(struct sweep *sweep);

/* The same without images, for commands that have their own (sweep->sample): no parameter samples. */
status sweep_prepare_prunes(struct call *call, struct sweep *sweep, struct error *error);

/* The same without ratios too: the blocks and the rules alone. */
status sweep_prepare_blocks(const struct call *call, struct sweep *sweep, struct error *error);

/* Everything of the sweep, the network and the data if there are any, for judgement keys. */
void sweep_add_key(const struct sweep *sweep, const struct session *session, struct text *key);
/* Scores of all classes under a criterion, owned by the caller: what is held, else from weights. With
 * `seed_shift` the criterion random is drawn with another seed. */
status sweep_scores(const struct call *call, const struct sweep *sweep, const char *label, int seed_shift,
                    double **class_score, struct error *error);
/* Accuracy of the network without any selection on these images, where it was measured; else NaN. */
double sweep_baseline(const struct sweep *sweep, const struct session *session);
/* What an accuracy of the sweep may differ by without meaning anything: two standard errors of the baseline,
 * and a hundredth at least. `baseline` NaN: taken for a half, where the error is largest. */
double sweep_noise(const struct sweep *sweep, double baseline);
/* " of 1,000 images (cifar10 test, the first)" */
void text_add_sweep_sample(struct text *text, const struct sweep *sweep, const struct session *session);
/* "scored on 500 of 10,000 images (cifar10 train, seed 1)" where the label's scores are from other data than
 * the open ones, which the title names. False: they are not. */
bool note_scored_on(struct figure *figure, const struct session *session, const char *label);

/* Parameters and options of these commands; each ends its list of parameters itself. */
#define SWEEP_PARAMETERS(ratio_list)                                                                         \
    SWEEP_RATIO_PARAMETERS(ratio_list), {"samples", VALUE_SIZE,                                              \
                                         0,         0,                                                       \
                                         0,         NULL,                                                    \
                                         "10%",     "images to use: a number, a share such as 5%, or all"},  \
        SWEEP_RULE_PARAMETERS
#define SWEEP_RATIO_PARAMETERS(ratio_list)                                                                   \
    {"ratios", VALUE_WORD, 0, 0, 0, NULL, ratio_list, "FROM:TO:STEP, or a list such as 0.1,0.2,0.5"},        \
        SWEEP_WHERE_PARAMETER
#define SWEEP_WHERE_PARAMETER                                                                                \
    {                                                                                                        \
        "where", VALUE_TARGET, 0, 0, 0, NULL, "all",                                                         \
            "what is pruned: a layer, a stage, a pattern, streams, inner or all"                             \
    }
#define SWEEP_RULE_PARAMETERS                                                                                \
    {"round_to", VALUE_INTEGER, 0, 1, 4096, NULL, "1", "keep a multiple of this number of channels"},        \
        {"min", VALUE_INTEGER, 0, 1, 1e6, NULL, "1", "channels that every block keeps"}, GROUPING_PARAMETERS
extern const int sweep_options[];

/* How many of a figure's points have images without an answer; nothing where none has. */
void note_unanswered_points(struct figure *figure, int touched, int points);

#endif
