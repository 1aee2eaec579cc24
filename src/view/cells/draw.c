/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing a figure into cells: title and notes, and what its parts share. */
#include "view/cells/draw.h"

#include <stdarg.h>
#include <string.h>
#include "base/status.h"
#include "view/figure_kind.h"
#include "view/style.h"

void *drawing_alloc(struct drawing *drawing, size_t count, size_t size)
{
    void *memory = arena_alloc(drawing->arena, count, size);
    if (!memory)
        drawing->failed = true;
    return memory;
}

const char *drawing_take(struct drawing *drawing, struct text *text)
{
    const char *copy = text->failed ? NULL : arena_string(drawing->arena, text_data(text));
    text_free(text);
    if (!copy)
        drawing->failed = true;
    return copy ? copy : "";
}

const char *drawing_format(struct drawing *drawing, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : drawing_alloc(drawing, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text ? text : "";
}

const char *drawing_show(struct drawing *drawing, const char *text)
{
    char glyph[TEXT_ESCAPE_SIZE];
    struct text shown = {0};
    enum glyph_range range = canvas_range(drawing->canvas);
    for (int used; (used = glyph_next(text, range, glyph)) > 0; text += used)
        text_add(&shown, glyph);
    return drawing_take(drawing, &shown);
}

/* Bytes of the longest start of a shown text that fits into `width` columns. */
static size_t fitting_start(const char *shown, int width)
{
    size_t bytes = 0;
    int32_t code;
    for (int used, columns = 0; (used = utf8_decode(shown + bytes, &code)) > 0; bytes += (size_t)used) {
        char one[5] = {0};
        memcpy(one, shown + bytes, (size_t)used);
        columns += utf8_width(one);
        if (columns > width)
            break;
    }
    return bytes;
}

/* The shown text with `head` of its columns in front of an ellipsis, and after it what fits into `width`. */
static const char *shorten_behind(struct drawing *drawing, const char *shown, int head, int width)
{
    const char *dots = drawing->glyphs->ellipsis;
    int natural = utf8_width(shown), ellipsis = utf8_width(dots), tail = width - ellipsis - head;
    size_t start = fitting_start(shown, head);
    /* Skip whole characters, and then the marks that belonged to the last one skipped. */
    size_t skip = fitting_start(shown, natural - tail);
    if (utf8_width(shown + skip) > tail) {
        int32_t code;
        skip += (size_t)utf8_decode(shown + skip, &code);
    }
    return drawing_format(drawing, "%.*s%s%s", (int)start, shown, dots, shown + skip);
}

/* As much of the ellipsis as there is room for; NULL where there is more, and the text must be cut. */
static const char *shorten_little(struct drawing *drawing, const char *shown, int width)
{
    const char *dots = drawing->glyphs->ellipsis;
    if (width < 1)
        return "";
    if (utf8_width(shown) <= width)
        return shown;
    return width <= utf8_width(dots) ? drawing_format(drawing, "%.*s", (int)fitting_start(dots, width), dots)
                                     : NULL;
}

const char *drawing_shorten(struct drawing *drawing, const char *shown, int width)
{
    const char *little = shorten_little(drawing, shown, width);
    int head = (width - utf8_width(drawing->glyphs->ellipsis)) / 3;
    return little ? little : shorten_behind(drawing, shown, head, width);
}

const char *drawing_shorten_start(struct drawing *drawing, const char *shown, int width)
{
    const char *little = shorten_little(drawing, shown, width);
    return little ? little : shorten_behind(drawing, shown, 0, width);
}

const char *drawing_shorten_end(struct drawing *drawing, const char *shown, int width)
{
    const char *little = shorten_little(drawing, shown, width);
    int head = width - utf8_width(drawing->glyphs->ellipsis);
    return little ? little : shorten_behind(drawing, shown, head, width);
}

const char *drawing_wrap(struct drawing *drawing, const char **at, int width)
{
    const char *start = *at + strspn(*at, " ");
    if (!*start)
        return NULL;
    size_t bytes = fitting_start(start, width);
    if (bytes == 0) { /* one wide character in one column */
        int32_t code;
        bytes = (size_t)utf8_decode(start, &code);
    }
    size_t end = bytes;
    if (start[bytes]) {
        while (end > 0 && start[end] != ' ')
            end--;
        if (end == 0)
            end = bytes; /* a word longer than the line */
    }
    *at = start + end;
    while (end > 0 && start[end - 1] == ' ')
        end--;
    return drawing_format(drawing, "%.*s", (int)end, start);
}

int drawing_put(struct drawing *drawing, int column, enum cell_style style, const char *shown)
{
    return canvas_text(drawing->canvas, drawing->line, column, style, shown);
}

void drawing_put_right(struct drawing *drawing, int column, enum cell_style style, const char *shown)
{
    int start = column - utf8_width(shown);
    drawing_put(drawing, start < 0 ? 0 : start, style, shown);
}

void drawing_repeat(struct drawing *drawing, int column, enum cell_style style, const char *glyph, int times)
{
    for (int i = 0; i < times; i++)
        column = drawing_put(drawing, column, style, glyph);
}

void drawing_paragraph(struct drawing *drawing, enum cell_style style, const char *text)
{
    const char *at = drawing_show(drawing, text);
    for (const char *line; !drawing->failed && (line = drawing_wrap(drawing, &at, drawing->width));) {
        drawing_put(drawing, 0, style, line);
        drawing->line++;
    }
}

status drawing_open(struct drawing *drawing, struct canvas *canvas, struct error *error)
{
    *drawing = (struct drawing){
        .canvas = canvas,
        .glyphs = glyph_set(canvas->ascii),
        .width = canvas->width,
        .line = canvas->height > 0 ? canvas->height + 1 : 0, /* one line between figures */
        .arena = arena_new(),
    };
    return drawing->arena ? STATUS_OK : error_memory(error);
}

void drawing_close(struct drawing *drawing)
{
    arena_free(drawing->arena);
    drawing->arena = NULL;
}

static void draw_whole(struct drawing *drawing, const struct figure *figure)
{
    if (figure->title)
        drawing_paragraph(drawing, STYLE_TITLE, figure->title);
    figure_kind_row(figure->kind)->draw(drawing, figure);
    for (int i = 0; i < figure->note_count; i++)
        drawing_paragraph(drawing, STYLE_NOTE, figure->notes[i]);
}

static status draw_figure(struct canvas *canvas, const struct figure *figure, bool compact,
                          struct error *error)
{
    struct drawing drawing;
    status code = figure_check(figure, error);
    if (code == STATUS_OK && canvas->failed)
        code = error_memory(error);
    if (code == STATUS_OK)
        code = drawing_open(&drawing, canvas, error);
    if (code != STATUS_OK)
        return code;
    int before = canvas->height;
    struct figure shown = compact ? figure_folded(figure, drawing.arena) : *figure;
    drawing.compact = compact;
    drawing.failed = shown.failed;
    if (!drawing.failed)
        draw_whole(&drawing, &shown);
    drawing_close(&drawing);
    if (drawing.failed || canvas->failed) {
        canvas->failed = false;
        canvas->height = before;
        return error_memory(error);
    }
    return STATUS_OK;
}

status canvas_figure(struct canvas *canvas, const struct figure *figure, struct error *error)
{
    return draw_figure(canvas, figure, false, error);
}

status canvas_figure_compact(struct canvas *canvas, const struct figure *figure, struct error *error)
{
    return draw_figure(canvas, figure, true, error);
}

status figure_natural_width(const struct figure *figure, int *width, struct error *error)
{
    enum { USUAL_WIDTH = 100 };
    const struct figure_kind_row *kind = figure_kind_row(figure->kind);
    struct canvas canvas;
    struct drawing drawing;
    *width = USUAL_WIDTH;
    if (!kind->natural_width)
        return STATUS_OK;
    canvas_init(&canvas, 80, false);
    status code = drawing_open(&drawing, &canvas, error);
    if (code != STATUS_OK)
        return code;
    *width = kind->natural_width(&drawing, figure);
    drawing_close(&drawing);
    return drawing.failed ? error_memory(error) : STATUS_OK;
}
