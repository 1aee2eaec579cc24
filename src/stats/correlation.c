/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pearson, Spearman and Kendall tau-b. */
#include "stats/correlation.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "base/order.h"
#include "base/progress.h"

struct pair {
    double a, b;
};

static int compare_values(double a, double b)
{
    return a < b ? -1 : a > b;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *x = left, *y = right;
    int order = compare_values(x->a, y->a);
    return order ? order : compare_values(x->b, y->b);
}

/* n values: how many pairs. */
static int64_t pairs_of(int64_t n)
{
    return n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
}

/* Pairs of equal values, which stand in this order. */
static int64_t tied_pairs(const double *values, const int64_t *order, int64_t count)
{
    int64_t pairs = 0;
    for (int64_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && values[order[end]] == values[order[first]]; end++) {
        }
        pairs += pairs_of(end - first);
    }
    return pairs;
}

/* Average ranks of values in this order. */
static void ranks_in_order(const double *values, const int64_t *order, int64_t count, double *ranks)
{
    for (int64_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && values[order[end]] == values[order[first]]; end++) {
        }
        double rank = 0.5 * (double)(first + 1 + end); /* mean of first+1 .. end */
        for (int64_t i = first; i < end; i++) {
            ranks[order[i]] = rank;
        }
    }
}

status average_ranks(const double *values, int64_t count, double *ranks, struct error *error)
{
    for (int64_t i = 0; i < count; i++) {
        if (isnan(values[i])) {
            return error_set(error, STATUS_NAN, "value %lld is not a number and has no rank", (long long)i);
        }
    }
    int64_t *order = mem_new(count > 0 ? (size_t)count : 0, sizeof *order);
    status code = order ? order_of(values, count, order, error) : error_memory(error);
    if (code == STATUS_OK) {
        ranks_in_order(values, order, count, ranks);
    }
    mem_free(order);
    return code;
}

static double limit_to_one(double coefficient)
{
    return coefficient > 1.0 ? 1.0 : coefficient < -1.0 ? -1.0 : coefficient;
}

/* numerator / sqrt(x*y), exact when x equals y */
static double over_root(double numerator, double x, double y)
{
    return limit_to_one(numerator / (x == y ? x : sqrt(x) * sqrt(y)));
}

/* Divide by a power of two, which is exact, so that the largest is near 1 and no square overflows or
 * vanishes. */
static void bring_near_one(double *values, int64_t count)
{
    double largest = 0.0;
    int exponent;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(values[i]));
    }
    frexp(largest, &exponent);
    for (int64_t i = 0; i < count; i++) {
        values[i] = ldexp(values[i], -exponent);
    }
}

/* Replace values by their deviations from the mean, up to a factor; false when they do not vary or one is
 * infinite. */
static bool deviations(double *values, int64_t count)
{
    bool varies = false;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
        varies = varies || values[i] != values[0];
    }
    bring_near_one(values, count);
    for (int64_t i = 0; i < count; i++) {
        sum += values[i];
    }
    double mean = sum / (double)count;
    for (int64_t i = 0; i < count; i++) {
        values[i] -= mean;
    }
    bring_near_one(values, count);
    return varies;
}

/* Overwrites both arrays. */
static double pearson(double *a, double *b, int64_t count)
{
    bool varies_a = deviations(a, count), varies_b = deviations(b, count);
    if (!varies_a || !varies_b) {
        return NAN;
    }
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (int64_t i = 0; i < count; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return over_root(ab, aa, bb);
}

/* Sort `values` by merging; returns how many pairs stood in the wrong order (equal ones do not count). */
static int64_t merge_inversions(double *values, double *scratch, int64_t count)
{
    int64_t inversions = 0;
    for (int64_t width = 1; width < count; width *= 2) {
        for (int64_t first = 0; first < count; first += 2 * width) {
            int64_t middle = first + width < count ? first + width : count;
            int64_t end = middle + width < count ? middle + width : count;
            int64_t left = first, right = middle;
            for (int64_t out = first; out < end; out++) {
                if (left < middle && (right == end || values[left] <= values[right])) {
                    scratch[out] = values[left++];
                } else {
                    inversions += middle - left;
                    scratch[out] = values[right++];
                }
            }
        }
        memcpy(values, scratch, (size_t)count * sizeof *values);
    }
    return inversions;
}

/* Knight 1966: sort by a then b; pairs in disorder are the exchanges that sorting by b then takes. */
static status kendall(const double *a, const double *b, int64_t ties_a, int64_t ties_b, int64_t count,
                      double *coefficient, struct error *error)
{
    struct pair *pairs = mem_new((size_t)count, sizeof *pairs);
    double *second = mem_new((size_t)count, 2 * sizeof *second);
    if (!pairs || !second) {
        mem_free(pairs);
        mem_free(second);
        return error_memory(error);
    }
    for (int64_t i = 0; i < count; i++) {
        pairs[i] = (struct pair){a[i], b[i]};
    }
    qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
    int64_t ties_both = 0;
    for (int64_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && compare_pairs(&pairs[end], &pairs[first]) == 0; end++) {
        }
        ties_both += pairs_of(end - first);
    }
    for (int64_t i = 0; i < count; i++) {
        second[i] = pairs[i].b;
    }
    int64_t disorder = merge_inversions(second, second + count, count);
    int64_t all = pairs_of(count), difference = all - ties_a - ties_b + ties_both - 2 * disorder;
    if (all == ties_a || all == ties_b) {
        *coefficient = NAN;
    } else {
        *coefficient = over_root((double)difference, (double)(all - ties_a), (double)(all - ties_b));
    }
    mem_free(pairs);
    mem_free(second);
    return STATUS_OK;
}

