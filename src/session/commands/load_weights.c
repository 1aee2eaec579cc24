/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/commands/load_weights.h"

#include <string.h>

#include "architecture/fit.h"
#include "architecture/identify.h"
#include "architecture/table.h"
#include "base/file.h"
#include "base/status.h"
#include "base/text.h"
#include "checkpoint/checkpoint.h"
#include "nn/graph/tensor.h"
#include "session/model.h"
#include "session/networks.h"
#include "session/reply.h"
#include "session/shown.h"
#include "view/figure.h"
#include "view/style.h"

/* --- what fits ------------------------------------------------------------------------------------------ */

static void tell_others(const struct identification *found, struct reply *reply)
{
    struct text names = {0};
    for (int i = 0; i < found->other_count; i++)
        text_add_format(&names, "%s%s", i ? ", " : "", found->others[i]);
    if (found->other_count)
        reply_add(reply, STYLE_NOTE, "the weights fit these too, which as= chooses: %s",
                  reply_text(reply, &names));
    text_free(&names);
}

static void tell_checkpoint(const struct checkpoint *checkpoint, struct reply *reply)
{
    for (int i = 0; i < checkpoint->note_count; i++)
        reply_add(reply, STYLE_NOTE, "%s", checkpoint->notes[i]);
    if (*checkpoint->place || *checkpoint->prefix) {
        struct text text = {0};
        text_add(&text, "its weights");
        if (*checkpoint->place)
            text_add_format(&text, " stand under %s", checkpoint->place);
        if (*checkpoint->prefix)
            text_add_format(&text, "%s begin with %s, which is left out", *checkpoint->place ? " and" : "",
                            checkpoint->prefix);
        struct text shown = {0};
        text_add_escaped(&shown, text_data(&text), 0);
        reply_add(reply, STYLE_NOTE, "%s", reply_text(reply, &shown));
        text_free(&shown);
        text_free(&text);
    }
}

/* "resnet56.th: cifar-resnet56 (ResNet-56 ...), names of akamaster" */
static void tell_fit(const struct identification *found, const char *path, struct reply *reply)
{
    const struct fit *fit = found->fit;
    struct text text = {0};
    text_add_escaped(&text, path_base(path), 0);
    text_add_format(&text, ": %s (%s)", fit->architecture->name, fit->architecture->title);
    if (*fit->naming->by)
        text_add_format(&text, ", names of %s", fit->naming->by);
    reply_line(reply, "%s", reply_text(reply, &text));
    text_free(&text);
    if (fit->verdict == FIT_CHANNELS)
        reply_add(reply, STYLE_NOTE,
                  "%d parameters are %s than described: numbers of channels are the file's", fit->different,
                  fit->narrower ? "narrower" : "of other sizes");
    if (fit->verdict == FIT_CHANNELS && fit->recorded)
        reply_add(reply, STYLE_NOTE, "channels of zeros in its shortcuts are as the file records them");
    if (fit->extras) {
        struct text name = {0};
        text_add_escaped(&name, fit_first_extra(fit), 0);
        reply_add(reply, STYLE_NOTE, "%d parameter%s not used, which training alone needs: %s%s", fit->extras,
                  fit->extras > 1 ? "s are" : " is", reply_text(reply, &name),
                  fit->extras > 1 ? " and others" : "");
        text_free(&name);
    }
}

/* --- what does not fit ---------------------------------------------------------------------------------- */

enum { MOST_ROWS = 5 }; /* of each kind */

struct rows {
    struct figure *figure;
    int shown[DIFFERENCE_KINDS], count[DIFFERENCE_KINDS];
};

static void shape_cell(struct figure *figure, const struct shape *shape)
{
    struct text text = {0};
    if (shape)
        shape_text(shape, &text);
    table_text(figure, shape ? shown_words(figure, &text) : NULL);
    text_free(&text);
}

static bool add_row(void *argument, const struct difference *difference)
{
    static const char *const words[] = {"missing", "unexpected", "different"};
    struct rows *rows = argument;
    rows->count[difference->kind]++;
    if (rows->shown[difference->kind] == MOST_ROWS)
        return true;
    rows->shown[difference->kind]++;
    struct text name = {0};
    text_add_escaped(&name, difference->name, 0);
    table_text(rows->figure, words[difference->kind]);
    table_text(rows->figure, shown_words(rows->figure, &name));
    shape_cell(rows->figure, difference->described);
    shape_cell(rows->figure, difference->given);
    text_free(&name);
    return true;
}

