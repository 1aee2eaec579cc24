/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the images of a batch are: the search through the choices that Reshapes leave. */
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "nn/graph/graph.h"
#include "nn/graph/tensor.h"
#include "nn/operator/plan.h"
#include "nn/simplify/batch_place.h"

/* A refusal is nearly always caused by one of the last few choices. Networks that ask for more than so many
 * rules keep their batch. */
enum { RULES_PER_STEP = 200, RULES_AT_LEAST = 100000 };

struct search {
    struct batch_trace *trace;
    int *choice; /* per step: the choice taken */
    int *open;   /* steps with another choice, a stack */
    int open_count;
    int64_t left; /* rules that may still be asked */
};

static void place_givens(struct batch_trace *trace)
{
    const struct graph *graph = trace->plan->graph;
    for (int v = 0; v < graph->value_count; v++)
        trace->places[v] = (struct batch_place){.axis = -1, .outer = 1, .inner = 1};
    for (int i = 0; i < graph->input_count; i++)
        trace->places[graph->inputs[i]].axis = 0;
}

/* Outputs are read image by image. */
static bool outputs_fit(const struct batch_trace *trace, const struct node *node)
{
    const struct graph *graph = trace->plan->graph;
    for (int k = 0; k < node->output_count; k++)
        for (int i = 0; i < graph->output_count; i++) {
            if (node->outputs[k] != graph->outputs[i])
                continue;
            const struct batch_place *place = &trace->places[graph->outputs[i]];
            if (place->axis > 0 || place->outer != 1 || place->inner != 1)
                return false;
        }
    return true;
}

/* The step to go on with after a refusal: the last one with another choice, which is taken; -1 when there is
 * none. */
static int step_back(struct search *search)
{
    if (search->open_count == 0)
        return -1;
    int step = search->open[--search->open_count];
    search->choice[step]++;
    return step;
}

static status run_search(struct search *search, bool *found, struct error *error)
{
    const struct plan *plan = search->trace->plan;
    int step = 0;
    while (step >= 0 && step < plan->step_count && search->left-- > 0) {
        const struct node *node = &plan->graph->nodes[plan->steps[step].node];
        bool more;
        if (search->left % 1024 == 0 && progress_check(error) != STATUS_OK)
            return error->code;
        bool fits = batch_place_node(search->trace, node, search->choice[step], &more) &&
                    outputs_fit(search->trace, node);
        if (!fits && step > search->trace->refused)
            search->trace->refused = step;
        if (more)
            search->open[search->open_count++] = step;
        step = fits ? step + 1 : step_back(search);
        if (fits && step < plan->step_count)
            search->choice[step] = 0;
    }
    *found = step == plan->step_count;
    return STATUS_OK;
}

status batch_trace_find(const struct plan *plan, struct arena *arena, struct batch_trace *trace, bool *found,
                        struct error *error)
{
    size_t steps = (size_t)plan->step_count + 1;
    *trace = (struct batch_trace){.plan = plan, .refused = -1};
    trace->places = arena_alloc(arena, (size_t)plan->graph->value_count + 1, sizeof *trace->places);
    struct search search = {.trace = trace,
                            .choice = arena_alloc(arena, steps, sizeof *search.choice),
                            .open = arena_alloc(arena, steps, sizeof *search.open),
                            .left = RULES_AT_LEAST + (int64_t)steps * RULES_PER_STEP};
    *found = false;
    if (trace->places == NULL || search.choice == NULL || search.open == NULL)
        return error_memory(error);
    place_givens(trace);
    return run_search(&search, found, error);
}
