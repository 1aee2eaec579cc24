/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/appearance.h"

#include <string.h>

#include "base/status.h"
#include "session/session.h"

enum background appearance_background(const struct options *options, enum background found)
{
    int64_t told = option_integer(options, OPTION_BACKGROUND); /* in the order of the enum, auto first */
    return told ? (enum background)told : found;
}

status appearance_theme(const char *name, const struct options *options, enum background found,
                        struct theme **theme, struct error *error)
{
    static const char *const suiting[BACKGROUNDS] = {
        [BACKGROUND_UNKNOWN] = "neutral",
        [BACKGROUND_DARK] = "dark",
        [BACKGROUND_LIGHT] = "light",
    };
    if (strcmp(name, THEME_AUTO) == 0)
        name = suiting[appearance_background(options, found)];
    return theme_load(name, theme, error);
}

status appearance_load(const struct options *options, enum background found, struct theme **theme,
                       struct error *error)
{
    return appearance_theme(option_text(options, OPTION_THEME), options, found, theme, error);
}

bool appearance_differs(const struct options *options, const struct options *before)
{
    const char *name = option_text(options, OPTION_THEME);
    return strcmp(name, option_text(before, OPTION_THEME)) != 0 ||
           (strcmp(name, THEME_AUTO) == 0 &&
            option_integer(options, OPTION_BACKGROUND) != option_integer(before, OPTION_BACKGROUND));
}

void appearance_found(struct session *session, enum background found)
{
    struct state *first = &session->history.steps[session->history.position].state;
    struct error ignored = {0};
    struct theme *theme = NULL;
    session->background = found;
    if (appearance_load(session->state.options, found, &theme, &ignored) != STATUS_OK)
        theme = NULL;
    theme_free(session->state.theme);
    theme_free(first->theme);
    session->state.theme = theme;
    first->theme = theme_retain(theme);
}
