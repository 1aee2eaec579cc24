/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures whose labels stand in a text file. */
#ifndef IPPRO_DATA_LABELLED_H
#define IPPRO_DATA_LABELLED_H

#include "data/pictures.h"

/* Add the pictures that the rows of the file name, in their order; names are relative to `root` (or to its
 * folder `images`), and may lack the extension. Rows of labels alone belong to the pictures of `root` in the
 * order of their names. Classes come from `classes` where they have any, else from the labels. A picture that
 * is not there is refused with its line; with `skip` it is one of those that cannot be read. */
status labelled_add(struct dataset *dataset, const char *root, const char *label_path,
                    struct classes *classes, bool skip, struct error *error);

#endif
