/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readings of PROscore (IPPRO, arXiv 2507.14171). The paper's words leave open what exactly is lifted, which
 * gradient the injected coordinate has, and what becomes of the quotient. What is lifted is the target
 * (proscore_layer.h); the other two are a reading, a row of this table. Any target goes with any reading and
 * any gamma. */
#ifndef IPPRO_SCORE_PROSCORE_READING_H
#define IPPRO_SCORE_PROSCORE_READING_H

#include "score/criterion_options.h"
#include "score/proscore.h"
#include "score/score.h"

struct proscore_reading_row {
    const char *name;
    const char *help; /* the score with its order for a small gamma, and what speaks for it */
    /* dL/dD of a channel, summed over images like the statistics (reductions.md, F). */
    double (*coordinate)(const struct layer_statistics *sums, int64_t channel);
    bool still; /* F takes no step */
    bool unit;  /* F and D are counted in lengths of F */
    enum proscore_order order;
};

const struct proscore_reading_row *proscore_reading_at(enum proscore_reading reading);
const char *proscore_reading_help(int index); /* NULL past the end */
/* A target's point, whose lift is this reading's coordinate / ||F||, as the reading has it. norm = ||F||. */
struct proscore_point proscore_reading_point(const struct proscore_reading_row *row,
                                             struct proscore_point point, double norm);

#endif
