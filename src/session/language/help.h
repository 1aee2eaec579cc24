/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help: commands, options, criteria and topics found by one name. */
#ifndef IPPRO_SESSION_LANGUAGE_HELP_H
#define IPPRO_SESSION_LANGUAGE_HELP_H

#include "session/reply.h"

/* Subjects that are neither command, option nor criterion: a text, or a list that is made from a table. The
 * texts are those of session/help/TOPIC.txt. */
struct help_topic {
    const char *name, *help;
    const char *text; /* paragraphs separated by an empty line; NULL: a list */
    void (*list)(struct reply *reply);
    bool headed; /* the list has no headings of its own: name and help stand above */
};
const struct help_topic *help_topic_at(int index); /* NULL past the end */

/* Everything `help` knows by name. */
const char *help_word(int index); /* NULL past the end; a name may be there twice */
struct session;
/* The list of commands, and of the session's aliases (NULL: of none). */
void help_overview(const struct session *session, struct reply *reply);
/* The scripts and recipes that are found by name, with what each says of itself. */
void help_scripts(struct reply *reply);
/* Everything called `name`. Unknown names say what is near. */
status help_about(const struct session *session, const char *name, struct reply *reply, struct error *error);
/* Whatever mentions the word in its name or its one line. */
status help_search(const struct session *session, const char *word, struct reply *reply, struct error *error);

#endif
