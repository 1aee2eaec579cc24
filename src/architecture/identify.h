/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which architecture a checkpoint belongs to. */
#ifndef IPPRO_ARCHITECTURE_IDENTIFY_H
#define IPPRO_ARCHITECTURE_IDENTIFY_H

#include "architecture/fit.h"
#include "architecture/table.h"

struct identification {
    struct fit *fit;     /* the best there is, which may be none (FIT_NONE): the nearest */
    const char **others; /* names of further architectures that fit as well and compute something else,
                            borrowed from the list */
    int other_count;
};

/* Every architecture of the list in every naming. One that fits exactly is taken; else, of those whose
 * numbers of channels differ but go together, one that has no fewer channels than the checkpoint, then the
 * one with the fewest differences. Of several that are as good it is one that is described for as many
 * classes as the checkpoint has, then the first. An empty list is refused. */
status architecture_identify(const struct architecture_list *list, struct checkpoint *checkpoint,
                             const int64_t input[2], struct identification *identification,
                             struct error *error);
void identification_end(struct identification *identification);

#endif
