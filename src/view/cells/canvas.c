/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grid of cells: writing text into it. How cells become a terminal's lines is in print.c. */
#include "view/cells/canvas.h"

#include <string.h>
#include "base/memory.h"
#include "view/cells/draw.h"
#include "view/contrast.h"
#include "view/font.h"

enum { CANVAS_MIN_WIDTH = 20, CANVAS_MAX_WIDTH = 1000, CANVAS_MAX_HEIGHT = 10000000 };

/* What signs of titles become where only ASCII can be shown. */
static const struct {
    const char *sign, *ascii;
} transcriptions[] = {
    {"…", "..."},   {"›", ">"},   {"–", "-"},     {"—", "-"},      {"−", "-"},     {"×", "x"},
    {"·", "*"},     {"±", "+/-"}, {"≤", "<="},    {"≥", ">="},     {"≈", "~"},     {"→", "->"},
    {"°", " deg"},  {"²", "^2"},  {"³", "^3"},    {"µ", "u"},      {"’", "'"},     {"‘", "'"},
    {"“", "\""},    {"”", "\""},  {"α", "alpha"}, {"β", "beta"},   {"γ", "gamma"}, {"δ", "delta"},
    {"ε", "eps"},   {"η", "eta"}, {"θ", "theta"}, {"λ", "lambda"}, {"μ", "mu"},    {"ρ", "rho"},
    {"σ", "sigma"}, {"τ", "tau"}, {"Δ", "Delta"}, {"Σ", "Sigma"},  {"ä", "ae"},    {"ö", "oe"},
    {"ü", "ue"},    {"ß", "ss"},
};

int glyph_next(const char *text, enum glyph_range range, char glyph[TEXT_ESCAPE_SIZE])
{
    int32_t code;
    int used = text_escape(text, glyph);
    if (used == 0 || range == GLYPHS_UTF8 || !(glyph[0] & 0x80))
        return used;
    utf8_decode(glyph, &code);
    if (range == GLYPHS_FONT && font_has(code))
        return used;
    for (size_t i = 0; i < sizeof transcriptions / sizeof *transcriptions; i++) {
        if (strcmp(glyph, transcriptions[i].sign) == 0) {
            strcpy(glyph, transcriptions[i].ascii); /* all shorter than TEXT_ESCAPE_SIZE */
            return used;
        }
    }
    snprintf(glyph, TEXT_ESCAPE_SIZE, "\\u{%04x}", (unsigned)code & 0x1FFFFF);
    return used;
}

enum glyph_range canvas_range(const struct canvas *canvas)
{
    return canvas->ascii ? GLYPHS_ASCII : canvas->font ? GLYPHS_FONT : GLYPHS_UTF8;
}

void canvas_init(struct canvas *canvas, int width, bool ascii)
{
    *canvas = (struct canvas){
        .width = width < CANVAS_MIN_WIDTH   ? CANVAS_MIN_WIDTH
                 : width > CANVAS_MAX_WIDTH ? CANVAS_MAX_WIDTH
                                            : width,
        .ascii = ascii,
    };
}

void canvas_free(struct canvas *canvas)
{
    mem_free(canvas->cells);
    canvas->cells = NULL;
    canvas->height = 0;
    canvas->capacity = 0;
}

/* Lines 0..line exist. */
static bool need_line(struct canvas *canvas, int line)
{
    if (canvas->failed || line < 0 || line >= CANVAS_MAX_HEIGHT) {
        canvas->failed = true;
        return false;
    }
    if (line < canvas->height)
        return true;
    size_t from = (size_t)canvas->height * (size_t)canvas->width, to;
    if (!size_multiply((size_t)line + 1, (size_t)canvas->width, &to) ||
        !mem_grow(&canvas->cells, &canvas->capacity, to, sizeof *canvas->cells)) {
        canvas->failed = true;
        return false;
    }
    for (size_t i = from; i < to; i++)
        canvas->cells[i] = (struct canvas_cell){.glyph = " "};
    canvas->height = line + 1;
    return true;
}

/* What is written over half of a wide character takes the other half away too. */
static void clear_wide(struct canvas_cell *row, int width, int column)
{
    if (row[column].glyph[0] == '\0' && column > 0)
        strcpy(row[column - 1].glyph, " ");
    if (column + 1 < width && row[column + 1].glyph[0] == '\0')
        strcpy(row[column + 1].glyph, " ");
}

/* A mark joins the character before it; marks beyond the room of a cell are dropped. */
static void add_mark(struct canvas_cell *row, int column, const char *mark)
{
    if (column > 0 && row[column - 1].glyph[0] == '\0')
        column--;
    if (column > 0 && strlen(row[column - 1].glyph) + strlen(mark) < sizeof row->glyph)
        strcat(row[column - 1].glyph, mark);
}

/* One glyph of 0, 1 or 2 columns. False when it does not fit. */
static bool put_glyph(struct canvas *canvas, struct canvas_cell *row, int *column, enum cell_style style,
                      const char *glyph)
{
    int width = utf8_width(glyph);
    if (width == 0) {
        add_mark(row, *column, glyph);
        return true;
    }
    if (*column + width > canvas->width)
        return false;
    for (int i = 0; i < width; i++) {
        clear_wide(row, canvas->width, *column + i);
        row[*column + i] = (struct canvas_cell){.style = (unsigned char)style};
    }
    strcpy(row[*column].glyph, glyph);
    *column += width;
    return true;
}

int canvas_text(struct canvas *canvas, int line, int column, enum cell_style style, const char *text)
{
    char glyph[TEXT_ESCAPE_SIZE];
    if (column < 0 || column >= canvas->width || !need_line(canvas, line))
        return column;
    enum glyph_range range = canvas_range(canvas);
    struct canvas_cell *row = canvas->cells + (size_t)line * (size_t)canvas->width;
    for (int used; (used = glyph_next(text, range, glyph)) > 0; text += used) {
        if (glyph[1] == '\0' || (glyph[0] & 0x80)) {
            if (!put_glyph(canvas, row, &column, style, glyph))
                return column;
            continue;
        }
        /* An escape or a transcription: several plain characters. */
        for (const char *at = glyph; *at; at++)
            if (!put_glyph(canvas, row, &column, style, (char[2]){*at, '\0'}))
                return column;
    }
    return column;
}

void canvas_paint(struct canvas *canvas, int line, int column, const uint8_t upper[3], const uint8_t lower[3])
{
    static const char upper_half[] = "\u2580";
    if (column < 0 || column >= canvas->width || !need_line(canvas, line))
        return;
    struct canvas_cell *cell = canvas->cells + (size_t)line * (size_t)canvas->width + (size_t)column;
    int at = column;
    put_glyph(canvas, cell - column, &at, STYLE_PLAIN, upper_half);
    cell->upper = palette_nearest(upper);
    cell->lower = palette_nearest(lower);
}

int canvas_width_of(const char *text)
{
    char glyph[TEXT_ESCAPE_SIZE];
    int width = 0;
    for (int used; (used = glyph_next(text, GLYPHS_UTF8, glyph)) > 0; text += used)
        width += utf8_width(glyph);
    return width;
}

void canvas_level(struct canvas *canvas, int line, int column, int count, unsigned char level)
{
    if (line < 0 || line >= canvas->height || canvas->failed)
        return;
    struct canvas_cell *row = canvas->cells + (size_t)line * (size_t)canvas->width;
    for (int i = column; i < column + count && i < canvas->width; i++)
        if (i >= 0)
            row[i].level = level;
}
