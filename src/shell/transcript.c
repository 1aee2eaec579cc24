/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/transcript.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/parse.h"
#include "session/language/statement.h"

struct transcript {
    char *path;
    int file;
    bool inside; /* a line was begun */
    bool told;
    int commands;       /* that have begun and not ended */
    struct error error; /* the first */
};

status transcript_open(const char *path, struct transcript **result, struct error *error)
{
    struct transcript *transcript = mem_new(1, sizeof *transcript);
    if (!transcript)
        return error_memory(error);
    transcript->file = -1;
    transcript->path = mem_string(path);
    status code = transcript->path ? STATUS_OK : error_memory(error);
    if (code == STATUS_OK)
        code = file_append_open(path, &transcript->file, error);
    if (code != STATUS_OK) {
        transcript_close(transcript);
        return code;
    }
    *result = transcript;
    return STATUS_OK;
}

void transcript_close(struct transcript *transcript)
{
    if (!transcript)
        return;
    if (transcript->file >= 0)
        close(transcript->file);
    mem_free(transcript->path);
    mem_free(transcript);
}

const char *transcript_path(const struct transcript *transcript)
{
    return transcript ? transcript->path : NULL;
}

void transcript_text(struct transcript *transcript, const char *text, size_t length)
{
    if (!transcript || !length || transcript->error.code != STATUS_OK)
        return;
    (void)file_write_all(transcript->file, transcript->path, text, length, &transcript->error);
    transcript->inside = text[length - 1] != '\n';
}

/* Takes it. What cannot be made for want of memory is missing in the file, as the error then says. */
static void add(struct transcript *transcript, struct text *text)
{
    if (text->failed && transcript->error.code == STATUS_OK)
        error_memory(&transcript->error);
    if (transcript->inside)
        transcript_text(transcript, "\n", 1);
    transcript_text(transcript, text_data(text), text->length);
    text_free(text);
}

static void add_statement(struct transcript *transcript, const struct statement *statement, const char *by)
{
    struct text line = {0}, typed = {0};
    time_t now = time(NULL);
    struct tm local;
    char stamp[32];
    if (localtime_r(&now, &local) && strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local))
        text_add_format(&line, "[%s] ", stamp);
    if (by) {
        text_add_escaped(&line, by, 0);
        text_add(&line, ": ");
    }
    statement_typed(statement, &typed);
    text_add_lines_escaped(&line, text_data(&typed), typed.length);
    text_add(&line, "\n");
    line.failed |= typed.failed;
    text_free(&typed);
    add(transcript, &line);
}

void transcript_command(struct transcript *transcript, const struct statement *statement)
{
    if (!transcript)
        return;
    transcript->commands++;
    add_statement(transcript, statement, NULL);
}

void transcript_call(struct transcript *transcript, const char *script, const struct statement *statement)
{
    if (transcript)
        add_statement(transcript, statement, script);
}

void transcript_reply(struct transcript *transcript, const struct show *show, const struct session *session,
                      const struct reply *reply)
{
    struct text text = {0};
    if (!transcript || !reply->count)
        return;
    if (show_reply_text(show, session, reply, &text, &transcript->error) == STATUS_OK)
        add(transcript, &text);
    else
        text_free(&text);
}

void transcript_error(struct transcript *transcript, const char *where, const struct error *error)
{
    struct text line = {0};
    if (!transcript)
        return;
    text_add_format(&line, "error: %s%s%s\n", where ? where : "", where ? ": " : "",
                    *error->message ? error->message : status_text(error->code));
    add(transcript, &line);
}

void transcript_seconds(struct transcript *transcript, double seconds)
{
    struct text line = {0};
    if (!transcript || !transcript->commands)
        return;
    transcript->commands--;
    text_add_format(&line, "(%.3f s)\n\n", seconds);
    add(transcript, &line);
}

status transcript_check(struct transcript *transcript, struct error *error)
{
    struct stat about;
    if (!transcript || transcript->told)
        return STATUS_OK;
    if (transcript->error.code == STATUS_OK && fstat(transcript->file, &about) == 0 &&
        S_ISREG(about.st_mode) && about.st_nlink == 0)
        error_set(&transcript->error, STATUS_FILE, "%s was replaced or removed", transcript->path);
    if (transcript->error.code == STATUS_OK)
        return STATUS_OK;
    transcript->told = true;
    *error = transcript->error;
    error_prefix(error, "the log ends here: ");
    return error->code;
}
