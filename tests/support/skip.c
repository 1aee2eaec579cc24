/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cases that cannot run here. */
#include "support/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/shared_data.h"

void skip_because(const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    print_message("# skipped: %s\n", reason);
    skip();
    abort(); /* skip leaves by a long jump */
}

void skip_under_thread_sanitizer(void)
{
#ifdef __SANITIZE_THREAD__
    skip_because("slow under the thread sanitizer");
#endif
}

/* Paths given out: a case that is skipped because of its second file must not lose the first. */
static struct given {
    struct given *next;
    char *path;
} * given;

const char *need_shared(const char *name)
{
    struct given *one = malloc(sizeof *one);
    char *path = shared_find(name);
    assert_non_null(one);
    *one = (struct given){given, path};
    given = one;
    if (!path)
        skip_because("%s is not in the test data", name);
    return path;
}
