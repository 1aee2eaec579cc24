/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several ratios in one word: "0:0.7:0.1" (from, to, step; both ends included) or "0.1,0.25,50%". */
#ifndef IPPRO_SESSION_WORDS_RATIO_LIST_H
#define IPPRO_SESSION_WORDS_RATIO_LIST_H

#include "base/status.h"

enum { RATIOS_MAX = 256 };

/* ratios: room for RATIOS_MAX. STATUS_RANGE with the piece that is wrong: each must lie in 0..1, and there
 * are RATIOS_MAX at most. */
status ratio_list_parse(const char *text, double *ratios, int *count, struct error *error);

#endif
