/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of a training: defaults, checks, and the table by which they become a text and a text them. */
#include "train/options.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "nn/graph/tensor.h"
#include "nn/operator/operator.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/schedule.h"

enum field_kind { FIELD_WHOLE, FIELD_REAL, FIELD_YES, FIELD_CHOICE };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    bool free; /* may differ when a training is taken up */
    int count; /* of a list; 0: one value */
};

#define FIELD(name, kind, member)                                                                            \
    {                                                                                                        \
        name, kind, offsetof(struct trainer_options, member), false, 0                                       \
    }

static const struct field fields[] = {
    {"epochs", FIELD_WHOLE, offsetof(struct trainer_options, epochs), true, 0},
    {"patience", FIELD_WHOLE, offsetof(struct trainer_options, patience), true, 0},
    FIELD("batch", FIELD_WHOLE, batch),
    FIELD("seed", FIELD_WHOLE, seed),
    FIELD("optimizer", FIELD_CHOICE, optimizer.kind),
    FIELD("momentum", FIELD_REAL, optimizer.momentum),
    FIELD("nesterov", FIELD_YES, optimizer.nesterov),
    FIELD("beta1", FIELD_REAL, optimizer.beta1),
    FIELD("beta2", FIELD_REAL, optimizer.beta2),
    FIELD("epsilon", FIELD_REAL, optimizer.epsilon),
    FIELD("decay", FIELD_REAL, optimizer.decay),
    FIELD("norm_decay", FIELD_REAL, optimizer.norm_decay),
    FIELD("clip", FIELD_REAL, optimizer.clip),
    FIELD("schedule", FIELD_CHOICE, schedule.kind),
    FIELD("rate", FIELD_REAL, schedule.rate),
    FIELD("least", FIELD_REAL, schedule.least),
    FIELD("factor", FIELD_REAL, schedule.factor),
    FIELD("period", FIELD_REAL, schedule.period),
    FIELD("milestone_count", FIELD_CHOICE, schedule.milestone_count),
    {"milestones", FIELD_REAL, offsetof(struct trainer_options, schedule.milestones), false,
     SCHEDULE_MILESTONES},
    FIELD("warmup", FIELD_REAL, schedule.warmup),
    FIELD("warmup_start", FIELD_REAL, schedule.warmup_start),
    FIELD("by_epoch", FIELD_YES, schedule.by_epoch),
    FIELD("smoothing", FIELD_REAL, objective.smoothing),
    FIELD("teacher_weight", FIELD_REAL, objective.weight),
    FIELD("temperature", FIELD_REAL, objective.temperature),
    FIELD("real", FIELD_CHOICE, real),
    FIELD("kernel", FIELD_CHOICE, kernel),
    FIELD("frozen_norms", FIELD_YES, frozen_norms),
    FIELD("norm_momentum", FIELD_REAL, norm_momentum),
    FIELD("judge_start", FIELD_YES, judge_start),
};
enum { FIELDS = sizeof fields / sizeof *fields };

struct trainer_options trainer_options_default(void)
{
    return (struct trainer_options){.epochs = 10,
                                    .batch = 128,
                                    .optimizer = optimizer_default(OPTIMIZER_SGD),
                                    .schedule = schedule_default(),
                                    .objective = objective_default(),
                                    .real = ELEMENT_FLOAT,
                                    .kernel = KERNEL_AUTO,
                                    .norm_momentum = -1};
}

status trainer_options_check(const struct trainer_options *options, struct error *error)
{
    if (options->epochs < 1 || options->epochs > INT32_MAX)
        return error_set(error, STATUS_RANGE, "%lld epochs: must be at least 1", (long long)options->epochs);
    if (options->batch < 1 || options->batch > INT32_MAX)
        return error_set(error, STATUS_RANGE, "batch of %lld images: must be at least 1",
                         (long long)options->batch);
    if (options->patience < 0)
        return error_set(error, STATUS_RANGE, "patience of %lld epochs: must be at least 0",
                         (long long)options->patience);
    if (!(options->norm_momentum < 0 || (options->norm_momentum > 0 && options->norm_momentum <= 1)))
        return error_set(error, STATUS_RANGE, "momentum %g of running statistics: must be above 0, at most 1",
                         options->norm_momentum);
    status code = optimizer_check(&options->optimizer, error);
    if (code == STATUS_OK)
        code = schedule_check(&options->schedule, options->epochs, error);
    return code == STATUS_OK ? objective_check(&options->objective, error) : code;
}

/* --- kinds of values: written to a text, and taken from one --------------------------------------------- */

static void add_whole(struct text *text, const struct field *field, const void *at)
{
    (void)field;
    text_add_format(text, "%lld", (long long)*(const int64_t *)at);
}

