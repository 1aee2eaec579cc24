/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ratios as the lines of a recipe. A line sets every block of the layer that it names, and a layer may lie in
 * several (a narrow stage's channels are part of a wide one's stream). So lines are found from the last to
 * the first: a block whose line comes late needs a layer all of whose other blocks have later lines still. */
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "prune/group_score.h"
#include "prune/selection.h"
#include "session/pruning.h"
#include "session/recipe.h"

struct naming {
    const struct coupling *coupling;
    const struct pruning *pruning;
    bool *done;                  /* per block: its line is found */
    int *blocks, *layers, count; /* lines, the last first */
};

/* Does the layer have free channels of the block, and of no other block that has no line yet? */
static bool names_alone(const struct naming *naming, int layer, int block)
{
    const struct coupling *c = naming->coupling;
    bool found = false;
    for (int64_t i = 0; i < c->layers->items[layer].channels; i++) {
        int other = c->classes[c->layer_classes[layer][i]].block;
        if (other != block && !c->blocks[other].locked && !naming->done[other])
            return false;
        found = found || other == block;
    }
    return found;
}

static bool find_line(struct naming *naming, int block)
{
    const struct block *item = &naming->coupling->blocks[block];
    for (int i = 0; i < item->layer_count; i++) {
        if (!names_alone(naming, item->layers[i], block))
            continue;
        naming->done[block] = true;
        naming->blocks[naming->count] = block;
        naming->layers[naming->count++] = item->layers[i];
        return true;
    }
    return false;
}

/* Blocks in descending order, so that lines come in ascending order where nothing else matters. */
static void find_lines(struct naming *naming)
{
    for (bool any = true; any;) {
        any = false;
        for (int b = naming->coupling->block_count - 1; b >= 0; b--)
            if (!naming->coupling->blocks[b].locked && !naming->done[b])
                any |= find_line(naming, b);
    }
}

static void add_lines(const struct naming *naming, struct text *lines)
{
    const struct pruning *pruning = naming->pruning;
    for (int i = naming->count - 1; i >= 0; i--) {
        int block = naming->blocks[i];
        text_add_glob(lines, naming->coupling->layers->items[naming->layers[i]].name);
        text_add(lines, " ");
        if (pruning->excluded[block])
            text_add(lines, "none");
        else
            text_add_double(lines, pruning->ratio[block]);
        text_add(lines, "\n");
    }
}

/* What the program that is followed does anyway is left out. */
static void add_grouping(const struct group_rule *rule, struct text *lines)
{
    const struct group_rule own = group_rule_of(rule->compat);
    text_add_format(lines, "combine %s\n", combination_name((int)rule->combine));
    if (rule->compat != COMPAT_PAPER)
        text_add_format(lines, "compat %s\n", compat_name((int)rule->compat));
    if (rule->members != own.members)
        text_add_format(lines, "members %s\n", member_set_name((int)rule->members));
    if (rule->normaliser != own.normaliser)
        text_add_format(lines, "normaliser %s\n", normaliser_name((int)rule->normaliser));
}

static void add_rule(const struct pruning_rule *rule, struct text *lines)
{
    text_add_format(lines, "criterion %s\nround %s\nround_to %lld\nmin %lld\n", rule->criterion,
                    rounding_name((int)rule->options.rounding), (long long)rule->options.round_to,
                    (long long)rule->options.minimum);
    add_grouping(&rule->grouping, lines);
}

status recipe_read_lines(struct recipe *recipe, const char *lines, struct error *error)
{
    char *copy = mem_string(lines), *rest = copy;
    status code = copy ? STATUS_OK : error_memory(error);
    for (char *line; code == STATUS_OK && (line = strsep(&rest, "\n"));)
        code = recipe_line(recipe, line, error);
    mem_free(copy);
    return code;
}

/* Names that a recipe cannot hold, blocks without one: reading back shows it. */
static status check_lines(const struct model *model, const struct pruning *pruning, const char *lines,
                          struct error *error)
{
    struct recipe recipe = {.model = model};
    status code = pruning_new(model, &recipe.pruning, error);
    if (code != STATUS_OK)
        return code;
    code = recipe_read_lines(&recipe, lines, error);
    if (code == STATUS_OK && memcmp(recipe.pruning->ratio, pruning->ratio,
                                    (size_t)pruning->block_count * sizeof *pruning->ratio) != 0)
        code = error_set(error, STATUS_STATE,
                         "no recipe can hold these ratios: some channels are of no layer of their own");
    pruning_free(recipe.pruning);
    recipe_end(&recipe);
    return code;
}

status recipe_lines(const struct model *model, const struct pruning *pruning, struct text *lines,
                    struct error *error)
{
    size_t blocks = (size_t)model->coupling->block_count + 1;
    struct naming naming = {.coupling = model->coupling,
                            .pruning = pruning,
                            .done = mem_new(blocks, sizeof(bool)),
                            .blocks = mem_new(blocks, sizeof(int)),
                            .layers = mem_new(blocks, sizeof(int))};
    status code = naming.done && naming.blocks && naming.layers ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK) {
        find_lines(&naming);
        add_lines(&naming, lines);
        add_rule(&pruning->rule, lines);
        code = lines->failed ? error_memory(error) : check_lines(model, pruning, text_data(lines), error);
    }
    mem_free(naming.done);
    mem_free(naming.blocks);
    mem_free(naming.layers);
    return code;
}
