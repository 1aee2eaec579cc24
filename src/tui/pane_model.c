/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Model: what the network costs and how well it does, before and after, and what the ratios would leave. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "nn/engine/quality.h"
#include "session/live.h"
#include "session/measurement.h"
#include "session/model.h"
#include "session/pruning.h"
#include "session/shown.h"
#include "session/what_if.h"
#include "session/words/panes.h"
#include "tui/grid.h"
#include "tui/pane.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { LABEL = 12, LABEL_SHORT = 9, ROOMY = 46, FORMS = 5 };

struct model_view {
    int top; /* the first row shown */
};

struct card {
    struct canvas *grid;
    const struct rect *room;
    int line, top;
};

/* One value in several forms, from the one that tells most to the one that takes least. */
struct forms {
    struct text text[FORMS];
    int count;
};

static struct text *next_form(struct forms *forms)
{
    return &forms->text[forms->count++];
}

static void forms_of(struct forms *forms, const char *long_form, const char *short_form)
{
    text_add(next_form(forms), long_form);
    if (short_form)
        text_add(next_form(forms), short_form);
}

/* The first form that fits behind the label; a label gives up its column before a value loses anything. What
 * fits in no form loses its end: the shortest is a name, or the room is less than a pane needs. Returns which
 * form is shown. */
static int row(struct card *card, const char *label, enum cell_style style, struct forms *forms)
{
    const int width = card->room->width, line = card->line++ - card->top;
    const int column = width >= ROOMY ? LABEL : LABEL_SHORT, least = grid_width_of(card->grid, label) + 1;
    int form = 0, needed = 0;
    for (; form < forms->count; form++) {
        needed = grid_width_of(card->grid, text_data(&forms->text[form]));
        if ((column > least ? column : least) + needed <= width || (form && least + needed <= width))
            break;
    }
    form = form < forms->count ? form : forms->count - 1;
    int start = column + needed <= width ? column : width - needed;
    if (line >= 0 && line < card->room->height) {
        grid_text(card->grid, card->room, line, 0, STYLE_HEADER, label);
        draw_cut(card->grid, card->room, line, start > least ? start : least, style,
                 text_data(&forms->text[form]));
    }
    for (int i = 0; i < forms->count; i++)
        text_free(&forms->text[i]);
    return form;
}

static void add_amount(struct text *text, double amount, bool si)
{
    if (si)
        text_add_si(text, amount, 3);
    else
        text_add_thousands(text, (int64_t)amount);
}

/* "853,018 to 601,234 (-29.5 %)", "601,234 -29.5 %", "601 k -29.5 %". */
static void cost_row(struct card *card, const char *label, double before, double after, bool si)
{
    struct forms forms = {0};
    text_add_change(next_form(&forms), before, after, si);
    for (int i = si; i < 2; i++) {
        struct text *text = next_form(&forms);
        add_amount(text, after, i > 0);
        if (before != after) {
            text_add(text, " ");
            text_add_percent_change(text, before, after);
        }
    }
    row(card, label, STYLE_NUMBER, &forms);
}

/* What an evaluation that goes on has found so far. */
static void live_row(struct card *card, const struct explorer *explorer)
{
    const struct live_snapshot *snapshot = explorer->snapshot;
    struct forms forms = {0};
    struct text found = {0};
    if (!snapshot || snapshot->kind != LIVE_ACCURACY)
        return;
    if (isnan(snapshot->accuracy)) {
        text_add(&found, "no numbers");
    } else {
        text_add_rounded(&found, 100 * snapshot->accuracy, 4);
        text_add(&found, " +- ");
        text_add_rounded(&found, 100 * snapshot->accuracy_error, 2);
        text_add(&found, " %");
    }
    text_add_format(next_form(&forms), "%s so far: %s", text_data(&found), snapshot->progress);
    forms_of(&forms, text_data(&found), NULL);
    text_free(&found);
    row(card, "now", STYLE_NUMBER, &forms);
}

static void short_forms(struct forms *forms, const struct measurement *measurement)
{
    if (measurement->unanswered == measurement->images) {
        text_add(next_form(forms), "no numbers");
        return;
    }
    for (int source = measurement->restored; source >= 0; source--) {
        struct text *text = next_form(forms);
        text_add_rounded(text, 100 * measurement->value, 3);
        text_add(text, " +- ");
        text_add_rounded(text, 100 * measurement->error, 2);
        text_add(text, source ? " % (session file)" : " %");
    }
}

