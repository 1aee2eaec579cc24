/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sum of zip and gzip files: CRC-32 (RFC 1952), bits reversed, polynomial edb88320. */
#ifndef IPPRO_ARCHIVE_SUM_H
#define IPPRO_ARCHIVE_SUM_H

#include <stddef.h>
#include <stdint.h>

enum { SUM_STRIDE = 8 };

/* What each of eight bytes in a row does to the sum. */
struct sum_table {
    uint32_t rows[SUM_STRIDE][256];
};

void sum_table_make(struct sum_table *table);
/* The sum of some bytes and then these; that of none is 0. */
uint32_t sum_add(const struct sum_table *table, uint32_t sum, const void *bytes, size_t count);

#endif
