/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/pass_loss.h"

#include <string.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "nn/engine/quality.h"
#include "session/model.h"
#include "session/recipe.h"

/* Where labels are looked at, the network must classify images (pixels false) or their pixels. */
static const struct {
    enum aim_kind kind;
    bool labels, pixels;
} rows[] = {
    [LOSS_CLASSIFICATION] = {AIM_LABELS, true, false},
    [LOSS_PIXELS] = {AIM_LABELS, true, true},
    [LOSS_SUM] = {AIM_SUM, false, false},
    [LOSS_L2] = {AIM_SQUARES, false, false},
    [LOSS_FILE] = {AIM_FUNCTION, false, false},
};

status pass_loss_of(const struct options *options, const struct model *model, struct pass_loss *loss,
                    struct error *error)
{
    const struct setting_value *value = &options->value[OPTION_LOSS];
    const bool pixels = model->classes && model_measure(model) == QUALITY_MEAN_IOU;
    memset(loss, 0, sizeof *loss);
    if (value->integer == LOSS_AUTO) {
        loss->kind = model->classes ? AIM_LABELS : AIM_NONE;
        return STATUS_OK;
    }
    if (rows[value->integer].labels && (!model->classes || pixels != rows[value->integer].pixels))
        return error_set(error, STATUS_SHAPE, "loss=%s: the network %s does not classify %s", value->text,
                         model->name, rows[value->integer].pixels ? "pixels" : "images as a whole");
    loss->kind = rows[value->integer].kind;
    if (loss->kind != AIM_FUNCTION)
        return STATUS_OK;
    memcpy(loss->file, value->text, strlen(value->text) + 1); /* of the same size */
    return file_digest(loss->file, RECIPE_LIMIT, loss->digest, error);
}

bool pass_loss_equal(const struct pass_loss *a, const struct pass_loss *b)
{
    return a->kind == b->kind && strcmp(a->digest, b->digest) == 0;
}

status pass_loss_fits(const struct pass_loss *loss, const struct model *model, const struct dataset *dataset,
                      struct error *error)
{
    return loss->kind == AIM_LABELS ? model_fits(model, dataset, error) : model_takes(model, dataset, error);
}

bool loss_is_named(const struct pass_loss *loss)
{
    return loss->kind != AIM_LABELS && loss->kind != AIM_NONE;
}

void text_add_loss(struct text *text, const struct pass_loss *loss)
{
    if (loss->kind == AIM_FUNCTION)
        text_add_escaped(text, path_base(loss->file), 0);
    else
        text_add(text, loss->kind == AIM_SUM ? "sum" : "l2");
}

static status ask(void *argument, const struct aim_image *image, double *loss, struct error *error)
{
    const struct open_loss *open = argument;
    const struct recipe_program *program = open->program;
    return program->loss_value(program->argument, open->function, open->progress, image, loss, error);
}

status pass_loss_open(const struct pass_loss *loss, const struct recipe_program *program,
                      struct progress *progress, struct open_loss *open, struct error *error)
{
    *open = (struct open_loss){.aim = {.kind = loss->kind, .function = ask, .argument = open},
                               .program = program,
                               .progress = progress};
    if (loss->kind != AIM_FUNCTION)
        return STATUS_OK;
    if (!program || !program->loss_open)
        return error_set(error, STATUS_STATE,
                         "the loss %s is a program, which is not run from here: that of a session file is "
                         "with programs=yes",
                         loss->file);
    return program->loss_open(program->argument, loss->file, &open->function, error);
}

void open_loss_close(struct open_loss *open)
{
    if (open->function)
        open->program->loss_close(open->program->argument, open->function);
    open->function = NULL;
}
