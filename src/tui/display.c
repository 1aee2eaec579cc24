/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Curses. Keys are read elsewhere: Readline wants bytes. */
#include "tui/display.h"

#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/status.h"
#include "base/text.h"
#include "tui/grid.h"
#include "view/theme.h"

/* clang-format off: term.h needs curses.h before it */
#include <curses.h>
#include <term.h>
/* clang-format on */

#include "base/memory.h"
#include "shell/paste.h"
#include "shell/rescue.h"
#include "session/words/press.h"
#include "shell/window.h"
#include "tui/screen_end.h"
#include "view/cells/look.h"

enum { KEYS = 32 };

struct display {
    SCREEN *screen;
    FILE *file;     /* the terminal, for writing */
    int terminal;   /* its descriptor */
    int kept_error; /* standard error as it was */
    int output[2];  /* the pipe of libraries' output */
    struct termios before;
    bool colors, mouse;
    struct canvas_cell *shown; /* what the terminal shows */
    int width, height;         /* of `shown`; 0: nothing is known */
    struct theme *theme;       /* with which it was drawn, counted */
    int depth;
    struct press_sequence keys[KEYS];
};

/* --- capabilities --------------------------------------------------------------------------------------- */

static bool has(const char *capability)
{
    char *value = tigetstr(capability);
    return value && value != (char *)-1 && *value;
}

bool display_usable(int descriptor, struct text *why)
{
    const char *term = getenv("TERM");
    TERMINAL *before = set_curterm(NULL);
    int state;
    bool usable = false;
    if (!term || !*term)
        text_add(why, "TERM is not set");
    else if (setupterm(NULL, descriptor, &state) != OK)
        text_add_format(why, "nothing is known of the terminal '%s'", term);
    else if (!has("cup") || !has("clear") || tigetflag("hc") > 0 || tigetflag("gn") > 0)
        text_add_format(why, "the terminal '%s' cannot place its cursor", term);
    else
        usable = true;
    TERMINAL *mine = set_curterm(before);
    if (mine)
        del_curterm(mine);
    return usable;
}

static void learn_keys(struct display *display)
{
    static const struct {
        const char *capability;
        int press;
    } rows[] = {
        {"kf1", PRESS_F1},
        {"kf2", PRESS_F1 + 1},
        {"kf3", PRESS_F1 + 2},
        {"kf4", PRESS_F1 + 3},
        {"kf5", PRESS_F1 + 4},
        {"kf6", PRESS_F1 + 5},
        {"kf7", PRESS_F1 + 6},
        {"kf8", PRESS_F1 + 7},
        {"kf9", PRESS_F1 + 8},
        {"kf10", PRESS_F1 + 9},
        {"kf11", PRESS_F1 + 10},
        {"kf12", PRESS_F12},
        {"kcuu1", PRESS_UP},
        {"kcud1", PRESS_DOWN},
        {"kcub1", PRESS_LEFT},
        {"kcuf1", PRESS_RIGHT},
        {"khome", PRESS_HOME},
        {"kend", PRESS_END},
        {"kpp", PRESS_PAGE_UP},
        {"knp", PRESS_PAGE_DOWN},
        {"kich1", PRESS_INSERT},
        {"kdch1", PRESS_DELETE},
        {"kcbt", PRESS_TAB | PRESS_SHIFT},
    };
    int count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *bytes = tigetstr(rows[i].capability);
        if (bytes && bytes != (char *)-1 && bytes[0] == '\033' && bytes[1])
            display->keys[count++] = (struct press_sequence){bytes, rows[i].press};
    }
}

const struct press_sequence *display_sequences(const struct display *display)
{
    return display->keys;
}

/* --- opening and closing -------------------------------------------------------------------------------- */

static void send(const struct display *display, const char *bytes)
{
    size_t length = strlen(bytes);
    if (write(display->terminal, bytes, length) != (ssize_t)length)
        return; /* a terminal that takes nothing shows nothing */
}

