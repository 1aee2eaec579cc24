/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampling: how many images scores need. */
#include <math.h>

#include "base/memory.h"
#include "base/status.h"
#include "data/augment.h"
#include "data/sampler.h"
#include "score/criterion.h"
#include "score/criterion_options.h"
#include "score/score.h"
#include "session/board.h"
#include "session/commands/chosen.h"
#include "session/commands/sampling_internal.h"
#include "session/language/command.h"
#include "session/model.h"
#include "session/pass_loss.h"
#include "session/scored_images.h"
#include "session/session.h"
#include "session/words/choice.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "stats/agreement.h"
#include "stats/correlation.h"

static void draws_free(const struct sampling *work, struct draws *draws)
{
    for (int i = 0; draws->scores && i < draws->count * work->choice_count; i++)
        scores_free(draws->scores[i]);
    mem_free(draws->scores);
    draws->scores = NULL;
}

static void sampling_free(struct sampling *work)
{
    for (int i = 0; i < work->size_count; i++)
        draws_free(work, &work->sizes[i]);
    draws_free(work, &work->reference);
    mem_free(work->stability);
    mem_free(work->pruned);
    open_loss_close(&work->loss);
    mem_free(work);
}

/* --- what was asked for --------------------------------------------------------------------------------- */

static status read_criteria(struct sampling *work, struct error *error)
{
    struct setting_value text;
    struct criterion_options base = options_criterion(&work->call->options);
    status code = call_value(work->call, "criterion", &text, error);
    if (code == STATUS_OK)
        code = choices_parse(text.text, work->choices, &work->choice_count, error);
    for (int i = 0; code == STATUS_OK && i < work->choice_count; i++)
        work->needs |=
            choice_needs(&work->choices[i], &base, work->call->session->state.model->layers) & PASS_NEEDS;
    if (code == STATUS_OK && !work->needs)
        return error_set(error, STATUS_RANGE, "criterion: %s does not look at images", text.text);
    return code;
}

/* A size as a sample: how many images, and how often it is drawn. */
static status read_size(struct sampling *work, const char *text, struct draws *draws, struct error *error)
{
    const struct dataset *dataset = work->dataset;
    struct setting_value repeats, balanced;
    struct sample sample;
    status code = sample_parse_size(text, &draws->options, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "repeats", &repeats, error);
    if (code == STATUS_OK)
        code = call_value(work->call, "balanced", &balanced, error);
    if (code != STATUS_OK)
        return code;
    draws->options.seed = (uint64_t)option_integer(&work->call->options, OPTION_SEED);
    code = sample_draw(dataset, &draws->options, &sample, error);
    if (code != STATUS_OK)
        return code;
    draws->images = sample.count;
    sample_free(&sample);
    bool all = draws->images == dataset->count;
    draws->options.balanced = balanced.integer && !all;
    draws->count = all ? 1 : (int)repeats.integer;
    return STATUS_OK;
}

static status read_sizes(struct sampling *work, struct error *error)
{
    static const char *const usual[] = {"5%", "25%", "50%", "all"};
    bool given = call_argument(work->call, 0) != NULL;
    struct setting_value reference;
    status code = STATUS_OK;
    for (int i = 0; code == STATUS_OK && (given ? call_argument(work->call, i) != NULL : i < 4); i++) {
        if (i == SIZES_MAX)
            return error_set(error, STATUS_RANGE, "more than %d sizes", SIZES_MAX);
        code = read_size(work, given ? call_argument(work->call, i) : usual[i], &work->sizes[i], error);
        work->size_count = i + 1;
        work->planned += work->sizes[i].images * work->sizes[i].count;
    }
    if (code == STATUS_OK)
        code = call_value(work->call, "reference", &reference, error);
    if (code == STATUS_OK)
        code = read_size(work, reference.text, &work->reference, error);
    work->reference.count = 1;
    work->planned += work->reference.images;
    return code;
}

/* All images are all images: the pass of the reference serves them too. */
static bool is_reference(const struct sampling *work, const struct draws *draws)
{
    return draws->images == work->reference.images && draws->images == work->dataset->count;
}

/* --- passes --------------------------------------------------------------------------------------------- */

