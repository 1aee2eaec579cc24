/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processor's name. */
#include "session/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "nn/blocked/blocked.h"

enum { LINE = 256 };

/* The name behind a line's colon, for instance "model name	: AMD EPYC 7R13 Processor"; NULL: another
 * line. */
static const char *processor_of(char *line)
{
    static const char key[] = "model name";
    char *colon = strchr(line, ':');
    if (strncmp(line, key, sizeof key - 1) != 0 || !colon)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    const char *name = colon + 1;
    return name + strspn(name, " \t");
}

static void add_processor(struct text *text)
{
    char line[LINE];
    struct utsname system;
    const char *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !name && fgets(line, sizeof line, file))
        name = processor_of(line);
    if (file)
        fclose(file);
    if (!name || !*name)
        name = uname(&system) == 0 ? system.machine : "processor";
    text_add_escaped(text, name, 0);
}

void text_add_machine(struct text *text, int64_t batch, int threads)
{
    if (batch == 1)
        text_add(text, "one image at a time");
    else
        text_add_format(text, "batches of %lld images", (long long)batch);
    text_add_format(text, ", %d %s, ", threads, threads == 1 ? "thread" : "threads");
    add_processor(text);
    text_add_format(text, " with %s", blocked_kernels()->name);
}
