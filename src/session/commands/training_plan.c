/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From parameters to what is trained: a table of numbers, and what needs a look at others. */
#include "session/commands/training_plan.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/words/option.h"
#include "session/words/quote.h"
#include "session/words/value.h"
#include "train/optimizer.h"
#include "train/schedule.h"

/* The teacher's share of the loss where none is given. */
static const double teacher_share = 0.5;

/* --- names ---------------------------------------------------------------------------------------------- */

const char *training_preset_name(int index)
{
    const struct training_preset *preset = training_preset_at(index);
    return preset ? preset->name : NULL;
}

const char *training_optimizer_name(int index)
{
    return index >= 0 && index < OPTIMIZER_KINDS ? optimizer_row((enum optimizer_kind)index)->name : NULL;
}

const char *training_schedule_name(int index)
{
    return index >= 0 && index < SCHEDULE_KINDS ? schedule_row((enum schedule_kind)index)->name : NULL;
}

const char *training_split_word(int index)
{
    static const char *const words[] = {"auto", "none", "test", "val", "train", NULL};
    return words[index];
}

const char *training_penalty_name(int index)
{
    static const char *const names[] = {"none", "script"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

const char *training_keep_name(int index)
{
    static const char *const names[] = {"best", "last"};
    return index >= 0 && index < 2 ? names[index] : NULL;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* Parameter, where it goes, the member of the value that it is. */
#define FIELD_LIST(X)                                                                                        \
    X(epochs, options.epochs, integer)                                                                       \
    X(batch, options.batch, integer)                                                                         \
    X(lr, options.schedule.rate, real)                                                                       \
    X(momentum, options.optimizer.momentum, real)                                                            \
    X(nesterov, options.optimizer.nesterov, integer)                                                         \
    X(decay, options.optimizer.decay, real)                                                                  \
    X(norm_decay, options.optimizer.norm_decay, real)                                                        \
    X(schedule, options.schedule.kind, integer)                                                              \
    X(factor, options.schedule.factor, real)                                                                 \
    X(period, options.schedule.period, real)                                                                 \
    X(warmup, options.schedule.warmup, real)                                                                 \
    X(clip, options.optimizer.clip, real)                                                                    \
    X(smoothing, options.objective.smoothing, real)                                                          \
    X(temperature, options.objective.temperature, real)                                                      \
    X(teacher_weight, options.objective.weight, real)                                                        \
    X(frozen_norms, options.frozen_norms, integer)                                                           \
    X(patience, options.patience, integer)                                                                   \
    X(l1_scale, l1_scale, real)                                                                              \
    X(group_lasso, group_lasso, real)                                                                        \
    X(steps, steps, integer)                                                                                 \
    X(teacher, teacher, integer)                                                                             \
    X(keep, keep_last, integer)                                                                              \
    X(penalty, penalised, integer)

#define FIELD_SETTER(name, place, member)                                                                    \
    static void set_##name(struct training_plan *plan, const struct setting_value *value)                    \
    {                                                                                                        \
        plan->place = (__typeof__(plan->place))value->member;                                                \
    }
FIELD_LIST(FIELD_SETTER)
#undef FIELD_SETTER

static const struct {
    const char *name;
    void (*set)(struct training_plan *plan, const struct setting_value *value);
} fields[] = {
#define FIELD_ROW(name, place, member) {#name, set_##name},
    FIELD_LIST(FIELD_ROW)
#undef FIELD_ROW
};

/* Does the parameter say something: it is given, or it has a default that no recipe takes the place of? */
static status value_of(const struct call *call, const struct training_plan *plan, const char *name,
                       struct setting_value *value, bool *there, struct error *error)
{
    int option;
    const struct parameter *parameter = command_parameter(call->invocation->command, name, &option);
    *there = call_setting(call, name) || (parameter->initial && !plan->preset);
    return *there ? call_value(call, name, value, error) : STATUS_OK;
}

static status read_numbers(const struct call *call, struct training_plan *plan, struct error *error)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct setting_value value;
        bool there;
        if (value_of(call, plan, fields[i].name, &value, &there, error) != STATUS_OK)
            return error->code;
        if (there)
            fields[i].set(plan, &value);
    }
    return STATUS_OK;
}

/* --- what needs a look at others ------------------------------------------------------------------------ */

/* Another optimiser brings the defaults of its kind. */
static status read_optimizer(const struct call *call, struct training_plan *plan, struct error *error)
{
    struct setting_value value;
    bool there;
    status code = value_of(call, plan, "optimizer", &value, &there, error);
    if (code == STATUS_OK && there && (int64_t)plan->options.optimizer.kind != value.integer)
        plan->options.optimizer = optimizer_default((enum optimizer_kind)value.integer);
    return code;
}

static status bad_milestones(const char *text, struct error *error)
{
    return error_set(error, STATUS_RANGE,
                     "milestones: '%s' is no list of at most %d ascending epochs such as 30,60", text,
                     SCHEDULE_MILESTONES);
}

static status read_milestones(const struct call *call, struct training_plan *plan, struct error *error)
{
    const struct setting *setting = call_setting(call, "milestones");
    struct schedule *schedule = &plan->options.schedule;
    if (!setting)
        return STATUS_OK;
    char *copy = mem_string(setting->text), *rest = copy;
    if (!copy)
        return error_memory(error);
    status code = STATUS_OK;
    int count = 0;
    for (char *word; code == STATUS_OK && (word = strsep(&rest, ","));) {
        double epoch;
        if (count == SCHEDULE_MILESTONES || !text_to_double(word, &epoch) ||
            !(epoch > (count ? schedule->milestones[count - 1] : 0)))
            code = bad_milestones(setting->text, error);
        else
            schedule->milestones[count++] = epoch;
    }
    mem_free(copy);
    schedule->milestone_count = count;
    if (!call_setting(call, "schedule"))
        schedule->kind = SCHEDULE_MULTISTEP;
    return code;
}

static status read_teacher(const struct call *call, struct training_plan *plan, struct error *error)
{
    struct objective *objective = &plan->options.objective;
    const bool asked = call_setting(call, "teacher") ? plan->teacher : objective->weight > 0;
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "teacher_weight" : "temperature";
        if (call_setting(call, name) && !(call_setting(call, "teacher") && plan->teacher))
            return error_set(error, STATUS_USAGE, "%s= is for teacher=yes", name);
    }
    plan->teacher = asked;
    if (!asked)
        objective->weight = 0;
    else if (!call_setting(call, "teacher_weight") && !(objective->weight > 0))
        objective->weight = teacher_share;
    plan->teacher = objective->weight > 0;
    return STATUS_OK;
}

