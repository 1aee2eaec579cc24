/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The panes without a terminal: keys from bytes, bindings, layouts at every size, screens of hostile
 * networks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "support/small_model.h"
#include "support/wire.h"
#include "tui/compose.h"
#include "tui/journal.h"
#include "tui/pane.h"
#include "shell/paste.h"
#include "tui/press_decode.h"
#include "tui/waiting.h"
#include "tui/score_panels.h"
#include "view/cells/look.h"
#include "view/style.h"

/* --- keys ----------------------------------------------------------------------------------------------- */

static void test_press_names(void **state)
{
    static const char *const names[] = {"a",      "+",     "F5",          "F12",       "Alt-Left",
                                        "Ctrl-L", "Space", "PageUp",      "Shift-Tab", "Esc",
                                        "Alt-x",  "é",     "Ctrl-Alt-Up", "Enter",     "Backspace"};
    static const char *const wrong[] = {"",       "ab",      "F0",      "F13",  "Ctrl-",
                                        "Ctrl-+", "Shift-a", "Hyper-x", "\x01", "F5x"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int press;
        struct text text = {0};
        assert_true(press_parse(names[i], &press));
        text_add_press(&text, press);
        assert_string_equal(text_data(&text), names[i]);
        text_free(&text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int press;
        assert_false(press_parse(wrong[i], &press));
    }
}

static void test_decode(void **state)
{
    static const struct {
        const char *bytes, *name;
    } rows[] = {
        {"a", "a"},
        {"\x01", "Ctrl-A"},
        {"\r", "Enter"},
        {"\t", "Tab"},
        {"\x7f", "Backspace"},
        {"\033[A", "Up"},
        {"\033OA", "Up"},
        {"\033[1;3D", "Alt-Left"},
        {"\033[1;5C", "Ctrl-Right"},
        {"\033\033[A", "Alt-Up"},
        {"\033[5~", "PageUp"},
        {"\033[Z", "Shift-Tab"},
        {"\033OP", "F1"},
        {"\033[11~", "F1"},
        {"\033[24~", "F12"},
        {"\033[[B", "F2"},
        {"\033x", "Alt-x"},
        {"\xc3\xa9", "é"},
        {"\xe6\x97\xa5", "日"},
        {"\033[3~", "Delete"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct press_event event;
        int length = (int)strlen(rows[i].bytes), wanted;
        assert_true(press_parse(rows[i].name, &wanted));
        assert_int_equal(press_decode((const unsigned char *)rows[i].bytes, length, false, NULL, &event),
                         length);
        assert_int_equal(event.press, wanted);
        /* A piece of it alone is not enough, unless nothing more comes. */
        for (int part = 1; part < length; part++) {
            int used = press_decode((const unsigned char *)rows[i].bytes, part, false, NULL, &event);
            assert_int_equal(used, 0);
            assert_true(press_decode((const unsigned char *)rows[i].bytes, part, true, NULL, &event) > 0);
        }
    }
}

static void test_decode_mouse(void **state)
{
    static const struct press_sequence known[] = {{"\033[25~", PRESS_F1 + 4}, {NULL, 0}};
    struct press_event event;
    (void)state;
    assert_int_equal(press_decode((const unsigned char *)"\033[<64;12;5M", 11, false, NULL, &event), 11);
    assert_int_equal(event.press, PRESS_MOUSE);
    assert_int_equal(event.button, 64);
    assert_int_equal(event.column, 11);
    assert_int_equal(event.line, 4);
    assert_int_equal(press_decode((const unsigned char *)"\033[<0;1;1m", 9, false, NULL, &event), 9);
    assert_int_equal(event.button, -1);
    assert_int_equal(press_decode((const unsigned char *)"\033[25~", 5, false, known, &event), 5);
    assert_int_equal(event.press, PRESS_F1 + 4);
}

/* The text between the brackets is lines and nothing else, however it comes. */
static void test_paste(void **state)
{
    static const unsigned char bytes[] = "a b\r\nc\td\n\r\033[20x\003\xc3\xa9\033\033[201~rest";
    size_t whole = sizeof bytes - 1 - strlen("rest");
    struct paste paste = {0};
    struct press_event event;
    (void)state;
    assert_int_equal(press_decode((const unsigned char *)"\033[200~", 6, false, NULL, &event), 6);
    assert_int_equal(event.press, PRESS_PASTE);
    for (size_t step = 1; step <= whole; step++) {
        size_t at = 0;
        paste_begin(&paste);
        while (paste.open && at < sizeof bytes - 1) {
            size_t room = sizeof bytes - 1 - at;
            at += paste_take(&paste, bytes + at, step < room ? step : room);
        }
        assert_false(paste.open);
        assert_int_equal(at, whole);
        assert_string_equal(text_data(&paste.text), "a b\nc d\n\n[20x\xc3\xa9");
    }
    paste_free(&paste);
}

static void test_waiting(void **state)
{
    struct waiting waiting = {0};
    struct text text = {0};
    (void)state;
    assert_null(waiting_take(&waiting));
    assert_true(waiting_add(&waiting, "eval") && waiting_add(&waiting, "corr") &&
                waiting_add(&waiting, "hist conv1"));
    char *line = waiting_take(&waiting);
    assert_string_equal(line, "eval");
    mem_free(line);
    waiting_drop(&waiting, &text);
    assert_string_equal(text_data(&text), "corr; hist conv1");
    assert_null(waiting_take(&waiting));
    /* Lines keep their numbers: eval was number 0, the next are 1 and 2. */
    assert_null(waiting_last(&waiting));
    assert_int_equal(waiting.taken, 1);
    assert_true(waiting_add(&waiting, "undo") && waiting_add(&waiting, "redo"));
    assert_string_equal(waiting_last(&waiting), "redo");
    assert_int_equal(waiting_cut(&waiting, 3), 0);
    assert_int_equal(waiting_cut(&waiting, 2), 1);
    assert_string_equal(waiting_last(&waiting), "undo");
    assert_int_equal(waiting_cut(&waiting, 0), 1);
    assert_null(waiting_last(&waiting));
    text_free(&text);
    waiting_free(&waiting);
}

/* What a terminal answers late is nothing that was typed, whole or in pieces; Alt-] and Alt-P still are. */
static void test_decode_answers(void **state)
{
    static const char *const rows[] = {"\033]11;rgb:0000/0000/0000\033\\", "\033]11;rgb:ffff/ffff/ffff\a",
                                       "\033[?62;22c"};
    struct press_event event;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const unsigned char *bytes = (const unsigned char *)rows[i];
        int length = (int)strlen(rows[i]);
        for (int part = 1; part < length; part++)
            assert_int_equal(press_decode(bytes, part, false, NULL, &event), 0);
        assert_int_equal(press_decode(bytes, length, false, NULL, &event), length);
        assert_true(event.answer && event.press == 0);
    }
    assert_int_equal(press_decode((const unsigned char *)"\033]", 2, true, NULL, &event), 2);
    assert_true(!event.answer && event.press == (PRESS_ALT | ']'));
    assert_int_equal(press_decode((const unsigned char *)"\033P1", 3, false, NULL, &event), 2);
    assert_true(!event.answer && event.press == (PRESS_ALT | 'P'));
}

/* Whatever comes, every byte is taken in the end and nothing is read beyond. */
static void test_decode_noise(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        int count = 1 + round % 24;
        unsigned char *bytes = mem_new((size_t)count, 1);
        for (int i = 0; i < count; i++) {
            seed = seed * 1103515245u + 12345u;
            static const unsigned char often[] = "\033[O<;0123456789AM~\x80\xe6\xff\x01";
            bytes[i] =
                seed >> 28 & 1 ? often[(seed >> 16) % (sizeof often - 1)] : (unsigned char)(seed >> 16);
        }
        for (int at = 0; at < count;) {
            struct press_event event;
            int used = press_decode(bytes + at, count - at, true, NULL, &event);
            assert_true(used > 0 && used <= count - at);
            at += used;
        }
        mem_free(bytes);
    }
}

