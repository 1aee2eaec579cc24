/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Winograd's minimal filtering F(m x m, 3 x 3) for convolutions with stride 1 (Lavin and Gray, arXiv
 * 1509.09308). Included once by each winogradM.c, which defines before:
 *
 *   OUTPUTS                            m, the outputs of a tile along one dimension
 *   filter_matrix[TAPS][3]             G, in double
 *   transform_input(vector d[TAPS])    d = B^T d, in place
 *   transform_output(const vector s[TAPS], vector y[OUTPUTS])   y = A^T s
 *
 * A tile of TAPS x TAPS inputs (TAPS = m + 2) becomes as many transformed ones; for each of these places, the
 * product of channels by channels with all tiles is a matrix product. Tiles of the micro-batch are taken in
 * batches so that their transformed input stays in the second cache while all groups of output channels use
 * it: about BATCH_FLOATS, in whole tiles of the product. */

enum { BATCH_FLOATS = 64 * 1024, BATCH_LEAST = 24, BATCH_MOST = 48 };

enum { PLACES = TAPS * TAPS };

/* Tiles whose columns are transformed together: neighbours share two columns. */
enum { STRIP = 8, STRIP_COLUMNS = STRIP * OUTPUTS + 2 };

struct shape {
    int down, across, tiles;       /* tiles per image and dimension, tiles of the micro-batch */
    int batch;                     /* tiles transformed at a time */
    size_t input_place, sum_place; /* floats between places */
};

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* An odd number of cache lines between places, lest all places fall into the same sets. */
static size_t place_stride(size_t floats)
{
    return floats / LANES % 2 ? floats : floats + LANES;
}

static struct shape shape_of(const struct blocked_convolution *g)
{
    struct shape s;
    const int blocks = blocked_blocks(g->in_channels);
    const int room = BATCH_FLOATS / (PLACES * LANES * blocks) / TILE * TILE;
    const int limit = room < BATCH_LEAST ? BATCH_LEAST : room > BATCH_MOST ? BATCH_MOST : room;
    s.down = (g->out_height + OUTPUTS - 1) / OUTPUTS;
    s.across = (g->out_width + OUTPUTS - 1) / OUTPUTS;
    s.tiles = g->images * s.down * s.across;
    const int batches = (s.tiles + limit - 1) / limit;
    s.batch = (s.tiles + batches - 1) / batches;
    if (batches > 1)
        s.batch = (s.batch + TILE - 1) / TILE * TILE;
    s.input_place = place_stride((size_t)blocks * (size_t)s.batch * LANES);
    s.sum_place = place_stride((size_t)s.batch * GROUP);
    return s;
}

static bool supports(const struct blocked_convolution *g)
{
    return !g->planar && g->kernel_height == 3 && g->kernel_width == 3 && g->stride_height == 1 &&
           g->stride_width == 1 && g->dilation_height == 1 && g->dilation_width == 1 && g->groups == 1;
}

static size_t weights_size(const struct blocked_convolution *g)
{
    return (size_t)PLACES * (size_t)g->in_channels * (size_t)blocked_blocks(g->out_channels) * LANES;
}

static size_t workspace(const struct blocked_convolution *g)
{
    const struct shape s = shape_of(g);
    return PLACES * (s.input_place + s.sum_place) + (size_t)STRIP_COLUMNS * TAPS * WIDTH;
}

/* As many doubles as a register holds, and as many floats. */
enum { DOUBLES = WIDTH / 2 };
typedef double doubles __attribute__((vector_size(8 * DOUBLES), may_alias));
typedef float doubles_rounded __attribute__((vector_size(4 * DOUBLES), may_alias));

/* The filters g (9, LANES) of some lanes as transformed (PLACES, LANES) = G g G^T, in double and rounded
 * once. */
LANES_INLINE void transform_lanes(const float *filters, float *transformed)
{
    doubles taps[9], rows[TAPS][3];
    for (int t = 0; t < 9; t++)
        taps[t] = __builtin_convertvector(*(const doubles_rounded *)(filters + t * LANES), doubles);
    LANES_UNROLL
    for (int r = 0; r < TAPS; r++) {
        LANES_UNROLL
        for (int x = 0; x < 3; x++)
            rows[r][x] = filter_matrix[r][0] * taps[x] + filter_matrix[r][1] * taps[3 + x] +
                         filter_matrix[r][2] * taps[6 + x];
    }
    for (int r = 0; r < TAPS; r++) {
        LANES_UNROLL
        for (int c = 0; c < TAPS; c++) {
            const doubles sum = filter_matrix[c][0] * rows[r][0] + filter_matrix[c][1] * rows[r][1] +
                                filter_matrix[c][2] * rows[r][2];
            *(doubles_rounded *)(transformed + (r * TAPS + c) * LANES) =
                __builtin_convertvector(sum, doubles_rounded);
        }
    }
}

