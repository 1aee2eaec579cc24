/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layouts: a table of trees, and how they meet a size. */
#include "tui/layout.h"

/* One node, in preorder. A split has `parts` children, side by side or one below the other; a pane has none.
 * `weight` is its share of the parent's room. Children that come later go first when room is short, unless
 * they are `dear`. `stage`: where the figure pane appears, in the place of everything below. */
struct node {
    enum { SIDE, STACK, LEAF } kind;
    int weight, parts;
    enum pane_id pane;
    bool stage, dear;
};

enum { CHILDREN_MAX = 4, RULE = 1, LOG_LEAST_HEIGHT = 2 };

static const struct node overview[] = {
    {SIDE, 100, 2, 0, false, false},
    {LEAF, 42, 0, PANE_LAYERS, false, false},
    {STACK, 58, 2, 0, false, true},
    {STACK, 74, 2, 0, true, false},
    {LEAF, 62, 0, PANE_SCORES, false, false},
    {SIDE, 38, 2, 0, false, false},
    {LEAF, 53, 0, PANE_CORRELATION, false, false},
    {LEAF, 47, 0, PANE_MODEL, false, true},
    {LEAF, 26, 0, PANE_LOG, false, true},
};
static const struct node compare[] = {
    {STACK, 100, 2, 0, false, false},         {STACK, 85, 2, 0, true, false},
    {LEAF, 65, 0, PANE_SCORES, false, false}, {LEAF, 35, 0, PANE_CORRELATION, false, true},
    {LEAF, 15, 0, PANE_LOG, false, false},
};
static const struct node prune[] = {
    {SIDE, 100, 2, 0, false, false},       {LEAF, 58, 0, PANE_LAYERS, false, false},
    {STACK, 42, 2, 0, false, true},        {LEAF, 50, 0, PANE_MODEL, true, true},
    {LEAF, 50, 0, PANE_LOG, false, false},
};
static const struct node sweep[] = {
    {STACK, 100, 2, 0, false, false},        {LEAF, 76, 0, PANE_FIGURE, true, false},
    {SIDE, 24, 2, 0, false, false},          {LEAF, 60, 0, PANE_LOG, false, true},
    {LEAF, 40, 0, PANE_MODEL, false, false},
};

/* A small screen has no room beside a figure: it gets all but the end of the log. */
static const struct node small_figure[] = {
    {STACK, 100, 2, 0, false, false},
    {LEAF, 80, 0, PANE_FIGURE, false, false},
    {LEAF, 20, 0, PANE_LOG, false, false},
};
/* On a large one what a figure is about stays in sight. */
static const struct node overview_large[] = {
    {SIDE, 100, 2, 0, false, false},        {LEAF, 46, 0, PANE_LAYERS, false, false},
    {STACK, 54, 3, 0, false, true},         {LEAF, 52, 0, PANE_SCORES, true, false},
    {SIDE, 24, 2, 0, false, false},         {LEAF, 45, 0, PANE_CORRELATION, false, false},
    {LEAF, 55, 0, PANE_MODEL, false, true}, {LEAF, 24, 0, PANE_LOG, false, true},
};
static const struct node compare_large[] = {
    {STACK, 100, 3, 0, false, false},        {LEAF, 58, 0, PANE_SCORES, true, false},
    {SIDE, 22, 2, 0, false, true},           {LEAF, 58, 0, PANE_CORRELATION, false, true},
    {LEAF, 42, 0, PANE_MODEL, false, false}, {LEAF, 20, 0, PANE_LOG, false, false},
};
static const struct node prune_large_figure[] = {
    {SIDE, 100, 2, 0, false, false},        {LEAF, 50, 0, PANE_LAYERS, false, false},
    {STACK, 50, 3, 0, false, true},         {LEAF, 52, 0, PANE_FIGURE, false, false},
    {LEAF, 24, 0, PANE_MODEL, false, true}, {LEAF, 24, 0, PANE_LOG, false, false},
};

