/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore of a network: its layers' filters as lifted points, and the criterion. */
#include "score/proscore_layer.h"

#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "score/criteria.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/score.h"

static enum proscore_target target_of(const struct layer *layer, const struct criterion_options *options)
{
    return layer->norm_node < 0 ? PROSCORE_FILTER : options->target;
}

static unsigned needs_proscore(const struct layer *layer, const struct criterion_options *options)
{
    unsigned needs = NEED_WEIGHTS | NEED_GRADIENTS;
    return target_of(layer, options) == PROSCORE_FILTER ? needs | NEED_WEIGHT_GRADIENTS : needs;
}

double proscore_step_scale(const struct criterion_options *options, const struct score_statistics *statistics)
{
    int64_t batch = options->batch > 0 ? options->batch : 1;
    switch (options->gradient) {
    case GRADIENT_BATCHSUM:
        return (double)(statistics->images / batch + (statistics->images % batch != 0));
    case GRADIENT_SUM:
        return (double)statistics->images;
    case GRADIENT_MEAN:
        break;
    }
    return 1.0;
}

/* Parameters of a layer that its points are made from; owned. */
struct point_source {
    const struct layer_statistics *sums;
    double images;
    double *scale, *shift, *var;
    double *lengths; /* of the filters */
    double epsilon;
};

static void source_free(struct point_source *source)
{
    mem_free(source->scale);
    mem_free(source->shift);
    mem_free(source->var);
    mem_free(source->lengths);
}

static status source_init(struct point_source *source, const struct criterion_input *input,
                          enum proscore_target target, struct error *error)
{
    const struct layer *layer = input->layer;
    *source = (struct point_source){.sums = &input->statistics->layers[input->layer_index],
                                    .images = (double)input->statistics->images,
                                    .epsilon = layer->epsilon};
    bool complete;
    if (target == PROSCORE_FILTER) {
        source->lengths = mem_new((size_t)layer->channels, sizeof *source->lengths);
        complete =
            source->lengths && layer_measure_filters(input->graph, layer, vector_norm, source->lengths);
    } else {
        source->scale = layer_parameter(input->graph, layer, layer->scale);
        source->var = layer_parameter(input->graph, layer, layer->var);
        source->shift =
            target == PROSCORE_BN_AFFINE ? layer_parameter(input->graph, layer, layer->shift) : NULL;
        complete = source->scale && source->var && (source->shift || target == PROSCORE_BN);
    }
    if (!complete) {
        source_free(source);
        return error_memory(error);
    }
    return STATUS_OK;
}

static struct proscore_point channel_point(const struct point_source *source, enum proscore_target target,
                                           int64_t channel)
{
    double lift = source->sums->lift[channel] / source->images;
    if (target == PROSCORE_FILTER) {
        return proscore_vector(source->lengths[channel],
                               source->sums->gradient_norm[channel] / source->images,
                               source->sums->weight_dot[channel] / source->images, lift);
    }
    double r = 1.0 / sqrt(source->var[channel] + source->epsilon);
    double scale_gradient = r * source->sums->delta_centered[channel] / source->images;
    if (target == PROSCORE_BN)
        return proscore_scalar(source->scale[channel], scale_gradient, lift);
    const double f[2] = {source->scale[channel], source->shift[channel]};
    const double gradient[2] = {scale_gradient, source->sums->delta[channel] / source->images};
    return proscore_pair(f, gradient, lift);
}

status proscore_points(const struct criterion_input *input, struct proscore_point *points,
                       struct error *error)
{
    enum proscore_target target = target_of(input->layer, input->options);
    struct point_source source;
    status code = source_init(&source, input, target, error);
    if (code != STATUS_OK) {
        return code;
    }
    for (int64_t c = 0; c < input->layer->channels; c++) {
        points[c] = channel_point(&source, target, c);
    }
    source_free(&source);
    return STATUS_OK;
}

static double times_step(double lambda, double value)
{
    return value == 0.0 ? 0.0 : lambda * value; /* infinity times nothing moves nothing */
}

/* fmax without its call: a NaN never wins. */
static double larger(double most, double value)
{
    return value > most ? value : most;
}

static status score_proscore(const struct criterion_input *input, double *scores,
                             struct criterion_report *report, struct error *error)
{
    double lambda = input->options->gamma * proscore_step_scale(input->options, input->statistics);
    struct proscore_point *points = mem_new((size_t)input->layer->channels, sizeof *points);
    status code = points ? proscore_points(input, points, error) : error_memory(error);
    if (code != STATUS_OK) {
        mem_free(points);
        return code;
    }
    double max_a = 0.0, max_b = 0.0;
    *report = (struct criterion_report){.target = target_of(input->layer, input->options),
                                        .effective_gamma = lambda};
    proscore_logs(points, input->layer->channels, lambda, scores);
    for (int64_t c = 0; c < input->layer->channels; c++) {
        max_a = larger(max_a, fabs(points[c].along));
        max_b = larger(max_b, fabs(points[c].lift));
        report->sign_changes += proscore_sign_changes(&points[c], lambda);
    }
    report->max_a = times_step(lambda, max_a);
    report->max_b = times_step(lambda, max_b);
    mem_free(points);
    return STATUS_OK;
}

static status check_gamma(const struct criterion_options *options, struct error *error)
{
    return options->gamma > 0.0
               ? STATUS_OK
               : error_set(error, STATUS_RANGE, "gamma must be greater than 0 (inf is allowed)");
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_TARGET, .what = "a target", .name = proscore_target_name},
    {.option = CRITERION_GAMMA, .what = "a gamma over 0", .number = "GAMMA"},
    {0},
};

const struct criterion criterion_proscore = {
    .name = "proscore",
    .title = "PROscore",
    .help =
        "log of ||F - gamma*g_F|| / | ||F|| - gamma*g_D |: does a gradient step move F toward the origin?",
    .paper = "arXiv 2507.14171",
    .headline = true,
    .preferred = true,
    .logarithm = true,
    .options = CRITERION_GAMMA | CRITERION_TARGET | CRITERION_GRAD | CRITERION_BATCH,
    .variants = variants,
    .needs = needs_proscore,
    .check = check_gamma,
    .score = score_proscore,
    .points = proscore_points,
};