/* Scores of one draw, one per criterion, into `scores`. */
static status score_draw(struct sampling *work, struct draws *draws, int index, struct error *error)
{
    const struct session *session = work->call->session;
    const struct options *options = &work->call->options;
    struct sample_options drawn = draws->options;
    struct sample sample = {0};
    struct score_statistics *statistics = NULL;
    drawn.seed += (uint64_t)index;
    status code = sample_draw(work->dataset, &drawn, &sample, error);
    struct score_pass pass = {
        .graph = session->state.model->graph,
        .layers = session->state.model->layers,
        .dataset = work->dataset,
        .sample = &sample,
        .augmentation = &work->augmentation,
        .augmentation_seed = drawn.seed,
        .needs = work->needs,
        .aim = &work->loss.aim,
        .real = options_precision(options),
        .kernel = options_kernel(options),
        .micro_batch = option_integer(options, OPTION_MICRO_BATCH),
        .memory = options_memory(options),
        .training = options_training(options),
        .batch = option_integer(options, OPTION_BATCH),
        .pool = work->pool,
        .progress = work->call->progress,
        .progress_before = work->done,
        .progress_total = work->planned,
    };
    if (code == STATUS_OK)
        code = score_statistics_compute(&pass, &statistics, error);
    struct criterion_options base = options_criterion(options);
    for (int i = 0; code == STATUS_OK && i < work->choice_count; i++) {
        struct criterion_options own = choice_options(&work->choices[i], &base);
        code = scores_compute(session->state.model->graph, session->state.model->layers,
                              work->choices[i].criterion, &own, statistics, work->pool,
                              &draws->scores[index * work->choice_count + i], error);
    }
    if (statistics) {
        draws->seconds += statistics->seconds;
        score_statistics_free(statistics);
    }
    work->done += draws->images;
    sample_free(&sample);
    return code;
}

static status score_draws(struct sampling *work, struct draws *draws, struct error *error)
{
    draws->scores = mem_new((size_t)(draws->count * work->choice_count), sizeof *draws->scores);
    status code = draws->scores ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < draws->count; i++)
        code = score_draw(work, draws, i, error);
    return code;
}

static status agree(const struct sampling *work, const struct scores *a, const struct scores *b,
                    struct agreement *agreement, struct error *error)
{
    return agreement_compute(work->call->session->state.model->layers, a, b,
                             (enum correlation_method)option_integer(&work->call->options, OPTION_METHOD),
                             work->pruned, agreement, error);
}

/* One criterion's draws against the reference. */
static status against_reference(const struct sampling *work, const struct draws *draws, int criterion,
                                struct stability *stability, struct error *error)
{
    double squares = 0;
    *stability = (struct stability){.highest = -INFINITY,
                                    .lowest = INFINITY,
                                    .most_overlap = -INFINITY,
                                    .least_overlap = INFINITY,
                                    .among = NAN};
    for (int i = 0; i < draws->count; i++) {
        struct agreement found;
        status code = agree(work, draws->scores[i * work->choice_count + criterion],
                            work->reference.scores[criterion], &found, error);
        if (code != STATUS_OK)
            return code;
        stability->correlation += found.correlation / draws->count;
        squares += found.correlation * found.correlation;
        stability->overlap += found.overlap / draws->count;
        stability->highest = fmax(stability->highest, found.correlation);
        stability->lowest = fmin(stability->lowest, found.correlation);
        stability->most_overlap = fmax(stability->most_overlap, found.overlap);
        stability->least_overlap = fmin(stability->least_overlap, found.overlap);
    }
    double rest = squares - draws->count * stability->correlation * stability->correlation;
    stability->deviation = draws->count > 1 && rest > 0 ? sqrt(rest / (draws->count - 1)) : 0;
    return STATUS_OK;
}

static status among_draws(const struct sampling *work, const struct draws *draws, int criterion,
                          struct stability *stability, struct error *error)
{
    double sum = 0;
    int pairs = 0;
    for (int i = 0; i < draws->count; i++) {
        for (int j = i + 1; j < draws->count; j++, pairs++) {
            struct agreement found;
            status code = agree(work, draws->scores[i * work->choice_count + criterion],
                                draws->scores[j * work->choice_count + criterion], &found, error);
            if (code != STATUS_OK)
                return code;
            sum += found.correlation;
        }
    }
    stability->among = sum / pairs; /* 0/0 is the NaN that is meant */
    return STATUS_OK;
}

static status run_size(struct sampling *work, int size, struct error *error)
{
    struct draws *draws = &work->sizes[size];
    status code = STATUS_OK;
    const struct draws *scored = draws;
    if (is_reference(work, draws)) {
        scored = &work->reference;
        draws->seconds = work->reference.seconds;
        work->done += draws->images;
    } else {
        code = score_draws(work, draws, error);
    }
    for (int i = 0; code == STATUS_OK && i < work->choice_count; i++) {
        struct stability *stability = &work->stability[size * work->choice_count + i];
        code = against_reference(work, scored, i, stability, error);
        if (code == STATUS_OK)
            code = among_draws(work, scored, i, stability, error);
    }
    draws_free(work, draws);
    return code;
}

