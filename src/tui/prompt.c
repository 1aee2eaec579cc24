/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readline's callback interface with hooks for reading, drawing and showing completions. */
#include "tui/prompt.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/memory.h"
#include "base/status.h"
#include "shell/line_history.h"
#include "shell/repl_completion.h"
#include "session/version.h"
#include "session/words/value.h"
#include "session/words/word_list.h"
#include "shell/shell.h"

static const char command_prompt[] = "ippro> ", more_prompt[] = "    >> ";
enum { POPUP_MOST = 400 };

static struct {
    struct explorer *explorer;
    const unsigned char *bytes; /* being fed */
    size_t count;
    char *entered; /* by Readline's malloc */
    bool end;
    char *kept; /* the command behind a question */
    int kept_point;
    FILE *nowhere;
} prompt;

/* --- hooks ---------------------------------------------------------------------------------------------- */

/* Readline asks for more than it was fed in the middle of a sequence that it reads as one. */
static int next_byte(FILE *file)
{
    unsigned char byte;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    (void)file;
    if (prompt.count) {
        prompt.count--;
        return *prompt.bytes++;
    }
    if (poll(&input, 1, 500) <= 0)
        return EOF;
    return read(STDIN_FILENO, &byte, 1) == 1 ? byte : EOF;
}

static int bytes_wait(void)
{
    return prompt.count > 0;
}

static void note_change(void)
{
    prompt.explorer->unseen = true;
}

static void take_line(char *line)
{
    free(prompt.entered);
    prompt.entered = line;
    prompt.end = line == NULL;
}

/* matches[0] is what they have in common; the line goes to the status line. */
static void show_matches(char **matches, int count, int longest, const char *help)
{
    struct word_list *popup = &prompt.explorer->popup;
    (void)longest;
    word_list_free(popup);
    for (int i = 1; i <= count && i <= POPUP_MOST; i++)
        word_list_add(popup, matches[i]);
    if (popup->failed)
        word_list_free(popup);
    if (*help) {
        explorer_say(prompt.explorer, false, "%s", help);
        prompt.explorer->message_brief = true;
    }
    note_change();
}

/* --- the line ------------------------------------------------------------------------------------------- */

static const char *prompt_text(void)
{
    const char *question = question_text(prompt.explorer->line.asking);
    return question ? question : prompt.explorer->shell->unfinished ? more_prompt : command_prompt;
}

void prompt_open(struct explorer *explorer)
{
    struct error error = {0};
    prompt.explorer = explorer;
    prompt.nowhere = fopen("/dev/null", "w");
    rl_readline_name = PROGRAM_NAME;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_change_environment = 0;
    rl_instream = stdin;
    rl_outstream = prompt.nowhere ? prompt.nowhere : stdout;
    rl_getc_function = next_byte;
    rl_input_available_hook = bytes_wait;
    rl_redisplay_function = note_change;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_initialize();
    rl_variable_bind("enable-bracketed-paste", "off");
    repl_completion_install(explorer->session, show_matches);
    if (line_history_open(&error) != STATUS_OK)
        shell_warn(explorer->shell, &error);
    rl_callback_handler_install(prompt_text(), take_line);
    prompt_show();
}

void prompt_close(void)
{
    rl_callback_handler_remove();
    rl_outstream = stdout;
    line_history_close();
    if (prompt.nowhere)
        fclose(prompt.nowhere);
    free(prompt.entered);
    mem_free(prompt.kept);
    memset(&prompt, 0, sizeof prompt);
}

void prompt_feed(const unsigned char *bytes, size_t count)
{
    repl_completion_install(prompt.explorer->session, show_matches);
    prompt.bytes = bytes;
    prompt.count = count;
    while (prompt.count && !prompt.entered && !prompt.end)
        rl_callback_read_char();
    prompt.count = 0;
    prompt_show();
}

void prompt_insert(const char *text)
{
    if (RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH))
        rl_callback_sigcleanup();
    rl_insert_text(text);
    prompt_show();
}

void prompt_put_front(const char *text)
{
    int point = rl_point;
    rl_point = 0;
    rl_insert_text(text);
    rl_point += point;
    prompt_show();
}

char *prompt_take(bool *end)
{
    char *line = prompt.entered;
    *end = prompt.end;
    prompt.entered = NULL;
    prompt.end = false;
    return line;
}

void prompt_keep(const char *line)
{
    line_history_keep(line);
    using_history();
}

static void replace(const char *text, int point)
{
    rl_replace_line(text, 1);
    rl_point = point < rl_end ? point : rl_end;
    rl_mark = 0;
}

void prompt_question(void)
{
    if (!prompt.kept) {
        prompt.kept = mem_string(rl_line_buffer);
        prompt.kept_point = rl_point;
    }
    rl_set_prompt(prompt_text());
    replace("", 0);
    prompt_show();
}

void prompt_command(void)
{
    rl_set_prompt(prompt_text());
    if (prompt.kept && prompt.explorer->line.asking == ASK_COMMAND) {
        replace(prompt.kept, prompt.kept_point);
        mem_free(prompt.kept);
        prompt.kept = NULL;
    }
    prompt_show();
}

void prompt_clear(void)
{
    rl_callback_sigcleanup();
    replace("", 0);
    prompt_show();
}

void prompt_show(void)
{
    struct edit_line *line = &prompt.explorer->line;
    line->prompt = rl_display_prompt ? rl_display_prompt : prompt_text();
    line->text = rl_line_buffer ? rl_line_buffer : "";
    line->cursor = rl_point;
    note_change();
}