static status read_augmentation(const struct call *call, struct training_plan *plan, struct error *error)
{
    struct setting_value value;
    bool there;
    status code = value_of(call, plan, "augment", &value, &there, error);
    if (code == STATUS_OK)
        code =
            augmentation_parse(there ? value.text : plan->preset->augmentation, &plan->augmentation, error);
    return code;
}

/* Files are checked before the work. To go on in the file that is resumed from replaces nothing of another's.
 */
static status read_files(const struct call *call, struct training_plan *plan, struct error *error)
{
    const struct setting *checkpoint = call_setting(call, "checkpoint");
    const struct setting *resume = call_setting(call, "resume");
    plan->checkpoint = checkpoint ? checkpoint->text : NULL;
    plan->resume = resume ? resume->text : NULL;
    if (!checkpoint)
        return STATUS_OK;
    status code = resume && strcmp(checkpoint->text, resume->text) == 0
                      ? STATUS_OK
                      : call_may_write(call, checkpoint->text, error);
    if (code == STATUS_OK)
        code = file_replace_check(checkpoint->text, error);
    if (code != STATUS_OK)
        error_prefix(error, "checkpoint=");
    return code;
}

static status find_preset(const struct call *call, struct training_plan *plan, struct error *error)
{
    const char *name = call_argument(call, 0);
    plan->options = trainer_options_default();
    if (!name)
        return STATUS_OK;
    status code = training_preset_find(name, &plan->preset, error);
    if (code == STATUS_OK)
        plan->options = plan->preset->options;
    return code;
}

status training_plan_read(const struct call *call, struct training_plan *plan, struct error *error)
{
    *plan = (struct training_plan){.preset = NULL};
    status code = find_preset(call, plan, error);
    if (code == STATUS_OK)
        code = read_optimizer(call, plan, error);
    if (code == STATUS_OK)
        code = read_numbers(call, plan, error);
    if (code == STATUS_OK)
        code = read_milestones(call, plan, error);
    if (code == STATUS_OK)
        code = read_teacher(call, plan, error);
    if (code == STATUS_OK)
        code = read_augmentation(call, plan, error);
    if (code == STATUS_OK)
        code = read_files(call, plan, error);
    plan->options.seed = (uint64_t)option_integer(&call->options, OPTION_SEED);
    plan->options.real = options_precision(&call->options);
    plan->options.kernel = options_kernel(&call->options);
    return code == STATUS_OK ? trainer_options_check(&plan->options, error) : code;
}

/* --- as a line ------------------------------------------------------------------------------------------ */

/* What is not part of what is learnt, or is said anew. */
static bool is_left_out(const char *name)
{
    static const char *const names[] = {"checkpoint", "resume", "overwrite", "steps", "penalty"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        found |= strcmp(names[i], name) == 0;
    return found;
}

void text_add_training_line(struct text *text, const struct call *call, int64_t steps, bool penalised)
{
    text_add(text, call->invocation->command->name);
    text_add_training_settings(text, call, steps);
    if (penalised)
        text_add(text, " penalty=script");
}

void text_add_training_settings(struct text *text, const struct call *call, int64_t steps)
{
    const struct invocation *invocation = call->invocation;
    for (int i = 0; i < invocation->argument_count; i++) {
        text_add(text, " ");
        text_add_word(text, invocation->arguments[i]);
    }
    for (int i = 0; i < invocation->setting_count; i++) {
        const struct setting *setting = &invocation->settings[i];
        if (is_left_out(setting->parameter->name))
            continue;
        text_add_format(text, " %s=", setting->parameter->name);
        text_add_word(text, setting->text);
    }
    if (steps > 0)
        text_add_format(text, " steps=%lld", (long long)steps);
}
