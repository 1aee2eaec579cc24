/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of CIFAR's classes: a text, or a pickle, beside the records. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/cifar.h"
#include "data/dataset.h"

/* Cut the text of a names file into its first `wanted` lines, without carriage returns; the number found. */
static int split_lines(char *text, const char **lines, int wanted)
{
    int count = 0;
    for (char *rest = text, *line; count < wanted && (line = strsep(&rest, "\n"));) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0])
            lines[count++] = line;
    }
    return count;
}

status cifar_name_classes(struct dataset *dataset, const struct cifar_layout *layout, unsigned char *bytes,
                          size_t size, bool pickled, struct error *error)
{
    const char *lines[CIFAR_MOST_CLASSES];
    struct arena *arena = arena_new();
    int found = 0;
    status code = arena ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK && bytes && pickled)
        code = cifar_pickled_names(arena, layout, bytes, size, lines, &found, error);
    else if (code == STATUS_OK && bytes)
        found = split_lines((char *)bytes, lines, layout->classes);
    const bool usable = found == layout->classes;
    if (code == STATUS_OK)
        code = dataset_name_classes(dataset, usable ? lines : NULL, layout->classes, error);
    if (code == STATUS_OK && found > 0 && !usable && !dataset->note) {
        dataset->note = mem_format("%s has %d names for %d classes: they are numbered instead",
                                   pickled ? layout->meta : layout->names_file, found, layout->classes);
        if (!dataset->note)
            code = error_memory(error);
    }
    if (arena)
        arena_free(arena);
    mem_free(bytes);
    return code;
}

status cifar_name_from_folder(struct dataset *dataset, const char *folder, const struct cifar_layout *layout,
                              struct error *error)
{
    const char *const names[] = {layout->names_file, layout->meta};
    for (int i = 0; i < 2; i++) {
        char *path = path_join(folder, names[i]);
        unsigned char *text = NULL;
        size_t size = 0;
        if (!path)
            return error_memory(error);
        bool there = cifar_exists(path);
        status code = there ? file_read(path, CIFAR_LARGEST_NAMES, &text, &size, error) : STATUS_OK;
        mem_free(path);
        if (code != STATUS_OK)
            return code;
        if (there)
            return cifar_name_classes(dataset, layout, text, size, i == 1, error);
    }
    return cifar_name_classes(dataset, layout, NULL, 0, false, error);
}