static status count_pruned(struct sampling *work, struct error *error)
{
    int count = work->call->session->state.model->layers->count;
    work->pruned = mem_new((size_t)count + 1, sizeof *work->pruned);
    for (int i = 0; work->pruned && i < count; i++)
        work->pruned[i] = call_pruned(work->call, i);
    return work->pruned ? STATUS_OK : error_memory(error);
}

static status run_sampling(struct call *call, struct error *error)
{
    struct sampling *work = mem_new(1, sizeof *work);
    if (!work)
        return error_memory(error);
    work->call = call;
    struct pass_loss loss;
    const struct model *model = call->session->state.model;
    status code = pass_loss_of(&call->options, model, &loss, error);
    if (code == STATUS_OK)
        code = options_augmentation(&call->options, &work->augmentation, error);
    if (code == STATUS_OK)
        code = scored_images(call->session, &call->options, call->progress, &work->dataset, error);
    if (code == STATUS_OK)
        code = pass_loss_fits(&loss, model, work->dataset, error);
    if (code == STATUS_OK)
        code = pass_loss_open(&loss, call->session->recipe_program, call->progress, &work->loss, error);
    if (code == STATUS_OK)
        code = read_criteria(work, error);
    if (code == STATUS_OK)
        code = read_sizes(work, error);
    if (code == STATUS_OK)
        code = session_pool(call->session, &work->pool, error);
    if (code == STATUS_OK)
        code = count_pruned(work, error);
    if (code == STATUS_OK) {
        work->stability = mem_new((size_t)(work->size_count * work->choice_count), sizeof *work->stability);
        code = work->stability ? score_draws(work, &work->reference, error) : error_memory(error);
    }
    for (int i = 0; code == STATUS_OK && i < work->size_count; i++)
        code = run_size(work, i, error);
    if (code == STATUS_OK)
        code = sampling_show(work, error);
    sampling_free(work);
    return code;
}

static const struct parameter sampling_arguments[] = {
    {"SIZE", VALUE_SIZE, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL,
     "sizes of the samples; without them 5% 25% 50% all"},
    PARAMETER_END,
};
static const struct parameter sampling_parameters[] = {
    {"criterion", VALUE_CRITERIA, 0, 0, 0, NULL, "proscore", "criteria to look at; all of them share a pass"},
    {"repeats", VALUE_INTEGER, 0, 1, 1000, NULL, "5", "draws of every size"},
    {"reference", VALUE_SIZE, 0, 0, 0, NULL, "all", "the sample that all others are compared with"},
    {"balanced", VALUE_BOOLEAN, 0, 0, 0, NULL, "yes", "draw the same number of images of every class"},
    PARAMETER_END,
};
static const int sampling_options[] = {OPTION_RATIO,     OPTION_ROUND,   OPTION_METHOD,      OPTION_SEED,
                                       OPTION_ON,        OPTION_AUGMENT, OPTION_MODE,        OPTION_LOSS,
                                       OPTION_PRECISION, OPTION_KERNEL,  OPTION_MICRO_BATCH, OPTION_MEMORY,
                                       OPTION_NONE};
static const struct example sampling_examples[] = {
    {"sampling 5% 50% repeats=2", "asks how many images PROscore needs", false},
    {"sampling 20 reference=100 repeats=3 criterion=taylor,proscore > sampling.png",
     "compares two criteria on the same draws", false},
    EXAMPLE_END,
};

const struct command command_sampling = {
    .name = "sampling",
    .arguments = sampling_arguments,
    .parameters = sampling_parameters,
    .options = sampling_options,
    .flags = COMMAND_MODEL | COMMAND_DATA | COMMAND_LONG | COMMAND_FIGURES,
    .help = "how many images scores need",
    .text = "Scores with samples of several sizes, each drawn several times, and compares the scores of "
            "every draw with those of the reference, by default all images: the correlation of the scores "
            "and the overlap (Jaccard) of what every layer prunes at the ratio, both as means over the "
            "layers. Of the draws of one size mean, highest and lowest are shown, and how well the draws "
            "agree among themselves. The time is that of one pass. Draw r has the seed seed + r - 1; all "
            "images are taken once. Nothing of the session changes: what is scored stays.",
    .examples = sampling_examples,
    .run = run_sampling,
};
