/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gradient of a convolution's weights by the transpose of Winograd's algorithm: of y = A^T [(G w G^T) *
 * (B^T d B)] A follows
 *
 *     dw = G^T [ sum over tiles of (A delta A^T) * (B^T d B) ] G
 *
 * with the same points, so with the same number of products and roundings as forward. Included by winogradM.c
 * behind winograd.h, with transform_delta(const vector y[OUTPUTS], vector s[TAPS]): s = A y. */

enum {
    WEIGHT_SUMS = REGISTERS == 32 ? 16 : 8, /* input channels at a time, in registers */
    WEIGHT_MOST = 32 * 1024                 /* pairs of channels whose sums still fit the second cache */
};

/* Floats of each part of the workspace. */
struct weight_parts {
    size_t delta_place, sums, total;
};

static struct weight_parts weight_parts_of(const struct blocked_convolution *g, const struct shape *s)
{
    struct weight_parts parts;
    const size_t outputs = (size_t)blocked_blocks(g->out_channels) * LANES;
    parts.delta_place = place_stride(outputs * (size_t)s->batch);
    parts.sums = PLACES * (size_t)blocked_blocks(g->in_channels) * LANES * outputs;
    parts.total =
        PLACES * (s->input_place + parts.delta_place) + parts.sums + (size_t)STRIP_COLUMNS * TAPS * WIDTH;
    return parts;
}

/* 0: too many channels for it. */
static size_t weight_workspace(const struct blocked_convolution *g)
{
    const struct shape s = shape_of(g);
    const size_t pairs =
        (size_t)(blocked_blocks(g->in_channels) * blocked_blocks(g->out_channels)) * LANES * LANES;
    return pairs <= WEIGHT_MOST ? weight_parts_of(g, &s).total : 0;
}

/* WIDTH channels of a tile of delta, whose first position is at `from`, as A delta A^T. */
LANES_INLINE void delta_tile(const float *from, size_t row, int rows, int columns, float *to, size_t place)
{
    float across[OUTPUTS * TAPS * WIDTH] __attribute__((aligned(64)));
    for (int r = 0; r < OUTPUTS; r++) {
        vector y[OUTPUTS], s[TAPS];
        LANES_UNROLL
        for (int c = 0; c < OUTPUTS; c++)
            y[c] = r < rows && c < columns ? vector_load(from + (size_t)r * row + (size_t)c * LANES)
                                           : vector_all(0);
        transform_delta(y, s);
        LANES_UNROLL
        for (int c = 0; c < TAPS; c++)
            vector_store(across + (r * TAPS + c) * WIDTH, s[c]);
    }
    for (int c = 0; c < TAPS; c++) {
        vector y[OUTPUTS], s[TAPS];
        LANES_UNROLL
        for (int r = 0; r < OUTPUTS; r++)
            y[r] = vector_load(across + (r * TAPS + c) * WIDTH);
        transform_delta(y, s);
        LANES_UNROLL
        for (int r = 0; r < TAPS; r++)
            vector_store(to + (size_t)(r * TAPS + c) * place, s[r]);
    }
}

/* Tiles from..to-1 of delta (N, O/16, H', W', 16) as transformed (PLACES, O/16, tile, 16). */
static void delta_batch(const struct blocked_convolution *g, const struct shape *s, const float *delta,
                        int from, int to, float *transformed, size_t place)
{
    const size_t row = (size_t)g->out_width * LANES, plane = (size_t)g->out_height * row;
    const int blocks = blocked_blocks(g->out_channels);
    struct tile tile = tile_at(s, from);
    for (int index = from; index < to; index++, tile_next(s, &tile)) {
        const int rows = smaller(OUTPUTS, g->out_height - tile.y * OUTPUTS);
        const int columns = smaller(OUTPUTS, g->out_width - tile.x * OUTPUTS);
        const float *at = delta + (size_t)(tile.image * blocks) * plane + (size_t)(tile.y * OUTPUTS) * row +
                          (size_t)(tile.x * OUTPUTS) * LANES;
        for (int b = 0; b < blocks; b++)
            for (int part = 0; part < LANES; part += WIDTH)
                delta_tile(at + (size_t)b * plane + part, row, rows, columns,
                           transformed + ((size_t)b * (size_t)(to - from) + (size_t)(index - from)) * LANES +
                               part,
                           place);
    }
}

/* sums (WEIGHT_SUMS input channels, `stride` apart, WIDTH) += over tiles x (tile, 16) by d (tile, 16); = with
 * `first`. */
LANES_INLINE void add_products(int tiles, const float *x, const float *d, float *sums, size_t stride,
                               bool first)
{
    vector own[WEIGHT_SUMS];
    LANES_UNROLL
    for (int i = 0; i < WEIGHT_SUMS; i++)
        own[i] = first ? vector_all(0) : vector_load(sums + (size_t)i * stride);
    for (int t = 0; t < tiles; t++, x += LANES, d += LANES) {
        const vector delta = vector_load(d);
        LANES_UNROLL
        for (int i = 0; i < WEIGHT_SUMS; i++)
            own[i] = vector_multiply_add(vector_all(x[i]), delta, own[i]);
    }
    LANES_UNROLL
    for (int i = 0; i < WEIGHT_SUMS; i++)
        vector_store(sums + (size_t)i * stride, own[i]);
}