static void add_yes(struct text *text, const struct field *field, const void *at)
{
    (void)field;
    text_add(text, *(const bool *)at ? "1" : "0");
}

static void add_choice(struct text *text, const struct field *field, const void *at)
{
    (void)field;
    text_add_format(text, "%d", *(const int *)at);
}

static void add_reals(struct text *text, const struct field *field, const void *at)
{
    for (int i = 0; i == 0 || i < field->count; i++) {
        text_add(text, i > 0 ? "," : "");
        text_add_double(text, ((const double *)at)[i]);
    }
}

static bool take_whole(const struct field *field, char *value, void *at)
{
    (void)field;
    return text_to_integer(value, at);
}

static bool take_yes(const struct field *field, char *value, void *at)
{
    int64_t whole;
    (void)field;
    if (!text_to_integer(value, &whole))
        return false;
    *(bool *)at = whole != 0;
    return true;
}

static bool take_choice(const struct field *field, char *value, void *at)
{
    int64_t whole;
    (void)field;
    if (!text_to_integer(value, &whole) || whole < 0 || whole > INT32_MAX)
        return false;
    *(int *)at = (int)whole;
    return true;
}

static bool take_reals(const struct field *field, char *value, void *at)
{
    double *reals = at;
    char *rest = NULL, *word = strtok_r(value, ",", &rest);
    for (int i = 0; i == 0 || i < field->count; i++, word = strtok_r(NULL, ",", &rest))
        if (!word || !text_to_double(word, &reals[i]))
            return false;
    return !word;
}

static const struct {
    void (*add)(struct text *text, const struct field *field, const void *at);
    bool (*take)(const struct field *field, char *value, void *at);
} kinds[] = {
    [FIELD_WHOLE] = {add_whole, take_whole},
    [FIELD_REAL] = {add_reals, take_reals},
    [FIELD_YES] = {add_yes, take_yes},
    [FIELD_CHOICE] = {add_choice, take_choice},
};

static void add_value(struct text *text, const struct field *field, const struct trainer_options *options)
{
    kinds[field->kind].add(text, field, (const char *)options + field->offset);
}

void text_add_trainer_options(struct text *text, const struct trainer_options *options)
{
    for (int f = 0; f < FIELDS; f++) {
        text_add_format(text, "%s=", fields[f].name);
        add_value(text, &fields[f], options);
        text_add(text, "\n");
    }
}

/* A line, ended by NUL, which is taken apart. */
static bool take_line(char *line, struct trainer_options *options)
{
    char *value = strchr(line, '=');
    if (!value)
        return false;
    *value = '\0';
    for (int f = 0; f < FIELDS; f++)
        if (strcmp(fields[f].name, line) == 0)
            return kinds[fields[f].kind].take(&fields[f], value + 1, (char *)options + fields[f].offset);
    return false;
}

static bool choices_exist(const struct trainer_options *options)
{
    return (unsigned)options->optimizer.kind < OPTIMIZER_KINDS &&
           (unsigned)options->schedule.kind < SCHEDULE_KINDS && (unsigned)options->real <= ELEMENT_DOUBLE &&
           (unsigned)options->kernel <= KERNEL_REFERENCE &&
           options->schedule.milestone_count <= SCHEDULE_MILESTONES;
}

status trainer_options_parse(const char *text, struct trainer_options *options, struct error *error)
{
    struct trainer_options found = *options;
    while (*text) {
        char line[1024];
        const size_t length = strcspn(text, "\n");
        if (length >= sizeof line)
            return error_set(error, STATUS_FILE, "an option of a training is too long");
        memcpy(line, text, length);
        line[length] = '\0';
        if (!take_line(line, &found))
            return error_set(error, STATUS_FILE, "'%.*s' is no option of a training", (int)length, text);
        text += length + (text[length] == '\n');
    }
    if (!choices_exist(&found))
        return error_set(error, STATUS_FILE, "an option of a training has a value that is none");
    *options = found;
    return STATUS_OK;
}

status trainer_options_same(const struct trainer_options *saved, const struct trainer_options *options,
                            struct error *error)
{
    status code = STATUS_OK;
    for (int f = 0; f < FIELDS && code == STATUS_OK; f++) {
        struct text before = {0}, now = {0};
        add_value(&before, &fields[f], saved);
        add_value(&now, &fields[f], options);
        if (before.failed || now.failed)
            code = error_memory(error);
        else if (!fields[f].free && strcmp(text_data(&before), text_data(&now)) != 0)
            code = error_set(error, STATUS_STATE, "it was made with %s=%s, not %s", fields[f].name,
                             text_data(&before), text_data(&now));
        text_free(&before);
        text_free(&now);
    }
    return code;
}