static int press_of(const char *name)
{
    int press;
    assert_true(press_parse(name, &press));
    return press;
}

/* What a press does, ACTION_NONE where it does nothing or runs a command line. */
static enum action_id action_of(const struct bindings *bindings, int press, int pane)
{
    const struct binding *binding = bindings_find(bindings, press, pane);
    return binding ? binding->action : ACTION_NONE;
}

static void test_bindings(void **state)
{
    struct bindings bindings = {0};
    struct text conflict = {0};
    (void)state;
    assert_true(bindings_reset(&bindings));
    /* The defaults themselves have no conflict, and every action has a key. */
    for (int i = 0; i < ACTION_COUNT; i++)
        assert_true(bindings_key(&bindings, (enum action_id)i, true));
    for (size_t i = 0; i < bindings.count; i++) {
        for (size_t k = 0; k < i; k++) {
            int a = key_action_at(bindings.items[i].action)->place,
                b = key_action_at(bindings.items[k].action)->place;
            assert_false(bindings.items[i].press == bindings.items[k].press && (a == b || (a < 0 && b < 0)));
        }
    }
    assert_int_equal(action_of(&bindings, press_of("+"), PANE_LAYERS), ACTION_RATIO_UP);
    assert_int_equal(action_of(&bindings, press_of("+"), PANE_LOG), ACTION_NONE);
    assert_int_equal(action_of(&bindings, press_of("+"), -1), ACTION_NONE);
    assert_int_equal(action_of(&bindings, press_of("F2"), -1), ACTION_LAYERS);
    assert_int_equal(action_of(&bindings, press_of("z"), PANE_LOG), ACTION_ZOOM);
    assert_true(bindings_add(&bindings, press_of("F2"), ACTION_ZOOM, NULL, &conflict));
    assert_string_equal(text_data(&conflict), "F2 did layers before");
    assert_int_equal(action_of(&bindings, press_of("F2"), -1), ACTION_ZOOM);
    text_clear(&conflict);
    assert_true(bindings_add(&bindings, press_of("F2"), ACTION_HELP, NULL, &conflict));
    assert_string_equal(text_data(&conflict), "F2 did zoom before, by another bind");
    text_clear(&conflict);
    assert_true(bindings_add(&bindings, press_of("+"), ACTION_ZOOM, NULL, &conflict));
    assert_string_equal(text_data(&conflict), "+ still does ratio-up in Layers");
    assert_int_equal(action_of(&bindings, press_of("+"), PANE_LAYERS), ACTION_RATIO_UP);
    assert_int_equal(action_of(&bindings, press_of("+"), PANE_LOG), ACTION_ZOOM);
    assert_true(bindings_remove(&bindings, press_of("+")));
    assert_int_equal(action_of(&bindings, press_of("+"), PANE_LAYERS), ACTION_NONE);
    assert_false(bindings_remove(&bindings, press_of("+")));
    /* Command lines count everywhere. */
    text_clear(&conflict);
    assert_true(bindings_add(&bindings, press_of("F2"), ACTION_NONE, "score l1; corr", &conflict));
    assert_string_equal(text_data(&conflict), "F2 did help before, by another bind");
    text_clear(&conflict);
    assert_true(bindings_add(&bindings, press_of("F2"), ACTION_NONE, "score l1; corr", &conflict));
    assert_string_equal(text_data(&conflict), "");
    assert_string_equal(bindings_find(&bindings, press_of("F2"), -1)->line, "score l1; corr");
    assert_true(bindings_add(&bindings, press_of("F2"), ACTION_NONE, "info", &conflict));
    assert_string_equal(text_data(&conflict), "F2 did score l1; corr before, by another bind");
    assert_string_equal(bindings_find(&bindings, press_of("F2"), PANE_LOG)->line, "info");
    assert_true(bindings_remove(&bindings, press_of("F2")));
    assert_null(bindings_find(&bindings, press_of("F2"), -1));
    text_free(&conflict);
    bindings_free(&bindings);
}

/* --- places --------------------------------------------------------------------------------------------- */

static bool overlaps(const struct rect *a, const struct rect *b)
{
    return a->width && b->width && a->column < b->column + b->width && b->column < a->column + a->width &&
           a->line < b->line + b->height && b->line < a->line + a->height;
}

/* Every size and layout: panes lie inside, apart, and together they fill the room up to the rules. */
static void check_placement(const struct rect *room, const struct placement *placement)
{
    int filled = 0;
    for (int i = 0; i < PANE_COUNT; i++) {
        const struct rect *pane = &placement->pane[i];
        if (!pane->width)
            continue;
        assert_true(pane->width > 0 && pane->height > 0);
        assert_true(pane->column >= room->column && pane->column + pane->width <= room->column + room->width);
        assert_true(pane->line >= room->line && pane->line + pane->height <= room->line + room->height);
        for (int k = 0; k < i; k++)
            assert_false(overlaps(pane, &placement->pane[k]));
        filled += pane->width * pane->height + (placement->rule_at_left[i] ? pane->height : 0);
    }
    assert_true(room->height < 2 || filled <= room->width * room->height);
    assert_true(room->height < 2 || filled >= room->width * room->height - 3 * room->height);
}

