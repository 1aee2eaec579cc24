/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The option table: everything `set` knows. A row is a parameter (name, kind, range, default, help), its
 * group and what a change touches. A set of options is a plain value: it is copied, changed and swapped in
 * whole. */
#ifndef IPPRO_SESSION_WORDS_OPTION_H
#define IPPRO_SESSION_WORDS_OPTION_H

#include "data/augment.h"
#include "data/sampler.h"
#include "nn/engine/engine.h"
#include "score/criterion.h"
#include "session/words/value.h"

/* The ids of the criteria's options, OPTION_SEED to OPTION_BATCH, in a list of ids. */
#define OPTION_OF_CRITERIA(code, type, member, initial) OPTION_##code,
#define OPTIONS_OF_CRITERIA                             CRITERION_OPTION_LIST(OPTION_OF_CRITERIA)

/* The ids of all options, in the order in which they are listed; that of the criteria brings its comma. */
#define EVERY_OPTION                                                                                         \
    OPTION_ON, OPTION_SAMPLES, OPTION_BALANCED, OPTION_ORDER, OPTION_AUGMENT, OPTION_MODE, OPTION_LOSS,      \
        OPTIONS_OF_CRITERIA OPTION_RATIO, OPTION_ROUND, OPTION_HEADS, OPTION_METHOD, OPTION_BY, OPTION_BINS, \
        OPTION_LOG, OPTION_SCALE, OPTION_NORMALIZE, OPTION_PRECISION, OPTION_KERNEL, OPTION_MICRO_BATCH,     \
        OPTION_MEMORY, OPTION_THREADS, OPTION_THEME, OPTION_BACKGROUND, OPTION_ASCII, OPTION_COLOR,          \
        OPTION_WIDTH, OPTION_MOUSE, OPTION_BELL, OPTION_TITLE, OPTION_PAGER, OPTION_TIMING

enum option_id { EVERY_OPTION, OPTION_COUNT };

enum { OPTION_NONE = -1 };

struct option_group {
    const char *name, *heading; /* in help, in the manual */
    bool seen;                  /* a change is seen at once: it need not be told */
};
struct option_row {
    struct parameter parameter;
    const struct option_group *group;
    const struct parameter *in_commands; /* what it is called as a key of commands; NULL: the same */
};

struct options {
    struct setting_value value[OPTION_COUNT];
};

const struct option_row *option_at(int id); /* NULL past the end */
const char *option_name(int id);            /* likewise */
/* By its name here, or what others call it (lambda is gamma); OPTION_NONE when absent. */
int option_find(const char *name);
/* Fails only on a table that contradicts itself, which the tests would see. */
status options_default(struct options *options, struct error *error);

int64_t option_integer(const struct options *options, enum option_id id);
double option_real(const struct options *options, enum option_id id);
bool option_flag(const struct options *options, enum option_id id);
const char *option_text(const struct options *options, enum option_id id);
bool option_is_default(const struct options *options, enum option_id id);

/* What the lower floors want to be told. */
struct criterion_options options_criterion(const struct options *options);
status options_sample(const struct options *options, struct sample_options *sample, struct error *error);
bool options_training(const struct options *options); /* mode=train */
/* Of on=augmented, where none is asked for: crop,flip. */
status options_augmentation(const struct options *options, struct augmentation *augmentation,
                            struct error *error);
enum element_type options_precision(const struct options *options);
/* Never 0: auto is what suits the network. */
int64_t options_micro_batch(const struct options *options, const struct graph *graph);
/* The bound on memory in bytes; 0: none. */
size_t options_memory(const struct options *options);
enum kernel_choice options_kernel(const struct options *options);
const char *kernel_name(enum kernel_choice choice);

/* Names of choices shared with commands' own parameters. */
const char *choice_auto_yes_no(int index);
const char *choice_by(int index);
const char *choice_by_title(int index); /* the same in titles of figures */
enum { BY_LAYER, BY_MEAN, BY_POOLED };
enum { SCALE_OWN, SCALE_MEAN, SCALE_STANDARD };
enum { AUTO, AUTO_YES, AUTO_NO };
enum scored_on { ON_OPEN, ON_TRAIN, ON_TEST, ON_AUGMENTED }; /* of OPTION_ON */
/* Of OPTION_LOSS: the integer of its value, in the order of loss_word. LOSS_FILE: its text is a path. */
enum { LOSS_AUTO, LOSS_CLASSIFICATION, LOSS_PIXELS, LOSS_SUM, LOSS_L2, LOSS_FILE };
#define THEME_AUTO "auto" /* the theme that suits the background */
enum { PAGER_AUTO, PAGER_NEVER };
enum { TIMING_NO, TIMING_YES, TIMING_ALL };

#endif
