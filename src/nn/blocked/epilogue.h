/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of finished sums. A kernel leaves the sums of a few positions in a small buffer, and the one
 * function of epilogue.c that does what the call's epilogue asks for goes over them: kernels need not know
 * what that is, and nobody asks again at every position. */
#ifndef IPPRO_NN_BLOCKED_EPILOGUE_H
#define IPPRO_NN_BLOCKED_EPILOGUE_H

#include "nn/blocked/lanes.h"

/* Sums of WIDTH channels at rows x columns positions. With a tail's gradient there are at most FINISH_MOST
 * positions: that many are summed in float. */
struct finished {
    const struct blocked_epilogue *epilogue;
    const float *sums; /* position (y, x) is at sums + (y * columns + x) * step */
    size_t step;
    int rows, columns;
    int image, channel; /* the first of WIDTH channels */
    size_t at, row,
        column; /* offset of the first position in the output; from row to row, column to column */
};
enum { FINISH_MOST = 16 };

typedef void finish_function(const struct finished *finished);
finish_function *ISA_NAME(finish_function)(const struct blocked_epilogue *epilogue);

/* A tile of a product: sums[t * vectors + v] of `tile` positions in a row and `vectors` vectors of channels,
 * `block` floats apart in the output from one block to the next. `group` has the rest, with the first
 * vector's channel and offset. Not part of every tile's code: it would be most of it. */
void ISA_NAME(finish_tile)(finish_function *finish, const struct finished *group, int tile, int vectors,
                           size_t block, const vector *sums);

/* Called before a tile's product: asks for the lines that finish_tile will touch, so that they come
 * meanwhile. */
void ISA_NAME(finish_soon)(const struct finished *group, int tile, int vectors, size_t block);

#endif
