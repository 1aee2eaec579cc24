/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which theme a session draws with: the one that the option theme names, and of itself the one that suits the
 * terminal's background. */
#ifndef IPPRO_SESSION_APPEARANCE_H
#define IPPRO_SESSION_APPEARANCE_H

#include "session/words/option.h"
#include "view/theme.h"

struct session;

/* The background as the option tells it, else as `found`. */
enum background appearance_background(const struct options *options, enum background found);
/* Load a theme by its name; auto is dark, light or neutral, as the background is. */
status appearance_theme(const char *name, const struct options *options, enum background found,
                        struct theme **theme, struct error *error);
/* The same with the name that the options have. */
status appearance_load(const struct options *options, enum background found, struct theme **theme,
                       struct error *error);
/* Do the options ask for another theme than those before? */
bool appearance_differs(const struct options *options, const struct options *before);
/* What the front end has found of its terminal, told before the first command: the theme follows, also in the
 * state that undo goes back to. Where no theme can be loaded text is plain. */
void appearance_found(struct session *session, enum background found);

#endif
