/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the build makes from the tables: parts of the manual, the shell completion, lists for the tests. */
#ifndef IPPRO_REPL_GENERATE_H
#define IPPRO_REPL_GENERATE_H

#include <stdio.h>
#include "base/status.h"

/* `what`: commands-mdoc, options-mdoc, settings-mdoc, criteria-mdoc, environment-mdoc, exit-mdoc,
 * panes-mdoc, layouts-mdoc, keys-mdoc, completion,
 * names, examples. STATUS_USAGE names them otherwise. */
status generate(const char *what, FILE *file, struct error *error);

#endif