static void test_layouts(void **state)
{
    (void)state;
    for (int width = 1; width <= 300; width += width < 60 ? 1 : 7) {
        for (int height = 0; height <= 100; height += height < 30 ? 1 : 5) {
            for (int layout = 0; layout < LAYOUT_COUNT; layout++) {
                for (int figure = 0; figure < 2; figure++) {
                    struct rect room = {0, 0, width, height};
                    struct placement placement;
                    layout_place((enum layout_id)layout, &room, -1, figure, 0, &placement);
                    check_placement(&room, &placement);
                }
            }
        }
    }
}

static void test_neighbours(void **state)
{
    struct rect room = {0, 0, 80, 21};
    struct placement placement;
    (void)state;
    layout_place(LAYOUT_OVERVIEW, &room, -1, false, 0, &placement);
    assert_int_equal(layout_neighbour(&placement, PANE_LAYERS, ACTION_FOCUS_RIGHT), PANE_SCORES);
    assert_int_equal(layout_neighbour(&placement, PANE_SCORES, ACTION_FOCUS_LEFT), PANE_LAYERS);
    assert_int_equal(layout_neighbour(&placement, PANE_SCORES, ACTION_FOCUS_UP), -1);
    assert_int_equal(layout_neighbour(&placement, PANE_LOG, ACTION_FOCUS_UP), PANE_CORRELATION);
    assert_int_equal(layout_neighbour(&placement, PANE_CORRELATION, ACTION_FOCUS_RIGHT), PANE_MODEL);
    assert_int_equal(layout_neighbour(&placement, PANE_MODEL, ACTION_FOCUS_DOWN), PANE_LOG);
    layout_place(LAYOUT_OVERVIEW, &room, -1, true, 0, &placement);
    assert_int_equal(placement.pane[PANE_SCORES].width, 0);
    assert_true(placement.pane[PANE_FIGURE].width > 0);
}

/* A figure has the whole width of a small screen, and stands beside what it is about on a large one. */
static void test_figure_places(void **state)
{
    static const enum layout_id each[] = {LAYOUT_OVERVIEW, LAYOUT_COMPARE, LAYOUT_PRUNE};
    struct rect small = {0, 0, 80, 21}, large = {0, 0, 200, 57};
    struct placement placement;
    (void)state;
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        layout_place(each[i], &small, -1, true, 0, &placement);
        assert_int_equal(placement.pane[PANE_FIGURE].width, 80);
        assert_true(placement.pane[PANE_LOG].height >= PANE_LEAST_HEIGHT);
        layout_place(each[i], &large, -1, true, 0, &placement);
        assert_true(placement.pane[PANE_FIGURE].width >= 80);
        assert_true(placement.pane[PANE_MODEL].width > 0);
        assert_true(each[i] == LAYOUT_PRUNE || placement.pane[PANE_CORRELATION].width > 0);
    }
}

/* A wide character that is cut leaves a blank, not half of it. */
/* What a figure needs it takes from the log below it, all of it where next to nothing would be left. */
static void test_figure_takes_lines(void **state)
{
    const struct rect room = {0, 0, 80, 21};
    struct placement placement;
    (void)state;
    layout_place(LAYOUT_OVERVIEW, &room, -1, true, 0, &placement);
    const int usual = placement.pane[PANE_FIGURE].height, log = placement.pane[PANE_LOG].height;
    assert_int_equal(usual + log, 21);
    for (int lines = 0; lines < 40; lines++) {
        layout_place(LAYOUT_OVERVIEW, &room, -1, true, lines, &placement);
        int expected = lines < usual ? usual : lines > 19 ? 21 : lines;
        assert_int_equal(placement.pane[PANE_FIGURE].height, expected);
        assert_int_equal(placement.pane[PANE_LOG].height, 21 - expected);
        assert_int_equal(placement.pane[PANE_LOG].width > 0, expected < 21);
        layout_place(LAYOUT_OVERVIEW, &room, -1, false, lines, &placement);
        assert_int_equal(placement.pane[PANE_FIGURE].width, 0);
    }
}

static void test_wide_cut(void **state)
{
    struct canvas grid = {0}, from;
    struct rect room = {2, 0, 3, 1};
    (void)state;
    canvas_init(&from, 20, false);
    canvas_text(&from, 0, 0, STYLE_PLAIN, "日本語");
    assert_true(grid_reset(&grid, 10, 1, false));
    grid_copy(&grid, &room, &from, 0, 0);
    assert_string_equal(grid_cell(&grid, 0, 2)->glyph, "日");
    assert_string_equal(grid_cell(&grid, 0, 4)->glyph, " ");
    grid_copy(&grid, &room, &from, 0, 1);
    assert_string_equal(grid_cell(&grid, 0, 2)->glyph, " ");
    assert_string_equal(grid_cell(&grid, 0, 3)->glyph, "本");
    assert_string_equal(grid_cell(&grid, 0, 5)->glyph, " ");
    canvas_free(&from);
    canvas_free(&grid);
}

/* --- screens -------------------------------------------------------------------------------------------- */

/* A chain of 1x1 convolutions with these names and widths, as a file; then the mean over the image. */
static char *chain_file(const char *const *names, const int64_t *widths, int count)
{
    static const int64_t x[] = {-1, 2, 3, 3, -2}, ones[] = {1, 1}, axes[] = {2, 3};
    struct text graph = {0}, model;
    int64_t before = 2;
    char path[] = "/tmp/ippro-tui-XXXXXX";
    for (int i = 0; i < count; i++) {
        char *weight = mem_format("%s.weight", names[i]);
        char inputs[40], output[20];
        const int64_t dims[] = {widths[i], before, 1, 1};
        size_t elements = (size_t)(widths[i] * before);
        float *values = mem_new(elements, sizeof *values);
        for (size_t k = 0; k < elements; k++)
            values[k] = (float)((k * 2654435761u >> 8 & 0xffff) / 65536.0 - 0.5);
        add_floats(&graph, weight, dims, 4, values, elements);
        /* Names of weights hold blanks: the node is written by hand. */
        struct text node = {0};
        snprintf(inputs, sizeof inputs, "v%d", i);
        snprintf(output, sizeof output, "v%d", i + 1);
        wire_string(&node, NODE_INPUT, i ? inputs : "x");
        wire_string(&node, NODE_INPUT, weight);
        wire_string(&node, NODE_OUTPUT, output);
        wire_string(&node, NODE_NAME, names[i]);
        wire_string(&node, NODE_OPERATOR, "Conv");
        add_integers(&node, "kernel_shape", ones, 2);
        wire_message(&graph, GRAPH_NODE, &node);
        before = widths[i];
        mem_free(values);
        mem_free(weight);
    }
    char last[20];
    snprintf(last, sizeof last, "v%d", count);
    struct text node = begin_node("/mean", "ReduceMean", last, "y");
    struct text keep = begin_attribute("keepdims", 2);
    add_integers(&node, "axes", axes, 2);
    wire_integer(&keep, ATTRIBUTE_I, 0);
    wire_message(&node, NODE_ATTRIBUTE, &keep);
    wire_message(&graph, GRAPH_NODE, &node);
    wire_string(&graph, GRAPH_NAME, "chain");
    const int64_t y[] = {-1, before, -2};
    add_value(&graph, GRAPH_INPUT, "x", 1, x);
    add_value(&graph, GRAPH_OUTPUT, "y", 1, y);
    model = wrap_model(&graph, 13);
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, model.data, model.length), (ssize_t)model.length);
    close(descriptor);
    text_free(&model);
    return mem_string(path);
}

