/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The classes of a data set as a list of names gives them: a line per class, in the order of the labels. A
 * line may begin with its number or with a name in one word (as of a folder) before what the class is called:
 * "n01440764 tench, Tinca tinca". */
#ifndef IPPRO_DATA_CLASSES_H
#define IPPRO_DATA_CLASSES_H

#include "base/memory.h"
#include "base/status.h"

enum { MOST_CLASSES = 100000 };

struct class_key {
    const char *name;
    int label;
};

struct classes {
    struct arena *arena;
    const char **shown; /* per label: what the class is called */
    int count;
    struct class_key *keys; /* whole lines and first words, sorted */
    size_t key_count;
    const char *source; /* the name of the file, for notes */
};

/* Errors name the file and the line. */
status classes_read(const char *path, struct classes *classes, struct error *error);
/* The list in a folder or in the one above it, where there is one (classes.txt, labels.txt and what ImageNet
 * comes with); else *classes has none of them. */
status classes_look(const char *folder, struct classes *classes, struct error *error);
/* Of names as they come, sorted, each once; they are copied. */
status classes_of_names(const char *const *names, size_t count, struct classes *classes, struct error *error);
int classes_find(const struct classes *classes, const char *name); /* the label, -1: none of that name */
void classes_free(struct classes *classes);

#endif
