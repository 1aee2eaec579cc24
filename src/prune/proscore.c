/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROscore: formulas, and the criterion that applies them to BatchNorm scales or filters. */
#include "prune/proscore.h"

#include <math.h>
#include "base/memory.h"
#include "prune/criteria.h"

struct proscore_point proscore_scalar(double f, double gradient, double lift_gradient)
{
    if (f == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    return (struct proscore_point){.along = gradient / f, .across = 0.0, .lift = lift_gradient / fabs(f)};
}

struct proscore_point proscore_pair(const double f[2], const double gradient[2], double lift_gradient)
{
    double norm = hypot(f[0], f[1]);
    if (norm == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    double x = f[0] / norm, y = f[1] / norm; /* direction of F; (-y, x) is at right angles to it */
    return (struct proscore_point){.along = (x * gradient[0] + y * gradient[1]) / norm,
                                   .across = fabs(x * gradient[1] - y * gradient[0]) / norm,
                                   .lift = lift_gradient / norm};
}

struct proscore_point proscore_vector(double norm, double gradient_norm, double dot, double lift_gradient)
{
    if (norm == 0.0) {
        return (struct proscore_point){.zero = true};
    }
    double length = gradient_norm / norm, along = dot / norm / norm;
    /* (q - a^2) as a product of sum and difference; rounding may leave it just below zero. */
    double square = (length - along) * (length + along);
    return (struct proscore_point){
        .along = along, .across = square < 0.0 ? 0.0 : sqrt(square), .lift = lift_gradient / norm};
}

/* Beyond this many times ||F|| a step hides its starting point, and its square may overflow. */
static const double far_step = 1e100;

/* log( ||F - lambda*g_F|| / ||F|| ) */
static double log_length(double along, double across, double lambda)
{
    double length = across == 0.0 ? fabs(along) : hypot(along, across); /* the same number, sooner */
    if (lambda * length > far_step) {
        return log(lambda) + log(length);
    }
    double change = lambda * (lambda * length * length - 2.0 * along);
    if (fabs(change) < 0.5) { /* near 1 the logarithm needs every digit of the change */
        return 0.5 * log1p(change);
    }
    return log(hypot(1.0 - lambda * along, lambda * across));
}

/* log( | ||F|| - lambda*g_D | / ||F|| ), -INFINITY where the step ends at zero */
static double log_lift(double lift, double lambda)
{
    double change = lambda * lift;
    if (fabs(change) > far_step) {
        return log(lambda) + log(fabs(lift));
    }
    return fabs(change) < 0.5 ? log1p(-change) : log(fabs(1.0 - change));
}

static double log_limit(const struct proscore_point *point)
{
    double gradient = hypot(point->along, point->across);
    if (point->lift == 0.0) {
        return gradient == 0.0 ? 0.0 : INFINITY; /* a point that does not move stays at 45 degrees */
    }
    return log(gradient) - log(fabs(point->lift));
}

double proscore_log(const struct proscore_point *point, double lambda)
{
    if (point->zero) {
        return -INFINITY;
    }
    if (isinf(lambda)) {
        return log_limit(point);
    }
    double lift = log_lift(point->lift, lambda);
    if (lift == -INFINITY) {
        return INFINITY;
    }
    return log_length(point->along, point->across, lambda) - lift;
}

bool proscore_sign_changes(const struct proscore_point *point, double lambda)
{
    return !point->zero && (isinf(lambda) ? point->lift > 0.0 : lambda * point->lift > 1.0);
}

static enum proscore_target target_of(const struct layer *layer, const struct criterion_options *options)
{
    return layer->norm_node < 0 ? PROSCORE_FILTER : options->target;
}

static unsigned needs_proscore(const struct layer *layer, const struct criterion_options *options)
{
    unsigned needs = NEED_WEIGHTS | NEED_GRADIENTS;
    return target_of(layer, options) == PROSCORE_FILTER ? needs | NEED_WEIGHT_GRADIENTS : needs;
}

/* The paper's lambda after the gradient scale: the sums of a pass are turned into those of the mean loss. */
static double effective_gamma(const struct criterion_options *options,
                              const struct score_statistics *statistics)
{
    int64_t batch = options->batch > 0 ? options->batch : 1;
    switch (options->gradient) {
    case GRADIENT_BATCHSUM:
        return options->gamma * (double)(statistics->images / batch + (statistics->images % batch != 0));
    case GRADIENT_SUM:
        return options->gamma * (double)statistics->images;
    case GRADIENT_MEAN:
        break;
    }
    return options->gamma;
}

/* Parameters of a layer that its points are made from; owned. */
struct point_source {
    const struct layer_statistics *sums;
    double images;
    double *scale, *shift, *var, *filter;
    double epsilon;
};

static void source_free(struct point_source *source)
{
    mem_free(source->scale);
    mem_free(source->shift);
    mem_free(source->var);
    mem_free(source->filter);
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
        source->filter = mem_new((size_t)layer->filter_length, sizeof(double));
        complete = source->filter != NULL;
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

static struct proscore_point channel_point(const struct point_source *source,
                                           const struct criterion_input *input, enum proscore_target target,
                                           int64_t channel)
{
    double lift = source->sums->lift[channel] / source->images;
    if (target == PROSCORE_FILTER) {
        layer_filter(input->graph, input->layer, channel, source->filter);
        double norm = vector_norm(source->filter, input->layer->filter_length);
        return proscore_vector(norm, source->sums->gradient_norm[channel] / source->images,
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
    enum proscore_target target = target_of(input->layer, input->options);
    double lambda = effective_gamma(input->options, input->statistics);
    struct point_source source;
    status code = source_init(&source, input, target, error);
    if (code != STATUS_OK) {
        return code;
    }
    double max_a = 0.0, max_b = 0.0;
    *report = (struct criterion_report){.target = target, .effective_gamma = lambda};
    for (int64_t c = 0; c < input->layer->channels; c++) {
        struct proscore_point point = channel_point(&source, input, target, c);
        scores[c] = proscore_log(&point, lambda);
        max_a = larger(max_a, fabs(point.along));
        max_b = larger(max_b, fabs(point.lift));
        report->sign_changes += proscore_sign_changes(&point, lambda);
    }
    report->max_a = times_step(lambda, max_a);
    report->max_b = times_step(lambda, max_b);
    source_free(&source);
    return STATUS_OK;
}

const struct criterion criterion_proscore = {
    .name = "proscore",
    .title = "PROscore",
    .help =
        "log of ||F - gamma*g_F|| / | ||F|| - gamma*g_D |: does a gradient step move F toward the origin?",
    .paper = "arXiv 2507.14171",
    .needs = needs_proscore,
    .score = score_proscore,
};
