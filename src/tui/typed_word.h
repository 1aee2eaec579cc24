/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command that is typed while a pane has the focus. Its first letters may be keys of the pane, and are
 * obeyed as such; the first that is none goes to the prompt. As soon as the letters in front belong to it
 * beyond doubt they are put in front of it, and what they did as keys is taken back: what they changed in the
 * session, what waits because of them, and what they changed of the view, but for the cursors inside of panes
 * other than Layers. There is no doubt when only with them is it the beginning of a command or an alias, when
 * they are three or more, or when with them it is a whole name and ends. Where all letters are keys, the last
 * one of a name of three or more goes to the prompt with the others. How fast the letters are typed does not
 * matter. */
#ifndef IPPRO_TUI_TYPED_WORD_H
#define IPPRO_TUI_TYPED_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/layer_tree.h"

struct explorer;

enum { TYPED_WORD_MOST = 16 };

/* How things stood before a letter was obeyed as a key. */
struct typed_moment {
    long serial;    /* of the session's step; -1 while work ran, which keys cannot change */
    size_t waiting; /* the number of the next line that is to wait */
    int criterion, last_focus, return_focus;
    int cursor, layer; /* in Layers: the row, and its first layer; -1: none */
    struct layer_order sorted;
    int stage; /* the first layer of the stage under the cursor; -1: none */
    bool closed, figure_open;
    int shown, sort, top, aside; /* of the gallery */
    bool reverse;
};

struct typed_word {
    char letters[TYPED_WORD_MOST + 1]; /* keys, one after the other */
    int count;
    struct typed_moment before[TYPED_WORD_MOST];
    bool begun;  /* what follows them stands at the prompt */
    char *front; /* letters that are to stand in front of the line; NULL: none. Owned */
    long owed;   /* serial of the step to go back to when the work that a letter began has ended; -1: none */
    char *owed_front; /* the letters that began it. Owned */
};

void typed_word_open(struct typed_word *word);
void typed_word_free(struct typed_word *word);
/* Another key: the letters before it were keys. */
void typed_word_forget(struct explorer *explorer);
/* A key of a pane is about to be obeyed. */
void typed_word_note(struct explorer *explorer, int press);
/* The prompt has the focus from here on, for a character without a meaning as a key or by the last letter. */
void typed_word_begin(struct explorer *explorer);
/* A press is about to edit the line at the prompt: find out whether letters belong in front of it. */
void typed_word_follow(struct explorer *explorer, int press);
/* With the letters before it, the press (a blank) ends the name of a command, so that it belongs to the
 * prompt. */
bool typed_word_ends(const struct explorer *explorer, int press);
/* With the letters before it, the press, which is a key as well, completes the name of a command of three
 * letters or more: they are taken back, and it belongs to the prompt. */
bool typed_word_completes(struct explorer *explorer, int press);
/* The letters to put in front of the line, once; NULL: none. The caller's (mem_free). */
char *typed_word_front(struct explorer *explorer);
/* A key has been obeyed, and what it began has ended: take back what is owed. */
void typed_word_settle(struct explorer *explorer);

#endif
