/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme: the colours. */
#include <string.h>

#include "base/status.h"
#include "session/appearance.h"
#include "session/commands/option_change.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/session.h"
#include "session/words/option.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "view/cells/canvas.h"
#include "view/style.h"
#include "view/theme.h"

static const char *const background_names[BACKGROUNDS] = {"any", "dark", "light"};

/* "dark<tab>for dark backgrounds (now)" */
static void list_theme(const struct call *call, const char *name)
{
    struct theme *theme;
    struct error error = {0};
    bool automatic = strcmp(name, THEME_AUTO) == 0;
    const char *now = strcmp(name, option_text(&call->options, OPTION_THEME)) == 0 ? " (now)" : "";
    if (appearance_theme(name, &call->options, call->session->background, &theme, &error) != STATUS_OK)
        reply_add(call->reply, STYLE_NOTE, "%s\tcannot be used: %s", name, error.message);
    else if (automatic)
        reply_line(call->reply, "%s\t%s here, as the background is%s%s", name, theme->name,
                   theme->background ? "" : " not known", now);
    else
        reply_line(call->reply, "%s\tfor %s background%s%s", name, background_names[theme->background],
                   theme->background ? "s" : "", now);
    theme_free(theme);
}

static void list_themes(const struct call *call)
{
    struct word_list words = {0};
    value_words(&call->invocation->command->arguments[0], session_scope(call->session), &words);
    for (size_t i = 0; i < words.count; i++)
        list_theme(call, words.items[i]);
    call->reply->failed |= words.failed;
    word_list_free(&words);
}

/* What is chosen is taken, but told of when it is made for other terminals. */
static void judge_theme(const struct call *call)
{
    const struct theme *theme = call->session->state.theme;
    enum background here = appearance_background(&call->options, call->session->background);
    if (theme && theme->background && here && theme->background != here)
        reply_add(call->reply, STYLE_NOTE,
                  "%s is made for %s backgrounds, and this terminal's is %s: theme auto", theme->name,
                  background_names[theme->background], background_names[here]);
}

static status run_theme(struct call *call, struct error *error)
{
    const char *name = call_argument(call, 0);
    if (!name) {
        list_themes(call);
        return STATUS_OK;
    }
    status code = value_parse(&option_at(OPTION_THEME)->parameter, session_scope(call->session), name,
                              &call->options.value[OPTION_THEME], error);
    if (code == STATUS_OK)
        code = change_options(call, error);
    if (code == STATUS_OK)
        judge_theme(call);
    return code;
}

static const struct parameter theme_arguments[] = {
    {"THEME", VALUE_THEME, PARAMETER_OPTIONAL, 0, 0, NULL, NULL, "a theme by its name"},
    PARAMETER_END,
};
static const struct example theme_examples[] = {{"theme", "lists the themes", false}, EXAMPLE_END};

const struct command command_theme = {
    .name = "theme",
    .arguments = theme_arguments,
    .flags = COMMAND_CHANGES | COMMAND_PREVIEW,
    .help = "choose the colours",
    .text = "Without an argument lists the themes, and which backgrounds they are made for. The theme auto "
            "follows the terminal's background: dark, light, or neutral where nobody knows; see the "
            "option background. Themes are data files; those in ~/.config/ippro-explore/themes come first.",
    .examples = theme_examples,
    .run = run_theme,
};
