/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command reads is said by its row: its flags and its options. */
#include "tui/freshness.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "score/layer.h"
#include "session/language/command.h"
#include "session/language/parse.h"
#include "session/model.h"
#include "session/ratio.h"
#include "session/words/option.h"

enum {
    OF_SCORES = COMMAND_SCORES | COMMAND_OF_SCORES,
    READS = COMMAND_MODEL | COMMAND_DATA | OF_SCORES,
};

static bool network_differs(const struct state *a, const struct state *b)
{
    struct state_names names[2];
    state_names(a, &names[0]);
    state_names(b, &names[1]);
    return strcmp(names[0].network, names[1].network) != 0;
}

/* Of any layer of the same network, by whatever they are set. */
static bool ratios_differ(const struct state *a, const struct state *b)
{
    for (int i = 0; a->model && a->model == b->model && i < a->model->layers->count; i++)
        if (layer_ratio(a, i) != layer_ratio(b, i))
            return true;
    return false;
}

/* Does the line itself set the option? Then the session's does not count. */
static bool sets(const struct command *command, const struct statement *statement, int id)
{
    const char *key = command_option(command, id)->name;
    size_t length = strlen(key);
    for (int i = 1; i < statement->count; i++) {
        const struct token *token = &statement->tokens[i];
        if (token->key == (int)length && strncmp(token->text, key, length) == 0)
            return true;
    }
    return false;
}

static bool option_differs(int id, const struct state *shown, const struct state *now)
{
    return id == OPTION_RATIO ? ratios_differ(shown, now)
                              : strcmp(option_text(shown->options, (enum option_id)id),
                                       option_text(now->options, (enum option_id)id)) != 0;
}

static void add_part(struct text *text, bool differs, const char *part)
{
    if (differs)
        text_add_format(text, "%s%s", text->length ? ", " : "", part);
}

static void add_changes(struct text *text, const struct command *command, const struct statement *statement,
                        const struct state *shown, const struct state *now)
{
    struct text changes = {0};
    bool scores = command->flags & OF_SCORES;
    add_part(&changes, scores ? shown->model != now->model : network_differs(shown, now), "network");
    add_part(&changes, (command->flags & COMMAND_DATA) && shown->dataset != now->dataset, "data");
    add_part(&changes, scores && shown->model == now->model && shown->board != now->board, "scores");
    for (const int *id = command->options; id && *id != OPTION_NONE; id++)
        add_part(&changes, !sets(command, statement, *id) && option_differs(*id, shown, now),
                 *id == OPTION_RATIO ? "ratios" : option_name(*id));
    text_add(text, text_data(&changes));
    text->failed |= changes.failed;
    text_free(&changes);
}

void text_add_stale(struct text *text, const char *line, const struct state *shown, const struct state *now)
{
    struct parsed_line parsed;
    struct error ignored = {0};
    const struct command *command;
    if (!shown->options || parse_line(line, &parsed, &ignored) != STATUS_OK)
        return;
    if (parsed.count == 1 && parsed.statements[0].count &&
        command_find(parsed.statements[0].tokens[0].text, true, &command, &ignored) == STATUS_OK &&
        (command->flags & READS) && !(command->flags & COMMAND_ALL_OPTIONS))
        add_changes(text, command, &parsed.statements[0], shown, now);
    parsed_line_free(&parsed);
}
