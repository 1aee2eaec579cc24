/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running lines, and files line by line. */
#include "shell/shell_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "session/language/parse.h"
#include "session/reply.h"
#include "session/version.h"
#include "shell/interrupt.h"
#include "shell/terminal.h"
#include "shell/transcript.h"

enum { WORDS_MAX = 8 };
static const size_t file_limit = (size_t)16 << 20;

/* --- the front end -------------------------------------------------------------------------------------- */

void shell_text(struct shell *shell, enum shell_text kind, const char *text, size_t length)
{
    transcript_text(shell->transcript, text, length);
    if (shell->face.text)
        shell->face.text(shell->face.argument, kind, text, length);
    else
        fwrite(text, 1, length, kind == SHELL_OUTPUT ? stdout : stderr);
}

static bool is_interrupted(struct shell *shell)
{
    if (shell->face.turn)
        shell->face.turn(shell->face.argument);
    return interrupt_seen();
}

static void tell(struct shell *shell, const char *where, const struct error *error)
{
    transcript_error(shell->transcript, where, error);
    if (shell->face.error)
        shell->face.error(shell->face.argument, where, error);
    else
        show_error(&shell->show, shell->session, where, error);
}

void shell_warn(struct shell *shell, const struct error *error)
{
    tell(shell, NULL, error);
}

status shell_fail(struct shell *shell, const char *where, const struct error *error)
{
    tell(shell, where, error);
    if (shell->first == STATUS_OK)
        shell->first = error->code;
    return error->code;
}

void shell_begin(struct shell *shell, struct session *session)
{
    shell->session = session;
    shell->recipe_program = (struct recipe_program){
        shell, shell_recipe, shell_define, shell_networks, shell_loss_open, shell_loss_close, shell_loss};
    session->recipe_program = &shell->recipe_program;
}

/* --- commands ------------------------------------------------------------------------------------------- */

status shell_line(struct shell *shell, const char *line, const char *where)
{
    struct parsed_line parsed;
    struct error error = {0};
    status code = parse_line(line, &parsed, &error);
    if (code != STATUS_OK)
        return shell_fail(shell, where, &error);
    for (int i = 0; code == STATUS_OK && !shell->quit && i < parsed.count; i++)
        code = shell_statement(shell, &parsed.statements[i], where);
    parsed_line_free(&parsed);
    return code;
}

status shell_entered(struct shell *shell, const char *line, const char *where)
{
    return shell->unfinished ? shell_continue(shell, line) : shell_line(shell, line, where);
}

status shell_words(struct shell *shell, const char *where, ...)
{
    struct token tokens[WORDS_MAX];
    struct statement statement = {.tokens = tokens};
    va_list words;
    va_start(words, where);
    for (char *word; statement.count < WORDS_MAX && (word = va_arg(words, char *));)
        tokens[statement.count++] = (struct token){.text = word, .column = 1};
    va_end(words);
    return shell_statement(shell, &statement, where);
}

/* One line of a file, its number for messages. */
static status numbered_line(struct shell *shell, const char *line, const char *name, long number)
{
    struct text where = {0};
    text_add_escaped(&where, name, 0);
    text_add_format(&where, ":%ld", number);
    status code = shell_line(shell, line, text_data(&where));
    text_free(&where);
    return code;
}

static bool go_on(struct shell *shell, status code)
{
    return !shell->quit && !is_interrupted(shell) && (code == STATUS_OK || shell->keep_going);
}

static status run_lines(struct shell *shell, char *text, const char *name)
{
    status code = STATUS_OK;
    long number = 0;
    for (char *line; go_on(shell, code) && (line = strsep(&text, "\n"));) {
        /* "#!" for executable files is a comment like any other */
        status line_code = numbered_line(shell, line, name, ++number);
        code = line_code != STATUS_OK ? line_code : code;
    }
    return code;
}

status shell_file(struct shell *shell, const char *path)
{
    unsigned char *data = NULL;
    size_t size;
    struct error error = {0};
    status code = STATUS_OK;
    if (shell->depth >= SHELL_DEPTH_MAX)
        code = error_set(&error, STATUS_FAILED, "%s: files run each other more than %d deep", path,
                         SHELL_DEPTH_MAX);
    else
        code = file_read(path, file_limit, &data, &size, &error);
    if (code == STATUS_OK && memchr(data, '\0', size))
        code = error_set(&error, STATUS_FILE, "%s: a NUL byte: this is no file of commands", path);
    if (code != STATUS_OK) {
        mem_free(data);
        return shell_fail(shell, NULL, &error);
    }
    /* Files need full names, wherever they are run from. */
    bool prefixes = shell->prefixes;
    shell->prefixes = false;
    shell->depth++;
    code = run_lines(shell, (char *)data, path);
    shell->depth--;
    shell->prefixes = prefixes;
    mem_free(data);
    return code;
}

/* The next line, without its end, into a buffer of LINE_LIMIT + 1 bytes; *more is false where there is none.
 */
static status next_line(struct shell *shell, FILE *stream, char *line, bool *more, struct error *error)
{
    size_t length = 0;
    int byte;
    while ((byte = getc(stream)) != '\n') {
        if (byte == EOF && ferror(stream) && errno == EINTR && !is_interrupted(shell)) {
            clearerr(stream);
        } else if (byte == EOF) {
            break;
        } else if (byte == '\0') {
            return error_set(error, STATUS_FILE, "a NUL byte: these are no commands");
        } else if (length == LINE_LIMIT) {
            return error_set(error, STATUS_FILE, "a line of more than %d bytes: these are no commands",
                             LINE_LIMIT);
        } else {
            line[length++] = (char)byte;
        }
    }
    line[length] = '\0';
    *more = byte != EOF || length > 0;
    if (byte == EOF && ferror(stream) && !is_interrupted(shell)) {
        char reason[128];
        return error_set(error, STATUS_FILE, "%s", strerror_r(errno, reason, sizeof reason));
    }
    return STATUS_OK;
}

/* The stream itself is refused, whatever -k says: there is no next line. */
static status fail_stream(struct shell *shell, const char *name, long number, struct error *error)
{
    if (error->code != STATUS_MEMORY)
        error_prefix(error, "%s:%ld: ", name, number);
    return shell_fail(shell, NULL, error);
}

status shell_stream(struct shell *shell, FILE *stream, const char *name)
{
    struct error error = {0};
    status code = STATUS_OK;
    bool more = true;
    char *line = mem_new(LINE_LIMIT + 1, 1);
    if (!line && error_memory(&error) != STATUS_OK)
        shell_fail(shell, NULL, &error);
    for (long number = 1; error.code == STATUS_OK && go_on(shell, code); number++) {
        if (next_line(shell, stream, line, &more, &error) != STATUS_OK)
            fail_stream(shell, name, number, &error);
        else if (!more)
            break;
        else {
            status line_code = numbered_line(shell, line, name, number);
            code = line_code != STATUS_OK ? line_code : code;
        }
    }
    mem_free(line);
    return error.code != STATUS_OK ? error.code : code;
}