/* The filters (9, LANES) of one input channel, as many as there are lanes, transformed; places are `stride`
 * apart. Whole lines are written at a time: places lie so far apart that no cache keeps a line of each. */
static void transform_filters(const float *filters, int lanes, float *to, size_t stride)
{
    float transformed[PLACES * LANES] __attribute__((aligned(64)));
    for (int lane = 0; lane < lanes; lane += DOUBLES)
        transform_lanes(filters + lane, transformed + lane);
    for (int p = 0; p < PLACES; p++, to += stride)
        for (int part = 0; part < lanes; part += WIDTH)
            vector_store(to + part, vector_load(transformed + p * LANES + part));
}

/* filters (9, LANES): from input channel i to LANES output channels from `first` on; turned by half a turn in
 * the transposed case. */
static void gather_filters(const struct blocked_convolution *g, const float *weights, int first, int i,
                           float *filters)
{
    const int lanes = smaller(LANES, g->out_channels - first), step = g->transposed ? -1 : 1;
    for (int lane = 0; lane < lanes; lane++) {
        const int o = first + lane;
        const size_t filter = g->transposed ? (size_t)i * (size_t)g->out_channels + (size_t)o
                                            : (size_t)o * (size_t)g->in_channels + (size_t)i;
        const float *from = weights + filter * 9 + (g->transposed ? 8 : 0);
        LANES_UNROLL
        for (int t = 0; t < 9; t++)
            filters[t * LANES + lane] = from[t * step];
    }
}

/* Input channels whose filters are gathered together: what was just written in single numbers is slow to read
 * in vectors. */
enum { GATHERED = 16 };

/* packed: (groups of output channels, PLACES, C, group), each filter (3, 3) transformed to G w G^T (TAPS,
 * TAPS). */
static void pack_weights(const struct blocked_convolution *g, const float *weights, float *packed)
{
    for (int from = 0, group; (group = product_group(g->out_channels, from)) > 0; from += group) {
        const size_t place = (size_t)g->in_channels * (size_t)group;
        for (int c = 0; c < group; c += LANES)
            for (int i = 0; i < g->in_channels; i += GATHERED) {
                float filters[GATHERED][9 * LANES] __attribute__((aligned(64))) = {{0}};
                const int count = smaller(GATHERED, g->in_channels - i);
                for (int k = 0; k < count; k++)
                    gather_filters(g, weights, from + c, i + k, filters[k]);
                for (int k = 0; k < count; k++)
                    transform_filters(filters[k], smaller(LANES, group - c),
                                      packed + (size_t)(i + k) * (size_t)group + (size_t)c, place);
            }
        packed += PLACES * place;
    }
}

static const float nothing[LANES] __attribute__((aligned(64)));

/* The columns of a strip that starts `left` columns into the plane (perhaps before it), transformed
 * downwards. plane: WIDTH channels of it. columns: [column][TAPS][WIDTH]. */
LANES_INLINE void strip_columns(const struct blocked_convolution *g, const float *plane, int top, int left,
                                int count, float *columns)
{
    const float *row[TAPS];
    size_t step[TAPS];
    for (int r = 0; r < TAPS; r++) {
        const bool inside = top + r >= 0 && top + r < g->in_height;
        row[r] = inside ? plane + (size_t)(top + r) * (size_t)g->in_width * LANES : nothing;
        step[r] = inside ? LANES : 0;
    }
    for (int x = left; x < left + count; x++, columns += TAPS * WIDTH) {
        vector d[TAPS];
        if (x >= 0 && x < g->in_width) {
            LANES_UNROLL
            for (int r = 0; r < TAPS; r++)
                d[r] = vector_keep(row[r] + (size_t)x * step[r]);
            transform_input(d);
        } else {
            LANES_UNROLL
            for (int r = 0; r < TAPS; r++)
                d[r] = vector_all(0);
        }
        LANES_UNROLL
        for (int r = 0; r < TAPS; r++)
            vector_store(columns + r * WIDTH, d[r]);
    }
}

