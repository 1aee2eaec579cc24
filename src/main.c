/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ippro-explore: options, choice of the front end, exit status. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "base/status.h"
#include "base/text.h"
#include "nn/operator/matrix.h"
#include "repl/batch.h"
#include "repl/config.h"
#include "shell/background.h"
#include "shell/interrupt.h"
#include "shell/leave.h"
#include "repl/repl.h"
#include "repl/usage.h"
#include "session/appearance.h"
#include "session/session.h"
#include "session/version.h"
#include "session/words/known_file.h"
#include "session/words/quote.h"
#include "shell/shell.h"
#include "shell/window.h"
#include "tui/display.h"
#include "tui/explorer.h"
#include "tui/tui.h"
#include "view/theme.h"
#include "view/style.h"

enum { EXIT_USAGE = 2, EXIT_SIGNAL = 128 };

/* --data KIND[:PATH] as the command it stands for. */
static void open_data(struct shell *shell, const char *text)
{
    const char *colon = strchr(text, ':');
    char *kind = colon ? mem_format("%.*s", (int)(colon - text), text) : mem_string(text);
    if (!kind) {
        shell->first = STATUS_MEMORY;
        return;
    }
    shell_words(shell, PROGRAM_NAME, "data", kind, colon && colon[1] ? colon + 1 : NULL, NULL);
    mem_free(kind);
}

/* Colours follow the terminal's background. Only who waits for keys anyway asks the terminal: what is typed
 * meanwhile goes to the prompt, and batch mode has none. */
static void find_background(struct shell *shell, bool interactive)
{
    enum background found = BACKGROUND_UNKNOWN;
    if (!shell->show.plain && interactive)
        found = background_find(STDIN_FILENO, STDOUT_FILENO, &shell->typed);
    else if (!shell->show.plain)
        found = background_told();
    appearance_found(shell->session, found);
}

/* What the command line names, before any other command: configuration, threads, model, data. What `panes`
 * show while it is done comes later. */
static void start(struct shell *shell, const struct arguments *arguments, bool interactive, bool panes)
{
    if (!arguments->no_config)
        config_run(shell);
    if (arguments->threads)
        shell_words(shell, PROGRAM_NAME, "set", "threads", arguments->threads, NULL);
    if (arguments->color)
        shell_words(shell, PROGRAM_NAME, "set", "color", arguments->color, NULL);
    if (arguments->resume && panes)
        ;
    else if (arguments->resume)
        shell_words(shell, PROGRAM_NAME, "session", "resume", arguments->model, NULL);
    else if (arguments->model)
        shell_words(shell, PROGRAM_NAME, "load", arguments->model, NULL);
    else if (interactive && !shell->session->state.model)
        shell_words(shell, PROGRAM_NAME, "load", "example", NULL);
    if (arguments->data)
        open_data(shell, arguments->data);
    else if (interactive && !arguments->model && !arguments->resume && !shell->session->state.dataset)
        shell_line(shell, "data shapes split=test images=10000", PROGRAM_NAME); /* not those it learnt */
}

/* A file by its path or its name. */
static void admit(const char *name)
{
    struct error ignored = {0};
    char *path = NULL;
    if (known_file_find(&known_scripts, name, &path, &ignored) == STATUS_OK)
        file_admit(path);
    mem_free(path);
}

/* What is named on the command line is the user's own; all later files lie in the safe folder. */
static status confine(const struct arguments *arguments, struct error *error)
{
    for (int i = 0; i < arguments->action_count; i++) {
        if (arguments->actions[i].is_file)
            admit(arguments->actions[i].text);
    }
    if (arguments->script)
        admit(arguments->script);
    return arguments->safe ? file_confine(arguments->safe, error) : STATUS_OK;
}

static int finish(const struct shell *shell)
{
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (interrupt_seen())
        return status_exit_code(STATUS_CANCELLED); /* which may have ended the writing too */
    return written ? status_exit_code(shell->first) : status_exit_code(STATUS_FAILED);
}

/* The file that is named on the command line, wherever it is. */
static status begin_log(struct shell *shell, const struct arguments *arguments)
{
    struct error error = {0};
    status code = arguments->log ? shell_log(shell, arguments->log, &error) : STATUS_OK;
    if (code != STATUS_OK)
        fprintf(stderr, "%s: --log %s\n", PROGRAM_NAME, error.message);
    return code;
}

/* Without -e, -f and a script, and at a terminal. */
static bool is_interactive(const struct arguments *arguments)
{
    return !arguments->action_count && !arguments->script && !arguments->screen && isatty(STDIN_FILENO) &&
           isatty(STDOUT_FILENO);
}

/* Panes where they are wanted and the terminal can show them, else NULL for the plain prompt. */
static struct explorer *open_panes(struct shell *shell, const struct arguments *arguments, bool interactive)
{
    struct explorer *explorer = NULL;
    struct error error = {0};
    struct text why = {0};
    if (arguments->plain || arguments->prompt || !(interactive || arguments->screen))
        return NULL;
    if (!arguments->screen && !display_usable(STDOUT_FILENO, &why))
        fprintf(stderr, "No panes here: %s.\n", text_data(&why));
    else if (explorer_new(shell, &explorer, &error) != STATUS_OK)
        fprintf(stderr, "%s: %s\n", PROGRAM_NAME, error.message);
    else if (arguments->screen)
        explorer_resize(explorer, arguments->screen_width, arguments->screen_height);
    text_free(&why);
    return explorer;
}

