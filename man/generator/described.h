/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program has no table of, for it is not asked about it: exit statuses and environment variables. */
#ifndef IPPRO_GENERATOR_DESCRIBED_H
#define IPPRO_GENERATOR_DESCRIBED_H

struct described {
    const char *name, *text;
};
const struct described *exit_status_at(int index); /* NULL past the end */
const struct described *environment_at(int index); /* NULL past the end, sorted */

#endif