static void change_row(struct card *card, const struct measurement *first, const struct measurement *now)
{
    double change = now && first ? 100 * (now->value - first->value) : NAN;
    struct text found = {0};
    struct forms forms = {0};
    if (isnan(change) || first == now)
        return;
    text_add(&found, change > 0 ? "+" : "");
    text_add_rounded(&found, change, 3);
    text_add(&found, " +- ");
    text_add_rounded(&found, 100 * measurement_difference_error(first, now), 2);
    text_add_format(next_form(&forms), "%s points against the baseline", text_data(&found));
    text_add_format(next_form(&forms), "%s points", text_data(&found));
    forms_of(&forms, text_data(&found), NULL);
    text_free(&found);
    row(card, "change", change < 0 ? STYLE_NEGATIVE : STYLE_POSITIVE, &forms);
}

static void accuracy_rows(struct card *card, const struct session *session)
{
    const struct measurements *all = &session->measurements;
    const struct measurement *now = measurements_find(all, session->state.pruning->network, NULL);
    const char *original = model_original(session->state.model)->network;
    const struct measurement *first = measurements_find(all, original, now ? &now->on : NULL);
    const struct quality_words *measure = quality_words(model_measure(session->state.model));
    struct forms forms = {0}, baseline = {0};
    text_add_accuracy(next_form(&forms), session);
    if (now)
        short_forms(&forms, now);
    else if (first)
        forms_of(&forms, "stale", NULL);
    if (row(card, measure->card, now ? STYLE_NUMBER : STYLE_NOTE, &forms) > 1 && now && now->restored) {
        struct forms from = {0};
        forms_of(&from, "session file", NULL);
        row(card, "from the", STYLE_NOTE, &from);
    }
    change_row(card, first, now);
    if (!first || first == now)
        return;
    text_add_baseline(next_form(&baseline), session);
    short_forms(&baseline, first);
    row(card, "baseline", STYLE_NUMBER, &baseline);
}

static void selection_row(struct card *card, const struct explorer *explorer)
{
    const struct pruning *pruning = explorer->session->state.pruning;
    struct forms forms = {0};
    struct text count = {0};
    text_add_thousands(&count, pruning->removed_count);
    if (pruning->removed_count) {
        text_add_format(next_form(&forms), "%s channels by %s", text_data(&count), pruning->how);
        text_add_format(next_form(&forms), "%s channels by %s", text_data(&count), pruning->rule.criterion);
        text_add_format(next_form(&forms), "%s by %s", text_data(&count), pruning->rule.criterion);
        text_add_format(next_form(&forms), "%s channels", text_data(&count));
        forms_of(&forms, text_data(&count), NULL);
    } else {
        forms_of(&forms,
                 explorer->session->state.board->count ? "nothing: prune CRITERION RATIO"
                                                       : "nothing: score first",
                 "nothing yet");
    }
    text_free(&count);
    row(card, "selected", pruning->removed_count ? STYLE_PLAIN : STYLE_NOTE, &forms);
}

/* What the ratios would leave, where that is not what is selected. */
static void plan_rows(struct card *card, const struct explorer *explorer)
{
    const struct model *model = explorer->session->state.model;
    const struct cost *plan = &explorer->plan, *now = pruning_cost(explorer->session->state.pruning, model);
    if (!plan->layers || (plan->parameters == now->parameters && plan->macs == now->macs))
        return;
    if (card->room->width >= ROOMY) {
        struct forms forms = {0};
        forms_of(&forms, "what is set would leave, once pruned:", "would leave");
        row(card, "ratios", STYLE_NOTE, &forms);
    }
    cost_row(card, card->room->width >= ROOMY ? " parameters" : "ratios", (double)model->cost.parameters,
             (double)plan->parameters, false);
    cost_row(card, card->room->width >= ROOMY ? " MACs" : " leave", model->cost.macs, plan->macs, true);
}

