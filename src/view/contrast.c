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

static int squared_distance(const uint8_t rgb[3], int red, int green, int blue)
{
    return (rgb[0] - red) * (rgb[0] - red) + (rgb[1] - green) * (rgb[1] - green) +
           (rgb[2] - blue) * (rgb[2] - blue);
}

/* Steps of the colour cube: 0, 95, 135, 175, 215, 255. */
static int cube_step(int value)
{
    return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

static int cube_value(int step)
{
    return step == 0 ? 0 : 55 + 40 * step;
}

unsigned char palette_nearest(const uint8_t rgb[3])
{
    enum { CUBE = 16, GREYS = 232, MOST_GREY = 23 };
    const int red = cube_step(rgb[0]), green = cube_step(rgb[1]), blue = cube_step(rgb[2]);
    const int mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
    int grey = mean < 8 ? 0 : (mean - 3) / 10; /* 8, 18, ... 238 */
    grey = grey > MOST_GREY ? MOST_GREY : grey;
    const int level = 8 + 10 * grey;
    return (unsigned char)(squared_distance(rgb, level, level, level) <
                                   squared_distance(rgb, cube_value(red), cube_value(green), cube_value(blue))
                               ? GREYS + grey
                               : CUBE + 36 * red + 6 * green + blue);
}
