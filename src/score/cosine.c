/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Angles between filters: products of filters of length 1. */
#include "score/cosine.h"

#include <math.h>
#include <string.h>
#include "base/memory.h"
#include "base/progress.h"
#include "nn/operator/matrix.h"
#include "score/criteria.h"
#include "score/layer.h"

/* Columns that are multiplied at a time: between panels it is asked whether the work is cancelled. */
enum { PANEL = 512 };

/* Each filter divided by its length, in place; one of zeros stays so. */
static void make_unit(double *filters, int64_t count, int64_t elements, double *length)
{
    for (int64_t i = 0; i < count; i++) {
        double *filter = filters + i * elements;
        length[i] = vector_norm(filter, elements);
        for (int64_t k = 0; length[i] != 0.0 && k < elements; k++)
            filter[k] /= length[i];
    }
}

static status multiply(const double *filters, int64_t count, int64_t elements, double *panel, double *gram,
                       struct error *error)
{
    for (int64_t first = 0; first < elements; first += PANEL) {
        const int64_t width = elements - first < PANEL ? elements - first : PANEL;
        if (progress_check(error) != STATUS_OK)
            return error->code;
        for (int64_t i = 0; i < count; i++)
            memcpy(panel + i * width, filters + i * elements + first, (size_t)width * sizeof *panel);
        matrix_gram((int)count, (int)width, panel, first > 0, gram);
    }
    return STATUS_OK;
}

/* The other triangle, and what rounding took beyond 1. */
static void complete(int64_t count, double *gram)
{
    for (int64_t i = 0; i < count; i++) {
        gram[i * count + i] = 1.0;
        for (int64_t j = 0; j < i; j++) {
            const double cosine = gram[i * count + j];
            gram[i * count + j] = gram[j * count + i] = cosine > 1.0 ? 1.0 : cosine < -1.0 ? -1.0 : cosine;
        }
    }
}

status filter_angles_find(const struct criterion_input *input, struct filter_angles *angles,
                          struct error *error)
{
    const int64_t count = input->layer->channels, elements = input->layer->filter_length;
    size_t squares;
    *angles = (struct filter_angles){0};
    double *filters = layer_filters(input->graph, input->layer);
    double *panel = mem_aligned((size_t)count, PANEL * sizeof *panel);
    angles->length = mem_new((size_t)count, sizeof *angles->length);
    if (size_multiply((size_t)count, (size_t)count, &squares))
        angles->cosine = mem_aligned(squares, sizeof *angles->cosine);
    status code = filters && panel && angles->length && angles->cosine ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        make_unit(filters, count, elements, angles->length);
        code = multiply(filters, count, elements, panel, angles->cosine, error);
    }
    if (code == STATUS_OK)
        complete(count, angles->cosine);
    mem_free(filters);
    mem_free(panel);
    return code;
}

void filter_angles_free(struct filter_angles *angles)
{
    mem_free(angles->length);
    mem_free(angles->cosine);
    *angles = (struct filter_angles){0};
}
