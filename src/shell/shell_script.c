/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shell's scripts: made when first needed, run, and their errors shown. */
#include "shell/shell_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "session/event.h"
#include "lua/script.h"
#include "session/version.h"
#include "session/words/known_file.h"
#include "shell/interrupt.h"
#include "shell/job.h"
#include "shell/shell.h"
#include "shell/transcript.h"

static status host_run(void *argument, struct session *session, const struct statement *statement,
                       const struct progress_listener *listener, struct reply *reply, struct error *error)
{
    struct shell *shell = argument;
    const struct job_request request = {session, statement, false, listener, false};
    transcript_call(shell->transcript, shell->script_name ? shell->script_name : "lua", statement);
    status code = shell_run(shell, &request, reply, error);
    if (code != STATUS_OK)
        transcript_error(shell->transcript, NULL, error);
    return code;
}

/* Bytes are a script's own where they go to a file or a pipe. */
static void host_write(void *argument, enum script_output kind, const char *text, size_t length)
{
    struct shell *shell = argument;
    struct text shown = {0};
    bool raw = kind != SCRIPT_BYTES || (!shell->face.text && !shell->show.plain && !isatty(STDOUT_FILENO));
    if (!raw)
        text_add_lines_escaped(&shown, text, length);
    shell_text(shell, kind == SCRIPT_DIAGNOSTIC ? SHELL_DIAGNOSTIC : SHELL_OUTPUT,
               raw ? text : text_data(&shown), raw ? length : shown.length);
    text_free(&shown);
}

status shell_find_file(struct shell *shell, const char *name, char **path)
{
    struct error error = {0};
    status code = known_file_find(&known_scripts, name, path, &error);
    return code == STATUS_OK ? code : shell_fail(shell, PROGRAM_NAME, &error);
}

status shell_run_file(struct shell *shell, const struct reply *reply)
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

static void host_warn(void *argument, const struct error *error)
{
    fflush(stdout);
    shell_warn(argument, error);
}

static bool host_interrupted(void *argument)
{
    const struct shell *shell = argument;
    return interrupt_seen() || (shell->quit && shell->face.turn); /* `quit` typed beside the script */
}

static void host_turn(void *argument)
{
    const struct shell *shell = argument;
    if (shell->face.turn)
        shell->face.turn(shell->face.argument);
}

static status bring_script(struct shell *shell, struct error *error)
{
    struct script_host host = {shell,     host_run,         host_file, host_write,
                               host_warn, host_interrupted, host_turn};
    if (shell->script)
        return STATUS_OK;
    return script_new(shell->session, &host, &shell->script_options, &shell->script, error);
}

/* Impatience: whatever a script left behind in Lua's state goes with it. The next one gets another. */
static void drop_script(struct shell *shell)
{
    static const char told[] = "Lua starts anew: its variables and criteria are gone\n";
    if (!interrupt_urgent() || shell->script_depth)
        return;
    script_free(shell->script);
    shell->script = NULL;
    shell_text(shell, SHELL_DIAGNOSTIC, told, sizeof told - 1);
}

struct recipe_task {
    struct shell *shell;
    const char *path;
    const struct model *model;
    struct text *lines;
    status code;
    struct error *error;
};

static void run_recipe(void *argument)
{
    struct recipe_task *task = argument;
    task->code = bring_script(task->shell, task->error);
    if (task->code == STATUS_OK)
        task->code = script_recipe(task->shell->script, task->path, task->model, task->lines, task->error);
}

/* Commands may run on a thread of their own: this one owns Lua. */
status shell_recipe(void *argument, const char *path, const struct model *model, struct text *lines,
                    struct error *error)
{
    struct recipe_task task = {argument, path, model, lines, STATUS_OK, error};
    progress_call(progress_current(), run_recipe, &task);
    return task.code;
}

static void run_definitions(void *argument)
{
    struct recipe_task *task = argument;
    task->code = bring_script(task->shell, task->error);
    if (task->code == STATUS_OK)
        task->code = script_define(task->shell->script, task->path, task->error);
}

status shell_define(void *argument, const char *path, struct error *error)
{
    struct recipe_task task = {.shell = argument, .path = path, .error = error};
    progress_call(progress_current(), run_definitions, &task);
    return task.code;
}

static void run_networks(void *argument)
{
    struct recipe_task *task = argument;
    task->code = bring_script(task->shell, task->error);
    if (task->code == STATUS_OK)
        task->code = script_networks(task->shell->script, task->lines, task->error);
}

status shell_networks(void *argument, struct text *problems, struct error *error)
{
    struct recipe_task task = {.shell = argument, .lines = problems, .error = error};
    progress_call(progress_current(), run_networks, &task);
    return task.code;
}

