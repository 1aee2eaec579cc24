/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32, eight bytes at a time. */
#include "archive/sum.h"

void sum_table_make(struct sum_table *table)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t sum = i;
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
        table->rows[0][i] = sum;
    }
    for (int row = 1; row < SUM_STRIDE; row++)
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t before = table->rows[row - 1][i];
            table->rows[row][i] = before >> 8 ^ table->rows[0][before & 255];
        }
}

uint32_t sum_add(const struct sum_table *table, uint32_t sum, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    sum = ~sum;
    for (; count >= SUM_STRIDE; count -= SUM_STRIDE, at += SUM_STRIDE) {
        unsigned char mixed[4];
        for (int i = 0; i < 4; i++)
            mixed[i] = (unsigned char)(at[i] ^ sum >> 8 * i);
        sum = table->rows[7][mixed[0]] ^ table->rows[6][mixed[1]] ^ table->rows[5][mixed[2]] ^
              table->rows[4][mixed[3]] ^ table->rows[3][at[4]] ^ table->rows[2][at[5]] ^
              table->rows[1][at[6]] ^ table->rows[0][at[7]];
    }
    for (; count > 0; count--)
        sum = sum >> 8 ^ table->rows[0][(sum ^ *at++) & 255];
    return ~sum;
}
