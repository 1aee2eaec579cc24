/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/contrast.h"

#include <math.h>

#include "view/theme.h"

static double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

double color_luminance(const double rgb[3])
{
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

double luminance_contrast(double a, double b)
{
    double lighter = a > b ? a : b, darker = a > b ? b : a;
    return (lighter + 0.05) / (darker + 0.05);
}

double theme_luminance(int color)
{
    unsigned char bytes[3];
    theme_palette(color, bytes);
    const double rgb[3] = {bytes[0] / 255.0, bytes[1] / 255.0, bytes[2] / 255.0};
    return color_luminance(rgb);
}