struct loss_task {
    struct shell *shell;
    const char *path; /* to open one */
    struct script_loss *loss;
    const struct aim_image *image;
    double *value;
    status code;
    struct error *error;
};

static void open_loss(void *argument)
{
    struct loss_task *task = argument;
    task->code = bring_script(task->shell, task->error);
    if (task->code == STATUS_OK)
        task->code = script_loss_open(task->shell->script, task->path, &task->loss, task->error);
}

status shell_loss_open(void *argument, const char *path, void **loss, struct error *error)
{
    struct loss_task task = {.shell = argument, .path = path, .error = error};
    progress_call(progress_current(), open_loss, &task);
    *loss = task.loss;
    return task.code;
}

static void close_loss(void *argument)
{
    script_loss_close(argument);
}

void shell_loss_close(void *argument, void *loss)
{
    (void)argument;
    progress_call(progress_current(), close_loss, loss);
}

/* Where the work has no thread of its own, its workers come here themselves. */
static void ask_loss(void *argument)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    struct loss_task *task = argument;
    pthread_mutex_lock(&one);
    task->code = script_loss(task->loss, task->image, task->value, task->error);
    pthread_mutex_unlock(&one);
}

status shell_loss(void *argument, void *loss, struct progress *progress, const struct aim_image *image,
                  double *value, struct error *error)
{
    struct loss_task task = {argument, NULL, loss, image, value, STATUS_OK, error};
    progress_call(progress, ask_loss, &task);
    return task.code;
}

static status fail_script(struct shell *shell, const char *where, const struct error *error)
{
    status code = shell_fail(shell, where, error);
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
        text_add(&line, "\n");
        shell_text(shell, SHELL_DIAGNOSTIC, text_data(&line), line.length);
        traceback += length;
    }
    text_free(&line);
    return code;
}

status shell_script(struct shell *shell, const char *path, char *const *arguments, int count)
{
    struct error error = {0};
    status code = STATUS_OK;
    if (shell->depth >= SHELL_DEPTH_MAX)
        code = error_set(&error, STATUS_FAILED, "%s: files run each other more than %d deep", path,
                         SHELL_DEPTH_MAX);
    if (code == STATUS_OK)
        code = bring_script(shell, &error);
    if (code == STATUS_OK) {
        shell->depth++;
        shell->script_depth++;
        const char *outer = shell->script_name;
        shell->script_name = path_base(path);
        code = script_file(shell->script, path, arguments, count, &error);
        shell->script_name = outer;
        shell->script_depth--;
        shell->depth--;
    }
    if (code != STATUS_OK)
        code = fail_script(shell, NULL, &error);
    drop_script(shell);
    return code;
}

/* A piece of code; at the prompt one whose end is missing waits for more lines. */
status shell_code(struct shell *shell, const char *text, const char *where)
{
    struct error error = {0};
    bool incomplete = false;
    status code = bring_script(shell, &error);
    if (code == STATUS_OK) {
        shell->script_depth++;
        code = script_line(shell->script, text, &incomplete, &error);
        shell->script_depth--;
    }
    if (code != STATUS_OK && incomplete && shell->prefixes) {
        shell->unfinished = mem_string(text);
        if (shell->unfinished)
            return STATUS_OK;
    }
    shell->show.shown = true;
    if (code != STATUS_OK)
        code = shell_fail(shell, where, &error);
    drop_script(shell);
    return code;
}

/* One more line of unfinished code; an empty one gives up. */
status shell_continue(struct shell *shell, const char *line)
{
    char *before = shell->unfinished;
    shell->unfinished = NULL;
    char *whole = *line ? mem_format("%s\n%s", before, line) : NULL;
    status code = whole ? shell_code(shell, whole, NULL) : STATUS_OK;
    mem_free(whole);
    mem_free(before);
    return code;
}

void shell_tell_end(struct shell *shell)
{
    struct shell_face face = shell->face;
    if (!shell->script || shell->told_end)
        return;
    shell->told_end = true;
    shell->face = (struct shell_face){0};
    interrupt_clear();
    shell->script_depth++;
    script_tell(shell->script, 1u << EVENT_QUIT, "quit");
    shell->script_depth--;
    shell->face = face;
    fflush(stdout);
}

void shell_end(struct shell *shell)
{
    shell_tell_end(shell);
    shell_log_end(shell);
    script_free(shell->script);
    mem_free(shell->unfinished);
    mem_free(shell->resumed);
    text_free(&shell->typed);
    shell->script = NULL;
    shell->unfinished = NULL;
    shell->resumed = NULL;
}
