/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How light a colour is and how well two can be told apart: relative luminance and contrast ratio of the Web
 * Content Accessibility Guidelines (WCAG 2.1, section 3). */
#ifndef IPPRO_VIEW_CONTRAST_H
#define IPPRO_VIEW_CONTRAST_H

/* From 0 of black to 1 of white. rgb: sRGB, each 0..1. */
double color_luminance(const double rgb[3]);
/* From 1 of equal luminances to 21 of black and white; ordinary text should have 4.5. */
double luminance_contrast(double a, double b);

/* Luminance of a colour of the usual 256-colour palette. */
double theme_luminance(int color);

#endif
