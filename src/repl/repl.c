/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prompt. Readline's callback interface is used, so that signals are handled between characters and never
 * inside Readline: a handler sets a flag, poll() ends, and the flag is acted upon. */
#include "repl/repl.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/readline.h>

#include "base/progress.h"
#include "base/status.h"
#include "base/text.h"
#include "shell/interrupt.h"
#include "shell/leave.h"
#include "shell/line_history.h"
#include "shell/repl_completion.h"
#include "shell/rescue.h"
#include "shell/terminal.h"
#include "shell/terminal_signals.h"
#include "shell/window.h"
#include "session/version.h"

static const char prompt_text[] = "ippro> ", more_text[] = "    >> ";

/* --- what came before the prompt ------------------------------------------------------------------------ */

enum { SOON_MILLISECONDS = 100 };

/* Typed before Readline was there; it is given one byte after the other. */
static struct {
    const struct text *text;
    size_t at;
} typed;

static bool typed_waits(void)
{
    return typed.text && typed.at < typed.text->length;
}

/* The next byte, -1 when none comes soon. */
static int byte_soon(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (typed_waits())
        return (unsigned char)typed.text->data[typed.at++];
    return poll(&input, 1, SOON_MILLISECONDS) > 0 ? rl_read_key() : -1;
}

/* The terminal's late answer to what it was asked at the start (shell/background.h) is nothing that was
 * typed. It begins with ESC ] and ends with BEL or ESC \, */
static int drop_color(int count, int key)
{
    int byte;
    (void)count;
    (void)key;
    while ((byte = byte_soon()) >= ' ')
        ;
    if (byte == ESC)
        byte_soon();
    return 0;
}

/* or begins with ESC [ ? and ends with a letter. */
static int drop_attributes(int count, int key)
{
    int byte;
    (void)count;
    (void)key;
    while ((byte = byte_soon()) >= ' ' && byte < '@')
        ;
    return 0;
}

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
    text_add_format(&end, "%s%s\r\n", paste && strcmp(paste, "on") == 0 ? "\033[?2004l" : "", window_end());
    struct termios modes;
    if (tcgetattr(STDIN_FILENO, &modes) == 0)
        rescue_prepare(STDOUT_FILENO, -1, &modes, text_data(&end), end.length);
    text_free(&end);
}

/* One line, or NULL at the end of the input or of the program. */
static char *read_one(const char *prompt)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    line_done = false;
    entered = NULL;
    interrupt_clear();
    terminal_signals_catch();
    arm_rescue();
    rl_callback_handler_install(prompt, take_line);
    while (!line_done && !terminal_signals.ending && !interrupt_twice()) {
        act_on_signals();
        if (typed_waits()) {
            rl_stuff_char((unsigned char)typed.text->data[typed.at++]);
            rl_callback_read_char();
            continue;
        }
        int ready = poll(&input, 1, 200);
        if (ready > 0)
            rl_callback_read_char();
        else if (ready < 0 && errno != EINTR)
            break;
    }
    if (!line_done)
        rl_callback_handler_remove();
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

static void prepare_readline(const struct shell *shell)
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
    rl_bind_keyseq("\\e]", drop_color);
    rl_bind_keyseq("\\e[?", drop_attributes);
    repl_completion_install(shell->session, NULL);
    typed.text = &shell->typed;
}

int repl_run(struct shell *shell)
{
    struct error error = {0};
    prepare_readline(shell);
    if (line_history_open(&error) != STATUS_OK)
        shell_warn(shell, &error);
    shell->prefixes = true;
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
            shell_entered(shell, line, NULL);
            window_ring(clock_seconds() - began);
            free(line);
            twice = interrupt_twice();
        }
        /* Two interrupts: of the work, and within a second of it again. */
        if (twice && !shell->quit)
            shell->quit = asked_to_quit();
    }
    line_history_close();
    return terminal_signals.ending;
}
