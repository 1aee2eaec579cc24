/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ticks of an axis stand: round values, 1, 2 or 5 times a power of ten. */
#include "view/numbers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/figure.h"

static const double mantissas[] = {1, 2, 5};
enum { MANTISSAS = sizeof mantissas / sizeof *mantissas };

/* multiple * mantissa * 10^power, with one rounding for the decimals that people write: 3 * 10^-1 is 0.3. */
static double round_value(double multiple, double mantissa, int power)
{
    return power < 0 ? multiple * mantissa / pow(10, -power) : multiple * mantissa * pow(10, power);
}

double axis_position(const struct figure_histogram *histogram, double value)
{
    const double *edges = histogram->edges;
    int low = 0, high = histogram->bins;
    if (isnan(value) || histogram->bins < 1)
        return 0;
    if (value < edges[0])
        return -1;
    if (value > edges[high])
        return high + 1.0;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (value < edges[middle])
            high = middle;
        else
            low = middle;
    }
    double left = edges[low], right = edges[low + 1];
    if (histogram->log && left > 0)
        return low + (right > left ? log(value / left) / log(right / left) : 0);
    return low + (right > left ? (value - left) / (right - left) : 0);
}

/* Copy a number into a label, which stays empty when memory was out. */
static void set_label(struct tick *tick, struct text *text)
{
    snprintf(tick->label, sizeof tick->label, "%s", text->failed ? "" : text_data(text));
    text_free(text);
}

/* All labels of an axis with as many decimals as its step needs. */
static void label_linear(struct tick *tick, double value, double step, double largest)
{
    struct text text = {0};
    int finest = (int)floor(log10(step) + 1e-9), greatest = largest > 0 ? (int)floor(log10(largest)) : 0;
    if (greatest >= 7 || greatest < -3)
        number_add_real(&text, value, value == 0 ? 1 : greatest - finest + 1);
    else
        number_add_fixed(&text, value, finest < 0 ? -finest : 0);
    set_label(tick, &text);
}

static int linear_ticks(const struct figure_histogram *histogram, int most, struct tick ticks[TICKS_MAX])
{
    double low = histogram->edges[0], high = histogram->edges[histogram->bins];
    double range = high - low;
    if (!(range > 0) || !isfinite(range))
        return 0;
    int power = (int)floor(log10(range / most)) - 1;
    for (int i = 0; i < 3 * MANTISSAS + 6; i++) {
        double mantissa = mantissas[i % MANTISSAS];
        int exponent = power + i / MANTISSAS;
        double step = round_value(1, mantissa, exponent);
        double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
        if (!(last - first + 1 <= most))
            continue;
        int count = 0;
        for (double k = first; k <= last && count < most; k++) {
            double value = round_value(k, mantissa, exponent);
            struct tick *tick = &ticks[count++];
            tick->position = axis_position(histogram, value < low ? low : value > high ? high : value);
            label_linear(tick, value, step, fmax(fabs(low), fabs(high)));
        }
        return count;
    }
    return 0;
}

static void label_log(struct tick *tick, double mantissa, int power)
{
    struct text text = {0};
    if (power < -3 || power > 4)
        text_add_format(&text, "%de%d", (int)mantissa, power);
    else
        number_add_fixed(&text, round_value(1, mantissa, power), power < 0 ? -power : 0);
    set_label(tick, &text);
}

/* The ticks mantissa * 10^power of the axis for the first `kinds` mantissas and every stride-th power;
 * negative when they are more than `most`. */
static int log_ticks_of(const struct figure_histogram *histogram, int kinds, int stride, int most,
                        struct tick ticks[TICKS_MAX])
{
    double low = histogram->edges[0], high = histogram->edges[histogram->bins];
    int count = 0;
    for (int power = (int)floor(log10(low)) - 1; power <= (int)ceil(log10(high)) + 1; power++) {
        if (((power % stride) + stride) % stride != 0)
            continue;
        for (int m = 0; m < kinds; m++) {
            double value = round_value(1, mantissas[m], power);
            if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9))
                continue;
            if (count == most)
                return -1;
            struct tick *tick = &ticks[count++];
            tick->position = axis_position(histogram, fmin(fmax(value, low), high));
            label_log(tick, mantissas[m], power);
        }
    }
    return count;
}

