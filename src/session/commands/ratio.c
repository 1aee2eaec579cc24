/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is tied to what, and how much of it is to go: group, ratio, recipe. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "score/layer.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/shown.h"
#include "session/target.h"
#include "session/words/value.h"
#include "view/cells/canvas.h"
#include "view/figure.h"

/* --- tables of blocks ----------------------------------------------------------------------------------- */

static void block_columns(struct figure *figure)
{
    table_column(figure, "layers", NULL, COLUMN_TEXT, 0);
    table_column(figure, "kind", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 1);
    table_column(figure, "channels", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 3);
    table_column(figure, "ratio", NULL, COLUMN_REAL, 3);
    table_priority(figure, 4);
    table_column(figure, "selected", NULL, COLUMN_INTEGER, 0);
    table_priority(figure, 2);
    table_column(figure, "remark", NULL, COLUMN_TEXT, 0);
}

/* Of the block's first layer. */
static int64_t selected_channels(const struct session *session, const struct block *block)
{
    int64_t count = 0;
    for (int i = 0; i < block->class_count; i++)
        if (session->state.pruning->removed[block->classes[i]])
            count +=
                class_width(&session->state.model->coupling->classes[block->classes[i]], block->layers[0]);
    return count;
}

static void block_row(const struct session *session, int index, struct figure *figure)
{
    const struct coupling *coupling = session->state.model->coupling;
    const struct block *block = &coupling->blocks[index];
    struct text name = {0}, remark = {0};
    text_add_block(&name, coupling, index);
    table_text(figure, shown_words(figure, &name));
    table_text(figure, coupling->groups[block->group].stream ? "stream" : "inner");
    table_number(figure, (double)block_channels(coupling, block));
    if (block->locked)
        table_missing(figure);
    else
        table_number(figure, session->state.pruning->ratio[index]);
    table_number(figure, (double)selected_channels(session, block));
    text_add_classes(&remark, coupling, block);
    if (remark.length && (block->locked || session->state.pruning->excluded[index]))
        text_add(&remark, "; ");
    if (block->locked) {
        text_add(&remark, "locked: ");
        text_add_lock(&remark, coupling, index);
    } else if (session->state.pruning->excluded[index]) {
        text_add(&remark, "kept: passed by");
    }
    table_text(figure, shown_words(figure, &remark));
    text_free(&name);
    text_free(&remark);
}

/* --- group ---------------------------------------------------------------------------------------------- */

static status describe(struct call *call, int group, struct error *error)
{
    struct text text = {0};
    group_describe(call->session->state.model->coupling, group, &text);
    char *rest = text.failed ? NULL : text.data;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (*line)
            reply_line(call->reply, "%s", line);
    }
    bool failed = text.failed;
    text_free(&text);
    return failed ? error_memory(error) : STATUS_OK;
}

static status run_group(struct call *call, struct error *error)
{
    const struct session *session = call->session;
    const struct coupling *coupling = session->state.model->coupling;
    int layer = layers_index(session->state.model->layers, call_argument(call, 0));
    const struct group *group = &coupling->groups[coupling->layer_group[layer]];
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "group");
    if (!figure)
        return error_memory(error);
    figure_title(figure, "Blocks of %s: each has a ratio of its own", group->name);
    block_columns(figure);
    for (int i = 0; i < group->block_count; i++)
        block_row(session, group->blocks[i], figure);
    status code = describe(call, coupling->layer_group[layer], error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    return reply_figure(call->reply, figure, error);
}

/* --- ratio ---------------------------------------------------------------------------------------------- */

static status list_ratios(const struct call *call, const char *name, struct error *error)
{
    const struct session *session = call->session;
    const struct coupling *coupling = session->state.model->coupling;
    struct target target = {0};
    status code = name ? target_find(session->state.model, name, &target, error) : STATUS_OK;
    if (code != STATUS_OK)
        return code;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "ratios");
    if (figure) {
        figure_title(figure, "Ratios of %s%s%s", model_title(session->state.model), name ? ": " : "",
                     name ? name : "");
        block_columns(figure);
        for (int i = 0; i < coupling->block_count; i++) {
            if (!name || target.blocks[i])
                block_row(session, i, figure);
        }
    }
    target_free(&target);
    return reply_figure(call->reply, figure, error);
}

