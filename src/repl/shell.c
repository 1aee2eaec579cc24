/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running lines, and files line by line. */
#include "repl/shell.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "repl/interrupt.h"
#include "repl/job.h"
#include "repl/terminal.h"
#include "session/version.h"

enum { WORDS_MAX = 8, DEPTH_MAX = 16 };
static const size_t file_limit = (size_t)16 << 20;

static status fail(struct shell *shell, const char *where, const struct error *error)
{
    show_error(&shell->show, shell->session, where, error);
    if (shell->first == STATUS_OK)
        shell->first = error->code;
    return error->code;
}

/* --- Lua ---------------------------------------------------------------------------------------------------
 */

static status host_run(void *argument, struct session *session, const struct statement *statement,
                       struct reply *reply, struct error *error)
{
    const struct shell *shell = argument;
    return job_run(session, statement, false, shell->show.ascii || !terminal_utf8(), reply, error);
}

static status run_named(struct shell *shell, const struct reply *reply)
{
    if (strcmp(path_extension(reply->run_file), "lua") == 0)
        return shell_script(shell, reply->run_file, reply->run_arguments, reply->run_argument_count);
    return shell_file(shell, reply->run_file);
}

/* A file of commands from a script. What fails in it was shown there. */
static status host_file(void *argument, const struct reply *reply, struct error *error)
{
    struct shell *shell = argument;
    if (strcmp(path_extension(reply->run_file), "lua") == 0)
        return error_set(error, STATUS_STATE, "run: a script runs another with dofile or require");
    fflush(stdout);
    status first = shell->first, code = shell_file(shell, reply->run_file);
    shell->first = first; /* the script decides what becomes of it */
    return code == STATUS_OK ? code : error_set(error, code, "run: a command of %s failed", reply->run_file);
}

static bool host_interrupted(void *argument)
{
    (void)argument;
    return interrupt_seen();
}

static status bring_script(struct shell *shell, struct error *error)
{
    struct script_host host = {shell, host_run, host_file, host_interrupted};
    if (shell->script)
        return STATUS_OK;
    return script_new(shell->session, &host, &shell->script_options, &shell->script, error);
}

static status fail_script(struct shell *shell, const char *where, const struct error *error)
{
    status code = fail(shell, where, error);
    const char *traceback = shell->script && code != STATUS_CANCELLED ? script_traceback(shell->script) : "";
    struct text line = {0};
    for (; *traceback; traceback += *traceback == '\n') {
        bool inner = *traceback == '\t';
        traceback += inner;
        size_t length = strcspn(traceback, "\n");
        char *copy = mem_format("%.*s", (int)length, traceback);
        text_clear(&line);
        text_add(&line, inner ? "    " : "  ");
        if (copy)
            text_add_escaped(&line, copy, 0);
        mem_free(copy);
        fprintf(stderr, "%s\n", text_data(&line));
        traceback += length;
    }
    text_free(&line);
    return code;
}

status shell_script(struct shell *shell, const char *path, char *const *arguments, int count)
{
    struct error error = {0};
    status code = STATUS_OK;
    if (shell->depth >= DEPTH_MAX)
        code =
            error_set(&error, STATUS_FAILED, "%s: files run each other more than %d deep", path, DEPTH_MAX);
    if (code == STATUS_OK)
        code = bring_script(shell, &error);
    if (code == STATUS_OK) {
        shell->depth++;
        code = script_file(shell->script, path, arguments, count, &error);
        shell->depth--;
    }
    return code == STATUS_OK ? code : fail_script(shell, NULL, &error);
}

/* A piece of code; at the prompt one whose end is missing waits for more lines. */
static status shell_code(struct shell *shell, const char *text, const char *where)
{
    struct error error = {0};
    bool incomplete = false;
    status code = bring_script(shell, &error);
    if (code == STATUS_OK)
        code = script_line(shell->script, text, &incomplete, &error);
    if (code != STATUS_OK && incomplete && shell->prefixes) {
        shell->unfinished = mem_string(text);
        if (shell->unfinished)
            return STATUS_OK;
    }
    shell->show.shown = true;
    return code == STATUS_OK ? code : fail(shell, where, &error);
}

/* One more line of unfinished code; an empty one gives up. */
static status continue_code(struct shell *shell, const char *line)
{
    char *before = shell->unfinished;
    shell->unfinished = NULL;
    char *whole = *line ? mem_format("%s\n%s", before, line) : NULL;
    status code = whole ? shell_code(shell, whole, NULL) : STATUS_OK;
    mem_free(whole);
    mem_free(before);
    return code;
}

void shell_end(struct shell *shell)
{
    script_free(shell->script);
    mem_free(shell->unfinished);
    shell->script = NULL;
    shell->unfinished = NULL;
}

/* --- commands ----------------------------------------------------------------------------------------------
 */

static status run_statement(struct shell *shell, const struct statement *statement, const char *where)
{
    struct reply reply = {0};
    struct error error = {0};
    bool ascii = shell->show.ascii || !terminal_utf8();
    status code = job_run(shell->session, statement, shell->prefixes, ascii, &reply, &error);
    if (code == STATUS_OK)
        code = show_reply(&shell->show, shell->session, &reply, stdout, &error);
    if (code != STATUS_OK)
        code = fail(shell, where, &error);
    else if (reply.code)
        code = shell_code(shell, reply.code, where);
    else if (reply.run_file)
        code = run_named(shell, &reply);
    if (reply.quit)
        shell->quit = true;
    reply_free(&reply);
    return code;
}

status shell_line(struct shell *shell, const char *line, const char *where)
{
    struct parsed_line parsed;
    struct error error = {0};
    if (shell->unfinished)
        return continue_code(shell, line);
    status code = parse_line(line, &parsed, &error);
    if (code != STATUS_OK)
        return fail(shell, where, &error);
    for (int i = 0; code == STATUS_OK && !shell->quit && i < parsed.count; i++)
        code = run_statement(shell, &parsed.statements[i], where);
    parsed_line_free(&parsed);
    return code;
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
    return run_statement(shell, &statement, where);
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

static bool go_on(const struct shell *shell, status code)
{
    return !shell->quit && !interrupt_seen() && (code == STATUS_OK || shell->keep_going);
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
    if (shell->depth >= DEPTH_MAX)
        code =
            error_set(&error, STATUS_FAILED, "%s: files run each other more than %d deep", path, DEPTH_MAX);
    else
        code = file_read(path, file_limit, &data, &size, &error);
    if (code == STATUS_OK && memchr(data, '\0', size))
        code = error_set(&error, STATUS_FILE, "%s: a NUL byte: this is no file of commands", path);
    if (code != STATUS_OK) {
        mem_free(data);
        return fail(shell, NULL, &error);
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

status shell_stream(struct shell *shell, FILE *stream, const char *name)
{
    char *line = NULL;
    size_t capacity = 0;
    status code = STATUS_OK;
    long number = 0;
    while (go_on(shell, code)) {
        ssize_t length = getline(&line, &capacity, stream);
        if (length < 0)
            break;
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        status line_code = numbered_line(shell, line, name, ++number);
        code = line_code != STATUS_OK ? line_code : code;
    }
    free(line);
    return code;
}
