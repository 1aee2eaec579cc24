/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readings of PROscore: the table. */
#include "score/proscore_reading.h"

#include <stddef.h>

static double whole(const struct layer_statistics *sums, int64_t channel)
{
    return sums->lift[channel];
}

static double active_part(const struct layer_statistics *sums, int64_t channel)
{
    return sums->gate[channel];
}

static double inactive_part(const struct layer_statistics *sums, int64_t channel)
{
    return sums->lift[channel] - sums->gate[channel];
}

static double negative(const struct layer_statistics *sums, int64_t channel)
{
    return -sums->lift[channel];
}

static const struct proscore_reading_row rows[] = {
    [PROSCORE_PUBLISHED] =
        {.name = "published",
         .help =
             "log P, P = ||F - gamma*g_F|| / | ||F|| - gamma*g_D | with g_D = sum G*u; for small gamma the order of "
             "b - a, b = g_D/||F||, a = <F,g_F>/||F||^2. The paper's Eq. (4), the smallest first",
         .coordinate = whole},
    [PROSCORE_MASKED] =
        {.name = "masked",
         .help =
             "log P with g_D = sum G*h'(u)*u, the part where the activation h is open (Taylor's gate T): T/||F|| - a. "
             "As if the coordinate went through h as well; the same as published where no h follows",
         .coordinate = active_part},
    [PROSCORE_TAIL] =
        {.name = "tail",
         .help =
             "log P of a step of D alone, with what masked leaves out: g_D = R = sum G*u - T, so R/||F||, for any "
             "gamma below 1/max|b| the same order. What published has and Taylor has not; all 0 where no h "
             "follows",
         .coordinate = inactive_part,
         .still = true},
    [PROSCORE_FREE] =
        {.name = "free",
         .help =
             "log P of F/||F|| with D = 1 beside it: g_D - <F,g_F>; with affine that is R. No unit of length is left "
             "in it, so that no rescaling of the network changes it",
         .coordinate = whole,
         .unit = true},
    [PROSCORE_UNSIGNED] =
        {.name = "unsigned",
         .help =
             "|log P|: |b - a|, how far the angle leaves 45 degrees, whichever way. Signs of gradients that are "
             "nearly gone are noise, sizes are less so, and Taylor too takes sizes",
         .coordinate = whole,
         .order = PROSCORE_EITHER_WAY},
    [PROSCORE_OPPOSITE] =
        {.name = "opposite",
         .help =
             "log P with g_D = -sum G*u: -b - a. The text names no sign of the coordinate; a review has the "
             "other one",
         .coordinate = negative},
    [PROSCORE_REVERSED] =
        {.name = "reversed",
         .help =
             "-log P: a - b, the largest PROscore first. Against the paper's words; where this prunes as badly as "
             "published, the ranking holds no signal",
         .coordinate = whole,
         .order = PROSCORE_BACKWARD},
    [PROSCORE_COORDINATE] =
        {.name = "coordinate",
         .help =
             "|log|1 - gamma*g_D||: |g_D| = |sum G*u|, the size of the coordinate's gradient alone. F takes no step and "
             "its length does not count; beside Taylor's gate, which has T in the place of g_D",
         .coordinate = whole,
         .still = true,
         .unit = true,
         .order = PROSCORE_EITHER_WAY},
};
enum { ROWS = sizeof rows / sizeof *rows };

const struct proscore_reading_row *proscore_reading_at(enum proscore_reading reading)
{
    return &rows[reading];
}

const char *proscore_reading_name(int index)
{
    return index >= 0 && index < ROWS ? rows[index].name : NULL;
}

const char *proscore_reading_help(int index)
{
    return index >= 0 && index < ROWS ? rows[index].help : NULL;
}

struct proscore_point proscore_reading_point(const struct proscore_reading_row *row,
                                             struct proscore_point point, double norm)
{
    if (row->unit)
        point = proscore_unit_point(point, norm);
    if (row->still)
        point = proscore_still_point(point);
    point.order = row->order;
    return point;
}