struct fixture {
    struct shell shell;
    struct explorer *explorer;
    struct canvas grid;
};

static void open_explorer(struct fixture *fixture, const char *path)
{
    struct error error = {0};
    *fixture = (struct fixture){0};
    assert_int_equal(session_new(&fixture->shell.session, &error), STATUS_OK);
    assert_int_equal(explorer_new(&fixture->shell, &fixture->explorer, &error), STATUS_OK);
    if (path)
        explorer_command(fixture->explorer, "load", path, NULL);
    assert_int_equal(fixture->shell.first, STATUS_OK);
}

static void close_explorer(struct fixture *fixture)
{
    canvas_free(&fixture->grid);
    explorer_free(fixture->explorer);
    shell_end(&fixture->shell);
    session_free(fixture->shell.session);
}

static void draw(struct fixture *fixture)
{
    struct screen_cursor cursor;
    assert_true(compose(fixture->explorer, &fixture->grid, &cursor));
    assert_true(cursor.line < fixture->explorer->height && cursor.column < fixture->explorer->width);
}

/* No cell holds what a terminal would take for more than one printable character. */
static void check_cells(const struct fixture *fixture)
{
    for (int line = 0; line < fixture->grid.height; line++) {
        for (int column = 0; column < fixture->grid.width; column++) {
            const char *glyph = grid_cell(&fixture->grid, line, column)->glyph;
            int32_t code;
            for (int used; (used = utf8_decode(glyph, &code)) > 0; glyph += used) {
                assert_true(code >= 0x20 && (code < 0x7f || code > 0x9f));
                assert_false(code == 0x202e || (code >= 0x2066 && code <= 0x2069));
            }
        }
    }
}

static void test_hostile_names(void **state)
{
    (void)state;
    char *endless = mem_new(10241, 1);
    memset(endless, 'n', 10240);
    const char *const names[] = {"\033[2J\033]0;gone\007",
                                 "\xff\xfe\x80 broken",
                                 "\xe2\x80\xae\xd7\xa9\xd7\x9c",
                                 endless,
                                 "%s%n%d",
                                 "a\tb\nc",
                                 "stage.[a-z]*",
                                 "stage.日本語",
                                 "stage.-",
                                 "out"};
    const int64_t widths[] = {4, 3, 5, 4, 3, 4, 2, 3, 4, 2};
    char *path = chain_file(names, widths, 10);
    struct fixture fixture;
    open_explorer(&fixture, path);
    explorer_line(fixture.explorer, "score l1,geomedian,random");
    static const char *const presses[] = {"F2",   "Down",  "Down", "+",     "+",     "Enter", "F2",
                                          "Down", "Space", "F3",   "Right", "Enter", "F4",    "Enter",
                                          "F6",   "F1",    "Down", "F7",    "s",     "<",     "z"};
    for (int size = 0; size < 3; size++) {
        explorer_resize(fixture.explorer, (int[]){120, 43, 9}[size], (int[]){40, 14, 4}[size]);
        for (size_t i = 0; i < sizeof presses / sizeof *presses; i++) {
            explorer_press(fixture.explorer, press_of(presses[i]));
            draw(&fixture);
            check_cells(&fixture);
        }
        explorer_focus(fixture.explorer, FOCUS_PROMPT);
    }
    for (int pane = 0; pane < PANE_COUNT; pane++) {
        explorer_resize(fixture.explorer, 120, 40);
        explorer_focus(fixture.explorer, pane);
        for (int line = 0; line < 40; line += 3) {
            for (int column = 0; column < 120; column += 7) {
                explorer_click(fixture.explorer, column % 3 ? 0 : 65, line, column);
                draw(&fixture);
            }
        }
        check_cells(&fixture);
    }
    close_explorer(&fixture);
    unlink(path);
    mem_free(path);
    mem_free(endless);
}

/* Every size from one cell up, with every pane in focus. */
static void test_every_size(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1,bn");
    explorer_line(fixture.explorer, "prune l1 0.3");
    explorer_line(fixture.explorer, "layers");
    for (int width = 1; width <= 300; width += width < 30 ? 1 : 27) {
        for (int height = 1; height <= 100; height += height < 14 ? 1 : 17) {
            explorer_resize(fixture.explorer, width, height);
            for (int pane = FOCUS_PROMPT; pane < PANE_COUNT; pane++) {
                explorer_focus(fixture.explorer, pane);
                fixture.explorer->ascii = false;
                draw(&fixture);
                assert_int_equal(fixture.grid.width, width);
                assert_int_equal(fixture.grid.height, height);
            }
        }
    }
    close_explorer(&fixture);
}

/* A line with the cursor anywhere in it, however long: the cursor is on the screen. */
static void test_long_line(void **state)
{
    struct fixture fixture;
    struct text line = {0};
    (void)state;
    for (int i = 0; i < 3000; i++)
        text_add(&line, i % 3 ? "x" : "日");
    open_explorer(&fixture, NULL);
    fixture.explorer->line.text = text_data(&line);
    for (int at = 0; at <= (int)line.length; at += 97) {
        int32_t code;
        while (at < (int)line.length && (line.data[at] & 0xc0) == 0x80)
            at++;
        (void)utf8_decode(text_data(&line) + at, &code);
        fixture.explorer->line.cursor = at;
        explorer_resize(fixture.explorer, 1 + at % 90, 6);
        draw(&fixture);
    }
    fixture.explorer->line = (struct edit_line){.text = ""};
    close_explorer(&fixture);
    text_free(&line);
}

