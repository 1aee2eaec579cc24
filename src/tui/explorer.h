/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full-screen explorer without its terminal: what is seen, where the cursors are, what keys do. A
 * terminal (tui.c) or a test feeds it keys and lines, and composes its screen (compose.h).
 *
 * Panes look at `session`: the shell's own, or, while a command runs on a worker, a mirror that holds the
 * state from before. They keep what they draw (figures of read-only commands, cursors) in a state of their
 * own and make it anew when the session's state changed, not when a key is pressed. What several of them look
 * at is kept here. What keys change is changed by commands, as if typed. */
#ifndef IPPRO_TUI_EXPLORER_H
#define IPPRO_TUI_EXPLORER_H

#include "prune/cost.h"
#include "shell/progress_line.h"
#include "shell/shell.h"
#include "tui/bindings.h"
#include "tui/gallery.h"
#include "tui/journal.h"
#include "tui/layer_tree.h"
#include "tui/layout.h"
#include "tui/typed_word.h"
#include "tui/waiting.h"

enum { FOCUS_PROMPT = -1 };

/* A pane's own part: what its row (pane.h) keeps, and for what it was made. */
struct pane_seat {
    void *state;      /* owned; NULL: none is kept */
    int width;        /* of its room */
    int first, count; /* layers under the cursor */
};

/* A line that is being edited. The text belongs to whoever edits it and is put here anew after every change.
 */
enum asking { ASK_COMMAND, ASK_SEARCH, ASK_FILTER, ASK_QUIT, ASK_COUNT };
struct edit_line {
    enum asking asking;
    const char *prompt, *text; /* text: UTF-8, may hold anything */
    int cursor;                /* byte of the text */
};

struct explorer {
    struct shell *shell;
    struct session *session; /* what is shown: borrowed */
    struct session *mirror;  /* while a command runs; owned */
    struct state seen;       /* the state that the panes show, counted */

    int width, height;
    bool ascii;
    int colors; /* of the terminal: -1 none, 0 attributes only, 8, 16, 256 */
    int depth;  /* of these, what the options leave */
    enum layout_id layout;
    int focus, zoomed; /* pane_id, or FOCUS_PROMPT; zoomed -1: none */
    int last_focus;    /* the pane that had the focus last */
    int return_focus;  /* where the focus goes back to when a figure is closed */
    int asked_from;    /* where it goes back to after a question */
    bool figure_open;  /* the figure pane is in its place */
    bool figure_tall;  /* and takes lines of the log, until that has something to say */
    bool keys_open;    /* the list of keys lies over the screen */
    int keys_top;
    struct placement placement;

    struct bindings bindings;
    struct journal journal;
    struct gallery gallery;
    struct layer_tree layers;
    struct cost plan;   /* of the network if the ratios were carried out; layers NULL: not known */
    int criterion;      /* index in the board of the one that keys act by */
    int seen_criterion; /* the one that the panes show */
    char *search;       /* the last word searched for */
    struct pane_seat panes[PANE_COUNT];

    struct edit_line line;
    struct typed_word word; /* that keys may be the beginning of */
    struct word_list popup; /* words offered by completion; empty: none */
    char *message;          /* for the status line until the next key */
    bool message_bad;
    bool cancelling;       /* the message says that the running command is to end */
    bool message_brief;    /* gone with the next key of the prompt too: it tells what is completed */
    struct theme *preview; /* while a theme's name is typed; NULL: none */

