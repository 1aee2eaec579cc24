/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text file of paths and labels: the pictures lie where its paths lead, from its own folder on. */
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "data/classes.h"
#include "data/kinds.h"
#include "data/labelled.h"
#include "data/listing.h"
#include "data/pictures.h"

/* The folder that a path is in, owned by the caller. */
static char *folder_of(const char *path)
{
    const char *base = path_base(path);
    return base == path ? mem_string(".") : mem_format("%.*s", (int)(base - path), path);
}

static status csv_open(struct dataset *dataset, const struct dataset_options *options, struct error *error)
{
    struct classes classes = {0};
    char *root = folder_of(dataset->path);
    status code = root ? pictures_begin(dataset, options, error) : error_memory(error);
    if (code == STATUS_OK)
        code = classes_look(root, &classes, error);
    if (code == STATUS_OK)
        code = labelled_add(dataset, root, dataset->path, &classes, options->skip_corrupt, error);
    if (code == STATUS_OK)
        code = pictures_end(dataset, options, dataset->path, error);
    classes_free(&classes);
    mem_free(root);
    return code;
}

static bool csv_recognise(const char *path)
{
    const char *extension = path_extension(path);
    return path_is_file(path) && (strcasecmp(extension, "csv") == 0 || strcasecmp(extension, "tsv") == 0);
}

static const char *const splits[] = {"test", "train", "val", "all", NULL};

const struct dataset_kind dataset_csv = {
    .name = "csv",
    .help =
        "a text file with a path and a label in each line (commas, tabs or blanks between), of PNG and JPEG "
        "pictures; split= says what they are",
    .extensions = {".csv", ".tsv", ".txt"},
    .needs_path = true,
    .has_pictures = true,
    .splits = splits,
    .open = csv_open,
    .recognise = csv_recognise,
    .read = pictures_read,
    .picture = pictures_picture,
    .label = pictures_label,
    .digest = pictures_digest,
    .memory = pictures_memory,
    .close = pictures_close,
};