/* A run of presses on one layer is one change. */
static void test_ratio_steps(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    const struct history *history = &fixture.shell.session->history;
    int before = history->position;
    explorer_press(fixture.explorer, press_of("F2"));
    explorer_press(fixture.explorer, press_of("Down"));
    explorer_press(fixture.explorer, press_of("Down"));
    for (int i = 0; i < 4; i++)
        explorer_press(fixture.explorer, press_of("+"));
    explorer_press(fixture.explorer, press_of("-"));
    assert_int_equal(history->position, before + 1);
    assert_string_equal(history->steps[history->position].line, "ratio layer1.0.conv1 0.15");
    explorer_refresh(fixture.explorer);
    assert_non_null(fixture.explorer->plan.layers);
    assert_true(fixture.explorer->plan.macs < fixture.shell.session->state.model->cost.macs);
    explorer_press(fixture.explorer, press_of("Down"));
    explorer_press(fixture.explorer, press_of("+"));
    assert_int_equal(history->position, before + 2);
    explorer_press(fixture.explorer, press_of("u"));
    explorer_press(fixture.explorer, press_of("u"));
    assert_int_equal(history->position, before);
    explorer_refresh(fixture.explorer);
    assert_null(fixture.explorer->plan.layers);
    close_explorer(&fixture);
}

static int logged(const struct fixture *fixture, const char *part)
{
    int count = 0;
    for (size_t i = 0; i < fixture->explorer->journal.count; i++)
        count += strstr(fixture->explorer->journal.items[i].text, part) != NULL;
    return count;
}

/* The log keeps the last of a run of presses, and all that was said by others between two. */
static void test_ratio_steps_logged(void **state)
{
    static const char *const start[] = {"F2", "Down", "+", "+", "+"};
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    for (size_t i = 0; i < sizeof start / sizeof *start; i++)
        explorer_press(fixture.explorer, press_of(start[i]));
    assert_int_equal(logged(&fixture, "ratio layer1 "), 1);
    assert_int_equal(logged(&fixture, "ratio layer1 0.15"), 1);
    explorer_line(fixture.explorer, "about");
    explorer_output(fixture.explorer, STYLE_NOTE, "a library's own\n", 16);
    size_t count = fixture.explorer->journal.count;
    explorer_press(fixture.explorer, press_of("+"));
    assert_true(fixture.explorer->journal.count > count);
    assert_int_equal(logged(&fixture, " about"), 1);
    assert_int_equal(logged(&fixture, "a library's own"), 1);
    assert_int_equal(logged(&fixture, "ratio layer1 0.15"), 1);
    assert_int_equal(logged(&fixture, "ratio layer1 0.2"), 1);
    explorer_press(fixture.explorer, press_of("+"));
    assert_int_equal(logged(&fixture, "a library's own"), 1);
    assert_int_equal(logged(&fixture, "ratio layer1 0.2"), 1);
    assert_int_equal(logged(&fixture, "ratio layer1 0.25"), 1);
    close_explorer(&fixture);
}

/* Lines of any length come to the log whole, cut between characters. */
static void test_long_output(void **state)
{
    struct fixture fixture;
    struct text written = {0}, kept = {0};
    (void)state;
    open_explorer(&fixture, NULL);
    for (int i = 0; i < 5000; i++)
        text_add_format(&written, "%d,", i);
    for (int i = 0; i < 5000; i++)
        text_add(&written, i % 3 ? "é" : "日");
    size_t before = fixture.explorer->journal.count;
    for (size_t at = 0; at < written.length; at += 1000)
        explorer_output(fixture.explorer, STYLE_PLAIN, written.data + at,
                        written.length - at < 1000 ? written.length - at : 1000);
    explorer_output(fixture.explorer, STYLE_PLAIN, "\n", 1);
    for (size_t i = before; i < fixture.explorer->journal.count; i++) {
        const char *text = fixture.explorer->journal.items[i].text;
        assert_true((*text & 0xc0) != 0x80);
        text_add(&kept, text);
    }
    assert_true(fixture.explorer->journal.count - before > 5);
    assert_string_equal(text_data(&kept), text_data(&written));
    text_free(&written);
    text_free(&kept);
    close_explorer(&fixture);
}

static void add_screen_line(const struct fixture *fixture, int line, const struct rect *room,
                            struct text *text)
{
    for (int i = 0; i < room->width; i++)
        text_add(text, grid_cell(&fixture->grid, line, room->column + i)->glyph);
}

/* A card that is scrolled to its end stays there, and the next press up is seen. */
static void test_model_scrolls_to_its_end(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    explorer_resize(fixture.explorer, 80, 24);
    explorer_line(fixture.explorer, "score l1; prune l1 0.4; ratio conv1 0.2");
    explorer_press(fixture.explorer, press_of("F5"));
    draw(&fixture);
    const struct rect room = fixture.explorer->placement.pane[PANE_MODEL];
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < 30; i++)
            explorer_press(fixture.explorer, press_of(way ? "PageDown" : "Down"));
        draw(&fixture);
        struct text last = {0};
        add_screen_line(&fixture, room.line + room.height - 1, &room, &last);
        assert_non_null(strstr(text_data(&last), "network"));
        text_clear(&last);
        explorer_press(fixture.explorer, press_of("Up"));
        draw(&fixture);
        add_screen_line(&fixture, room.line + room.height - 1, &room, &last);
        assert_null(strstr(text_data(&last), "network"));
        text_free(&last);
    }
    close_explorer(&fixture);
}

/* How far criteria agree is shown where there is room for it, of the criteria that there are. */
static void test_agreement(void **state)
{
    struct fixture fixture;
    struct text row[2] = {{0}, {0}}, head = {0};
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1,bn");
    explorer_press(fixture.explorer, press_of("F2"));
    explorer_press(fixture.explorer, press_of("z"));
    for (int i = 0; i < 4; i++) {
        explorer_resize(fixture.explorer, i % 2 ? 200 : 80, 24);
        if (i == 2)
            explorer_line(fixture.explorer, "score geomedian");
        draw(&fixture);
        const struct rect *room = &fixture.explorer->placement.pane[PANE_LAYERS];
        text_clear(&head);
        add_screen_line(&fixture, room->line + 1, room, &head);
        assert_int_equal(strstr(text_data(&head), "agree") != NULL, i % 2);
        if (i % 2)
            add_screen_line(&fixture, room->line + 4, room, &row[i / 2]);
    }
    assert_string_not_equal(text_data(&row[0]), text_data(&row[1]));
    explorer_line(fixture.explorer, "undo; undo; score bn");
    draw(&fixture);
    text_clear(&head);
    add_screen_line(&fixture, 1, &fixture.explorer->placement.pane[PANE_LAYERS], &head);
    assert_null(strstr(text_data(&head), "agree"));
    for (int i = 0; i < 2; i++)
        text_free(&row[i]);
    text_free(&head);
    close_explorer(&fixture);
}

