/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bars that are cut in part. */
#include "view/cells/bar.h"

#include <math.h>

int64_t histogram_cut(const struct figure_histogram *histogram, int series, int first_bin, int bins)
{
    int64_t sum = 0;
    for (int b = first_bin; histogram->cut && b < first_bin + bins && b < histogram->bins; b++)
        sum += histogram->cut[(size_t)series * (size_t)histogram->bins + (size_t)b];
    return sum;
}

int bar_cut_cells(int64_t count, int64_t cut, int eighths)
{
    int cells = (eighths + 7) / 8;
    if (cut <= 0 || count <= 0)
        return 0;
    if (cut >= count)
        return cells;
    int part = (int)lround((double)cut / (double)count * eighths / 8);
    if (cells < 2)
        return 2 * cut >= count ? cells : 0;
    return part < 1 ? 1 : part < cells ? part : cells - 1;
}
