/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that are found by their names: the user's own, below ~/.config/ippro-explore, and those that come
 * with the program. A path that leads to a file is that file, whatever else has the name. */
#ifndef IPPRO_SESSION_WORDS_KNOWN_FILE_H
#define IPPRO_SESSION_WORDS_KNOWN_FILE_H

#include <stdbool.h>
#include "base/status.h"

struct text;
struct word_list;

enum { KNOWN_FOLDERS = 3, KNOWN_EXTENSIONS = 2 };

/* A kind of such files. The user's folders are looked at first, in their order. */
struct known_files {
    const char *name; /* "script" */
    struct {
        const char *user, *program;           /* below the user's folder, below the program's data */
    } folders[KNOWN_FOLDERS];                 /* ended by NULL if there is room */
    const char *extensions[KNOWN_EXTENSIONS]; /* with the dot; likewise. Names may be given without */
    bool whole;                               /* names are offered with their extension */
};
extern const struct known_files known_scripts; /* Lua scripts, criteria, and files of commands */
extern const struct known_files known_recipes;
extern const struct known_files known_networks; /* in which networks are described */

/* The file that a name means. *path is owned by the caller (mem_free); STATUS_FILE where there is none. */
status known_file_find(const struct known_files *kind, const char *name, char **path, struct error *error);
/* All names there are, sorted, each once. */
void known_file_words(const struct known_files *kind, struct word_list *list);
/* What a file says of itself: the first sentence of the comment at its head, without a full stop; nothing
 * where it has none. Looking makes it no input (base/inputs.h). */
void text_add_file_head(struct text *text, const char *path);

#endif