/* A command in a title is whole, or is seen to be cut. */
static void test_cut_command(void **state)
{
    static const char command[] = "corr l1,bn by=layer method=kendall";
    struct fixture fixture;
    struct text title = {0};
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1,bn");
    explorer_line(fixture.explorer, command);
    for (int width = 40; width <= 100; width++) {
        explorer_resize(fixture.explorer, width, 24);
        explorer_focus(fixture.explorer, PANE_FIGURE);
        draw(&fixture);
        const struct rect *room = &fixture.explorer->placement.pane[PANE_FIGURE];
        text_clear(&title);
        add_screen_line(&fixture, room->line, room, &title);
        assert_true(strstr(text_data(&title), command) || strstr(text_data(&title), "…") ||
                    strstr(text_data(&title), "..."));
    }
    text_free(&title);
    close_explorer(&fixture);
}

/* What keys stand for are commands, also while a piece of code waits at the prompt for its end. */
static void test_keys_beside_code(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    fixture.shell.prefixes = true; /* as at a terminal */
    explorer_line(fixture.explorer, "lua for i = 1, 3 do");
    assert_string_equal(fixture.shell.unfinished, "for i = 1, 3 do");
    static const char *const presses[] = {"F2", "Down", "+", "Down", "Enter", "R", "F4", "Enter", "F2", "u"};
    const struct history *history = &fixture.shell.session->history;
    int before = history->position;
    for (size_t i = 0; i < sizeof presses / sizeof *presses; i++) {
        explorer_press(fixture.explorer, press_of(presses[i]));
        draw(&fixture);
        assert_string_equal(fixture.shell.unfinished, "for i = 1, 3 do");
        if (i == 2)
            assert_string_equal(history->steps[history->position].line, "ratio layer1 0.05");
    }
    assert_int_equal(history->position, before);
    explorer_line(fixture.explorer, "x = i");
    assert_string_equal(fixture.shell.unfinished, "for i = 1, 3 do\nx = i");
    explorer_line(fixture.explorer, "end");
    assert_null(fixture.shell.unfinished);
    assert_int_equal(fixture.shell.first, STATUS_OK);
    close_explorer(&fixture);
}

static void type_letters(struct explorer *explorer, const char *letters)
{
    for (; *letters; letters++) {
        if (!explorer_press(explorer, *letters))
            assert_true(explorer_edit(explorer, *letters));
    }
}

/* A command is typed while a pane has the focus: it stands at the prompt whole, and what its letters did as
 * keys is taken back. */
static void test_typed_words(void **state)
{
    static const struct {
        const char *pane, *letters, *line;
    } rows[] = {
        {"F2", "group conv1", "group conv1"},
        {"F2", "cost", "cost"},
        {"F2", "prune", "prune"},
        {"F2", "score l1", "score l1"},
        {"F2", "undo", "undo"},
        {"F2", "help", "help"},
        {"F2", "lua ", "lua "},
        {"F2", "unprune all", "unprune all"},
        {"F2", "load x", "load x"},
        {"F3", "unbind F5", "unbind F5"},
        {"F7", "prune l1", "prune l1"},
        {"F7", "score", "score"},
        {"F7", "run x", "run x"},
        {"F7", "quit", "quit"},
        {"F7", "rank", "rank"},
        {"F7", "unprune ", "unprune "},
        {"F2", "ccpcorr", "corr"},
        {"F2", "pratio", "ratio"},
        {"F4", "corr ", "corr "},
        {"F4", "gg p", "gg p"},
    };
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    struct explorer *explorer = fixture.explorer;
    const struct history *history = &fixture.shell.session->history;
    fixture.shell.prefixes = true;
    explorer_line(explorer, "score l1 l2");
    explorer_line(explorer, "ratio all 0.2");
    explorer_line(explorer, "alias gg = info");
    explorer_line(explorer, "layers");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int position = history->position, sort = explorer->gallery.sort;
        explorer_press(explorer, press_of(rows[i].pane));
        type_letters(explorer, rows[i].letters);
        assert_string_equal(explorer->line.text, rows[i].line);
        assert_int_equal(explorer->focus, FOCUS_PROMPT);
        assert_int_equal(explorer->gallery.sort, sort);
        assert_true(explorer->figure_open || strcmp(rows[i].pane, "F7") != 0);
        /* Keys before the word stay keys: p, which prunes. */
        int pruned = strcmp(rows[i].letters, rows[i].line) != 0;
        assert_int_equal(history->position, position + pruned);
        if (pruned) {
            assert_true(strncmp(history->steps[history->position].line, "prune ", 6) == 0);
            explorer_line(explorer, "undo");
        }
        for (size_t k = strlen(explorer->line.text); k; k--)
            assert_true(explorer_edit(explorer, press_of("Backspace")));
        explorer_press(explorer, press_of("F8"));
        draw(&fixture);
    }
    assert_int_equal(fixture.shell.first, STATUS_OK);
    close_explorer(&fixture);
}

/* While work runs, what keys change waits for its turn. */
static void test_waiting_keys(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    struct explorer *explorer = fixture.explorer;
    const struct history *history = &fixture.shell.session->history;
    fixture.shell.prefixes = true;
    explorer_line(explorer, "score l1 l2");
    int position = history->position;
    explorer_press(explorer, press_of("F2"));
    explorer->beside++; /* as from within a script */
    explorer_press(explorer, press_of("+"));
    explorer_press(explorer, press_of("+"));
    assert_string_equal(waiting_last(&explorer->waiting), "ratio conv1 0.1");
    explorer_press(explorer, press_of("-"));
    assert_string_equal(waiting_last(&explorer->waiting), "ratio conv1 0.05");
    explorer_press(explorer, press_of("Space"));
    explorer_press(explorer, press_of("Space"));
    explorer_press(explorer, press_of("+"));
    assert_int_equal(explorer->waiting.count, 1);
    assert_string_equal(waiting_last(&explorer->waiting), "ratio conv1 0.05");
    explorer_press(explorer, press_of("p"));
    assert_string_equal(waiting_last(&explorer->waiting), "prune l1");
    explorer_press(explorer, press_of("u"));
    assert_string_equal(waiting_last(&explorer->waiting), "undo");
    assert_int_equal(explorer->waiting.count, 3);
    assert_non_null(strstr(explorer->message, "undo waits"));
    explorer_press(explorer, press_of("Enter")); /* only looks */
    assert_int_equal(explorer->focus, PANE_FIGURE);
    explorer_press(explorer, press_of("F2"));
    type_letters(explorer, "prune"); /* its p is no command that waits */
    assert_string_equal(explorer->line.text, "prune");
    assert_int_equal(explorer->waiting.count, 3);
    explorer->beside--;
    assert_int_equal(history->position, position);
    for (char *line; (line = waiting_take(&explorer->waiting)); mem_free(line))
        explorer_line(explorer, line);
    assert_int_equal(history->position, position + 1);
    assert_string_equal(history->steps[history->position].line, "ratio conv1 0.05");
    assert_int_equal(fixture.shell.first, STATUS_OK);
    close_explorer(&fixture);
}

