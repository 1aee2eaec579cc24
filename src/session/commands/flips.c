/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flips: the images whose answer changed. */
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "session/commands/chosen.h"
#include "session/commands/measured.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

/* What became of an answer. */
enum flip { FLIP_LOST, FLIP_WON, FLIP_OTHER, FLIP_KINDS, FLIP_NONE };
static const char *const flip_words[FLIP_KINDS] = {"right to wrong", "wrong to right", "wrong to wrong"};

static enum flip flip_of(const struct answer *before, const struct answer *after)
{
    if (before->predicted == after->predicted)
        return FLIP_NONE;
    if (before->predicted == before->truth)
        return FLIP_LOST;
    return after->predicted == after->truth ? FLIP_WON : FLIP_OTHER;
}

struct flips {
    const struct call *call;
    struct sample sample;
    struct both_measured both;
    int64_t counts[FLIP_KINDS];
};

static const char *answer_name(const struct flips *flips, const struct answer *answer)
{
    const struct dataset *dataset = flips->call->session->state.dataset;
    return answer->predicted >= 0 && answer->predicted < dataset->classes
               ? dataset->class_names[answer->predicted]
               : NULL;
}

static void flip_row(struct figure *figure, const struct flips *flips, int64_t image, enum flip flip)
{
    const struct answer *before = &flips->both.first->answers[image],
                        *after = &flips->both.now->answers[image];
    table_number(figure, (double)flips->sample.records[image]);
    table_text(figure, flips->call->session->state.dataset->class_names[before->truth]);
    table_text(figure, answer_name(flips, before));
    table_number(figure, before->confidence);
    table_text(figure, answer_name(flips, after));
    table_number(figure, after->confidence);
    table_text(figure, flip_words[flip]);
}

static struct figure *flips_table(struct flips *flips, int64_t top)
{
    const struct session *session = flips->call->session;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "flips");
    int64_t shown = 0, all = 0;
    struct text images = {0};
    text_add_images(&images, flips->both.now->images, session->state.dataset->split);
    figure_title(figure, "Images that %s%s answers otherwise than as loaded: %s of %s",
                 model_title(session->state.model), session->state.pruning->removed_count ? ", masked," : "",
                 figure ? shown_words(figure, &images) : "", session->state.dataset->kind->name);
    text_free(&images);
    table_column(figure, "record", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "class", NULL, COLUMN_TEXT, 0);
    table_column(figure, "before", NULL, COLUMN_TEXT, 0);
    table_column(figure, "confidence before", NULL, COLUMN_PERCENT, 1);
    table_column(figure, "after", NULL, COLUMN_TEXT, 0);
    table_column(figure, "confidence after", NULL, COLUMN_PERCENT, 1);
    table_column(figure, "change", NULL, COLUMN_TEXT, 0);
    for (int64_t i = 0; i < flips->both.now->images; i++) {
        enum flip flip = flip_of(&flips->both.first->answers[i], &flips->both.now->answers[i]);
        if (flip == FLIP_NONE)
            continue;
        flips->counts[flip]++;
        all++;
        if (top && shown == top)
            continue;
        shown++;
        flip_row(figure, flips, i, flip);
    }
    if (figure && shown < all)
        figure_note(figure, "and %lld more: top= shows them", (long long)(all - shown));
    if (figure)
        figure_note(figure, "%lld right to wrong, %lld wrong to right, %lld wrong to wrong",
                    (long long)flips->counts[FLIP_LOST], (long long)flips->counts[FLIP_WON],
                    (long long)flips->counts[FLIP_OTHER]);
    return figure;
}

static void tell_flips(const struct flips *flips)
{
    struct text text = {0};
    text_add_format(
        &text, "%lld of %lld answers changed: %lld right to wrong, %lld wrong to right",
        (long long)(flips->counts[FLIP_LOST] + flips->counts[FLIP_WON] + flips->counts[FLIP_OTHER]),
        (long long)flips->both.now->images, (long long)flips->counts[FLIP_LOST],
        (long long)flips->counts[FLIP_WON]);
    reply_result(flips->call->reply, &text);
    text_free(&text);
}

static status run_flips(struct call *call, struct error *error)
{
    struct flips flips = {.call = call};
    const struct measuring measuring = {.call = call, .sample = &flips.sample};
    struct setting_value top;
    status code = model_fits(call->session->state.model, call->session->state.dataset, error);
    if (code == STATUS_OK && call->session->state.dataset->label_map)
        code = error_set(error, STATUS_UNSUPPORTED,
                         "every pixel has a label here: 'confusion' counts pixels, 'strip' shows them");
    if (code == STATUS_OK)
        code = call_value(call, "top", &top, error);
    if (code == STATUS_OK)
        code = call_sample(call, &flips.sample, error);
    if (code == STATUS_OK)
        code = measure_both(&measuring, &flips.both, error);
    if (code == STATUS_OK)
        code = reply_figure(call->reply, flips_table(&flips, top.integer), error);
    if (code == STATUS_OK)
        tell_flips(&flips);
    sample_free(&flips.sample);
    return code;
}

static const struct parameter flips_parameters[] = {
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "all", "images to use: a number, a share such as 5%, or all"},
    {"top", VALUE_INTEGER, PARAMETER_AUTO, 1, 1e9, NULL, "auto", "show the first so many only; auto: all"},
    PARAMETER_END,
};
static const int flips_options[] = {OPTION_ORDER,  OPTION_BALANCED,    OPTION_SEED,   OPTION_PRECISION,
                                    OPTION_KERNEL, OPTION_MICRO_BATCH, OPTION_MEMORY, OPTION_NONE};
static const struct example flips_examples[] = {
    {"prune l1 0.3; flips samples=200", "lists the images that pruning changes the answer of", false},
    EXAMPLE_END,
};

const struct command command_flips = {
    .name = "flips",
    .parameters = flips_parameters,
    .options = flips_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "the images whose answer changed",
    .text =
        "Lists the images that the network as it is now answers otherwise than the network as loaded: the "
        "record's number in the data set, its class, both answers with their confidence (the softmax of the "
        "largest logit), and whether a right answer was lost or won. What eval has found on the same images is "
        "used, and what is not known is measured.",
    .examples = flips_examples,
    .run = run_flips,
};