/* Working copies of the pairs without NaN. */
/* Both without the places where one is not a number, and their orders. */
struct columns {
    double *a, *b, *scratch;
    int64_t *order_a, *order_b;
    int64_t count;
};

static void columns_free(struct columns *columns)
{
    mem_free(columns->a);
    mem_free(columns->b);
    mem_free(columns->scratch);
    mem_free(columns->order_a);
    mem_free(columns->order_b);
}

static status columns_init(struct columns *columns, const double *a, const double *b, int64_t count,
                           struct error *error)
{
    size_t size = count > 0 ? (size_t)count : 0;
    *columns = (struct columns){.a = mem_new(size, sizeof(double)),
                                .b = mem_new(size, sizeof(double)),
                                .scratch = mem_new(size, sizeof(double)),
                                .order_a = mem_new(size, sizeof(int64_t)),
                                .order_b = mem_new(size, sizeof(int64_t))};
    if (!columns->a || !columns->b || !columns->scratch || !columns->order_a || !columns->order_b) {
        columns_free(columns);
        return error_memory(error);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!isnan(a[i]) && !isnan(b[i])) {
            columns->a[columns->count] = a[i];
            columns->b[columns->count++] = b[i];
        }
    }
    status code = order_of(columns->a, columns->count, columns->order_a, error);
    if (code == STATUS_OK) {
        code = order_of(columns->b, columns->count, columns->order_b, error);
    }
    if (code != STATUS_OK) {
        columns_free(columns);
    }
    return code;
}

/* Replace both columns by their ranks. */
static void rank_columns(struct columns *columns)
{
    double *const values[] = {columns->a, columns->b};
    const int64_t *const orders[] = {columns->order_a, columns->order_b};
    for (int i = 0; i < 2; i++) {
        ranks_in_order(values[i], orders[i], columns->count, columns->scratch);
        memcpy(values[i], columns->scratch, (size_t)columns->count * sizeof(double));
    }
}

status correlation_compute(enum correlation_method method, const double *a, const double *b, int64_t count,
                           struct correlation *result, struct error *error)
{
    struct columns columns;
    if (progress_check(error) != STATUS_OK) {
        return error->code;
    }
    status code = columns_init(&columns, a, b, count, error);
    if (code != STATUS_OK) {
        return code;
    }
    struct correlation found = {.coefficient = NAN, .n = columns.count};
    found.ties_a = tied_pairs(columns.a, columns.order_a, columns.count);
    found.ties_b = tied_pairs(columns.b, columns.order_b, columns.count);
    if (columns.count >= 2 && method == CORRELATION_KENDALL) {
        code = kendall(columns.a, columns.b, found.ties_a, found.ties_b, columns.count, &found.coefficient,
                       error);
    } else if (columns.count >= 2) {
        if (method == CORRELATION_SPEARMAN) {
            rank_columns(&columns);
        }
        found.coefficient = pearson(columns.a, columns.b, columns.count);
    }
    columns_free(&columns);
    if (code == STATUS_OK) {
        *result = found;
    }
    return code;
}

const char *correlation_method_name(int index)
{
    static const char *const names[] = {"pearson", "spearman", "kendall"};
    return index >= 0 && index < (int)(sizeof names / sizeof *names) ? names[index] : NULL;
}