/* The same columns transformed to the right, tile by tile. to: the first tile's WIDTH channels at place 0. */
LANES_INLINE void strip_tiles(const float *columns, int tiles, float *to, size_t place)
{
    for (int t = 0; t < tiles; t++, columns += OUTPUTS * TAPS * WIDTH, to += LANES)
        for (int r = 0; r < TAPS; r++) {
            vector d[TAPS];
            LANES_UNROLL
            for (int c = 0; c < TAPS; c++)
                d[c] = vector_keep(columns + (c * TAPS + r) * WIDTH);
            transform_input(d);
            LANES_UNROLL
            for (int c = 0; c < TAPS; c++)
                vector_store(to + (size_t)(r * TAPS + c) * place, d[c]);
        }
}

struct tile {
    int image, y, x;
};

static struct tile tile_at(const struct shape *s, int index)
{
    return (struct tile){index / (s->down * s->across), index / s->across % s->down, index % s->across};
}

static void tile_next(const struct shape *s, struct tile *tile)
{
    if (++tile->x < s->across)
        return;
    tile->x = 0;
    if (++tile->y < s->down)
        return;
    tile->y = 0;
    tile->image++;
}

/* Tiles from..to-1 of the micro-batch, of input (N, C/16, H, W, 16), as transformed (PLACES, C/16, tile, 16):
 * B^T d B. */
static void input_batch(const struct blocked_convolution *g, const struct shape *s, const float *input,
                        int from, int to, float *transformed, float *columns)
{
    const size_t plane = (size_t)g->in_height * (size_t)g->in_width * LANES;
    const int blocks = blocked_blocks(g->in_channels);
    for (int at = from, count; at < to; at += count) {
        const struct tile tile = tile_at(s, at);
        count = s->across - tile.x;
        count = count > STRIP ? STRIP : count;
        count = count > to - at ? to - at : count;
        const float *image = input + (size_t)tile.image * (size_t)blocks * plane;
        for (int b = 0; b < blocks; b++)
            for (int part = 0; part < LANES; part += WIDTH) {
                strip_columns(g, image + (size_t)b * plane + part, tile.y * OUTPUTS - g->pad_top,
                              tile.x * OUTPUTS - g->pad_left, count * OUTPUTS + 2, columns);
                strip_tiles(columns, count,
                            transformed + ((size_t)b * (size_t)(to - from) + (size_t)(at - from)) * LANES +
                                part,
                            s->input_place);
            }
    }
}

struct products {
    int in_channels, tiles; /* tiles of the product, each of several of the image */
    size_t block, input_place, sum_place;
    const float *transformed, *weights;
    float *sums;
};

/* Every place's weights serve all tiles before the next place's are needed. */
LANES_INLINE void products_of(int tile, int vectors, const struct products *call)
{
    const size_t weights_place = (size_t)call->in_channels * (size_t)(vectors * WIDTH);
    for (size_t p = 0; p < PLACES; p++) {
        const float *x = call->transformed + p * call->input_place,
                    *weights = call->weights + p * weights_place;
        float *to = call->sums + p * call->sum_place;
        for (int i = 0; i < call->tiles; i++, x += tile * LANES, to += tile * vectors * WIDTH) {
            vector sums[TILE * GROUP_VECTORS];
            product(tile, vectors, call->in_channels, x, call->block, weights, sums);
            LANES_UNROLL
            for (int s = 0; s < tile * vectors; s++)
                vector_store(to + s * WIDTH, sums[s]);
        }
    }
}

typedef void products_function(const struct products *call);

#define DEFINE(tile)                                                                                         \
    static void full_##tile(const struct products *call)                                                     \
    {                                                                                                        \
        products_of(tile, GROUP_VECTORS, call);                                                              \
    }                                                                                                        \
    static void half_##tile(const struct products *call)                                                     \
    {                                                                                                        \
        products_of(tile, GROUP_VECTORS / 2, call);                                                          \
    }
PRODUCT_TILES(DEFINE)
#define FULL(tile) [tile] = full_##tile,
#define HALF(tile) [tile] = half_##tile,
static products_function *const products_functions[2][TILE + 1] = {{PRODUCT_TILES(HALF)},
                                                                   {PRODUCT_TILES(FULL)}};

/* sums (PLACES, tile, group) = transformed (PLACES, C/16, tile, 16) * weights (PLACES, C, group), place by
 * place. */
