/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases that cannot run here: each is counted as skipped and says why. */
#ifndef IPPRO_TESTS_SKIP_H
#define IPPRO_TESTS_SKIP_H

/* End this case, skipped for a reason in words. tests/support/run-cmocka puts the reason behind TAP's SKIP.
 */
void skip_because(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A file or folder of the optional test data (support/shared_data.h); the case is skipped where it is not.
 * The path lives until the program ends. */
const char *need_shared(const char *name);

/* The case is skipped under the thread sanitizer: it is slow there, and says nothing of threads that others
 * do not. */
void skip_under_thread_sanitizer(void);

#endif
