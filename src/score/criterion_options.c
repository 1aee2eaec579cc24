/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of criteria. */
#include "score/criterion_options.h"

#include <stddef.h>

struct criterion_options criterion_defaults(void)
{
#define INITIAL(code, type, member, initial) .member = initial,
    return (struct criterion_options){CRITERION_OPTION_LIST(INITIAL)};
#undef INITIAL
}

bool criterion_options_equal(const struct criterion_options *a, const struct criterion_options *b,
                             unsigned which)
{
    bool equal = true;
#define COMPARE(code, type, member, initial) equal &= !(which & CRITERION_##code) || a->member == b->member;
    CRITERION_OPTION_LIST(COMPARE)
#undef COMPARE
    return equal;
}

void criterion_options_copy(struct criterion_options *to, const struct criterion_options *from,
                            unsigned which)
{
#define COPY(code, type, member, initial)                                                                    \
    if (which & CRITERION_##code)                                                                            \
        to->member = from->member;
    CRITERION_OPTION_LIST(COPY)
#undef COPY
}

void criterion_options_set(struct criterion_options *options, unsigned which, double value)
{
#define SET(code, type, member, initial)                                                                     \
    if (which & CRITERION_##code)                                                                            \
        options->member = (type)value;
    CRITERION_OPTION_LIST(SET)
#undef SET
}

const char *gradient_scale_name(int index)
{
    static const char *const names[] = {"mean", "batchsum", "sum"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}
