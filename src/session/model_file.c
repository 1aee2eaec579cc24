/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/model_file.h"

#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/graph/graph.h"
#include "nn/simplify/adapt.h"
#include "onnx/onnx.h"

static const size_t model_size_limit = (size_t)1 << 31; /* protobuf's own limit */

/* A file on its way to being a network. */
struct intake {
    const struct model_wishes *wishes;
    struct graph *graph;
    struct text notes, lacks; /* lines */
    struct text also;         /* what makes another network of the same file */
    struct error *error;
};

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

/* --- the file ------------------------------------------------------------------------------------------- */

/* Digests beside the reading: a large model takes about as long to hash as to parse. */
static status read_bytes(struct intake *intake, const char *path, char digest[DIGEST_SIZE])
{
    unsigned char *data;
    size_t size;
    struct onnx_reading how = {.partial = intake->wishes->partial};
    status code = file_read(path, model_size_limit, &data, &size, intake->error);
    if (code != STATUS_OK)
        return code;
    struct digest_job job;
    digest_start(&job, data, size);
    code = onnx_read_model(path, data, size, &how, &intake->graph, intake->error);
    digest_finish(&job, digest);
    mem_free(data);
    if (code == STATUS_OK && *how.digest) {
        text_add(&intake->notes, "parameters are kept in files beside it, and read from there\n");
        code = network_name(digest, how.digest, strlen(how.digest), digest, intake->error);
    }
    return code;
}

/* --- what is read otherwise ----------------------------------------------------------------------------- */

static status settle_training(struct intake *intake)
{
    int count;
    if (adapt_training(intake->graph, &count, intake->error) != STATUS_OK)
        return intake->error->code;
    if (count > 0)
        text_add_format(&intake->notes,
                        "%d node%s in the file in training mode: read as in evaluation, by the statistics "
                        "that the file has\n",
                        count, count == 1 ? " is" : "s are");
    return STATUS_OK;
}

static status settle_quantised(struct intake *intake)
{
    struct quantised found;
    if (adapt_quantised(intake->graph, &found, intake->error) != STATUS_OK)
        return intake->error->code;
    if (found.constants + found.pairs > 0)
        text_add_format(&intake->notes,
                        "a quantised network, read as the one in floating point that it stands for: "
                        "%d constant%s dequantised, %d pair%s of QuantizeLinear and DequantizeLinear passed "
                        "over\n",
                        found.constants, plural(found.constants), found.pairs, plural(found.pairs));
    if (found.rectifiers > 0)
        text_add_format(&intake->notes, "%d of these pairs cut%s off what is below 0: read as Relu\n",
                        found.rectifiers, found.rectifiers == 1 ? "s" : "");
    return STATUS_OK;
}

static status settle_images(struct intake *intake)
{
    const struct image_size *size = &intake->wishes->size;
    struct image_findings found;
    if (adapt_images(intake->graph, size, &found, intake->error) != STATUS_OK)
        return intake->error->code;
    const struct graph *graph = intake->graph;
    const int64_t *dim = graph->input_count == 1 ? graph->values[graph->inputs[0]].shape.dim : NULL;
    if (intake->wishes->size_is_said && !found.open &&
        (!dim || dim[2] != size->height || dim[3] != size->width))
        return error_set(intake->error, STATUS_UNSUPPORTED,
                         "the file fixes its images at %lldx%lld: size= is for files that leave it open",
                         dim ? (long long)dim[2] : 0, dim ? (long long)dim[3] : 0);
    if (found.open)
        text_add_format(&intake->also, " %lldx%lld", (long long)dim[2], (long long)dim[3]);
    if (found.open && !intake->wishes->size_is_said)
        text_add_format(&intake->notes,
                        "the file leaves the size of its images open: %lldx%lld, as the data set's are, "
                        "unless size= says another\n",
                        (long long)dim[2], (long long)dim[3]);
    if (graph->channels_last)
        text_add(&intake->notes,
                 "the file's images have their channels last: it is handed them so, and saved so\n");
    if (found.integers)
        text_add(&intake->notes,
                 "the file takes its images as integers: here, and when it is saved, it takes real "
                 "numbers, which are to be as large (normalize=)\n");
    return STATUS_OK;
}

static status settle_end(struct intake *intake)
{
    struct graph *rest;
    struct cut_end end;
    if (!intake->wishes->partial)
        return STATUS_OK;
    if (adapt_end(intake->graph, &rest, &end, intake->error) != STATUS_OK)
        return intake->error->code;
    if (!rest)
        return STATUS_OK;
    graph_free(intake->graph);
    intake->graph = rest;
    text_add(&intake->also, " cut");
    text_add_format(&intake->lacks, "%d node%s from the first that is not supported on: %s\n", end.nodes,
                    plural(end.nodes), end.reason.message);
    return STATUS_OK;
}

/* --- all of it ------------------------------------------------------------------------------------------ */

/* Owned by the caller; NULL for no lines. */
static status take_lines(const struct text *lines, char **out, struct error *error)
{
    *out = NULL;
    if (lines->failed)
        return error_memory(error);
    if (lines->length)
        *out = mem_format("%.*s", (int)lines->length - 1, text_data(lines));
    return lines->length && !*out ? error_memory(error) : STATUS_OK;
}

static status name_network(const struct intake *intake, struct model *model, struct error *error)
{
    memcpy(model->network, model->digest, sizeof model->network);
    if (intake->also.failed)
        return error_memory(error);
    if (intake->also.length == 0)
        return STATUS_OK;
    return network_name(model->digest, text_data(&intake->also), intake->also.length, model->network, error);
}

status model_read_file(struct model *model, const char *path, const struct model_wishes *wishes,
                       struct graph **graph, struct error *error)
{
    status (*const parts[])(struct intake *) = {settle_training, settle_quantised, settle_images, settle_end};
    struct intake intake = {.wishes = wishes, .error = error};
    status code = read_bytes(&intake, path, model->digest);
    for (size_t i = 0; code == STATUS_OK && i < sizeof parts / sizeof *parts; i++)
        code = parts[i](&intake);
    if (code == STATUS_OK)
        code = name_network(&intake, model, error);
    if (code == STATUS_OK)
        code = take_lines(&intake.notes, &model->notes, error);
    if (code == STATUS_OK)
        code = take_lines(&intake.lacks, &model->lacks, error);
    text_free(&intake.notes);
    text_free(&intake.lacks);
    text_free(&intake.also);
    *graph = intake.graph;
    return code;
}
