/* SPDX-License-Identifier: GPL-3.0-or-later */
/* corr: correlation between criteria. */
#include "base/status.h"
#include "base/text.h"
#include "session/commands/comparison.h"
#include "session/language/command.h"
#include "session/words/option.h"
#include "stats/correlation.h"

static status correlation_part(const struct call *call, const double *a, const double *b, int64_t count,
                               int64_t pruned, struct comparison_part *part, struct error *error)
{
    struct correlation result;
    (void)pruned;
    status code = correlation_compute((enum correlation_method)option_integer(&call->options, OPTION_METHOD),
                                      a, b, count, &result, error);
    if (code == STATUS_OK)
        *part = (struct comparison_part){result.coefficient, 0, 0, result.ties_a, result.ties_b};
    return code;
}

static void correlation_title(const struct comparison *comparison, struct text *title)
{
    static const char *const coefficients[] = {[CORRELATION_PEARSON] = "Pearson",
                                               [CORRELATION_SPEARMAN] = "Spearman",
                                               [CORRELATION_KENDALL] = "Kendall tau-b"};
    text_add_format(title, "%s correlation of scores",
                    coefficients[option_integer(&comparison->call->options, OPTION_METHOD)]);
}

static void correlation_note(const struct comparison *comparison, struct text *note)
{
    text_add(note, "pairs of ties:");
    for (int i = 0; i < comparison->shown.count; i++)
        text_add_format(note, "%s %s %lld", i ? "," : "", comparison->shown.entries[i]->choice.label,
                        (long long)comparison->ties[i]);
}

static const struct measure correlation = {
    .name = "corr",
    .quantity = "correlation",
    .concatenate = true,
    .low = -1,
    .facts = (const int[]){OPTION_BY, OPTION_METHOD, OPTION_NONE},
    .part = correlation_part,
    .title = correlation_title,
    .note = correlation_note,
};

static status run_corr(struct call *call, struct error *error)
{
    return comparison_run(call, &correlation, error);
}

static const int corr_options[] = {OPTION_METHOD, OPTION_BY, OPTION_NONE};
static const struct example corr_examples[] = {
    {"corr", "shows the mean of the layers' Spearman correlations", false},
    {"corr l1 proscore method=kendall by=layer > corr.csv", "writes Kendall's tau-b of each layer to a file",
     false},
    EXAMPLE_END,
};

const struct command command_corr = {
    .name = "corr",
    .arguments = comparison_arguments,
    .options = corr_options,
    .flags = COMMAND_MODEL | COMMAND_SCORES | COMMAND_FIGURES | COMMAND_OF_SCORES,
    .help = "correlation between criteria",
    .text = "Shows how far the criteria order the filters in the same way: Spearman's rank correlation "
            "(average ranks for ties), Kendall's tau-b or Pearson's coefficient; averaged over layers, with "
            "all filters in one pool, or layer by layer. Scores of different layers differ in size, so "
            "by=mean is the one to quote. Layers in which a criterion is constant have no coefficient and "
            "are left out of the mean.",
    .examples = corr_examples,
    .run = run_corr,
};
