/* SPDX-License-Identifier: GPL-3.0-or-later */
/* group: what a layer is tied to. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "prune/coupling.h"
#include "prune/group_score.h"
#include "score/layer.h"
#include "session/commands/block_table.h"
#include "session/commands/group_members.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/shown.h"
#include "session/words/value.h"
#include "view/figure.h"

enum { SHOW_BLOCKS, SHOW_MEMBERS };
static const char *shown_name(int index)
{
    static const char *const names[] = {"blocks", "members"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}

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

/* "stream of 7 layers, 112 channels in 3 blocks", and what is locked. */
static void tell_group(const struct call *call, const struct group *group)
{
    const struct coupling *coupling = call->session->state.model->coupling;
    int64_t channels = 0, locked = 0;
    for (int i = 0; i < group->block_count; i++) {
        const struct block *block = &coupling->blocks[group->blocks[i]];
        channels += block_channels(coupling, block);
        locked += block->locked ? block_channels(coupling, block) : 0;
    }
    struct text text = {0};
    text_add_format(&text, "%s: ", call_argument(call, 0));
    if (group->layer_count > 1)
        text_add_format(&text, "%s %d layers, ", group->stream ? "stream of" : "tied:", group->layer_count);
    else
        text_add(&text, "on its own, ");
    text_add_format(&text, "%lld channel%s in %d block%s", (long long)channels, channels == 1 ? "" : "s",
                    group->block_count, group->block_count == 1 ? "" : "s");
    if (locked)
        text_add_format(&text, ", %lld of them locked", (long long)locked);
    reply_result(call->reply, &text);
    text_free(&text);
}

static void block_table(const struct session *session, const struct group *group, struct figure *figure)
{
    figure_title(figure, "Blocks of %s: each has a ratio of its own", group->name);
    block_columns(figure);
    for (int i = 0; i < group->block_count; i++)
        block_row(session, group->blocks[i], figure);
}

static status run_group(struct call *call, struct error *error)
{
    const struct session *session = call->session;
    const struct coupling *coupling = session->state.model->coupling;
    int layer = layers_index(session->state.model->layers, call_argument(call, 0));
    const struct group *group = &coupling->groups[coupling->layer_group[layer]];
    struct setting_value show, compat;
    status code = call_value(call, "show", &show, error);
    if (code == STATUS_OK)
        code = call_value(call, "compat", &compat, error);
    if (code != STATUS_OK)
        return code;
    struct figure *figure = shown_figure(session, FIGURE_TABLE, "group");
    if (!figure)
        return error_memory(error);
    if (show.integer == SHOW_MEMBERS)
        code =
            group_members(coupling, coupling->layer_group[layer], (enum compat)compat.integer, figure, error);
    else
        block_table(session, group, figure);
    if (code == STATUS_OK)
        code = describe(call, coupling->layer_group[layer], error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    tell_group(call, group);
    return reply_figure(call->reply, figure, error);
}

static const struct parameter group_arguments[] = {
    {"LAYER", VALUE_LAYER, 0, 0, 0, NULL, NULL, "a layer by its name"},
    PARAMETER_END,
};
static const struct parameter group_parameters[] = {
    {"show", VALUE_CHOICE, 0, 0, 0, shown_name, "blocks",
     "what the table lists: blocks, or members, all parts of weights that go with a channel"},
    {"compat", VALUE_CHOICE, 0, 0, 0, compat_name, "paper",
     "with show=members: in whose order; the first one is what combine=first takes"},
    PARAMETER_END,
};
static const struct example group_examples[] = {
    {"group conv1", "tells which layers share the channels of conv1", false},
    {"group conv1 show=members", "lists the filters, BatchNorm scales and columns that go with them", false},
    EXAMPLE_END,
};

const struct command command_group = {
    .name = "group",
    .arguments = group_arguments,
    .parameters = group_parameters,
    .flags = COMMAND_MODEL | COMMAND_FIGURES | COMMAND_OF_MODEL,
    .help = "tell what a layer is tied to",
    .text =
        "Channels that meet in an addition, or that pass through a depthwise convolution, live or die "
        "together. Tells in words which layers share channels with this one, which nodes of the network "
        "tie them, and why some are locked. The table lists the blocks: channels that lie in the same "
        "layers and have one ratio. Channels are counted in the first of these layers; where several of "
        "one layer go together, as before and behind grouped convolutions, the number of such classes "
        "stands beside. A group whose channels run through several layers is a stream; all others are "
        "inner.\n\n"
        "With show=members the table lists all that goes with a channel and may have a voice in its score "
        "(members=all of prune and rank): the filters that make it, the scales of the BatchNorms behind "
        "them, and the columns with which other layers read it.",
    .examples = group_examples,
    .run = run_group,
};
