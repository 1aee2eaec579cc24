/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readline wants words one by one, allocated by malloc. */
#include "shell/repl_completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/status.h"
#include "session/language/completion.h"

static const struct session *completed_session;
static struct completion found;
static size_t next_word;

/* The words, then names of files where those are right as well. */
static char *word_generator(const char *text, int state)
{
    static int files_state;
    if (state == 0) {
        next_word = 0;
        files_state = 0;
    }
    if (next_word < found.words.count)
        return strdup(found.words.items[next_word++]);
    return found.files ? rl_filename_completion_function(text, files_state++) : NULL;
}

/* No blank follows what is not finished: KEY= and LAYER: */
static void suppress_blank(void)
{
    for (size_t i = 0; i < found.words.count; i++) {
        size_t length = strlen(found.words.items[i]);
        if (length && strchr("=:", found.words.items[i][length - 1]))
            rl_completion_suppress_append = 1;
    }
}

static char **attempt(const char *text, int start, int end)
{
    struct error ignored = {0};
    (void)start;
    rl_attempted_completion_over = 1; /* no file names where none are expected */
    completion_free(&found);
    if (completion_find(completed_session, rl_line_buffer, end, &found, &ignored) != STATUS_OK)
        return NULL;
    if (!found.words.count) {
        rl_attempted_completion_over = !found.files;
        return NULL; /* Readline completes names of files itself, with quotes and '/' */
    }
    char **matches = rl_completion_matches(text, word_generator);
    suppress_blank();
    return matches;
}

void repl_completion_install(const struct session *session)
{
    completed_session = session;
    rl_attempted_completion_function = attempt;
    rl_completer_word_break_characters = (char *)" \t\n;>";
    rl_completer_quote_characters = "\"'";
    rl_filename_quote_characters = " \t\n;>#'\"\\";
}
