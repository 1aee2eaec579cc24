/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optional test data, trained networks and images: the folder that $IPPRO_SHARED names, else ../shared beside
 * the source tree ($SRCDIR). For programs with and without cmocka; cases that need such a file ask
 * need_shared (support/skip.h). */
#ifndef IPPRO_TESTS_SHARED_DATA_H
#define IPPRO_TESTS_SHARED_DATA_H

/* Where a file or folder of them would be, owned by the caller; NULL when memory is out. */
char *shared_path(const char *name);
/* The same where it can be read, else NULL. */
char *shared_find(const char *name);

#endif
