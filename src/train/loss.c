/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross-entropy with label smoothing, and distillation. */
#include "train/loss.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "nn/graph/tensor.h"

struct objective objective_default(void)
{
    return (struct objective){.smoothing = 0, .weight = 0, .temperature = 4};
}

status objective_check(const struct objective *objective, struct error *error)
{
    if (!(objective->smoothing >= 0 && objective->smoothing < 1))
        return error_set(error, STATUS_RANGE, "label smoothing %g: must be at least 0 and below 1",
                         objective->smoothing);
    if (!(objective->weight >= 0 && objective->weight <= 1))
        return error_set(error, STATUS_RANGE, "weight %g of the teacher: must be from 0 to 1",
                         objective->weight);
    if (!(objective->temperature > 0) || !isfinite(objective->temperature))
        return error_set(error, STATUS_RANGE, "temperature %g: must be above 0", objective->temperature);
    return STATUS_OK;
}

bool objective_is_plain(const struct objective *objective)
{
    return objective->smoothing == 0 && objective->weight == 0;
}

/* Class scores of one pixel: `classes` values, `stride` elements apart. */
struct scores {
    const void *values;
    enum element_type type;
    int64_t classes, stride;
};

static double score_at(const struct scores *scores, int64_t index)
{
    const int64_t at = index * scores->stride;
    return scores->type == ELEMENT_FLOAT ? (double)((const float *)scores->values)[at]
                                         : ((const double *)scores->values)[at];
}

static void store_gradient(const struct scores *scores, void *gradient, int64_t index, double value)
{
    const int64_t at = index * scores->stride;
    if (scores->type == ELEMENT_FLOAT)
        ((float *)gradient)[at] = (float)value;
    else
        ((double *)gradient)[at] = value;
}

/* log of the sum of exp(z / temperature). */
static double log_sum(const struct scores *scores, double temperature)
{
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < scores->classes; i++)
        top = fmax(top, score_at(scores, i));
    for (int64_t i = 0; i < scores->classes; i++)
        sum += exp((score_at(scores, i) - top) / temperature);
    return top / temperature + log(sum);
}

/* Parts of one pixel's loss whose gradients are sums over classes of target and probability. */
struct pixel {
    struct scores student, teacher;
    double log_sum, log_sum_student, log_sum_teacher; /* at temperature 1; both at the objective's */
    int64_t label;
};

static double log_probability(const struct scores *scores, int64_t class, double temperature, double log_sum)
{
    return score_at(scores, class) / temperature - log_sum;
}

/* T^2 * KL(teacher || student). */
static double divergence(const struct objective *objective, const struct pixel *pixel)
{
    const double t = objective->temperature;
    double sum = 0;
    for (int64_t i = 0; i < pixel->student.classes; i++) {
        const double teacher = log_probability(&pixel->teacher, i, t, pixel->log_sum_teacher);
        if (teacher > -INFINITY)
            sum += exp(teacher) * (teacher - log_probability(&pixel->student, i, t, pixel->log_sum_student));
    }
    return t * t * sum;
}

static double smooth_entropy(const struct objective *objective, const struct pixel *pixel)
{
    const struct scores *scores = &pixel->student;
    const double hard = -log_probability(scores, pixel->label, 1, pixel->log_sum);
    if (objective->smoothing == 0)
        return hard;
    double all = 0;
    for (int64_t i = 0; i < scores->classes; i++)
        all -= log_probability(scores, i, 1, pixel->log_sum);
    return (1 - objective->smoothing) * hard + objective->smoothing / (double)scores->classes * all;
}

/* share * d loss / d logits. */
static void pixel_gradient(const struct objective *objective, const struct pixel *pixel, double share,
                           void *gradient)
{
    const double t = objective->temperature, s = objective->smoothing, weight = objective->weight;
    const struct scores *scores = &pixel->student;
    for (int64_t i = 0; i < scores->classes; i++) {
        const double target = (i == pixel->label ? 1 - s : 0) + s / (double)scores->classes;
        double g = (1 - weight) * (exp(log_probability(scores, i, 1, pixel->log_sum)) - target);
        if (weight > 0)
            g += weight * t *
                 (exp(log_probability(scores, i, t, pixel->log_sum_student)) -
                  exp(log_probability(&pixel->teacher, i, t, pixel->log_sum_teacher)));
        store_gradient(scores, gradient, i, share * g);
    }
}

/* The objective of pixel `at`, and share times its gradient. */
static double pixel_loss(const struct objective *objective, const struct objective_image *image, int64_t at,
                         double share)
{
    const size_t offset = (size_t)at * element_size(image->type);
    struct pixel pixel = {
        .student = {(const char *)image->logits + offset, image->type, image->classes, image->pixels},
        .label = image->labels[at]};
    double loss = 0;
    if (objective->weight > 0) {
        pixel.teacher = pixel.student;
        pixel.teacher.values = (const char *)image->teacher + offset;
        pixel.log_sum_student = log_sum(&pixel.student, objective->temperature);
        pixel.log_sum_teacher = log_sum(&pixel.teacher, objective->temperature);
        loss = objective->weight * divergence(objective, &pixel);
    }
    pixel.log_sum = log_sum(&pixel.student, 1);
    if (objective->weight < 1)
        loss += (1 - objective->weight) * smooth_entropy(objective, &pixel);
    if (image->gradient)
        pixel_gradient(objective, &pixel, share, (char *)image->gradient + offset);
    return loss;
}

/* Cross-entropy, with predicted classes, ranks and counts. */
static struct loss plain_loss(const struct objective_image *image, void *gradient)
{
    if (!image->label_map)
        return softmax_cross_entropy(image->logits, image->type, image->classes, image->labels[0], gradient);
    struct loss_map map = {.logits = image->logits,
                           .type = image->type,
                           .classes = image->classes,
                           .pixels = image->pixels,
                           .labels = image->labels,
                           .gradient = gradient,
                           .counts = image->counts};
    loss_map_begin(&map);
    loss_map_add(&map, 0, image->pixels);
    loss_map_end(&map);
    return map.loss;
}

struct loss objective_loss(const struct objective *objective, const struct objective_image *image)
{
    if (objective_is_plain(objective))
        return plain_loss(image, image->gradient);
    struct loss result = plain_loss(image, NULL);
    if (image->label_map && image->gradient)
        memset(image->gradient, 0, (size_t)(image->classes * image->pixels) * element_size(image->type));
    int64_t labelled = 0;
    for (int64_t i = 0; i < image->pixels; i++)
        labelled += image->labels[i] >= 0;
    double sum = 0;
    for (int64_t i = 0; i < image->pixels; i++)
        if (image->labels[i] >= 0)
            sum += pixel_loss(objective, image, i, 1 / (double)labelled);
    if (loss_exists(&result))
        result.loss = sum / (double)labelled;
    return result;
}