/* Layers that were not named and now lose channels too. */
static void tell_tied(const struct call *call, const char *name, const struct target *target)
{
    const struct coupling *coupling = call->session->state.model->coupling;
    struct text text = {0};
    int count = 0;
    for (int i = 0; i < coupling->layers->count; i++) {
        const char *layer = coupling->layers->items[i].name;
        if (layers_match(coupling->layers, name, i))
            continue;
        bool tied = false;
        for (int k = 0; !tied && k < coupling->block_count; k++) {
            const struct block *block = &coupling->blocks[k];
            for (int j = 0; target->blocks[k] && j < block->layer_count; j++)
                tied |= block->layers[j] == i;
        }
        if (tied && count++ < 6)
            text_add_format(&text, "%s%s", count > 1 ? ", " : "", layer);
    }
    if (count > 6)
        text_add_format(&text, " and %d more", count - 6);
    if (count)
        reply_add(call->reply, STYLE_NOTE, "tied to what was named, and pruned with it: %s",
                  reply_text(call->reply, &text));
    text_free(&text);
}

static void tell_ratio(const struct call *call, const char *name, const char *value,
                       const struct target *target, int passed)
{
    const struct pruning *pruning = call->session->state.pruning;
    const struct coupling *coupling = call->session->state.model->coupling;
    struct text text = {0};
    int64_t channels = 0;
    for (int i = 0; i < pruning->block_count; i++) {
        if (target->blocks[i] && !(passed && pruning->excluded[i]))
            channels += block_channels(coupling, &coupling->blocks[i]);
    }
    text_add_format(&text, "%s: %s for ", name, value);
    text_add_thousands(&text, channels);
    int blocks = target->count - passed;
    text_add_format(&text, " channels in %d %s", blocks, blocks == 1 ? "block" : "blocks");
    if (target->locked)
        text_add_format(&text, "; %d locked", target->locked);
    if (passed)
        text_add_format(&text, "; %d kept, until a name or a pattern says otherwise", passed);
    reply_line(call->reply, "%s", reply_text(call->reply, &text));
    text_free(&text);
    if (!target_is_word(call->session->state.model->layers, name))
        tell_tied(call, name, target);
}

static status set_ratio(struct call *call, const char *name, const char *value, struct error *error)
{
    struct target target;
    struct pruning *next = NULL;
    double ratio = 0;
    bool excluded = !text_to_double(value, &ratio);
    int passed = 0;
    status code = target_find(call->session->state.model, name, &target, error);
    if (code != STATUS_OK)
        return code;
    code = pruning_copy(call->session->state.pruning, &next, error);
    if (code == STATUS_OK) {
        passed = pruning_set_ratio(next, &target, ratio, excluded,
                                   target_is_word(call->session->state.model->layers, name));
        code = pruning_settle(next, call->session->state.model, error);
    }
    if (code == STATUS_OK) {
        session_set_pruning(call->session, next);
        tell_ratio(call, name, excluded ? "kept" : value, &target, passed);
    } else {
        pruning_free(next);
    }
    target_free(&target);
    return code;
}

static status run_ratio(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0), *value = call_argument(call, 1);
    if (!value)
        return list_ratios(call, name, error);
    if (call->invocation->redirect)
        return error_set(error, STATUS_USAGE, "shows no figure when it sets a ratio");
    return set_ratio(call, name, value, error);
}

/* --- recipe --------------------------------------------------------------------------------------------- */

static const char no_file[] = "none";

static void tell_recipe(const struct call *call, const char *name)
{
    const struct pruning *pruning = call->session->state.pruning;
    int blocks = 0;
    for (int i = 0; i < pruning->block_count; i++)
        blocks += pruning->ratio[i] > 0;
    reply_line(call->reply, "%s: ratios of %d blocks are set", path_base(name), blocks);
    if (*pruning->rule.criterion)
        reply_line(call->reply, "'prune' alone now selects by %s", pruning->rule.criterion);
}

/* The file, unless there is none (*path is owned by the caller), and the lines behind it. */
static status read_recipe(struct call *call, struct recipe *recipe, char **path, struct error *error)
{
    status code = STATUS_OK;
    if (strcmp(call_argument(call, 0), no_file) != 0)
        code = recipe_find(call_argument(call, 0), path, error);
    if (code == STATUS_OK && *path)
        code = recipe_read(*path, call->session->recipe_program, recipe, error);
    for (int i = 1; code == STATUS_OK && call_argument(call, i); i++)
        code = recipe_line(recipe, call_argument(call, i), error);
    return code;
}

/* What a session file keeps: a recipe's ratios, not where they came from. */
static status keep_log(struct call *call, const struct recipe *recipe, struct error *error)
{
    struct text log = {0};
    recipe_log(recipe, &log);
    call->reply->log = log.failed ? NULL : mem_string(text_data(&log));
    text_free(&log);
    return call->reply->log ? STATUS_OK : error_memory(error);
}

