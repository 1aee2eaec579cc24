/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text files that say which label a picture has: rows of a path and a label, or of a label alone.
 *
 * Columns are separated by tabs, commas, semicolons or blanks, whichever the first line has (in that order);
 * a field may stand in double quotes, as spreadsheets write it. Where the first line names its columns (path,
 * file, image, ...; label, class, target, ...) these are taken, else the first and the second. Lines that
 * begin with # are remarks. */
#ifndef IPPRO_DATA_LABEL_FILE_H
#define IPPRO_DATA_LABEL_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"
#include "data/classes.h"

struct label_row {
    const char *name; /* NULL: only a label */
    const char *label;
    int32_t number; /* what label_file_resolve found */
    int line;
};

struct label_file {
    struct arena *arena;
    const char *path;
    struct label_row *rows;
    size_t count, capacity;
    bool named;       /* rows have names */
    bool first_words; /* of labels only the first word counts (Kaggle's PredictionString) */
};

/* Errors name the file and the line. */
status label_file_read(const char *path, struct label_file *file, struct error *error);
/* Set the numbers of all rows. Labels that are whole numbers are numbers; others are looked up in the
 * classes, and where there are none (count 0), *classes becomes the sorted list of what was found. Numbers
 * without a list of classes get one of numbers, up to the largest. */
status label_file_resolve(struct label_file *file, struct classes *classes, struct error *error);
void label_file_free(struct label_file *file);

#endif
