/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readline wants words one by one, allocated by malloc. */
#include "shell/repl_completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "base/status.h"
#include "base/text.h"
#include "session/language/completion.h"

static const struct session *completed_session;
static struct completion found;
static size_t next_word;
static completion_shower *shower;

/* --- showing -------------------------------------------------------------------------------------------- */

/* Long lists are shown when they are asked for once more. */
static bool is_withheld(int count)
{
    static struct text asked;
    bool again = asked.length && strcmp(text_data(&asked), rl_line_buffer) == 0;
    bool withheld = !again && rl_completion_query_items > 0 && count >= rl_completion_query_items;
    text_clear(&asked);
    if (withheld)
        text_add(&asked, rl_line_buffer);
    return withheld;
}

static void show_below(char **words, int count, int longest, const char *help)
{
    bool withheld = is_withheld(count);
    if (count && !withheld)
        rl_display_match_list(words, count, longest);
    else
        rl_crlf();
    if (withheld)
        fprintf(rl_outstream, "%d possibilities: type more, or Tab once more to see them\n", count);
    if (*help)
        fprintf(rl_outstream, "%s\n", help);
    rl_forced_update_display();
}

static void show_matches(char **words, int count, int longest)
{
    shower(words, count, longest, text_data(&found.help));
}

/* --- finding -------------------------------------------------------------------------------------------- */

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
    char *file = NULL;
    while (found.files && (file = rl_filename_completion_function(text, files_state++)) &&
           !completion_fits(&found, file))
        free(file);
    return file;
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
    char **matches = found.words.count || found.files ? rl_completion_matches(text, word_generator) : NULL;
    if (matches)
        suppress_blank();
    else if (found.files)
        rl_attempted_completion_over = 0; /* no file that fits: Readline offers all */
    else if (found.help.length)
        shower(NULL, 0, 0, text_data(&found.help));
    return matches;
}

void repl_completion_install(const struct session *session, completion_shower *show)
{
    completed_session = session;
    shower = show ? show : show_below;
    rl_completion_display_matches_hook = show_matches;
    rl_attempted_completion_function = attempt;
    rl_completer_word_break_characters = (char *)" \t\n;>";
    rl_completer_quote_characters = "\"'";
    rl_filename_quote_characters = " \t\n;>#'\"\\";
}
