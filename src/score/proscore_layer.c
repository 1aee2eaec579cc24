/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore of a network: its layers' filters as lifted points, and the criterion. */
#include "score/proscore_layer.h"

#include <math.h>
#include "base/memory.h"
#include "base/status.h"
#include "score/criteria.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/proscore_reading.h"
#include "score/score.h"

/* Parameters of a layer that its points are made from; owned, NULL where the target has no use for them. */
struct point_source {
    const struct layer_statistics *sums;
    double images;
    double *scale, *shift, *var;
    double *lengths; /* of the filters */
    double epsilon;
};

/* What is lifted. */
struct proscore_target_row {
    const char *name;
    const char *help;
    bool weights, affine; /* does it hold the filter's weights, BatchNorm's parameters? */
    /* The lifted channel with g_D, and ||F||. */
    struct proscore_point (*lift)(const struct point_source *source, int64_t channel, double coordinate,
                                  double *norm);
};

static double scale_gradient(const struct point_source *source, int64_t channel)
{
    double r = 1.0 / sqrt(source->var[channel] + source->epsilon);
    return r * source->sums->delta_centered[channel] / source->images;
}

static struct proscore_point lift_scale(const struct point_source *source, int64_t channel, double coordinate,
                                        double *norm)
{
    *norm = fabs(source->scale[channel]);
    return proscore_scalar(source->scale[channel], scale_gradient(source, channel), coordinate);
}

static struct proscore_point lift_affine(const struct point_source *source, int64_t channel,
                                         double coordinate, double *norm)
{
    const double f[2] = {source->scale[channel], source->shift[channel]};
    const double gradient[2] = {scale_gradient(source, channel),
                                source->sums->delta[channel] / source->images};
    *norm = hypot(f[0], f[1]);
    return proscore_pair(f, gradient, coordinate);
}

static struct proscore_point lift_filter(const struct point_source *source, int64_t channel,
                                         double coordinate, double *norm)
{
    *norm = source->lengths[channel];
    return proscore_vector(*norm, source->sums->gradient_norm[channel] / source->images,
                           source->sums->weight_dot[channel] / source->images, coordinate);
}

static struct proscore_point lift_channel(const struct point_source *source, int64_t channel,
                                          double coordinate, double *norm)
{
    const double scale = source->scale[channel], shift = source->shift[channel],
                 to_scale = scale_gradient(source, channel),
                 to_shift = source->sums->delta[channel] / source->images;
    const double lengths[] = {source->lengths[channel], scale, shift};
    const double gradients[] = {source->sums->gradient_norm[channel] / source->images, to_scale, to_shift};
    *norm = vector_norm(lengths, 3);
    return proscore_vector(
        *norm, vector_norm(gradients, 3),
        source->sums->weight_dot[channel] / source->images + scale * to_scale + shift * to_shift, coordinate);
}

static const struct proscore_target_row targets[] = {
    [PROSCORE_BN] = {"bn", "F = BatchNorm's scale, one number, as the paper's text says", false, true,
                     lift_scale},
    [PROSCORE_AFFINE] =
        {"affine",
         "F = (scale, shift) of BatchNorm: a cone as in the paper's figure needs two numbers or more", false,
         true, lift_affine},
    [PROSCORE_FILTER] =
        {"filter",
         "F = the filter's weights; what any target means in a layer without BatchNorm. Takes a pass "
         "with weight gradients",
         true, false, lift_filter},
    [PROSCORE_CHANNEL] =
        {"channel",
         "F = (weights, scale, shift), all that a channel owns. Takes a pass with weight gradients", true,
         true, lift_channel},
};
enum { TARGETS = sizeof targets / sizeof *targets };

const char *proscore_target_name(int index)
{
    return index >= 0 && index < TARGETS ? targets[index].name : NULL;
}

static const char *target_help(int index)
{
    return index >= 0 && index < TARGETS ? targets[index].help : NULL;
}

static enum proscore_target target_of(const struct layer *layer, const struct criterion_options *options)
{
    return layer->norm_node < 0 ? PROSCORE_FILTER : options->target;
}

static unsigned needs_proscore(const struct layer *layer, const struct criterion_options *options)
{
    unsigned needs = NEED_WEIGHTS | NEED_GRADIENTS;
    return targets[target_of(layer, options)].weights ? needs | NEED_WEIGHT_GRADIENTS : needs;
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

static void source_free(struct point_source *source)
{
    mem_free(source->scale);
    mem_free(source->shift);
    mem_free(source->var);
    mem_free(source->lengths);
}

static status source_init(struct point_source *source, const struct criterion_input *input,
                          const struct proscore_target_row *target, struct error *error)
{
    const struct layer *layer = input->layer;
    *source = (struct point_source){.sums = &input->statistics->layers[input->layer_index],
                                    .images = (double)input->statistics->images,
                                    .epsilon = layer->epsilon};
    bool complete = true;
    if (target->weights) {
        source->lengths = mem_new((size_t)layer->channels, sizeof *source->lengths);
        complete =
            source->lengths && layer_measure_filters(input->graph, layer, vector_norm, source->lengths);
    }
    if (target->affine) {
        source->scale = layer_parameter(input->graph, layer, layer->scale);
        source->shift = layer_parameter(input->graph, layer, layer->shift);
        source->var = layer_parameter(input->graph, layer, layer->var);
        complete &= source->scale && source->shift && source->var;
    }
    if (!complete) {
        source_free(source);
        return error_memory(error);
    }
    return STATUS_OK;
}

status proscore_points(const struct criterion_input *input, struct proscore_point *points,
                       struct error *error)
{
    const struct proscore_target_row *target = &targets[target_of(input->layer, input->options)];
    const struct proscore_reading_row *reading = proscore_reading_at(input->options->reading);
    struct point_source source;
    status code = source_init(&source, input, target, error);
    if (code != STATUS_OK) {
        return code;
    }
    for (int64_t c = 0; c < input->layer->channels; c++) {
        double norm, coordinate = reading->coordinate(source.sums, c) / source.images;
        points[c] = target->lift(&source, c, coordinate, &norm);
        points[c] = proscore_reading_point(reading, points[c], norm);
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
    {.option = CRITERION_TARGET, .what = "a target", .name = proscore_target_name, .help = target_help},
    {.option = CRITERION_READING,
     .what = "a reading",
     .name = proscore_reading_name,
     .help = proscore_reading_help},
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
    .options = CRITERION_GAMMA | CRITERION_TARGET | CRITERION_READING | CRITERION_GRAD | CRITERION_BATCH,
    .variants = variants,
    .needs = needs_proscore,
    .check = check_gamma,
    .score = score_proscore,
    .points = proscore_points,
};