/* Which tree a layout is, from a size on: the first that fits. */
static const struct layout_row {
    enum layout_id layout;
    int width, height; /* of the room, at least */
    const struct node *tree, *with_figure;
} layouts[] = {
    {LAYOUT_OVERVIEW, 150, 40, overview_large, overview_large},
    {LAYOUT_OVERVIEW, 100, 24, overview, overview},
    {LAYOUT_OVERVIEW, 0, 0, overview, small_figure},
    {LAYOUT_COMPARE, 150, 40, compare_large, compare_large},
    {LAYOUT_COMPARE, 0, 0, compare, compare},
    {LAYOUT_PRUNE, 150, 40, prune, prune_large_figure},
    {LAYOUT_PRUNE, 120, 24, prune, prune},
    {LAYOUT_PRUNE, 0, 0, prune, small_figure},
    {LAYOUT_SWEEP, 0, 0, sweep, sweep},
};

static const struct node *tree_for(enum layout_id layout, const struct rect *room, bool figure)
{
    const struct layout_row *row = layouts;
    while (row->layout != layout || room->width < row->width || room->height < row->height)
        row++;
    return figure ? row->with_figure : row->tree;
}

static const struct node *next_sibling(const struct node *node)
{
    const struct node *next = node + 1;
    for (int i = 0; i < node->parts; i++)
        next = next_sibling(next);
    return next;
}

static int least(const struct node *node, bool width)
{
    return node->kind == LEAF ? width ? PANE_LEAST_WIDTH : PANE_LEAST_HEIGHT : 0;
}

/* The least room that the node needs with one leaf of it shown. */
static int needs(const struct node *node, bool width)
{
    if (node->kind == LEAF)
        return least(node, width);
    int smallest = 0;
    const struct node *child = node + 1;
    for (int i = 0; i < node->parts; i++, child = next_sibling(child)) {
        int here = needs(child, width);
        smallest = i == 0 || here < smallest ? here : smallest;
    }
    return smallest;
}

struct placing {
    struct placement *placement;
    bool figure;
    int figure_lines;
};

static void place(const struct placing *placing, const struct node *node, struct rect room, bool rule);

static void show(const struct placing *placing, enum pane_id pane, struct rect room, bool rule)
{
    placing->placement->pane[pane] = room;
    placing->placement->rule_at_left[pane] = rule;
}

/* Which children stay in `length` columns or lines. */
static int choose_children(const struct node *node, int length, const struct node **children)
{
    bool wide = node->kind == SIDE;
    int count = 0, total = 0;
    const struct node *child = node + 1;
    for (int i = 0; i < node->parts; i++, child = next_sibling(child)) {
        children[count++] = child;
        total += needs(child, wide);
    }
    while (count > 1 && total + (wide ? (count - 1) * RULE : 0) > length) {
        int goes = count - 1;
        for (int i = count - 1; i > 0 && children[goes]->dear; i--)
            goes = i - 1;
        if (children[goes]->dear || goes == 0)
            goes = count - 1;
        total -= needs(children[goes], wide);
        for (int i = goes; i + 1 < count; i++)
            children[i] = children[i + 1];
        count--;
    }
    return count;
}

/* Shares by weight, none below what it needs. */
static void share_out(const struct node *const *children, int count, bool wide, int length, int *sizes)
{
    int weights = 0, given = 0;
    for (int i = 0; i < count; i++)
        weights += children[i]->weight;
    for (int i = 0; i < count; i++) {
        sizes[i] = i + 1 < count ? length * children[i]->weight / weights : length - given;
        int lowest = needs(children[i], wide);
        sizes[i] = sizes[i] < lowest ? lowest : sizes[i];
        given += sizes[i];
    }
    /* What is too much is taken where there is most. */
    for (; given > length; given--) {
        int largest = 0;
        for (int i = 1; i < count; i++)
            largest = sizes[i] - needs(children[i], wide) > sizes[largest] - needs(children[largest], wide)
                          ? i
                          : largest;
        sizes[largest]--;
    }
}