static int log_ticks(const struct figure_histogram *histogram, int most, struct tick ticks[TICKS_MAX])
{
    if (!(histogram->edges[0] > 0) || !isfinite(histogram->edges[histogram->bins]))
        return 0;
    int count = log_ticks_of(histogram, MANTISSAS, 1, most, ticks);
    if (count < 0) {
        /* Never -1 for ever: a double spans fewer than 640 powers of ten. */
        for (int stride = 1; count < 0 && stride <= 1024; stride = stride == 2 ? 3 : stride * 2)
            count = log_ticks_of(histogram, 1, stride, most, ticks);
    }
    return count >= 2 ? count : 0;
}

int ticks_of_axis(const struct figure_histogram *histogram, int most, struct tick ticks[TICKS_MAX])
{
    if (histogram->bins < 1 || most < 1)
        return 0;
    if (most > TICKS_MAX)
        most = TICKS_MAX;
    int count = histogram->log ? log_ticks(histogram, most, ticks) : 0;
    if (count == 0)
        count = linear_ticks(histogram, most, ticks);
    for (int i = 0; i < count; i++)
        if (!ticks[i].label[0])
            return -1;
    return count;
}

double range_position(double low, double high, double value)
{
    return (value / 2 - low / 2) / (high / 2 - low / 2); /* the halves cannot overflow */
}

void range_open(double *low, double *high)
{
    const double least = 1e-290, relative = 1e-9;
    double largest = fmax(fabs(*low), fabs(*high)), middle = *low / 2 + *high / 2;
    if (*high / 2 - *low / 2 > fmax(least, relative * largest))
        return;
    double room = largest > least ? largest / 20 : 1;
    *low = middle - room;
    *high = middle + room;
}

int ticks_of_range(double low, double high, int most, struct tick ticks[TICKS_MAX])
{
    double edges[] = {low, high};
    const struct figure_histogram range = {.bins = 1, .edges = edges};
    return ticks_of_axis(&range, most, ticks);
}

int ticks_around(double *low, double *high, int most, struct tick ticks[TICKS_MAX])
{
    double range = *high - *low;
    if (!(range > 0) || !isfinite(range))
        return 0;
    int power = (int)floor(log10(range / most)) - 1;
    for (int i = 0; i < 3 * MANTISSAS + 6; i++) {
        double mantissa = mantissas[i % MANTISSAS];
        int exponent = power + i / MANTISSAS;
        double step = round_value(1, mantissa, exponent);
        double first = floor(*low / step + 1e-9), last = ceil(*high / step - 1e-9);
        if (!(last - first + 1 <= most))
            continue;
        *low = fmin(*low, round_value(first, mantissa, exponent));
        *high = fmax(*high, round_value(last, mantissa, exponent));
        return ticks_of_range(*low, *high, (int)(last - first) + 1, ticks);
    }
    return 0;
}

/* The smallest of 1, 2, 2.5 or 5 times a power of ten that is an integer and at least `least`. */
static int64_t round_step(int64_t least)
{
    for (int64_t power = 1;; power *= 10) {
        const int64_t steps[] = {power, 2 * power, power % 10 == 0 ? power / 10 * 25 : 0, 5 * power};
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (steps[i] >= least && steps[i] > 0)
                return steps[i];
        if (power > INT64_MAX / 100)
            return least;
    }
}

struct count_axis count_axis_for(int64_t highest, int fewest, int most)
{
    struct count_axis best = {0};
    const int64_t limit = INT64_MAX / 64; /* counts beyond cannot come from memory; the axis must not wrap */
    if (highest < 1)
        highest = 1;
    if (highest > limit)
        highest = limit;
    for (int ticks = fewest; ticks <= most; ticks++) {
        int64_t step = round_step((highest + ticks - 1) / ticks);
        if (best.ticks == 0 || step * ticks <= best.top)
            best = (struct count_axis){ticks, step, step * ticks};
    }
    return best;
}
