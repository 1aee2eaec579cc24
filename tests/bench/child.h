/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes that are measured: started, asked line by line, ended with their peak memory. */
#ifndef IPPRO_TESTS_BENCH_CHILD_H
#define IPPRO_TESTS_BENCH_CHILD_H

#include <stdio.h>
#include <sys/types.h>
#include "base/status.h"

struct child {
    pid_t process; /* 0: none */
    FILE *to, *from;
    char *line; /* the last reply, owned */
    size_t size;
};

/* argv: NULL-terminated; the program is looked for in PATH. Waits until it says "ready". STATUS_FAILED with
 * what it said instead. */
status child_start(struct child *child, const char *const *argv, struct error *error);
/* One request, one reply of at most `most` numbers; *count (may be NULL) of them were read. */
status child_ask(struct child *child, const char *request, double *numbers, int most, int *count,
                 struct error *error);
/* The same for a reply of one number. */
status child_number(struct child *child, double *number, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Peak memory in megabytes (ru_maxrss); 0 for none. */
double child_end(struct child *child);

/* Run a program to its end; its standard output is thrown away. */
status child_run(const char *const *argv, struct error *error);
/* Seconds from the start of a program on a terminal of its own until it shows `prompt`; then it is sent
 * `goodbye`. Not shown within ten seconds: STATUS_FAILED. */
status child_prompt(const char *const *argv, const char *prompt, const char *goodbye, double *seconds,
                    struct error *error);

#endif
