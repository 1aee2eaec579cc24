/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The networks that are described (architecture/table.h), as the session finds them: descriptions are files
 * that the front end runs when somebody first asks. */
#ifndef IPPRO_SESSION_NETWORKS_H
#define IPPRO_SESSION_NETWORKS_H

#include "architecture/identify.h"

struct session;
struct value_scope;

/* See to it that the files of networks were run. What is wrong with one is added to `problems`, one line
 * each, and is no failure. Without a front end that runs them there are those that are known already. */
status networks_bring(const struct session *session, struct text *problems, struct error *error);
/* The same for a scope that was made of a session (session_scope). */
void networks_bring_for(const struct value_scope *scope);

/* The network of that name, alone in a list; with NULL all. Unknown names say what is near. Free the list. */
status networks_named(const char *name, struct architecture_list *list, struct error *error);
/* "44x56", "56": height and width, from 1 to 65,536. */
status image_size_parse(const char *text, int64_t size[2], struct error *error);

#endif
