/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Jacobian criterion of Optimal Brain Connection (Chen et al. 2025, arXiv 2508.05521): w' * (J'J) * w,
 * summed over the parts w of a channel: the filter with its bias, and BatchNorm's scale and shift. J has a
 * row for each gradient of the loss, so that the score is a sum of squares,
 *
 *     sum over rows n of (sum y*dL_n/dy)^2 + (sum u*dL_n/du)^2,
 *
 * for both products follow from a probe's sums (score/image_sums.h): no weight gradient is formed. Here it is
 * their mean. A row is an image, or, as in the authors' own program, the mean loss of a batch. The third part
 * that they sum, the columns of the layers that read the channel, is the second once more where one layer
 * does and h is a ReLU; it belongs to those layers and is not in this one's score. */
#include "base/status.h"
#include "score/criteria.h"
#include "score/criterion_options.h"
#include "score/layer.h"
#include "score/score.h"

static double score_images(const struct score_statistics *statistics, const double *products,
                           const double *batch_products)
{
    (void)batch_products;
    return *products / (double)statistics->images;
}

static double score_batches(const struct score_statistics *statistics, const double *products,
                            const double *batch_products)
{
    (void)products;
    return *batch_products / (double)statistics->batches;
}

static const struct {
    const char *name, *help;
    double (*mean)(const struct score_statistics *statistics, const double *products,
                   const double *batch_products);
} rows[] = {
    [JACOBIAN_IMAGE] = {"image", "a row for the gradient of each image's loss", score_images},
    [JACOBIAN_BATCH] =
        {"batch", "a row for the gradient of the mean loss of each batch= images, as in the authors' program",
         score_batches},
};

const char *jacobian_rows_name(int index)
{
    return index >= 0 && index < (int)(sizeof rows / sizeof *rows) ? rows[index].name : NULL;
}

static const char *rows_help(int index)
{
    return jacobian_rows_name(index) ? rows[index].help : NULL;
}

static bool is_batched(const struct criterion_options *options)
{
    return options->jacobian == JACOBIAN_BATCH;
}

static status score_jacobian(const struct criterion_input *input, double *scores,
                             struct criterion_report *report, struct error *error)
{
    (void)report;
    (void)error;
    const struct score_statistics *statistics = input->statistics;
    const struct layer_statistics *sums = &statistics->layers[input->layer_index];
    const bool normed = input->layer->norm_node >= 0;
    for (int64_t c = 0; c < input->layer->channels; c++) {
        scores[c] = rows[input->options->jacobian].mean(statistics, &sums->filter_squared[c],
                                                        &sums->filter_batch_squared[c]);
        if (normed)
            scores[c] += rows[input->options->jacobian].mean(statistics, &sums->gate_squared[c],
                                                             &sums->gate_batch_squared[c]);
    }
    return STATUS_OK;
}

static const struct criterion_variant variants[] = {
    {.option = CRITERION_JACOBIAN, .what = "rows", .name = jacobian_rows_name, .help = rows_help},
    {0},
};

const struct criterion criterion_jacobian = {
    .name = "jacobian",
    .title = "Jacobian criterion",
    .help =
        "w'J'Jw of the filter with its bias plus that of BatchNorm's scale and shift: the mean over images n "
        "of <w, dL_n/dw>^2; prune combine=sum adds up what is tied, as the paper does",
    .paper = "arXiv 2508.05521",
    .options = CRITERION_JACOBIAN | CRITERION_BATCH,
    .variants = variants,
    .fixed_needs = NEED_GRADIENTS,
    .batched = is_batched,
    .score = score_jacobian,
};
