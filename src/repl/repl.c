/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt. Readline's callback interface is used, so that signals are handled between characters and never
 * inside Readline: a handler sets a flag, poll() ends, and the flag is acted upon. */
#include "repl/repl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "repl/input.h"
#include "shell/interrupt.h"
#include "shell/leave.h"
#include "shell/line_history.h"
#include "shell/repl_completion.h"
#include "shell/paste.h"
#include "shell/rescue.h"
#include "shell/terminal.h"
#include "shell/terminal_signals.h"
#include "shell/type_ahead.h"
#include "shell/window.h"
#include "session/version.h"

static const char prompt_text[] = "ippro> ", more_text[] = "    >> ";

/* --- one line ------------------------------------------------------------------------------------------- */

static char *entered; /* the line, malloc'd by Readline */
static bool line_done;

static void take_line(char *line)
{
    entered = line;
    line_done = true;
    rl_callback_handler_remove();
}

/* Give the terminal back, stop, and take it again when continued. */
static void suspend(void)
{
    terminal_signals.stopped = 0;
    rl_deprep_terminal();
    window_leave();
    raise(SIGSTOP);
    window_return();
    rl_prep_terminal(1);
    rl_resize_terminal();
    rl_forced_update_display();
}

static void clear_line(void)
{
    interrupt_clear();
    rl_callback_sigcleanup();
    rl_replace_line("", 0);
    rl_crlf();
    rl_on_new_line();
    rl_redisplay();
}

static void act_on_signals(void)
{
    if (terminal_signals.resized) {
        terminal_signals.resized = 0;
        rl_resize_terminal();
    }
    if (terminal_signals.stopped)
        suspend();
    if (interrupt_seen() && !interrupt_twice())
        clear_line();
}

/* Readline changes the terminal while it reads. */
static void arm_rescue(void)
{
    const char *paste = rl_variable_value("enable-bracketed-paste");
    struct text end = {0};
    text_add_format(&end, "%s%s\r\n", paste && strcmp(paste, "on") == 0 ? PASTE_OFF : "", window_end());
    struct termios modes;
    if (tcgetattr(STDIN_FILENO, &modes) == 0)
        rescue_prepare(STDOUT_FILENO, -1, &modes, text_data(&end), end.length);
    text_free(&end);
}

/* One line, or NULL at the end of the input or of the program. */
static char *read_one(const char *prompt)
{
    bool failed;
    line_done = false;
    entered = NULL;
    interrupt_clear();
    terminal_signals_catch();
    arm_rescue();
    rl_callback_handler_install(prompt, take_line);
    while (!line_done && !terminal_signals.ending && !interrupt_twice()) {
        act_on_signals();
        if (repl_input_wait(200, &failed))
            rl_callback_read_char();
        if (failed)
            break;
    }
    if (!line_done)
        rl_callback_handler_remove();
    repl_input_settle();
    if (!entered)
        putchar('\n');
    rescue_forget();
    terminal_signals_release();
    return entered;
}

/* --- the loop ------------------------------------------------------------------------------------------- */

static bool asked_to_quit(void)
{
    interrupt_forget();
    char *answer = read_one("Quit? (y or n) ");
    bool yes = answer && (*answer == 'y' || *answer == 'Y');
    free(answer);
    return yes;
}

static void prepare_readline(struct shell *shell)
{
    rl_readline_name = PROGRAM_NAME;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_instream = stdin;
    rl_outstream = stdout;
    if (shell->show.plain)
        rl_terminal_name = "dumb";
    rl_initialize();
    if (shell->show.plain || terminal_colors(STDOUT_FILENO) < 0)
        rl_variable_bind("enable-bracketed-paste", "off");
    repl_completion_install(shell->session, NULL);
    repl_input_open(&shell->typed);
}

/* Lines that were typed meanwhile are read next, unless Ctrl-C let them go. */
static void run_entered(struct shell *shell, const char *line)
{
    struct error error = {0};
    type_ahead_open(&shell->typed);
    shell_entered(shell, line, NULL);
    size_t dropped = type_ahead_settle();
    if (!dropped)
        return;
    error_set(&error, STATUS_CANCELLED, "%zu waiting command%s dropped", dropped, dropped > 1 ? "s" : "");
    shell_warn(shell, &error);
}

int repl_run(struct shell *shell)
{
    struct error error = {0};
    prepare_readline(shell);
    if (line_history_open(&error) != STATUS_OK)
        shell_warn(shell, &error);
    shell->prefixes = true;
    shell->show.pages = !shell->show.plain;
    terminal_signals_catch_ends(interrupt_request); /* a script ends with the program */
    while (!shell->quit && !terminal_signals.ending) {
        window_idle(shell->session);
        char *line = read_one(shell->unfinished ? more_text : prompt_text);
        bool twice = interrupt_twice();
        if (!line && !twice) { /* Control-D, or a signal */
            if (terminal_signals.ending || leave_asked(shell, NULL))
                break;
            continue;
        }
        if (line) {
            interrupt_forget();
            line_history_keep(line);
            double began = clock_seconds();
            run_entered(shell, line);
            window_ring(clock_seconds() - began);
            free(line);
            twice = interrupt_twice();
        }
        /* Two interrupts: of the work, and within a second of it again. */
        if (twice && !shell->quit && !terminal_signals.ending)
            shell->quit = asked_to_quit();
    }
    terminal_signals_release_ends();
    line_history_close();
    return terminal_signals.ending;
}
