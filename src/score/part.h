/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of weights that belong to a channel: the filter that makes it, the BatchNorm scale that it passes,
 * and the columns with which other layers read it. A criterion that is a sum over the elements of a filter
 * has a meaning for each of them (Fang et al. 2023, arXiv 2301.12900: DepGraph); its row says which sum. */
#ifndef IPPRO_SCORE_PART_H
#define IPPRO_SCORE_PART_H

#include <stdbool.h>
#include "score/layer.h"
#include "score/score.h"

enum part_kind { PART_FILTER, PART_SCALE, PART_COLUMN, PART_KINDS };
enum { PART_FILTERS = 1 << PART_FILTER, PART_SCALES = 1 << PART_SCALE, PART_COLUMNS = 1 << PART_COLUMN };
enum { PART_ALL = PART_FILTERS | PART_SCALES | PART_COLUMNS };
const char *part_kind_name(enum part_kind kind); /* "filter", "scale", "column" */

/* What is added up over the elements w of a part; g = dL/dw of the mean loss. */
enum part_term {
    PART_ABSOLUTE,         /* |w| */
    PART_SQUARE,           /* w^2 */
    PART_PRODUCT,          /* w*g */
    PART_ABSOLUTE_PRODUCT, /* |w*g| */
    PART_SQUARED_PRODUCT,  /* (w*g)^2 */
    PART_DISTANCE,         /* no sum: the distances ||w - w'|| from all parts of its kind in its layer */
};
enum part_finish {
    PART_SUM,   /* the sum itself */
    PART_ROOT,  /* its square root */
    PART_SIZE,  /* its absolute value */
    PART_SHARE, /* the sum, whose share in those of its block that are not smaller is the score (LAMP) */
};

/* Of a criterion; a measure without kinds has a meaning for filters as a whole only. */
struct part_measure {
    enum part_term term;
    enum part_finish finish;
    unsigned kinds; /* PART_FILTERS ..., or-ed: the parts for which it has a meaning */
};

struct part_source {
    const struct graph *graph;
    const struct layer *layer;                 /* NULL: a scale of no layer */
    int scale;                                 /* of PART_SCALE: the value */
    int64_t count;                             /* of parts: channels, or the layer's input channels */
    const struct layer_statistics *statistics; /* of the layer; NULL: no pass */
    int64_t images;
};

/* Is the sum over gradients? */
bool part_needs_gradients(const struct part_measure *measure);
/* sums: `count` doubles, written, for part_finished. `squares`: distances are those of the squared elements.
 * STATUS_STATE where gradients are needed that no pass has computed; STATUS_NAN for a distance of weights
 * that are not finite. Depthwise layers have no columns: they are not asked for. */
status part_sums(const struct part_source *source, const struct part_measure *measure, enum part_kind kind,
                 bool squares, double *sums, struct error *error);
/* What a sum comes to; `powers`: roots are not taken. */
double part_finished(const struct part_measure *measure, bool powers, double sum);

#endif
