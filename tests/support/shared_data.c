/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the optional test data are. */
#include "support/shared_data.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

char *shared_path(const char *name)
{
    const char *shared = getenv("IPPRO_SHARED"), *source = getenv("SRCDIR");
    if (shared)
        return mem_format("%s/%s", shared, name);
    return mem_format("%s/../shared/%s", source ? source : ".", name);
}

char *shared_find(const char *name)
{
    char *path = shared_path(name);
    if (path && access(path, R_OK) == 0)
        return path;
    mem_free(path);
    return NULL;
}
