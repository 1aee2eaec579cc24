/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How light a colour is and how well two can be told apart: relative luminance and contrast ratio of the Web
 * Content Accessibility Guidelines (WCAG 2.1, section 3). */
#ifndef IPPRO_VIEW_CONTRAST_H
#define IPPRO_VIEW_CONTRAST_H

#include <stdint.h>

/* From 0 of black to 1 of white. rgb: sRGB, each 0..1. */
double color_luminance(const double rgb[3]);
/* From 1 of equal luminances to 21 of black and white; ordinary text should have 4.5. */
double luminance_contrast(double a, double b);

/* The colour of the usual 256-colour palette that is nearest to red, green and blue, of those that look the
 * same on every terminal: 16 to 255. */
unsigned char palette_nearest(const uint8_t rgb[3]);
/* Luminance of a colour of the usual 256-colour palette. */
double theme_luminance(int color);

#endif
