/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recipe: the ratios of a whole network from a file. */
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/pruning.h"
#include "session/recipe.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/known_file.h"
#include "session/words/value.h"

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
        code = known_file_find(&known_recipes, call_argument(call, 0), path, error);
    if (code == STATUS_OK && *path)
        code = recipe_read(*path, call->session->recipe_program, recipe, error);
    for (int i = 1; code == STATUS_OK && call_argument(call, i); i++)
        code = recipe_line(recipe, call_argument(call, i), error);
    return code;
}

/* What a session file keeps: a recipe's ratios, and which file (NULL: none) they came from. */
static status keep_log(struct call *call, const char *path, const struct recipe *recipe, struct error *error)
{
    struct text log = {0};
    struct error ignored = {0};
    char digest[DIGEST_SIZE], *whole = path ? path_whole(path) : NULL;
    if (whole && !strchr(whole, '\n') && file_digest(whole, RECIPE_LIMIT, digest, &ignored) == STATUS_OK)
        text_add_format(&log, "#recipe %s %s\n", digest, whole);
    mem_free(whole);
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
    memset(next->chosen, 0, (size_t)next->block_count * sizeof *next->chosen);
    memset(next->excluded, 0, (size_t)next->block_count * sizeof *next->excluded);
    next->fixed = 0;
    recipe.pruning = next;
    code = read_recipe(call, &recipe, &path, error);
    if (code == STATUS_OK)
        code = keep_log(call, path, &recipe, error);
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

const struct command command_recipe = {
    .name = "recipe",
    .arguments = recipe_arguments,
    .flags = COMMAND_MODEL | COMMAND_CHANGES | COMMAND_OF_MODEL,
    .help = "set ratios from a file",
    .text =
        "Reads the ratios of a whole network from a text file, in place of all that were set. Each line "
        "is a target and a ratio, as for the command ratio, or a setting of prune: criterion, round, "
        "round_to, min, cap, combine, compat, members, normaliser. Comments begin with #. A name without a folder is looked for "
        "here, in ~/.config/ippro-explore/recipes, and among the recipes that come with the program. "
        "Lines may stand behind the name, and be all there is. A session file keeps the ratios, not the "
        "file.",
    .examples = recipe_examples,
    .run = run_recipe,
};
