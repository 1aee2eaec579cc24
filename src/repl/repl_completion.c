/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readline wants words one by one, allocated by malloc. */
#include "repl/repl_completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "session/completion.h"

static const struct session *completed_session;
static struct completion found;
static size_t next_word;

static char *word_generator(const char *text, int state)
{
    (void)text;
    if (state == 0)
        next_word = 0;
    return next_word < found.words.count ? strdup(found.words.items[next_word++]) : NULL;
}

/* Folders get a '/', and no blank follows what is not finished: KEY= and LAYER: */
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
    char **matches = NULL;
    if (found.words.count) {
        matches = rl_completion_matches(text, word_generator);
        suppress_blank();
    }
    if (!matches && found.files)
        rl_attempted_completion_over = 0;
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