static void add_rest(const struct rows *rows)
{
    static const char *const words[] = {"missing", "unexpected", "different"};
    for (int kind = 0; kind < DIFFERENCE_KINDS; kind++) {
        if (rows->count[kind] > rows->shown[kind])
            figure_note(rows->figure, "and %d more that are %s", rows->count[kind] - rows->shown[kind],
                        words[kind]);
    }
}

static status show_differences(const struct call *call, const struct fit *fit, struct error *error)
{
    struct rows rows = {.figure = figure_new(FIGURE_TABLE, "differences")};
    figure_title(rows.figure, "What does not fit %s%s%s", fit->architecture->name,
                 *fit->naming->by ? " in the names of " : "", fit->naming->by);
    table_column(rows.figure, "parameter is", NULL, COLUMN_TEXT, 0);
    table_column(rows.figure, "name", NULL, COLUMN_TEXT, 0);
    table_column(rows.figure, "described", NULL, COLUMN_TEXT, 0);
    table_column(rows.figure, "in the file", NULL, COLUMN_TEXT, 0);
    fit_differences(fit, add_row, &rows);
    add_rest(&rows);
    call->reply->explains = true;
    return reply_figure(call->reply, rows.figure, error);
}

/* One line that says how far the nearest one is. */
static status refuse(const struct call *call, const struct identification *found, const char *as,
                     const char *path, struct error *error)
{
    const struct fit *fit = found->fit;
    status code = show_differences(call, fit, error);
    if (code != STATUS_OK)
        return code;
    struct text why = {0};
    if (fit->missing || fit->unexpected)
        text_add_format(&why, "of its parameters %d are missing, %d unexpected, %d different", fit->missing,
                        fit->unexpected, fit->different);
    else
        text_add(&why, fit->why.message);
    if (as)
        error_set(error, STATUS_FILE, "%s: not %s: %s", path, as, text_data(&why));
    else
        error_set(error, STATUS_FILE, "%s: no network that is known has these weights; nearest is %s: %s",
                  path, fit->architecture->name, text_data(&why));
    text_free(&why);
    return error->code;
}

/* --- the command ---------------------------------------------------------------------------------------- */

static status identify(const struct call *call, struct checkpoint *checkpoint,
                       const struct architecture_list *list, struct identification *found,
                       struct error *error)
{
    const struct setting *input = call_setting(call, "input");
    int64_t size[2] = {0, 0};
    status code = input ? image_size_parse(input->value.text, size, error) : STATUS_OK;
    return code == STATUS_OK ? architecture_identify(list, checkpoint, size, found, error) : code;
}

status known_networks_for(const struct call *call, const char *as, struct architecture_list *list,
                          struct error *error)
{
    struct text problems = {0};
    status code = networks_bring(call->session, &problems, error);
    if (code == STATUS_OK)
        code = networks_named(as, list, error);
    for (char *rest = problems.data, *line; code == STATUS_OK && rest && (line = strsep(&rest, "\n"));) {
        if (*line)
            reply_add(call->reply, STYLE_NOTE, "%s", line);
    }
    text_free(&problems);
    return code;
}

static status take(struct call *call, const struct identification *found, const char *as, const char *path,
                   struct model **model, struct error *error)
{
    if (found->fit->verdict == FIT_NONE)
        return refuse(call, found, as, path, error);
    status code = model_load_fit(path, found->fit, model, error);
    if (code != STATUS_OK)
        return code;
    tell_fit(found, path, call->reply);
    tell_checkpoint(found->fit->checkpoint, call->reply);
    tell_others(found, call->reply);
    return STATUS_OK;
}

status load_weights(struct call *call, const char *path, struct model **model, struct error *error)
{
    const struct setting *setting = call_setting(call, "as");
    const char *as = setting ? setting->value.text : NULL;
    struct architecture_list list = {0};
    struct identification found = {0};
    struct checkpoint *checkpoint = NULL;
    status code = known_networks_for(call, as, &list, error);
    if (code == STATUS_OK)
        code = checkpoint_read(path, &checkpoint, error);
    if (code == STATUS_OK)
        code = identify(call, checkpoint, &list, &found, error);
    if (code == STATUS_OK)
        code = take(call, &found, as, path, model, error);
    identification_end(&found);
    checkpoint_free(checkpoint);
    architecture_list_free(&list);
    return code;
}
