/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The architectures that are known in this process, by name. May be asked from any thread. */
#ifndef IPPRO_ARCHITECTURE_TABLE_H
#define IPPRO_ARCHITECTURE_TABLE_H

#include "architecture/architecture.h"

/* Add a finished architecture, in the place of one with its name. The user's own stand before those that come
 * with the program, else in the order in which they were added. A name is a word of small letters, digits,
 * hyphens, dots and underscores. The caller keeps his reference. */
status architecture_table_add(struct architecture *architecture, bool own, struct error *error);
/* One more reference; NULL: there is none of that name. */
struct architecture *architecture_table_find(const char *name);

/* All of them, counted, in the order in which they are tried. */
struct architecture_list {
    struct architecture **items;
    int count;
};
status architecture_list_all(struct architecture_list *list, struct error *error);
void architecture_list_free(struct architecture_list *list);

#endif
