/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of all criteria in one value, and which of them a criterion depends on. Everything comes from one
 * list: the struct, its defaults, copies and comparisons, and what the session's `set` hands over. */
#ifndef IPPRO_SCORE_CRITERION_OPTIONS_H
#define IPPRO_SCORE_CRITERION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum taylor_variant {
    TAYLOR_GATE,
    TAYLOR_GATE_BATCH,
    TAYLOR_GATE_ABS,
    TAYLOR_WEIGHT,
    TAYLOR_WEIGHT_SUM,
    TAYLOR_WEIGHT_SQUARES
};
enum proscore_target { PROSCORE_BN, PROSCORE_AFFINE, PROSCORE_FILTER, PROSCORE_CHANNEL };
enum proscore_reading {
    PROSCORE_PUBLISHED,
    PROSCORE_MASKED,
    PROSCORE_TAIL,
    PROSCORE_FREE,
    PROSCORE_UNSIGNED,
    PROSCORE_OPPOSITE,
    PROSCORE_REVERSED,
    PROSCORE_COORDINATE
};
enum filter_distance { DISTANCE_EUCLIDEAN, DISTANCE_COSINE };
enum jacobian_rows { JACOBIAN_IMAGE, JACOBIAN_BATCH };
enum fisher_share { FISHER_MEMORY, FISHER_PLAIN };
enum gradient_scale { GRADIENT_MEAN, GRADIENT_BATCHSUM, GRADIENT_SUM };

/* code, type (double, or an integer or enumeration), member, default; in the order of `set`.
 * SEED: of random numbers. GAMMA: PROscore's step lambda > 0; INFINITY gives the limit ||g_F|| / |g_D|.
 * BATCH: images; of Taylor's gate-batch, of the Jacobian's rows, and for GRADIENT_BATCHSUM, which multiplies
 * lambda by ceil(images / batch). */
#define CRITERION_OPTION_LIST(X)                                                                             \
    X(SEED, uint64_t, seed, 1)                                                                               \
    X(GAMMA, double, gamma, 0.01)                                                                            \
    X(TARGET, enum proscore_target, target, PROSCORE_BN)                                                     \
    X(READING, enum proscore_reading, reading, PROSCORE_PUBLISHED)                                           \
    X(TAYLOR, enum taylor_variant, taylor, TAYLOR_GATE)                                                      \
    X(GRAD, enum gradient_scale, gradient, GRADIENT_MEAN)                                                    \
    X(BATCH, int64_t, batch, 64)                                                                             \
    X(DISTANCE, enum filter_distance, distance, DISTANCE_EUCLIDEAN)                                          \
    X(JACOBIAN, enum jacobian_rows, jacobian, JACOBIAN_IMAGE)                                                \
    X(FISHER, enum fisher_share, fisher, FISHER_MEMORY)

struct criterion_options {
#define OPTION_MEMBER(code, type, member, initial) type member;
    CRITERION_OPTION_LIST(OPTION_MEMBER)
#undef OPTION_MEMBER
};

enum criterion_option_place {
#define OPTION_PLACE(code, type, member, initial) CRITERION_PLACE_##code,
    CRITERION_OPTION_LIST(OPTION_PLACE)
#undef OPTION_PLACE
        CRITERION_OPTIONS
};

/* CRITERION_SEED, CRITERION_GAMMA ...: bits that are or-ed to say which options. */
enum criterion_option {
#define OPTION_BIT(code, type, member, initial) CRITERION_##code = 1 << CRITERION_PLACE_##code,
    CRITERION_OPTION_LIST(OPTION_BIT)
#undef OPTION_BIT
};

struct criterion_options criterion_defaults(void);
/* Those that `which` names, and no others, are compared, copied, or set (a number; an enumeration's index).
 */
bool criterion_options_equal(const struct criterion_options *a, const struct criterion_options *b,
                             unsigned which);
void criterion_options_copy(struct criterion_options *to, const struct criterion_options *from,
                            unsigned which);
void criterion_options_set(struct criterion_options *options, unsigned which, double value);

/* Names of the enumerations, for the option table: index to name, NULL past the end. */
const char *taylor_variant_name(int index);   /* taylor.c */
const char *proscore_target_name(int index);  /* proscore_layer.c */
const char *proscore_reading_name(int index); /* proscore_reading.c */
const char *filter_distance_name(int index);  /* geometric_median.c */
const char *jacobian_rows_name(int index);    /* jacobian.c */
const char *fisher_share_name(int index);     /* fisher.c */
const char *gradient_scale_name(int index);

#endif
