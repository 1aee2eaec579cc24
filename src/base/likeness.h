/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file looks like that was given for something else, for error messages. */
#ifndef IPPRO_BASE_LIKENESS_H
#define IPPRO_BASE_LIKENESS_H

#include <stddef.h>

/* "a zip file", "text": by the first bytes, 512 of which are enough; NULL: nothing that is known. */
const char *file_looks_like(const void *data, size_t size);

#endif