/* What a figure needs it takes from the log below it. */
static void grow_figure(const struct placing *placing, const struct node *const *children, int count,
                        int *sizes)
{
    int figure = -1, log = -1;
    for (int i = 0; i < count; i++) {
        bool leaf = children[i]->kind == LEAF;
        if (placing->figure && (children[i]->stage || (leaf && children[i]->pane == PANE_FIGURE)))
            figure = i;
        else if (leaf && children[i]->pane == PANE_LOG)
            log = i;
    }
    int more = figure < 0 || log < 0 ? 0 : placing->figure_lines - sizes[figure];
    if (more <= 0)
        return;
    more = sizes[log] - more < LOG_LEAST_HEIGHT ? sizes[log] : more;
    sizes[figure] += more;
    sizes[log] -= more;
}

static void split(const struct placing *placing, const struct node *node, struct rect room, bool rule)
{
    const struct node *children[CHILDREN_MAX];
    int sizes[CHILDREN_MAX];
    bool wide = node->kind == SIDE;
    int count = choose_children(node, wide ? room.width : room.height, children);
    share_out(children, count, wide, wide ? room.width - (count - 1) * RULE : room.height, sizes);
    if (!wide)
        grow_figure(placing, children, count, sizes);
    for (int i = 0; i < count; i++) {
        struct rect part = room;
        if (wide) {
            part.width = sizes[i];
            room.column += sizes[i] + RULE;
        } else {
            part.height = sizes[i];
            room.line += sizes[i];
        }
        if (sizes[i] > 0)
            place(placing, children[i], part, wide && i > 0 ? true : rule);
    }
}

static void place(const struct placing *placing, const struct node *node, struct rect room, bool rule)
{
    if (node->stage && placing->figure)
        show(placing, PANE_FIGURE, room, rule);
    else if (node->kind != LEAF)
        split(placing, node, room, rule);
    else
        show(placing, node->pane, room, rule);
}

void layout_place(enum layout_id layout, const struct rect *room, int zoomed, bool figure, int figure_lines,
                  struct placement *placement)
{
    struct placing placing = {placement, figure, figure_lines};
    *placement = (struct placement){0};
    if (room->height < 2 || room->width < 1)
        return;
    if (zoomed >= 0)
        placement->pane[zoomed] = *room;
    else
        place(&placing, tree_for(layout, room, figure), *room, false);
}

static int overlap(int a, int a_length, int b, int b_length)
{
    int from = a > b ? a : b, to = a + a_length < b + b_length ? a + a_length : b + b_length;
    return to - from;
}

/* How far `b` is from `a` in a direction; negative when it is not there. */
static int distance(const struct rect *a, const struct rect *b, enum action_id direction)
{
    bool wide = direction == ACTION_FOCUS_LEFT || direction == ACTION_FOCUS_RIGHT;
    int shared = wide ? overlap(a->line, a->height, b->line, b->height)
                      : overlap(a->column, a->width, b->column, b->width);
    if (shared <= 0)
        return -1;
    switch (direction) {
    case ACTION_FOCUS_LEFT:
        return a->column - (b->column + b->width);
    case ACTION_FOCUS_RIGHT:
        return b->column - (a->column + a->width);
    case ACTION_FOCUS_UP:
        return a->line - (b->line + b->height);
    default:
        return b->line - (a->line + a->height);
    }
}

int layout_neighbour(const struct placement *placement, int from, enum action_id direction)
{
    int nearest = -1, at = 0;
    for (int i = 0; i < PANE_COUNT; i++) {
        if (i == from || placement->pane[i].width == 0)
            continue;
        int here = distance(&placement->pane[from], &placement->pane[i], direction);
        if (here >= 0 && (nearest < 0 || here < at)) {
            nearest = i;
            at = here;
        }
    }
    return nearest;
}