    /* Work. */
    int beside;      /* over 0 while keys are looked at from within a command or a script */
    struct job *job; /* NULL: none */
    struct progress_line progress;
    struct live *live;              /* where commands show what they have so far */
    struct live_snapshot *snapshot; /* the newest of the running command; NULL: none */
    double taken;                   /* when, in seconds */
    struct waiting waiting;         /* lines that come after it */
    char *running;                  /* the command's name; NULL: none */
    char *command;                  /* the whole line of the last command */
    unsigned flags;                 /* of its row in the command table */
    struct text typed;              /* by explorer_edit */
    struct text partial;            /* output of a script whose line is not complete */
    bool unseen;                    /* something changed that is not drawn yet */
    bool wants_redraw;              /* the terminal is to be drawn from nothing */
    bool wants_question;            /* the prompt is to ask `line.asking` */
    /* The front end's part: wait for the job, looking at keys meanwhile. NULL: job_wait alone. */
    void (*wait)(void *argument, struct job *job);
    /* Likewise while a script computes: called often, to look at keys now and then. */
    void (*look)(void *argument);
    void *wait_argument;
};

/* The shell's face becomes the explorer's until explorer_free. */
status explorer_new(struct shell *shell, struct explorer **explorer, struct error *error);
void explorer_free(struct explorer *explorer);
void explorer_resize(struct explorer *explorer, int width, int height);

/* A line as entered at the prompt: logged, run, shown. While work runs, a line that only looks is answered at
 * once when no other waits; the rest waits for its turn. */
void explorer_line(struct explorer *explorer, const char *line);
/* The user wants to leave: that is done, or the user is told once what would be lost (shell/leave.h). */
void explorer_leave(struct explorer *explorer, bool at_once);
/* A line that is to be run behind all that was entered before: it waits. */
void explorer_wait(struct explorer *explorer, const char *line);
/* Lines that wait are not run any more: logged, and returned how many they were. */
size_t explorer_drop_waiting(struct explorer *explorer);
/* The command that a key stands for, from words, quoted where they need it; NULL ends them. A piece of code
 * that waits at the prompt for its end is left alone. While work runs it is answered when it only looks, and
 * waits for its turn otherwise, as a typed one does. False when it failed, or waits. */
bool explorer_command(struct explorer *explorer, ...);
/* Say what the last command was, which a key gave, and the key that takes it back: that of undo, or of redo.
 */
void explorer_offer(struct explorer *explorer, enum action_id back);
/* A command line that a key stands for, which may change what keys do. */
void explorer_command_line(struct explorer *explorer, const char *line);
/* A key; false when it is for the line that is edited. */
bool explorer_press(struct explorer *explorer, int press);
void explorer_act(struct explorer *explorer, enum action_id action);
/* A mouse button at a cell: 0 the left one, 64 and 65 the wheel. */
void explorer_click(struct explorer *explorer, int button, int line, int column);
/* Search on for explorer->search in the pane that had the focus last. */
void explorer_find(struct explorer *explorer, bool back);
/* An answer to what the line asked (other than for a command). */
void explorer_answer(struct explorer *explorer, const char *text);
/* Without a terminal and its line editor: characters, Backspace, Enter and Esc edit a line all the same.
 * False for other keys. */
bool explorer_edit(struct explorer *explorer, int press);

void explorer_layout(struct explorer *explorer, enum layout_id layout);
/* Text that a script or a library wrote, for the log; lines may come in pieces. */
void explorer_output(struct explorer *explorer, enum cell_style style, const char *text, size_t length);
/* Bring the panes up to date with the state. */
void explorer_refresh(struct explorer *explorer);
void explorer_say(struct explorer *explorer, bool bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void explorer_focus(struct explorer *explorer, int pane);
/* The log gets the lines back that a figure took. */
void explorer_show_log(struct explorer *explorer);
/* Ask the session with a read-only command: the words, of which the last `keys` are key=value. The log hears
 * nothing of it. */
status explorer_ask(struct explorer *explorer, const char *const *words, int count, int keys,
                    struct reply *reply, struct error *error);
/* Ask the front end's line for something. A question that is open stays: the focus goes back to it. */
void explorer_question(struct explorer *explorer, enum asking asking);
/* What a question says; NULL for ASK_COMMAND. */
const char *question_text(enum asking asking);
/* The label of the criterion that keys act by; NULL without scores. */
const char *explorer_criterion(const struct explorer *explorer);
/* The theme to draw with, NULL for none. */
struct theme *explorer_theme(const struct explorer *explorer);

#endif
