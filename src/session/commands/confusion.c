/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion: which classes are taken for which. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "session/commands/chosen.h"
#include "session/commands/measured.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "view/figure.h"

enum { MATRIX_MOST = 50 }; /* classes that one can look at as a matrix */

/* Two classes and how often the first was taken for the second. */
struct pair {
    int truth, predicted;
    int64_t now, first;
};

struct confusion {
    const struct call *call;
    struct both_measured both;
    int classes;
    int64_t *now, *first; /* classes x classes: label, then answer */
    int64_t *images;      /* per class: images, or pixels where every one has a label */
    bool pixels;
    struct pair *pairs; /* off the diagonal, the worst first */
    int pair_count;
};

static void count_answers(const struct measurement *measurement, int classes, int64_t *counts,
                          int64_t *images)
{
    for (int64_t i = 0; i < measurement->images; i++) {
        const struct answer *answer = &measurement->answers[i];
        if (images)
            images[answer->truth]++;
        if (answer->predicted >= 0 && answer->predicted < classes)
            counts[(int64_t)answer->truth * classes + answer->predicted]++;
    }
}

static void count_pixels(const struct measurement *measurement, int classes, int64_t *counts, int64_t *pixels)
{
    for (int t = 0; t < classes; t++) {
        for (int p = 0; p < classes; p++) {
            const int64_t at = (int64_t)t * classes + p;
            counts[at] = measurement->confusion[at];
            if (pixels)
                pixels[t] += counts[at];
        }
    }
}

