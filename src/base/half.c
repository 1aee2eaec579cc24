/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Half precision from and to float. */
#include "base/half.h"

#include <math.h>
#include <string.h>

float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, fraction = half & 0x3ff;
    uint32_t bits;
    float value;
    if (exponent == 0) {
        value = ldexpf((float)fraction, -24);
        return sign ? -value : value;
    }
    bits =
        exponent == 31 ? sign | 0x7f800000u | fraction << 13 : sign | (exponent + 112) << 23 | fraction << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t float_to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    float magnitude = fabsf(value);
    if (isnan(value))
        return sign | 0x7e00;
    if (magnitude >= 65520.0f)
        return sign | 0x7c00;
    if (magnitude < 0x1p-14f)
        return sign | (uint16_t)nearbyintf(magnitude * 0x1p24f);
    int exponent;
    float fraction = frexpf(magnitude, &exponent); /* 0.5 <= fraction < 1 */
    /* A fraction that rounds up to 2048 carries into the exponent by itself. */
    return sign | (uint16_t)(((exponent + 13) << 10) + (int)nearbyintf(fraction * 2048.0f));
}
