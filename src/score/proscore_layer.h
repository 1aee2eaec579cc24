/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore of a network: the lifted filters of its layers, from which any gamma takes its scores. */
#ifndef IPPRO_SCORE_PROSCORE_LAYER_H
#define IPPRO_SCORE_PROSCORE_LAYER_H

#include "score/criterion.h"
#include "score/proscore.h"

/* The filters of input->layer with the gradients of the mean loss, relative to ||F||. points: one per
 * channel, written. What input->options say of gamma does not matter, their target does (a layer without
 * BatchNorm has the filter). The statistics have what the criterion proscore needs under these options. */
status proscore_points(const struct criterion_input *input, struct proscore_point *points,
                       struct error *error);
/* lambda / gamma: what the gradient scale of the options multiplies the step by. */
double proscore_step_scale(const struct criterion_options *options,
                           const struct score_statistics *statistics);

#endif