static void sample_row(struct card *card, const struct session *session)
{
    const struct pass *pass = session->state.board->pass;
    struct forms forms = {0};
    if (!session->state.board->count)
        return;
    text_add_sample(next_form(&forms), session);
    if (pass) {
        struct text count = {0};
        text_add_thousands(&count, pass->sample.count);
        text_add(&count, " of ");
        text_add_thousands(&count, pass->dataset->count);
        text_add_format(next_form(&forms), "%s images", text_data(&count));
        forms_of(&forms, text_data(&count), NULL);
        text_free(&count);
    }
    row(card, "sample", STYLE_PLAIN, &forms);
}

static void source_rows(struct card *card, const struct session *session)
{
    const struct dataset *dataset = session->state.dataset;
    struct forms data = {0}, network = {0};
    if (dataset) {
        struct text *text = next_form(&data);
        text_add_format(text, "%s %s, ", dataset->kind->name, dataset->split);
        text_add_thousands(text, dataset->count);
        text_add(text, " images");
        text_add_format(next_form(&data), "%s %s", dataset->kind->name, dataset->split);
    } else {
        forms_of(&data, "none: data shapes, or data KIND PATH", "none");
    }
    row(card, "data", dataset ? STYLE_PLAIN : STYLE_NOTE, &data);
    struct text *text = next_form(&network);
    text_add_format(text, "%s, ", model_title(session->state.model));
    text_add_shape(text, &session->state.model->input);
    if (session->state.model->classes)
        text_add_format(text, " to %lld classes%s", (long long)session->state.model->classes,
                        model_measure(session->state.model) == QUALITY_MEAN_IOU ? " per pixel" : "");
    forms_of(&network, model_title(session->state.model), NULL);
    row(card, "network", STYLE_PLAIN, &network);
}

/* Those that lie in the room; returns how many there are. */
static int rows(const struct explorer *explorer, struct canvas *grid, const struct rect *room, int top)
{
    const struct session *session = explorer->session;
    struct card card = {grid, room, 0, top};
    const struct cost *before = &model_original(session->state.model)->cost;
    const struct cost *after = pruning_cost(session->state.pruning, session->state.model);
    cost_row(&card, room->width < ROOMY ? "params" : "parameters", (double)before->parameters,
             (double)after->parameters, false);
    cost_row(&card, "MACs", before->macs, after->macs, true);
    live_row(&card, explorer);
    plan_rows(&card, explorer);
    accuracy_rows(&card, session);
    selection_row(&card, explorer);
    sample_row(&card, session);
    source_rows(&card, session);
    return card.line;
}

/* The row at the top when the last is seen. */
static int last_top(const struct explorer *explorer, const struct rect *room)
{
    struct canvas none = {.ascii = explorer->ascii};
    struct rect nowhere = {.width = room->width};
    int count = explorer->session->state.model ? rows(explorer, &none, &nowhere, 0) : 0;
    return count > room->height ? count - room->height : 0;
}

static void draw(struct explorer *explorer, void *state, struct canvas *grid, const struct rect *room,
                 bool focused)
{
    struct model_view *view = state;
    (void)focused;
    if (!explorer->session->state.model) {
        draw_empty(grid, room, "no network yet: load FILE, or load example");
        return;
    }
    view->top = cursor_moved(view->top, 0, last_top(explorer, room) + 1);
    rows(explorer, grid, room, view->top);
}

static void title(const struct explorer *explorer, const void *state, struct text *text)
{
    const struct session *session = explorer->session;
    (void)state;
    if (session->state.model)
        text_add(text, session->state.pruning->removed_count ? "as selected, masked"
                       : model_original(session->state.model) != session->state.model
                           ? "smaller than as loaded"
                           : "as loaded");
}

static bool act(struct explorer *explorer, void *state, const struct rect *room, enum action_id action)
{
    struct model_view *view = state;
    const int count = last_top(explorer, room) + 1;
    int step;
    if (!vertical_step(action, room->height, count, &step))
        return false;
    view->top = cursor_moved(view->top, step, count);
    return true;
}

static const struct bar_item bar[] = {
    {ACTION_UP, "scroll"},     {ACTION_ZOOM, "zoom"}, {ACTION_HELP, "keys"},
    {ACTION_PROMPT, "prompt"}, {ACTION_NONE, NULL},
};

const struct pane_row pane_model = {
    .state_size = sizeof(struct model_view), .title = title, .draw = draw, .act = act, .bar = bar};
