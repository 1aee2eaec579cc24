/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Per layer: the table of corr by=layer, and the map of sensitivity at one ratio. */
#include "tui/layer_facts.h"

#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "stats/sensitivity.h"
#include "view/figure.h"

void layer_facts_free(struct layer_facts *facts)
{
    mem_free(facts->agreement);
    mem_free(facts->drop);
    *facts = (struct layer_facts){0};
}

/* One number per layer, all of them missing; NULL when memory is out. */
static double *missing(int layers)
{
    double *values = mem_new((size_t)layers + 1, sizeof *values);
    for (int i = 0; values && i < layers; i++)
        values[i] = NAN;
    return values;
}

/* --- agreement ------------------------------------------------------------------------------------------ */

/* A row is a layer, the pairs, and the number of filters. */
static void take_agreement(const struct figure_table *table, const struct layers *layers, double *agreement)
{
    for (int r = 0; r < table->rows; r++) {
        const struct figure_cell *cells = table->cells + (size_t)r * (size_t)table->columns;
        int layer = layers_index(layers, cells[0].text ? cells[0].text : ""), known = 0;
        double sum = 0;
        for (int c = 1; c + 1 < table->columns; c++) {
            sum += cells[c].missing ? 0 : cells[c].number;
            known += !cells[c].missing;
        }
        if (layer >= 0 && known)
            agreement[layer] = sum / known;
    }
}

void layer_facts_compare(struct explorer *explorer, struct layer_facts *facts)
{
    static const char *const words[] = {"corr", "by=layer"};
    const struct state *state = &explorer->session->state;
    struct reply reply = {0};
    struct error ignored = {0};
    mem_free(facts->agreement);
    facts->agreement = NULL;
    facts->compared = true;
    if (!state->model || state->board->count < 2)
        return;
    if (explorer_ask(explorer, words, 2, 1, &reply, &ignored) == STATUS_OK && reply.count &&
        reply.items[0].figure && reply.items[0].figure->kind == FIGURE_TABLE) {
        facts->layers = state->model->layers->count;
        facts->agreement = missing(facts->layers);
        if (facts->agreement)
            take_agreement(&reply.items[0].figure->table, state->model->layers, facts->agreement);
    }
    reply_free(&reply);
}

/* --- sensitivity ---------------------------------------------------------------------------------------- */

static int nearest_ratio(const struct sensitivity *map, double wanted)
{
    int nearest = 0;
    for (int i = 1; i < map->ratio_count; i++)
        nearest = fabs(map->ratios[i] - wanted) < fabs(map->ratios[nearest] - wanted) ? i : nearest;
    return nearest;
}

/* A layer of several blocks has the drop of the one that costs most. */
static void take_drop(const struct sensitivity *map, int ratio, const struct coupling *coupling, double *drop)
{
    double whole = map->baseline.value;
    for (int r = 0; r < map->row_count; r++) {
        const struct sensitivity_point *point = &map->points[r * map->ratio_count + ratio];
        double lost = 100 * (whole - point->value);
        bool groups = map->unit == SENSITIVITY_GROUPS;
        const int *layers =
            groups ? coupling->groups[map->rows[r]].layers : coupling->blocks[map->rows[r]].layers;
        int count =
            groups ? coupling->groups[map->rows[r]].layer_count : coupling->blocks[map->rows[r]].layer_count;
        for (int i = 0; i < count; i++)
            drop[layers[i]] = fmax(drop[layers[i]], lost); /* of NaN and a number the number */
    }
}

void layer_facts_measure(const struct explorer *explorer, struct layer_facts *facts)
{
    const struct session *session = explorer->session;
    const struct judgement *held = &session->sensitivity;
    const struct model *model = session->state.model;
    if (explorer->job)
        return;
    mem_free(facts->drop);
    facts->drop = NULL;
    if (!held->sensitivity || !held->sensitivity->done || held->model != model)
        return;
    const struct sensitivity *map = held->sensitivity;
    int ratio = nearest_ratio(map, option_real(session->state.options, OPTION_RATIO));
    facts->layers = model->layers->count;
    facts->drop_ratio = map->ratios[ratio];
    facts->drop = missing(facts->layers);
    if (facts->drop)
        take_drop(map, ratio, model->coupling, facts->drop);
}