/* Where the user looks at the start. */
static void offer(struct explorer *explorer)
{
    char *line = leave_offer();
    if (line && explorer) {
        explorer_output(explorer, STYLE_NOTE, line, strlen(line));
        explorer_output(explorer, STYLE_NOTE, "\n", 1);
        explorer_say(explorer, false, "'session resume' brings back the last session, which was not saved");
    } else if (line) {
        printf("%s\n", line);
    }
    mem_free(line);
}

/* The command that brings a session back, for panes, which show how far it is; NULL: none. Owned by the
 * caller. */
static char *resume_line(const struct arguments *arguments)
{
    struct text line = {0};
    if (arguments->resume)
        text_add(&line, "session resume");
    if (arguments->resume && arguments->model) {
        text_add(&line, " ");
        text_add_word(&line, arguments->model);
    }
    char *copy = line.length && !line.failed ? mem_string(text_data(&line)) : NULL;
    text_free(&line);
    return copy;
}

static int run_prompt(struct shell *shell, struct explorer *explorer, const struct arguments *arguments)
{
    int signal_number = 0;
    struct error error = {0};
    char *first = resume_line(arguments);
    if (!shell->show.plain)
        window_open(STDOUT_FILENO);
    if (!explorer && !shell->quit)
        puts("Type 'help' for the commands, 'quit' to end.");
    if (!shell->quit && !first)
        offer(explorer);
    leave_begin(shell);
    if (!explorer)
        signal_number = repl_run(shell);
    else if (!shell->quit)
        tui_run(explorer, first, &signal_number, &error);
    mem_free(first);
    shell_tell_end(shell); /* before it is decided what was not saved */
    if (leave_end(shell))
        printf("What was not saved is kept: '%s --resume' brings it back.\n", PROGRAM_NAME);
    if (error.code != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", PROGRAM_NAME, error.message);
        window_close();
        return status_exit_code(error.code);
    }
    window_close();
    return signal_number ? EXIT_SIGNAL + signal_number : EXIT_SUCCESS;
}

static int run_front_end(struct shell *shell, struct explorer *explorer, const struct arguments *arguments,
                         bool interactive)
{
    struct error error = {0};
    shell->show.apart = !interactive;
    shell->show.quiet = arguments->quiet && !interactive;
    status logging = begin_log(shell, arguments);
    if (logging != STATUS_OK)
        return status_exit_code(logging);
    find_background(shell, interactive);
    start(shell, arguments, interactive, interactive && explorer);
    if (confine(arguments, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", PROGRAM_NAME, error.message);
        return status_exit_code(error.code);
    }
    if (shell->first != STATUS_OK && !shell->keep_going &&
        !(interactive && !arguments->model && !arguments->resume && !arguments->data)) {
        if (explorer)
            tui_print_errors(explorer);
        return finish(shell);
    }
    if (interactive)
        return run_prompt(shell, explorer, arguments);
    interrupt_end_at_third(status_exit_code(STATUS_CANCELLED));
    batch_run(shell, arguments);
    if (explorer)
        tui_print_errors(explorer);
    return finish(shell);
}

static int run_program(struct shell *shell, const struct arguments *arguments)
{
    bool interactive = is_interactive(arguments);
    interrupt_install();
    struct explorer *explorer = open_panes(shell, arguments, interactive);
    int code = run_front_end(shell, explorer, arguments, interactive);
    explorer_free(explorer);
    return code;
}

static int run_session(const struct arguments *arguments)
{
    struct shell shell = {
        .show = {.plain = arguments->plain || ranks_count() > 1,
                 .ascii = arguments->ascii,
                 .piped_colors = arguments->color && strcmp(arguments->color, "yes") == 0},
        .keep_going = arguments->keep_going,
        .script_options = {.memory = (size_t)arguments->lua_memory << 20, .safe = arguments->safe != NULL},
    };
    struct error error = {0};
    struct session *session;
    if (session_new(&session, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", PROGRAM_NAME, error.message);
        return status_exit_code(error.code);
    }
    shell_begin(&shell, session);
    int code = run_program(&shell, arguments);
    shell_end(&shell);
    session_free(session);
    return code;
}

/* Several ranks do the same only where all of it is known at the start. */
static status check_ranks(const struct arguments *arguments, struct error *error)
{
    bool reads = arguments->resume || arguments->screen || !(arguments->action_count || arguments->script);
    for (int i = 0; i < arguments->action_count; i++)
        reads |= arguments->actions[i].is_file && strcmp(arguments->actions[i].text, "-") == 0;
    if (ranks_count() > 1 && reads)
        return error_set(error, STATUS_USAGE,
                         "%d ranks run a script, or commands of -e and -f FILE: there is no prompt for them, "
                         "and only the first could read what is typed",
                         ranks_count());
    return STATUS_OK;
}

static int run_ranks(const struct arguments *arguments)
{
    struct error error = {0};
    int code;
    if (ranks_begin(&error) != STATUS_OK || check_ranks(arguments, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", PROGRAM_NAME, error.message);
        code = error.code == STATUS_USAGE ? EXIT_USAGE : status_exit_code(error.code);
    } else {
        code = run_session(arguments);
    }
    ranks_end(code);
    return code;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct error error = {0};
    matrix_choose_kernels(argv);
    setlocale(LC_CTYPE, ""); /* characters only: numbers are always written with a point */
    if (arguments_parse(argc, argv, &arguments, &error) != STATUS_OK) {
        fprintf(stderr, "%s: %s\nTry '%s --help'.\n", PROGRAM_NAME, error.message, PROGRAM_NAME);
        return EXIT_USAGE;
    }
    int code = EXIT_SUCCESS;
    if (arguments.help) {
        usage_print(stdout);
    } else if (arguments.version) {
        version_print(stdout);
    } else {
        code = run_ranks(&arguments);
    }
    arguments_free(&arguments);
    return code;
}
