/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IEEE 754 half precision as its 16 bits: subnormals, infinities and NaN included. */
#ifndef IPPRO_BASE_HALF_H
#define IPPRO_BASE_HALF_H

#include <stdint.h>

float half_to_float(uint16_t half);
uint16_t float_to_half(float value); /* to nearest, ties to even */

#endif
