/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap: agreement of criteria on what is pruned. */
#include <math.h>

#include "base/status.h"
#include "base/text.h"
#include "session/commands/chosen.h"
#include "session/commands/comparison.h"
#include "session/language/command.h"
#include "session/words/option.h"
#include "stats/overlap.h"

static status overlap_part(const struct call *call, const double *a, const double *b, int64_t count,
                           int64_t pruned, struct comparison_part *part, struct error *error)
{
    struct overlap result;
    (void)call;
    status code = overlap_compute(a, b, count, pruned, &result, error);
    if (code == STATUS_OK)
        *part = (struct comparison_part){result.either ? (double)result.both / (double)result.either : NAN,
                                         result.both, result.either, 0, 0};
    return code;
}

static void overlap_title(const struct comparison *comparison, struct text *title)
{
    text_add(title, "Overlap (Jaccard) of what is pruned at ratio ");
    text_add_ratios(title, comparison->call, comparison->layers, comparison->layer_count);
}

static void overlap_note(const struct comparison *comparison, struct text *note)
{
    double shared = 0;
    for (int i = 0; i < comparison->layer_count; i++) {
        double ratio = call_ratio(comparison->call, comparison->layers[i]);
        shared += ratio / (2 - ratio) / comparison->layer_count;
    }
    text_add(note, "two random choices would share about ");
    text_add_rounded(note, shared, 2);
}

static const struct measure overlap = {
    .name = "overlap",
    .quantity = "Jaccard index",
    .low = 0,
    .facts = (const int[]){OPTION_BY, OPTION_ROUND, OPTION_NONE},
    .ratios = true,
    .part = overlap_part,
    .title = overlap_title,
    .note = overlap_note,
};

static status run_overlap(struct call *call, struct error *error)
{
    return comparison_run(call, &overlap, error);
}

static const int overlap_options[] = {OPTION_RATIO, OPTION_ROUND, OPTION_BY, OPTION_NONE};
static const struct example overlap_examples[] = {
    {"overlap at=0.5", "shows how far the criteria agree on which half to prune", false},
    EXAMPLE_END,
};

const struct command command_overlap = {
    .name = "overlap",
    .arguments = comparison_arguments,
    .options = overlap_options,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES | COMMAND_OF_SCORES,
    .help = "agreement on what is pruned",
    .text =
        "Prunes the same share of each layer, its ratio, under each criterion and shows the Jaccard index of every "
        "two sets: filters in both, divided by filters in either. An index of 1 means that the criteria "
        "prune the same filters. This is what decides, where a correlation also counts the order among "
        "filters that stay.",
    .examples = overlap_examples,
    .run = run_overlap,
};
