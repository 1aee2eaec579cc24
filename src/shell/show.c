/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing replies: paragraphs are wrapped, figures drawn on a canvas, and the theme applied where colours
 * are. */
#include "shell/show.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/reply.h"
#include "shell/pager.h"
#include "shell/terminal.h"
#include "session/version.h"
#include "session/words/option.h"
#include "view/cells/canvas.h"
#include "view/style.h"

enum { TEXT_WIDTH_MAX = 100 }; /* wider paragraphs are hard to read */

struct drawing {
    struct canvas canvas;
    bool ascii;
    int width, lines;          /* lines: of the terminal; 0: there is none */
    const struct theme *theme; /* NULL: no escape sequences */
    int colors;
};

bool show_ascii(const struct show *show, const struct session *session)
{
    const int64_t wanted = option_integer(session->state.options, OPTION_ASCII);
    if (wanted != AUTO)
        return wanted == AUTO_YES;
    return show->ascii || !terminal_utf8() || (session->state.theme && session->state.theme->ascii);
}

int show_depth(const struct session *session, int colors)
{
    const int64_t wanted = option_integer(session->state.options, OPTION_COLOR);
    if (wanted == AUTO_NO && colors > 0)
        return 0;
    /* NO_COLOR is overruled on a terminal that takes escape sequences. */
    return wanted == AUTO_YES && colors == 0 ? terminal_colors_named() : colors;
}

int show_colors(const struct show *show, const struct session *session, int descriptor)
{
    const int colors = show->plain ? -1 : terminal_colors(descriptor);
    const bool piped = colors < 0 && show->piped_colors && !show->plain;
    const bool wanted = option_integer(session->state.options, OPTION_COLOR) == AUTO_YES;
    return piped && wanted ? terminal_colors_named() : show_depth(session, colors);
}

static void drawing_start(struct drawing *drawing, const struct show *show, const struct session *session,
                          int descriptor)
{
    const struct options *options = session->state.options;
    int64_t width = option_integer(options, OPTION_WIDTH);
    drawing->width = width ? (int)width : terminal_columns(descriptor);
    if (drawing->width == 0)
        drawing->width = 80;
    drawing->lines = terminal_lines(descriptor);
    drawing->ascii = show_ascii(show, session);
    drawing->colors = show_colors(show, session, descriptor);
    drawing->theme = drawing->colors < 0 ? NULL : session->state.theme;
    canvas_init(&drawing->canvas, drawing->width, drawing->ascii);
    drawing->canvas.paint = drawing->theme && drawing->colors >= 256 && !drawing->ascii;
}

/* Bytes of text that fit into `width` columns, ending at a blank where there is one; at least one character.
 */
static size_t fitting(const char *text, int width)
{
    size_t last_blank = 0, bytes = 0;
    int columns = 0;
    while (text[bytes]) {
        int32_t code;
        int length = utf8_decode(text + bytes, &code);
        char character[5] = {0};
        memcpy(character, text + bytes, (size_t)length);
        columns += utf8_width(character);
        if (columns > width && bytes > 0)
            return last_blank ? last_blank : bytes;
        if (text[bytes] == ' ')
            last_blank = bytes;
        bytes += (size_t)length;
    }
    return bytes;
}

static void draw_lines(struct canvas *canvas, int width, enum cell_style style, const char *text, int column,
                       int *line)
{
    width = (width < TEXT_WIDTH_MAX ? width : TEXT_WIDTH_MAX) - column;
    do {
        size_t bytes = fitting(text, width > 10 ? width : 10);
        char *piece = mem_format("%.*s", (int)bytes, text);
        if (!piece) {
            canvas->failed = true;
            return;
        }
        canvas_text(canvas, (*line)++, column, style, piece);
        mem_free(piece);
        text += bytes;
        text += strspn(text, " ");
    } while (*text);
}

void show_paragraph(struct canvas *canvas, int width, const struct reply_item *item)
{
    int line = canvas->height, indent = (int)strspn(item->text, " ");
    const char *tab = strchr(item->text, '\t');
    if (!tab) {
        draw_lines(canvas, width, item->style, item->text + indent, indent, &line);
        return;
    }
    char *name = mem_format("%.*s", (int)(tab - item->text) - indent, item->text + indent);
    if (!name) {
        canvas->failed = true;
        return;
    }
    int end = canvas_text(canvas, line, indent, STYLE_NAME, name);
    if (end + 1 >= REPLY_COLUMN)
        line++;
    draw_lines(canvas, width, item->style, tab + 1, REPLY_COLUMN, &line);
    mem_free(name);
}