/* However short a command is typed, it shows the same. */
static void test_shortened(void **state)
{
    static const char *const lines[][2] = {{"score l1", "sco l1"},
                                           {"prune l1 0.4", "pru l1 0.4"},
                                           {"unprune layer1.*", "unp layer1.*"},
                                           {"ratio layer1.* 0.1", "rati layer1.* 0.1"},
                                           {"rescale layer1.0.conv1 2", "resc layer1.0.conv1 2"},
                                           {"layers", "ls"},
                                           {"lua print('a  b')", "lu print('a  b')"}};
    (void)state;
    struct fixture fixture;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        bool open[2];
        for (int k = 0; k < 2; k++) {
            open_explorer(&fixture, "example");
            fixture.shell.prefixes = true;
            explorer_line(fixture.explorer, "prune l1 0.2");
            explorer_line(fixture.explorer, lines[i][k]);
            assert_int_equal(fixture.shell.first, STATUS_OK);
            open[k] = fixture.explorer->figure_open;
            close_explorer(&fixture);
        }
        assert_int_equal(open[0], open[1]);
        assert_int_equal(open[0], strcmp(lines[i][0], "layers") == 0);
    }
}

/* Nothing is asked over a question that is open, and what it says is its own. */
static void test_question(void **state)
{
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    struct explorer *explorer = fixture.explorer;
    explorer_line(explorer, "layers");
    explorer_press(explorer, press_of("F7"));
    explorer_press(explorer, press_of("f"));
    assert_int_equal(explorer->line.asking, ASK_FILTER);
    assert_string_equal(explorer->line.prompt, "rows with: ");
    assert_true(explorer_edit(explorer, press_of("é")));
    assert_true(explorer_edit(explorer, press_of("l")));
    explorer_focus(explorer, PANE_LAYERS); /* as a click does */
    explorer_press(explorer, press_of("/"));
    assert_int_equal(explorer->line.asking, ASK_FILTER);
    assert_string_equal(explorer->line.prompt, question_text(ASK_FILTER));
    assert_int_equal(explorer->focus, FOCUS_PROMPT);
    explorer_question(explorer, ASK_QUIT);
    assert_int_equal(explorer->line.asking, ASK_FILTER);
    assert_true(explorer_edit(explorer, press_of("Backspace")));
    assert_true(explorer_edit(explorer, press_of("Backspace")));
    assert_string_equal(explorer->line.text, "");
    assert_true(explorer_edit(explorer, press_of("c")));
    assert_true(explorer_edit(explorer, press_of("Enter")));
    assert_int_equal(explorer->line.asking, ASK_COMMAND);
    assert_string_equal(explorer->gallery.filter, "c");
    assert_int_equal(explorer->focus, PANE_FIGURE);
    close_explorer(&fixture);
}

/* What panes hold of a network is not looked at beside another one, drawn or not. */
static void test_another_network(void **state)
{
    static const char *const many[] = {"stage.a", "stage.b", "stage.c", "stage.d", "stage.e", "stage.f"},
                             *const few[] = {"only"};
    static const int64_t widths[] = {4, 4, 4, 4, 4, 4};
    (void)state;
    char *large = chain_file(many, widths, 6), *small = chain_file(few, widths, 1);
    struct fixture fixture;
    for (int way = 0; way < 4; way++) {
        open_explorer(&fixture, way % 2 ? large : small);
        struct explorer *explorer = fixture.explorer;
        explorer_resize(explorer, 80, 24);
        explorer_press(explorer, press_of("F2"));
        draw(&fixture);
        explorer_press(explorer, press_of("PageDown"));
        mem_free(explorer->search);
        explorer->search = mem_string(way % 2 ? "only" : "stage.f");
        explorer_command(explorer, "load", way % 2 ? small : large, NULL);
        if (way < 2) {
            explorer_find(explorer, false);
        } else {
            for (int line = 0; line < 20; line++) {
                explorer_click(explorer, 0, line, 3);
                explorer_click(explorer, 0, line, 3);
            }
        }
        explorer_refresh(explorer);
        assert_true(layer_tree_current(&explorer->layers)->first <
                    fixture.shell.session->state.model->layers->count);
        close_explorer(&fixture);
    }
    unlink(large);
    unlink(small);
    mem_free(large);
    mem_free(small);
}

/* What the plan says is what a selection costs. */
static void test_plan(void **state)
{
    struct fixture fixture;
    struct cost plan;
    struct error error = {0};
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score random");
    explorer_line(fixture.explorer, "ratio *.conv1 0.37; ratio streams 0.2; prune random");
    const struct session *session = fixture.shell.session;
    assert_int_equal(pruning_plan(session->state.pruning, session->state.model, &plan, &error), STATUS_OK);
    assert_true(session->state.pruning->removed_count > 0);
    assert_true(plan.macs == session->state.pruning->cost.macs);
    assert_int_equal(plan.parameters, session->state.pruning->cost.parameters);
    for (int i = 0; i < plan.layer_count; i++)
        assert_int_equal(plan.layers[i].channels, session->state.pruning->cost.layers[i].channels);
    cost_free(&plan);
    close_explorer(&fixture);
}

/* What the scores pane counts as cut is what the present ratios cut, whichever way they change. */
static void test_scores_follow_ratios(void **state)
{
    static const struct {
        const char *keys[4], *line;
        int64_t cut;
    } steps[] = {
        {{NULL}, "set ratio=0.5", 8}, {{"+", "+"}, NULL, 2}, {{"+", "+"}, NULL, 4},
        {{"Space"}, NULL, 0},         {{"u"}, NULL, 8},      {{NULL}, "ratio layer1.* 0.75", 12},
        {{NULL}, "undo", 8},          {{NULL}, "undo", 7},   {{NULL}, "prune l1 0.25", 4},
        {{NULL}, "undo", 7},
    };
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1");
    explorer_resize(fixture.explorer, 80, 24);
    static const char *const start[] = {"F2", "Down", "Down"};
    for (size_t i = 0; i < 3; i++)
        explorer_press(fixture.explorer, press_of(start[i]));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (int k = 0; k < 4 && steps[i].keys[k]; k++)
            explorer_press(fixture.explorer, press_of(steps[i].keys[k]));
        if (steps[i].line)
            explorer_line(fixture.explorer, steps[i].line);
        draw(&fixture);
        const struct scores_view *view = fixture.explorer->panes[PANE_SCORES].state;
        assert_non_null(view->figure);
        assert_int_equal(view->figure->histogram.summary[0].below, steps[i].cut);
    }
    close_explorer(&fixture);
}

