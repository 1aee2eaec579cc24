/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays as inputs of a network. */
#include "session/commands/forward_input.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/normalization.h"
#include "nn/graph/tensor.h"
#include "session/model.h"
#include "session/words/option.h"

/* The shape of one input: that of the array, without the first dimension where it has one more. */
static struct shape shape_of_one(const struct shape *array, const struct shape *input)
{
    int before = array->rank == input->rank ? 1 : 0;
    return shape_of(array->rank - before, array->dim + before);
}

static bool is_channels_last(const struct shape *one, const struct shape *input)
{
    return one->rank == 3 && input->rank == 4 && one->dim[0] == input->dim[2] &&
           one->dim[1] == input->dim[3] && one->dim[2] == input->dim[1];
}

/* `input` has a batch dimension of 1 in front. */
static bool is_input(const struct shape *one, const struct shape *input)
{
    const struct shape wanted = shape_of(input->rank - 1, input->dim + 1);
    return shape_equal(one, &wanted);
}

static status refuse_shape(const struct npy *array, const struct model *model, struct error *error)
{
    struct text have = {0}, want = {0};
    const struct shape wanted = shape_of(model->input.rank - 1, model->input.dim + 1);
    shape_text(&array->header.shape, &have);
    shape_text(&wanted, &want);
    error_set(error, STATUS_SHAPE, "%s: the array is %s, and the network takes N x %s", array->name,
              text_data(&have), text_data(&want));
    text_free(&have);
    text_free(&want);
    return error->code;
}

static status find_normalization(const struct call *call, struct forward_input *input, struct error *error)
{
    const char *name = option_text(&call->options, OPTION_NORMALIZE);
    const struct dataset *dataset = call->session->state.dataset;
    if (input->channels > DATASET_MAX_CHANNELS)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: images have at most %d channels; give finished floats", input->array->name,
                         DATASET_MAX_CHANNELS);
    if (strcmp(name, "auto") == 0 && dataset && dataset->channels == input->channels) {
        memcpy(input->mean, dataset->mean, sizeof input->mean);
        memcpy(input->std, dataset->std, sizeof input->std);
        input->normalization = dataset->normalization;
        return STATUS_OK;
    }
    if (strcmp(name, "auto") == 0)
        return error_set(error, STATUS_STATE,
                         "%s: pixels are normalised, but how is not known: give normalize=, such as "
                         "normalize=imagenet, or open the data set",
                         input->array->name);
    input->normalization = name;
    return normalization_parse(name, input->channels, input->mean, input->std, error);
}

status forward_input_init(const struct call *call, const struct npy *array, struct forward_input *input,
                          struct error *error)
{
    const struct model *model = call->session->state.model;
    const struct npy_header *header = &array->header;
    const struct shape one = shape_of_one(&header->shape, &model->input);
    bool pixels = header->kind == NPY_UNSIGNED && header->width == 1 && model->input.rank == 4;
    *input = (struct forward_input){
        .array = array,
        .count = header->shape.rank == model->input.rank ? header->shape.dim[0] : 1,
        .elements = shape_elements(&one),
        .pixels = pixels,
        .channels_last = pixels && !is_input(&one, &model->input) && is_channels_last(&one, &model->input),
        .channels = (int)model->input.dim[1],
    };
    if (header->shape.rank > model->input.rank || header->shape.rank < model->input.rank - 1 ||
        (!is_input(&one, &model->input) && !input->channels_last))
        return refuse_shape(array, model, error);
    if (input->count < 1)
        return error_set(error, STATUS_SHAPE, "%s: the array holds no input", array->name);
    if (pixels)
        return find_normalization(call, input, error);
    if (call_setting(call, "normalize"))
        return error_set(error, STATUS_USAGE,
                         "normalize= is for images of uint8: %s holds %s, which is taken as it is",
                         array->name, npy_type_name(header));
    return STATUS_OK;
}

/* Channel by channel, whatever the order of the bytes. */
static void normalize_pixels(const struct forward_input *input, const uint8_t *bytes, enum element_type real,
                             void *out)
{
    const int64_t channels = input->channels, pixels = input->elements / channels;
    for (int64_t c = 0; c < channels; c++) {
        for (int64_t i = 0; i < pixels; i++) {
            uint8_t byte = input->channels_last ? bytes[i * channels + c] : bytes[c * pixels + i];
            double value = (byte / 255.0 - input->mean[c]) / input->std[c];
            if (real == ELEMENT_DOUBLE)
                ((double *)out)[c * pixels + i] = value;
            else
                ((float *)out)[c * pixels + i] = (float)value;
        }
    }
}

status forward_input_fetch(void *argument, int64_t position, enum element_type real, void *out,
                           int64_t *label, struct error *error)
{
    const struct forward_input *input = argument;
    *label = 0;
    if (!input->pixels)
        return npy_read(input->array, position * input->elements, input->elements, real, out, error);
    uint8_t *bytes = mem_new((size_t)input->elements, 1);
    if (!bytes)
        return error_memory(error);
    status code = npy_read_bytes(input->array, position * input->elements, input->elements, bytes, error);
    if (code == STATUS_OK)
        normalize_pixels(input, bytes, real, out);
    mem_free(bytes);
    return code;
}