static void group_products(const struct blocked_convolution *g, const struct shape *s, int tiles, int group,
                           const float *transformed, const float *weights, float *sums)
{
    struct products call = {
        g->in_channels, 0, (size_t)tiles * LANES, s->input_place, s->sum_place, transformed, weights, sums};
    for (int at = 0; at < tiles;) {
        const int size = product_tile(tiles - at);
        /* As many of this size as leave the rest evenly divided. */
        for (call.tiles = 0; at < tiles && product_tile(tiles - at) == size; call.tiles++)
            at += size;
        products_functions[group == GROUP][size](&call);
        call.transformed += (size_t)(call.tiles * size) * LANES;
        call.sums += (size_t)(call.tiles * size) * (size_t)group;
    }
}

/* One tile of WIDTH channels, whose sums are at sums + place * stride, transformed back:
 * [row][column][WIDTH], the rows and columns that are inside. */
LANES_INLINE void output_tile(const float *sums, size_t stride, int rows, int columns, float *to)
{
    float down[OUTPUTS * TAPS * WIDTH] __attribute__((aligned(64)));
    for (int c = 0; c < TAPS; c++) {
        vector s[TAPS], y[OUTPUTS];
        LANES_UNROLL
        for (int r = 0; r < TAPS; r++)
            s[r] = vector_keep(sums + (size_t)(r * TAPS + c) * stride);
        transform_output(s, y);
        LANES_UNROLL
        for (int r = 0; r < OUTPUTS; r++)
            vector_store(down + (r * TAPS + c) * WIDTH, y[r]);
    }
    for (int r = 0; r < rows; r++) {
        vector s[TAPS], y[OUTPUTS];
        LANES_UNROLL
        for (int c = 0; c < TAPS; c++)
            s[c] = vector_keep(down + (r * TAPS + c) * WIDTH);
        transform_output(s, y);
        LANES_UNROLL
        for (int c = 0; c < OUTPUTS; c++)
            if (c < columns)
                vector_store(to + (r * columns + c) * WIDTH, y[c]);
    }
}

/* Tiles from..to-1 of the group of output channels that starts at `channel`. */
static void output_group(const struct blocked_convolution *g, const struct shape *s, int channel, int group,
                         int from, int to, const float *sums, const struct blocked_epilogue *epilogue,
                         finish_function *finish)
{
    const size_t row = (size_t)g->out_width * LANES, plane = (size_t)g->out_height * row;
    float tile_sums[OUTPUTS * OUTPUTS * WIDTH] __attribute__((aligned(64)));
    struct finished f = {.epilogue = epilogue, .sums = tile_sums, .step = WIDTH, .row = row, .column = LANES};
    for (int v = 0; v < group; v += WIDTH) {
        f.channel = channel + v;
        const size_t first = (size_t)(f.channel / LANES) * plane + (size_t)(f.channel % LANES);
        struct tile tile = tile_at(s, from);
        for (int index = from; index < to; index++, tile_next(s, &tile)) {
            f.image = tile.image;
            f.rows = smaller(OUTPUTS, g->out_height - tile.y * OUTPUTS);
            f.columns = smaller(OUTPUTS, g->out_width - tile.x * OUTPUTS);
            f.at = first + (size_t)(tile.image * blocked_blocks(g->out_channels)) * plane +
                   (size_t)(tile.y * OUTPUTS) * row + (size_t)(tile.x * OUTPUTS) * LANES;
            output_tile(sums + (size_t)(index - from) * (size_t)group + v, s->sum_place, f.rows, f.columns,
                        tile_sums);
            finish(&f);
        }
    }
}

/* y (N, O/16, H', W', 16) from x (N, C/16, H, W, 16): tile by tile, A^T [(G w G^T) * (B^T d B)] A, summed
 * over C. */
static void run(const struct blocked_convolution *g, const float *packed, const float *input,
                const struct blocked_epilogue *epilogue, float *space)
{
    const struct shape s = shape_of(g);
    finish_function *finish = ISA_NAME(finish_function)(epilogue);
    float *transformed = space, *sums = transformed + PLACES * s.input_place,
          *columns = sums + PLACES * s.sum_place;
    for (int from = 0; from < s.tiles; from += s.batch) {
        const int to = smaller(from + s.batch, s.tiles);
        const float *weights = packed;
        input_batch(g, &s, input, from, to, transformed, columns);
        for (int channel = 0, group; (group = product_group(g->out_channels, channel)) > 0;
             channel += group) {
            group_products(g, &s, to - from, group, transformed, weights, sums);
            output_group(g, &s, channel, group, from, to, sums, epilogue, finish);
            weights += (size_t)PLACES * (size_t)g->in_channels * (size_t)group;
        }
    }
}