/* Filters of a bin are those whose scores lie in it, bin by bin all of the layer. */
static void test_bins(void **state)
{
    struct fixture fixture;
    struct text text = {0};
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1,bn");
    explorer_press(fixture.explorer, press_of("F3"));
    for (int i = 0; i < 3; i++)
        explorer_press(fixture.explorer, press_of("Right"));
    explorer_press(fixture.explorer, press_of("Enter"));
    const struct gallery *gallery = &fixture.explorer->gallery;
    text_add(&text, gallery->items[gallery->count - 1].command);
    int channel;
    assert_int_equal(sscanf(text_data(&text), "filter conv1:%d", &channel), 1);
    const struct scores_view *view = fixture.explorer->panes[PANE_SCORES].state;
    const struct figure_histogram *histogram = &view->figure->histogram;
    const double *scores = fixture.shell.session->state.board->entries[0].scores->layer[0];
    int64_t channels = fixture.shell.session->state.model->layers->items[0].channels, lower = 0, below = 0;
    for (int64_t i = 0; i < channels; i++)
        lower += scores[i] < scores[channel];
    for (int b = 0; b < view->bin; b++)
        below += histogram->counts[b];
    assert_int_equal(lower, below);
    text_free(&text);
    close_explorer(&fixture);
}

/* Whichever allocation fails, the screen may lack something, and that is all. */
static void test_no_memory(void **state)
{
    static const char *const presses[] = {"F2", "Down", "+",  "Enter", "q", "F3", "Right", "Enter", "s", "r",
                                          "F4", "m",    "F6", "F1",    "x", "p",  "u",     "F9",    "F8"};
    enum { PRESSES = sizeof presses / sizeof *presses };
    struct fixture fixture;
    (void)state;
    open_explorer(&fixture, "example");
    explorer_line(fixture.explorer, "score l1,bn");
    draw(&fixture);
    for (int at = 0; at < PRESSES; at++) {
        for (long nth = 1; nth < 4000; nth += 1 + nth / 8) {
            struct screen_cursor cursor;
            mem_fail_at(nth);
            if (!explorer_press(fixture.explorer, press_of(presses[at])))
                explorer_line(fixture.explorer, "layers");
            explorer_refresh(fixture.explorer);
            compose(fixture.explorer, &fixture.grid, &cursor);
            mem_fail_at(0);
        }
        explorer_press(fixture.explorer, press_of("x"));
        draw(&fixture);
    }
    close_explorer(&fixture);
}

/* In every theme and with any number of colours, what is chosen stands out, and so does the pane in focus. */
static void test_themes(void **state)
{
    static const enum cell_style apart[][2] = {
        {STYLE_CURSOR, STYLE_PLAIN}, {STYLE_CURSOR_PALE, STYLE_PLAIN}, {STYLE_CURSOR, STYLE_CURSOR_PALE},
        {STYLE_STATUS, STYLE_PLAIN}, {STYLE_POPUP, STYLE_PLAIN},       {STYLE_FOCUS, STYLE_BORDER}};
    static const int depths[] = {0, 8, 16, 256};
    struct error error = {0};
    char **names;
    size_t count;
    (void)state;
    assert_int_equal(theme_list(&names, &count, &error), STATUS_OK);
    assert_true(count >= 5);
    for (size_t t = 0; t < count; t++) {
        struct theme *theme;
        assert_int_equal(theme_load(names[t], &theme, &error), STATUS_OK);
        for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
            for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
                struct canvas_cell a = {.glyph = "x", .style = apart[i][0]},
                                   b = {.glyph = "x", .style = apart[i][1]};
                struct look x = look_of(&a, theme, depths[d]), y = look_of(&b, theme, depths[d]);
                bool same = x.foreground == y.foreground && x.background == y.background &&
                            x.bold == y.bold && x.dim == y.dim && x.underline == y.underline &&
                            x.reverse == y.reverse;
                if (same)
                    print_message("# %s, %d colours: pair %zu looks the same\n", names[t], depths[d], i);
                assert_false(same);
            }
        }
        theme_free(theme);
    }
    theme_list_free(names, count);
}

/* --- time ----------------------------------------------------------------------------------------------- */

static void test_time(void **state)
{
    enum { LAYERS = 60 };
    static char words[LAYERS][32];
    const char *names[LAYERS];
    int64_t widths[LAYERS];
    (void)state;
    for (int i = 0; i < LAYERS; i++) {
        snprintf(words[i], sizeof words[i], "stage%d.%d", i / 10, i % 10);
        names[i] = words[i];
        widths[i] = i % 2 ? 30 : 1000;
    }
    char *path = chain_file(names, widths, LAYERS);
    struct fixture fixture;
    open_explorer(&fixture, path);
    explorer_resize(fixture.explorer, 200, 60);
    explorer_line(fixture.explorer, "score l1,l2,random");
    explorer_press(fixture.explorer, press_of("F2"));
    draw(&fixture);
    double best = 1, step = 1;
    for (int i = 0; i < 20; i++) {
        double start = clock_seconds();
        draw(&fixture);
        double took = clock_seconds() - start;
        best = took < best ? took : best;
    }
    for (int i = 0; i < 6; i++) {
        double start = clock_seconds();
        explorer_press(fixture.explorer, press_of("+"));
        draw(&fixture);
        double took = clock_seconds() - start;
        step = took < step ? took : step;
    }
    print_message("# 200x60, %d layers, 30,900 channels: a redraw %.2f ms, a ratio with its costs %.2f ms\n",
                  LAYERS, best * 1e3, step * 1e3);
    /* Far above what is measured, for sanitizers and loaded machines. */
    assert_true(best < 0.2);
    assert_true(step < 0.5);
    close_explorer(&fixture);
    unlink(path);
    mem_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_press_names),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_decode_mouse),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_decode_answers),
        cmocka_unit_test(test_decode_noise),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_figure_places),
        cmocka_unit_test(test_figure_takes_lines),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_wide_cut),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_ratio_steps),
        cmocka_unit_test(test_ratio_steps_logged),
        cmocka_unit_test(test_long_output),
        cmocka_unit_test(test_model_scrolls_to_its_end),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_cut_command),
        cmocka_unit_test(test_keys_beside_code),
        cmocka_unit_test(test_typed_words),
        cmocka_unit_test(test_waiting_keys),
        cmocka_unit_test(test_shortened),
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_another_network),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_scores_follow_ratios),
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_themes),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
