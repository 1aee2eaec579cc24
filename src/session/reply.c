/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies: a growing list of paragraphs and figures. */
#include "session/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/style.h"

void reply_clear(struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++) {
        mem_free(reply->items[i].text);
        figure_free(reply->items[i].figure);
    }
    reply->count = 0;
}

void reply_only_results(struct reply *reply, bool changed)
{
    size_t kept = 0;
    for (size_t i = 0; i < reply->count; i++) {
        struct reply_item *item = &reply->items[i];
        if (item->figure) {
            item->figure->note_count = 0;
        } else if (changed || item->style == STYLE_NOTE) {
            mem_free(item->text);
            continue;
        }
        reply->items[kept++] = *item;
    }
    reply->count = kept;
}

void reply_free(struct reply *reply)
{
    reply_clear(reply);
    mem_free(reply->items);
    mem_free(reply->run_file);
    for (int i = 0; i < reply->run_argument_count; i++)
        mem_free(reply->run_arguments[i]);
    mem_free(reply->run_arguments);
    for (int i = 0; i < reply->request.count; i++)
        mem_free(reply->request.words[i]);
    mem_free(reply->code);
    mem_free(reply->log);
    mem_free(reply->resumed);
    mem_free(reply->result);
    *reply = (struct reply){0};
}

static void add_formatted(struct reply *reply, enum cell_style style, const char *format, va_list arguments)
{
    char *text = NULL;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && (text = mem_new((size_t)length + 1, 1)))
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    if (!text || !mem_grow(&reply->items, &reply->capacity, reply->count + 1, sizeof *reply->items)) {
        mem_free(text);
        reply->failed = true;
        return;
    }
    reply->items[reply->count++] = (struct reply_item){.style = style, .text = text};
}

void reply_add(struct reply *reply, enum cell_style style, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(reply, style, format, arguments);
    va_end(arguments);
}

void reply_line(struct reply *reply, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_formatted(reply, STYLE_PLAIN, format, arguments);
    va_end(arguments);
}

const char *reply_text(struct reply *reply, const struct text *text)
{
    reply->failed |= text->failed;
    return text_data(text);
}

void reply_result(struct reply *reply, const struct text *text)
{
    mem_free(reply->result);
    reply->result = text->failed ? NULL : mem_string(text_data(text));
    reply->failed |= !reply->result;
}

const char *reply_outcome(const struct reply *reply)
{
    const char *note = NULL, *title = NULL;
    if (reply->result)
        return reply->result;
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_item *item = &reply->items[i];
        if (item->text && item->style != STYLE_NOTE)
            return item->text;
        if (item->text && !note)
            note = item->text;
        if (item->figure && !title)
            title = item->figure->title;
    }
    return note ? note : title;
}

status reply_figure(struct reply *reply, struct figure *figure, struct error *error)
{
    status code = figure_check(figure, error);
    if (code == STATUS_OK &&
        !mem_grow(&reply->items, &reply->capacity, reply->count + 1, sizeof *reply->items))
        code = error_memory(error);
    if (code != STATUS_OK) {
        figure_free(figure);
        return code;
    }
    reply->items[reply->count++] = (struct reply_item){.figure = figure};
    return STATUS_OK;
}

status reply_figures(const struct reply *reply, const struct figure ***figures, int *count,
                     struct error *error)
{
    *figures = mem_new(reply->count, sizeof **figures);
    if (!*figures)
        return error_memory(error);
    *count = 0;
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].figure)
            (*figures)[(*count)++] = reply->items[i].figure;
    }
    return STATUS_OK;
}