/* sums (PLACES, C, O) += products of all pairs of channels over a batch of tiles; = of the first batch. */
static void weight_products(const struct blocked_convolution *g, const struct shape *s, int tiles,
                            const float *inputs, const float *deltas, size_t delta_place, float *sums,
                            bool first)
{
    const int in_blocks = blocked_blocks(g->in_channels), out_blocks = blocked_blocks(g->out_channels);
    const size_t outputs = (size_t)out_blocks * LANES, block = (size_t)tiles * LANES;
    for (size_t p = 0; p < PLACES; p++)
        for (int i = 0; i < in_blocks * LANES; i += WEIGHT_SUMS) {
            const float *x = inputs + p * s->input_place + (size_t)(i / LANES) * block + i % LANES;
            float *row = sums + (p * (size_t)in_blocks * LANES + (size_t)i) * outputs;
            for (int o = 0; o < out_blocks * LANES; o += WIDTH)
                add_products(tiles, x, deltas + p * delta_place + (size_t)(o / LANES) * block + o % LANES,
                             row + o, outputs, first);
        }
}

/* G^T sums G of WIDTH output channels; place (r, c) is at sums + (r * TAPS + c) * stride. */
LANES_INLINE void filters_of(const float *sums, size_t stride, vector filters[9])
{
    vector rows[3][TAPS];
    for (int c = 0; c < TAPS; c++) {
        rows[0][c] = rows[1][c] = rows[2][c] = vector_all(0);
        LANES_UNROLL
        for (int r = 0; r < TAPS; r++) {
            const vector value = vector_load(sums + (size_t)(r * TAPS + c) * stride);
            LANES_UNROLL
            for (int y = 0; y < 3; y++)
                rows[y][c] = vector_multiply_add(vector_all((float)filter_matrix[r][y]), value, rows[y][c]);
        }
    }
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) {
            filters[y * 3 + x] = vector_all(0);
            LANES_UNROLL
            for (int c = 0; c < TAPS; c++)
                filters[y * 3 + x] = vector_multiply_add(vector_all((float)filter_matrix[c][x]), rows[y][c],
                                                         filters[y * 3 + x]);
        }
}

/* dw (o.. of O, i.. of C, 3, 3) += filters (input channel, 9, WIDTH output channels), of which so many are
 * there. */
LANES_INLINE void add_some_filters(const vector *filters, size_t filter, int outputs, int inputs, float *to)
{
    for (int lane = 0; lane < outputs; lane++, to += filter)
        for (int k = 0; k < inputs * 9; k++)
            to[k] += filters[k][lane];
}

/* The same of WIDTH output and WIDTH input channels, whose rows become columns before they are added. */
LANES_INLINE void add_block_of_filters(vector *filters, size_t filter, float *to)
{
    for (int k = 0; k < 9; k++, filters += WIDTH, to += WIDTH) {
        vectors_transpose(filters);
        LANES_UNROLL
        for (int lane = 0; lane < WIDTH; lane++)
            *(vector_unaligned *)(to + (size_t)lane * filter) += filters[lane];
    }
}

/* dw (O, C, 3, 3) += G^T sums G. */
static void add_filters(const struct blocked_convolution *g, const float *sums, float *gradient)
{
    const size_t inputs = (size_t)blocked_blocks(g->in_channels) * LANES;
    const size_t outputs = (size_t)blocked_blocks(g->out_channels) * LANES;
    const size_t filter = (size_t)g->in_channels * 9;
    vector filters[9 * WIDTH];
    for (int o = 0; o < g->out_channels; o += WIDTH)
        for (int i = 0; i < g->in_channels; i += WIDTH) {
            const int out = smaller(WIDTH, g->out_channels - o), in = smaller(WIDTH, g->in_channels - i);
            float *to = gradient + (size_t)o * filter + (size_t)i * 9;
            for (int k = 0; k < in; k++)
                filters_of(sums + (size_t)(i + k) * outputs + (size_t)o, inputs * outputs, filters + k * 9);
            if (out == WIDTH && in == WIDTH)
                add_block_of_filters(filters, filter, to);
            else
                add_some_filters(filters, filter, out, in, to);
        }
}

static void weight_gradient(const struct blocked_convolution *g, const float *input, const float *delta,
                            float *gradient, float *space)
{
    const struct shape s = shape_of(g);
    const struct weight_parts parts = weight_parts_of(g, &s);
    float *inputs = space, *deltas = inputs + PLACES * s.input_place,
          *sums = deltas + PLACES * parts.delta_place, *columns = sums + parts.sums;
    for (int from = 0; from < s.tiles; from += s.batch) {
        const int to = smaller(from + s.batch, s.tiles);
        input_batch(g, &s, input, from, to, inputs, columns);
        delta_batch(g, &s, delta, from, to, deltas, parts.delta_place);
        weight_products(g, &s, to - from, inputs, deltas, parts.delta_place, sums, from == 0);
    }
    add_filters(g, sums, gradient);
}