/* Every key at once and as it is; Control-C and Control-Z stay signals. */
static void set_modes(const struct display *display)
{
    struct termios modes = display->before;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    modes.c_lflag |= ISIG;
    modes.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    modes.c_cc[VQUIT] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    def_prog_mode();
}

static void set_reports(const struct display *display, bool on)
{
    send(display, on ? PASTE_ON : PASTE_OFF);
    if (display->mouse)
        send(display, on ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l");
}

static status capture_output(struct display *display, struct error *error)
{
    if (pipe2(display->output, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(error, STATUS_FAILED, "no pipe can be made");
    display->kept_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    fflush(stdout);
    fflush(stderr);
    dup2(display->output[1], STDOUT_FILENO);
    dup2(display->output[1], STDERR_FILENO);
    return STATUS_OK;
}

static void release_output(struct display *display)
{
    fflush(stdout);
    fflush(stderr);
    dup2(display->terminal, STDOUT_FILENO);
    if (display->kept_error >= 0) {
        dup2(display->kept_error, STDERR_FILENO);
        close(display->kept_error);
    }
    close(display->output[0]);
    close(display->output[1]);
}

static status start_curses(struct display *display, struct error *error)
{
    display->screen = newterm(NULL, display->file, stdin);
    if (!display->screen)
        return error_set(error, STATUS_FAILED, "the terminal cannot be taken over");
    if (has_colors() && start_color() == OK)
        display->colors = use_default_colors() == OK;
    noecho();
    nonl();
    raw();
    scrollok(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    typeahead(-1);
    learn_keys(display);
    set_modes(display);
    display->mouse = display->mouse && has("kmous");
    set_reports(display, true);
    return STATUS_OK;
}

static void arm_rescue(const struct display *display)
{
    struct text end = {0};
    text_add(&end, window_end());
    text_add_screen_end(&end, display->terminal);
    rescue_prepare(display->terminal, STDERR_FILENO, &display->before, text_data(&end), end.length);
    text_free(&end);
}

status display_open(struct display **result, bool mouse, struct error *error)
{
    struct display *display = mem_new(1, sizeof *display);
    if (!display)
        return error_memory(error);
    display->mouse = mouse;
    display->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    display->file = display->terminal >= 0 ? fdopen(display->terminal, "w") : NULL;
    status code = display->file && tcgetattr(STDIN_FILENO, &display->before) == 0
                      ? STATUS_OK
                      : error_set(error, STATUS_FAILED, "the terminal cannot be opened");
    if (code == STATUS_OK) {
        arm_rescue(display);
        code = start_curses(display, error);
    }
    if (code == STATUS_OK)
        code = capture_output(display, error);
    if (code != STATUS_OK) {
        if (display->screen)
            endwin();
        rescue_forget();
        mem_free(display);
        return code;
    }
    *result = display;
    return STATUS_OK;
}

void display_close(struct display *display)
{
    if (!display)
        return;
    set_reports(display, false);
    set_term(display->screen);
    curs_set(1);
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &display->before);
    release_output(display);
    rescue_forget();
    delscreen(display->screen);
    fclose(display->file);
    mem_free(display->shown);
    theme_free(display->theme);
    mem_free(display);
}

int display_output(const struct display *display)
{
    return display->output[0];
}

void display_forget(struct display *display)
{
    display->width = display->height = 0;
    clearok(curscr, TRUE);
}

void display_measure(struct display *display, int *width, int *height)
{
    struct winsize size = {0};
    if (ioctl(display->terminal, TIOCGWINSZ, &size) != 0 || !size.ws_col || !size.ws_row) {
        size.ws_col = 80;
        size.ws_row = 24;
    }
    *width = size.ws_col < 1000 ? size.ws_col : 1000;
    *height = size.ws_row < 500 ? size.ws_row : 500;
    resizeterm(*height, *width);
    display_forget(display);
}

void display_suspend(struct display *display)
{
    window_leave();
    set_reports(display, false);
    endwin();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &display->before);
    raise(SIGSTOP);
    window_return();
    tcgetattr(STDIN_FILENO, &display->before);
    rescue_modes(&display->before);
    set_modes(display);
    set_reports(display, true);
    display_forget(display);
}

void display_bell(struct display *display)
{
    (void)display;
    beep();
}

/* --- drawing -------------------------------------------------------------------------------------------- */

static attr_t attributes_of(const struct look *look)
{
    return (look->bold ? A_BOLD : 0) | (look->dim ? A_DIM : 0) | (look->underline ? A_UNDERLINE : 0) |
           (look->reverse ? A_REVERSE : 0);
}

/* The cell's characters; a width that the C library sees otherwise would move what follows. */
static void characters_of(const struct canvas_cell *cell, int width, wchar_t out[CCHARW_MAX])
{
    int count = 0;
    int32_t code;
    const char *glyph = cell->glyph;
    for (int used; count < CCHARW_MAX - 1 && (used = utf8_decode(glyph, &code)) > 0; glyph += used)
        out[count++] = (wchar_t)code;
    out[count] = 0;
    if (count == 0 || wcwidth(out[0]) != width) {
        out[0] = count == 0 ? L' ' : L'?';
        out[1] = 0;
    }
}

static void put_cell(const struct display *display, const struct canvas_cell *cell, int line, int column,
                     bool wide)
{
    wchar_t characters[CCHARW_MAX];
    cchar_t character;
    struct look look = {-1, -1, false, false, false, false};
    if (display->theme && display->depth >= 0)
        look = look_of(cell, display->theme, display->depth);
    int pair = 0;
    if (display->colors && (look.foreground >= 0 || look.background >= 0))
        pair = alloc_pair(look.foreground, look.background);
    characters_of(cell, wide ? 2 : 1, characters);
    pair = pair < 0 ? 0 : pair;
    if (setcchar(&character, characters, attributes_of(&look), (short)pair, &pair) == OK)
        mvadd_wch(line, column, &character);
    if (wide && characters[0] == L'?')
        mvaddch(line, column + 1, ' ');
}

static bool remember(struct display *display, const struct canvas *grid, struct theme *theme, int depth)
{
    bool same = display->width == grid->width && display->height == grid->height && display->theme == theme &&
                display->depth == depth;
    if (same)
        return true;
    size_t count = (size_t)grid->width * (size_t)grid->height;
    struct canvas_cell *cells = mem_resize(display->shown, count, sizeof *cells);
    if (!cells)
        return false;
    memset(cells, 0xff, count * sizeof *cells); /* like no cell: all are drawn */
    display->shown = cells;
    display->width = grid->width;
    display->height = grid->height;
    theme_free(display->theme);
    display->theme = theme_retain(theme);
    display->depth = depth;
    return true;
}

void display_show(struct display *display, const struct canvas *grid, const struct screen_cursor *cursor,
                  struct theme *theme, int colors)
{
    if (!remember(display, grid, theme, display->colors || colors <= 0 ? colors : 0))
        return;
    for (int line = 0; line < grid->height; line++) {
        for (int column = 0; column < grid->width; column++) {
            const struct canvas_cell *cell = grid_cell(grid, line, column);
            struct canvas_cell *shown = &display->shown[(size_t)line * (size_t)grid->width + (size_t)column];
            if (cell->glyph[0] == '\0' || memcmp(cell, shown, sizeof *cell) == 0)
                continue;
            const struct canvas_cell *next = grid_cell(grid, line, column + 1);
            *shown = *cell;
            put_cell(display, cell, line, column, next && next->glyph[0] == '\0');
            if (next && next->glyph[0] == '\0')
                shown[1] = *next;
        }
    }
    curs_set(cursor->line >= 0);
    move(cursor->line >= 0 ? cursor->line : grid->height - 1,
         cursor->line >= 0 ? cursor->column : grid->width - 1);
    refresh();
}
