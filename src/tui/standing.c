/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the status line. */
#include "tui/standing.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "nn/engine/quality.h"
#include "prune/cost.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/ratio.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "tui/layer_tree.h"
#include "view/cells/canvas.h"

/* Nothing is added where the network was never evaluated. */
static void add_accuracy(const struct explorer *explorer, struct text *text)
{
    const struct session *session = explorer->session;
    const char *original = model_original(session->state.model)->network;
    const struct measurements *all = &session->measurements;
    const struct measurement *now = measurements_find(all, session->state.pruning->network, NULL);
    const struct measurement *first = measurements_find(all, original, now ? &now->on : NULL);
    if (!now && !first)
        return;
    text_add_format(text, "%s ", quality_words(model_measure(session->state.model))->brief);
    if (first && first != now)
        text_add_format(text, "%.1f to ", 100 * first->value);
    if (now)
        text_add_format(text, "%.1f %%", 100 * now->value);
    else
        text_add(text, "? %");
}

static void add_saving(const char *what, double before, double after, struct text *text)
{
    if (before == after)
        return;
    text_add_format(text, "%s ", what);
    text_add_percent_change(text, before, after);
}

static const struct cost *cost_now(const struct explorer *explorer)
{
    return pruning_cost(explorer->session->state.pruning, explorer->session->state.model);
}

static void add_macs(const struct explorer *explorer, struct text *text)
{
    add_saving("MACs", model_original(explorer->session->state.model)->cost.macs, cost_now(explorer)->macs,
               text);
}

static void add_parameters(const struct explorer *explorer, struct text *text)
{
    add_saving("params", (double)model_original(explorer->session->state.model)->cost.parameters,
               (double)cost_now(explorer)->parameters, text);
}

static void add_selected(const struct explorer *explorer, struct text *text)
{
    const struct pruning *pruning = explorer->session->state.pruning;
    int64_t cut = explorer->session->state.model->cost.channels - cost_now(explorer)->channels;
    if (pruning->how)
        text_add_format(text, "%lld cut by %s", (long long)cut, pruning->rule.criterion);
    else
        text_add(text, "nothing cut");
}

static void add_criterion(const struct explorer *explorer, struct text *text)
{
    const char *label = explorer_criterion(explorer);
    const struct pruning *pruning = explorer->session->state.pruning;
    if (label && !(pruning->how && strcmp(label, pruning->rule.criterion) == 0))
        text_add_format(text, "by %s", label);
}

static void add_ratio(const struct explorer *explorer, struct text *text)
{
    const struct session *session = explorer->session;
    const struct layer_row *row = layer_tree_current(&explorer->layers);
    double low = INFINITY, high = -INFINITY;
    for (int i = row ? row->first : 0; row && i < row->first + row->count; i++) {
        if (session->state.model->layers->items[i].output_layer)
            continue;
        low = fmin(low, layer_ratio(&session->state, i));
        high = fmax(high, layer_ratio(&session->state, i));
    }
    if (low > high)
        return;
    text_add(text, "ratio ");
    text_add_double(text, low);
    if (high > low) {
        text_add(text, " to ");
        text_add_double(text, high);
    }
}

static void add_model(const struct explorer *explorer, struct text *text)
{
    text_add_escaped(text, model_title(explorer->session->state.model), 40);
}

static void add_data(const struct explorer *explorer, struct text *text)
{
    const struct dataset *dataset = explorer->session->state.dataset;
    if (dataset)
        text_add_format(text, "%s %s", dataset->kind->name, dataset->split);
}

void text_add_standing(struct text *text, const struct explorer *explorer, int width)
{
    static void (*const parts[])(const struct explorer *explorer, struct text *text) = {
        add_accuracy, add_macs, add_parameters, add_selected, add_criterion, add_ratio, add_model, add_data};
    if (!explorer->session->state.model) {
        add_data(explorer, text);
        text_add_format(text, "%sno network yet", text->length ? " · " : "");
        return;
    }
    struct text part = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        text_clear(&part);
        parts[i](explorer, &part);
        if (!part.length || utf8_width(text_data(text)) + utf8_width(text_data(&part)) + 3 > width)
            continue;
        text_add_format(text, "%s%s", text->length ? " · " : "", text_data(&part));
    }
    text->failed |= part.failed;
    text_free(&part);
}