static status run_recipe(struct call *call, struct error *error)
{
    const struct model *model = call->session->state.model;
    struct recipe recipe = {.model = model};
    struct pruning *next;
    char *path = NULL;
    status code = pruning_copy(call->session->state.pruning, &next, error);
    if (code != STATUS_OK)
        return code;
    memset(next->ratio, 0, (size_t)next->block_count * sizeof *next->ratio);
    memset(next->excluded, 0, (size_t)next->block_count * sizeof *next->excluded);
    next->fixed = 0;
    recipe.pruning = next;
    code = read_recipe(call, &recipe, &path, error);
    if (code == STATUS_OK)
        code = keep_log(call, &recipe, error);
    if (code == STATUS_OK)
        code = pruning_settle(next, model, error);
    if (code == STATUS_OK) {
        session_set_pruning(call->session, next);
        tell_recipe(call, path ? path : no_file);
    } else {
        pruning_free(next);
    }
    recipe_end(&recipe);
    mem_free(path);
    return code;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const struct parameter group_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    PARAMETER_END,
};
static const struct example group_examples[] = {
    {"group conv1", "tells which layers share the channels of conv1", false},
    EXAMPLE_END,
};
static const struct parameter ratio_arguments[] = {
    {"TARGET", VALUE_TARGET, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a layer, a pattern with * ? [abc], or streams, inner or all"},
    {"VALUE", VALUE_RATIO, PARAMETER_OPTIONAL, 0, 1, NULL, NULL,
     "share of the channels to prune, or none (or keep): leave them alone"},
    PARAMETER_END,
};
static const struct example ratio_examples[] = {
    {"ratio *.conv1 0.4", "wants 40 % of the channels in every block's first convolution pruned", false},
    {"ratio streams 0.15", "wants 15 % of the channels of every residual stream pruned", false},
    {"ratio layer3.0.conv1 none", "leaves one layer alone, whatever is said of all", false},
    {"ratio", "lists the ratios", false},
    EXAMPLE_END,
};
static const struct parameter recipe_arguments[] = {
    {"FILE", VALUE_RECIPE, 0, 0, 0, NULL, NULL, "a recipe, by its path or by its name; none: no file"},
    {"LINE", VALUE_WORD, PARAMETER_OPTIONAL | PARAMETER_REPEATED, 0, 0, NULL, NULL, "a line more, in quotes"},
    PARAMETER_END,
};
static const struct example recipe_examples[] = {
    {"recipe resnet56-50", "sets the ratios of the paper's first ResNet-56", false},
    {"recipe none 'all 0.4' 'round_to 8'", "sets one ratio for all, in multiples of eight", false},
    EXAMPLE_END,
};

const struct command commands_ratio[] = {
    {"group", NULL, "prune", group_arguments, NULL, NULL, COMMAND_MODEL | COMMAND_FIGURES,
     "tell what a layer is tied to",
     "Channels that meet in an addition, or that pass through a depthwise convolution, live or die together. "
     "Tells in words which layers share channels with this one, which nodes of the network tie them, and why "
     "some are locked. The table lists the blocks: channels that lie in the same layers and have one ratio. "
     "Channels are counted in the first of these layers; where several of one layer go together, as before and "
     "behind grouped convolutions, the number of such classes stands beside. "
     "A group whose channels run through several layers is a stream; all others are inner.",
     group_examples, run_group},
    {"ratio", NULL, "prune", ratio_arguments, NULL, NULL,
     COMMAND_MODEL | COMMAND_CHANGES | COMMAND_FIGURES | COMMAND_QUIET, "set and list pruning ratios",
     "Sets the share of channels that the next prune takes from a block. A layer of a stream stands for the "
     "blocks that it is in, and the layers tied to it are named. The words streams, inner and all stand for "
     "the blocks of that kind.\n\n"
     "With none, or keep, blocks are left alone: the words, and a prune with one ratio for all, pass them "
     "by until a ratio is set for them by name or pattern. Channels of the network's input and output are "
     "locked, with a reason that group tells. Without a value lists the ratios. The selection of the last "
     "prune stays as it is until the next.",
     ratio_examples, run_ratio},
    {"recipe", NULL, "prune", recipe_arguments, NULL, NULL, COMMAND_MODEL | COMMAND_CHANGES,
     "set ratios from a file",
     "Reads the ratios of a whole network from a text file, in place of all that were set. Each line is a "
     "target and a ratio, as for the command ratio, or a setting of prune: criterion, round, round_to, min, "
     "cap, combine. Comments begin with #. A name without a folder is looked for here, in "
     "~/.config/ippro-explore/recipes, and among the recipes that come with the program. Lines may stand "
     "behind the name, and be all there is. "
     "A session file keeps the ratios, not the file.",
     recipe_examples, run_recipe},
    {.name = NULL},
};