/* By how often it happens, then by the classes. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->now != y->now)
        return x->now > y->now ? -1 : 1;
    if (x->truth != y->truth)
        return x->truth < y->truth ? -1 : 1;
    return (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static status count_confusion(struct confusion *work, struct error *error)
{
    const size_t classes = (size_t)work->classes;
    size_t cells;
    if (!size_multiply(classes, classes, &cells))
        return error_memory(error);
    work->now = mem_new(cells, sizeof *work->now);
    work->first = mem_new(cells, sizeof *work->first);
    work->images = mem_new(classes, sizeof *work->images);
    work->pairs = mem_new(cells, sizeof *work->pairs);
    if (!work->now || !work->first || !work->images || !work->pairs)
        return error_memory(error);
    (work->pixels ? count_pixels : count_answers)(work->both.now, work->classes, work->now, work->images);
    (work->pixels ? count_pixels : count_answers)(work->both.first, work->classes, work->first, NULL);
    for (int t = 0; t < work->classes; t++) {
        for (int p = 0; p < work->classes; p++) {
            const size_t at = (size_t)t * classes + (size_t)p;
            if (t != p && (work->now[at] || work->first[at]))
                work->pairs[work->pair_count++] = (struct pair){t, p, work->now[at], work->first[at]};
        }
    }
    qsort(work->pairs, (size_t)work->pair_count, sizeof *work->pairs, compare_pairs);
    return STATUS_OK;
}

static void confusion_title(const struct confusion *work, struct figure *figure, const char *what)
{
    const struct session *session = work->call->session;
    struct text images = {0};
    text_add_images(&images, work->both.now->images, session->state.dataset->split);
    figure_title(figure, "%s of %s%s on %s of %s", what, model_title(session->state.model),
                 session->state.pruning->removed_count ? ", masked," : "", shown_words(figure, &images),
                 session->state.dataset->kind->name);
    text_free(&images);
}

static struct figure *confusion_matrix(const struct confusion *work, bool counts)
{
    const struct dataset *dataset = work->call->session->state.dataset;
    const size_t classes = (size_t)work->classes;
    struct figure *figure = shown_figure(work->call->session, FIGURE_MATRIX, "confusion");
    double *values = mem_new(classes * classes, sizeof *values), most = 1;
    for (size_t i = 0; values && i < classes * classes; i++) {
        const double images = (double)work->images[i / classes];
        values[i] = counts ? (double)work->now[i] : images > 0 ? (double)work->now[i] / images : NAN;
        most = counts ? fmax(most, values[i]) : 1;
    }
    confusion_title(work, figure,
                    !counts        ? "Answers by label, each row is a class"
                    : work->pixels ? "Pixels by label and answer"
                                   : "Images by label and answer");
    if (figure && values) {
        figure_set_matrix(figure, work->classes, work->classes, (const char *const *)dataset->class_names,
                          (const char *const *)dataset->class_names, values, 0, most, counts ? 0 : 1,
                          !counts        ? work->pixels ? "share of the pixels of the class"
                                                        : "share of the images of the class"
                          : work->pixels ? "pixels"
                                         : "images");
        if (!counts)
            figure_set_percent(figure);
    } else if (figure) {
        figure->failed = true;
    }
    mem_free(values);
    return figure;
}

static struct figure *worst_table(const struct confusion *work, int64_t top)
{
    const struct session *session = work->call->session;
    char *const *names = session->state.dataset->class_names;
    const bool changed = work->both.first != work->both.now;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "confusion_pairs");
    confusion_title(work, figure, "Classes that are taken for others: the answers");
    table_column(figure, "class", NULL, COLUMN_TEXT, 0);
    table_column(figure, "taken for", NULL, COLUMN_TEXT, 0);
    table_column(figure, work->pixels ? "pixels" : "images", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "of the class", NULL, COLUMN_PERCENT, 1);
    if (changed) {
        table_column(figure, "as loaded", NULL, COLUMN_INTEGER, 0);
        table_column(figure, "change", NULL, COLUMN_INTEGER, 0);
    }
    for (int i = 0; i < work->pair_count && i < top; i++) {
        const struct pair *pair = &work->pairs[i];
        table_text(figure, names[pair->truth]);
        table_text(figure, names[pair->predicted]);
        table_number(figure, (double)pair->now);
        table_number(figure, (double)pair->now / (double)work->images[pair->truth]);
        if (changed) {
            table_number(figure, (double)pair->first);
            table_number(figure, (double)(pair->now - pair->first));
        }
    }
    if (figure && work->pair_count > top)
        figure_note(figure, "and %lld more pairs: top= shows them", (long long)(work->pair_count - top));
    if (figure && work->both.now->unanswered)
        figure_note(figure, "%lld images have logits that are not numbers: they have no answer",
                    (long long)work->both.now->unanswered);
    return figure;
}

static void tell_worst(const struct confusion *work)
{
    char *const *names = work->call->session->state.dataset->class_names;
    const struct pair *worst = work->pairs;
    struct text text = {0};
    if (work->pair_count == 0)
        text_add(&text, "no class is taken for another");
    else
        text_add_format(&text, "most often %s is taken for %s: %lld of %lld %s", names[worst->truth],
                        names[worst->predicted], (long long)worst->now, (long long)work->images[worst->truth],
                        work->pixels ? "pixels" : "images");
    reply_result(work->call->reply, &text);
    text_free(&text);
}

static status show_confusion(struct call *call, struct confusion *work, struct error *error)
{
    struct setting_value top, counts;
    status code = call_value(call, "top", &top, error);
    if (code == STATUS_OK)
        code = call_value(call, "counts", &counts, error);
    if (code == STATUS_OK)
        code = count_confusion(work, error);
    if (code == STATUS_OK && work->classes <= MATRIX_MOST)
        code = reply_figure(call->reply, confusion_matrix(work, counts.integer != 0), error);
    if (code == STATUS_OK)
        code = reply_figure(call->reply, worst_table(work, top.integer), error);
    if (code == STATUS_OK)
        tell_worst(work);
    mem_free(work->now);
    mem_free(work->first);
    mem_free(work->images);
    mem_free(work->pairs);
    return code;
}

static status run_confusion(struct call *call, struct error *error)
{
    struct sample sample = {0};
    const struct dataset *dataset = call->session->state.dataset;
    struct confusion work = {.call = call, .classes = dataset->classes, .pixels = dataset->label_map};
    const struct measuring measuring = {.call = call, .sample = &sample};
    status code = model_fits(call->session->state.model, call->session->state.dataset, error);
    if (code == STATUS_OK)
        code = call_sample(call, &sample, error);
    if (code == STATUS_OK)
        code = measure_both(&measuring, &work.both, error);
    if (code == STATUS_OK)
        code = show_confusion(call, &work, error);
    sample_free(&sample);
    return code;
}

static const struct parameter confusion_parameters[] = {
    {"samples", VALUE_SIZE, 0, 0, 0, NULL, "all", "images to use: a number, a share such as 5%, or all"},
    {"top", VALUE_INTEGER, 0, 1, 1e6, NULL, "20", "pairs of classes to show, the most frequent first"},
    {"counts", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "numbers of images or pixels in the matrix, not shares of the class"},
    PARAMETER_END,
};
static const int confusion_options[] = {OPTION_ORDER,  OPTION_BALANCED,    OPTION_SEED,   OPTION_PRECISION,
                                        OPTION_KERNEL, OPTION_MICRO_BATCH, OPTION_MEMORY, OPTION_NONE};
static const struct example confusion_examples[] = {
    {"confusion samples=200", "shows which classes are taken for which", false},
    {"confusion samples=200 counts=yes > confusion.csv", "writes numbers of images to a file", false},
    EXAMPLE_END,
};

const struct command command_confusion = {
    .name = "confusion",
    .parameters = confusion_parameters,
    .options = confusion_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "which classes are taken for which",
    .text =
        "Shows the answers of the network for the images of each class: as a matrix with a row for each class, "
        "up to fifty of them, and as a list of the pairs of classes that are mixed up most often, beside how "
        "often the network as loaded does so. Where every pixel has a label, pixels are counted. What eval has found on the same images is used, and what is not "
        "known is measured.",
    .examples = confusion_examples,
    .run = run_confusion,
};
