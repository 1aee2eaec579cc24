/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of images by their numbers in the data set: "0,17,40-43". */
#ifndef IPPRO_SESSION_WORDS_RECORD_LIST_H
#define IPPRO_SESSION_WORDS_RECORD_LIST_H

#include <stdint.h>
#include "base/status.h"

enum { RECORDS_MAX = 64 };

/* Numbers 0..limit-1, in the order of the text. STATUS_USAGE for what is no such list, STATUS_RANGE for
 * numbers that there are not, and for more than RECORDS_MAX. */
status record_list_parse(const char *text, int64_t limit, int64_t records[RECORDS_MAX], int *count,
                         struct error *error);

#endif