static void separate(struct drawing *drawing)
{
    canvas_text(&drawing->canvas, drawing->canvas.height, 0, STYLE_PLAIN, "");
}

/* All items, one below the other. */
static status draw_items(struct drawing *drawing, const struct reply *reply, bool compact,
                         struct error *error)
{
    status code = STATUS_OK;
    bool after_figure = false;
    for (size_t i = 0; code == STATUS_OK && i < reply->count; i++) {
        const struct reply_item *item = &reply->items[i];
        /* Text stands apart from figures, as figures do from each other. */
        if (after_figure && !item->figure)
            separate(drawing);
        after_figure = item->figure != NULL;
        if (item->figure)
            code = compact ? canvas_figure_compact(&drawing->canvas, item->figure, error)
                           : canvas_figure(&drawing->canvas, item->figure, error);
        else
            show_paragraph(&drawing->canvas, drawing->width, item);
    }
    return code;
}

/* The items as text added to `out`: in fewer lines where they would be longer than the terminal. */
static status draw(struct drawing *drawing, const struct reply *reply, struct text *out, struct error *error)
{
    status code = draw_items(drawing, reply, false, error);
    if (code == STATUS_OK && drawing->lines > 0 && drawing->canvas.height >= drawing->lines) {
        canvas_free(&drawing->canvas);
        canvas_init(&drawing->canvas, drawing->width, drawing->ascii);
        code = draw_items(drawing, reply, true, error);
    }
    if (code == STATUS_OK && !drawing->canvas.failed)
        canvas_print(&drawing->canvas, drawing->theme, drawing->colors, out);
    if (code == STATUS_OK && (drawing->canvas.failed || out->failed))
        code = error_memory(error);
    canvas_free(&drawing->canvas);
    return code;
}

/* Into the pager where it is longer than the screen; when there is none it is printed all the same. */
static status print(const struct show *show, const struct session *session, const struct text *text,
                    FILE *file, struct error *error)
{
    bool pages = show->pages && option_integer(session->state.options, OPTION_PAGER) == PAGER_AUTO;
    if (pages && pager_needed(fileno(file), text_data(text)) && fflush(file) == 0 &&
        pager_show(text_data(text), text->length))
        return STATUS_OK;
    if (fwrite(text_data(text), 1, text->length, file) != text->length || fflush(file) != 0)
        return error_set(error, STATUS_FAILED, "the output could not be written");
    return STATUS_OK;
}

status show_reply(struct show *show, const struct session *session, const struct reply *reply, FILE *file,
                  struct error *error)
{
    struct drawing drawing;
    struct text text = {0};
    if (!reply->count)
        return STATUS_OK;
    drawing_start(&drawing, show, session, fileno(file));
    if (show->apart && show->shown && reply->items[0].figure)
        fputc('\n', file);
    status code = draw(&drawing, reply, &text, error);
    if (code == STATUS_OK)
        code = print(show, session, &text, file, error);
    text_free(&text);
    show->shown = true;
    return code;
}

status show_reply_text(const struct show *show, const struct session *session, const struct reply *reply,
                       struct text *out, struct error *error)
{
    struct drawing drawing;
    drawing_start(&drawing, show, session, -1);
    drawing.theme = NULL;
    drawing.colors = -1;
    return draw(&drawing, reply, out, error);
}

void show_error(const struct show *show, const struct session *session, const char *where,
                const struct error *error)
{
    const char *message = *error->message ? error->message : status_text(error->code);
    const int colors = session && session->state.theme ? show_colors(show, session, STDERR_FILENO) : -1;
    /* Drawn on a canvas as wide as the message, so that an error is one line, whatever the terminal's width.
     */
    struct text line = {0}, out = {0};
    text_add_format(&line, "%s%s%s", where ? where : "", where ? ": " : "", message);
    struct canvas canvas;
    int width = utf8_width(text_data(&line));
    canvas_init(&canvas, width, false);
    if (colors >= 0 && !line.failed && width <= canvas.width) {
        canvas_text(&canvas, 0, 0, STYLE_ERROR, text_data(&line));
        if (!canvas.failed)
            canvas_print(&canvas, session->state.theme, colors, &out);
    }
    if (out.length && !out.failed)
        fputs(text_data(&out), stderr);
    else
        fprintf(stderr, "%s%s%s\n", where ? where : "", where ? ": " : "", message);
    canvas_free(&canvas);
    text_free(&line);
    text_free(&out);
}
