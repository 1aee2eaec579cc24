/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the full screen: panes, layouts and what keys can do. The front end gives them meaning; they
 * stand here so that commands, completion, help and the manual know them. */
#ifndef IPPRO_SESSION_WORDS_PANES_H
#define IPPRO_SESSION_WORDS_PANES_H

#include "session/words/value.h"

/* code, action that goes there, name, title, keys, label in the line of keys, what the action does, what the
 * pane shows. Its functions are pane_NAME in tui/pane_NAME.c. */
#define PANE_LIST(X)                                                                                         \
    X(PANE_LAYERS, ACTION_LAYERS, layers, "Layers", "F2", "layers", "go to the layers",                      \
      "the network's layers by stage: ratio, channels kept and share of the multiply-adds; where there is "  \
      "room, what is left, saved and cut, accuracy lost in the last sensitivity, agreement of the criteria") \
    X(PANE_SCORES, ACTION_SCORES, scores, "Scores", "F3", "scores", "go to the scores",                      \
      "histograms of the scores in the layer under the cursor, one per criterion on shared bins, with what " \
      "would be cut marked; below them the filters of one bin")                                              \
    X(PANE_CORRELATION, ACTION_CORRELATION, correlation, "Correlation", "F4", "corr",                        \
      "go to the correlation", "how far the criteria agree, pair by pair")                                   \
    X(PANE_MODEL, ACTION_MODEL, model, "Model", "F5", "model", "go to the model",                            \
      "parameters, multiply-adds and accuracy, before and after, and what the ratios would leave")           \
    X(PANE_LOG, ACTION_LOG, log, "Log", "F6", "log", "go to the log", "commands and their answers")          \
    X(PANE_FIGURE, ACTION_FIGURE, figure, "Figure", "F7", "figure", "open the last figure",                  \
      "the tables and figures that commands showed")

enum pane_id {
#define PANE_ENUM(code, ...) code,
    PANE_LIST(PANE_ENUM)
#undef PANE_ENUM
        PANE_COUNT
};
const char *pane_name(int index);  /* NULL past the end */
const char *pane_title(int index); /* likewise */
const char *pane_help(int index);

/* code, name, what it is for */
#define LAYOUT_LIST(X)                                                                                       \
    X(LAYOUT_OVERVIEW, "overview", "layers beside scores, correlation, model and log")                       \
    X(LAYOUT_COMPARE, "compare", "criteria against each other: scores and correlation")                      \
    X(LAYOUT_PRUNE, "prune", "layers with ratios, and what they leave")                                      \
    X(LAYOUT_SWEEP, "sweep", "figures of curve, sensitivity and scripts beside the log")

enum layout_id {
#define LAYOUT_ENUM(code, name, help) code,
    LAYOUT_LIST(LAYOUT_ENUM)
#undef LAYOUT_ENUM
        LAYOUT_COUNT
};
const char *layout_name(int index); /* NULL past the end */
const char *layout_help(int index);

/* Where an action counts: everywhere, in every pane, or in one (a pane_id). */
enum { PLACE_EVERYWHERE = -2, PLACE_PANES = -1 };

/* code, name, place, default keys, what it does; PANE: rows of PANE_LIST, each an action that goes to the
 * pane */
#define ACTION_LIST(X, PANE)                                                                                 \
    X(ACTION_HELP, "help", PLACE_EVERYWHERE, "F1 ?", "show the keys that are in force")                      \
    PANE_LIST(PANE)                                                                                          \
    X(ACTION_PROMPT, "prompt", PLACE_EVERYWHERE, "F8 Esc :", "go to the prompt")                             \
    X(ACTION_LAYOUT, "layout", PLACE_EVERYWHERE, "F9", "next layout")                                        \
    X(ACTION_ZOOM, "zoom", PLACE_EVERYWHERE, "F10 z", "give the pane the whole screen, and back")            \
    X(ACTION_FOCUS_LEFT, "focus-left", PLACE_EVERYWHERE, "Alt-Left", "go to the pane on the left")           \
    X(ACTION_FOCUS_RIGHT, "focus-right", PLACE_EVERYWHERE, "Alt-Right", "go to the pane on the right")       \
    X(ACTION_FOCUS_UP, "focus-up", PLACE_EVERYWHERE, "Alt-Up", "go to the pane above")                       \
    X(ACTION_FOCUS_DOWN, "focus-down", PLACE_EVERYWHERE, "Alt-Down", "go to the pane below")                 \
    X(ACTION_FOCUS_NEXT, "focus-next", PLACE_PANES, "Tab", "go to the next pane")                            \
    X(ACTION_FOCUS_PREVIOUS, "focus-previous", PLACE_PANES, "Shift-Tab", "go to the pane before")            \
    X(ACTION_SCROLL_UP, "scroll-up", PLACE_EVERYWHERE, "PageUp", "scroll up, at the prompt the log")         \
    X(ACTION_SCROLL_DOWN, "scroll-down", PLACE_EVERYWHERE, "PageDown", "scroll down, at the prompt the log") \
    X(ACTION_UP, "up", PLACE_PANES, "Up k", "move up")                                                       \
    X(ACTION_DOWN, "down", PLACE_PANES, "Down j", "move down")                                               \
    X(ACTION_LEFT, "left", PLACE_PANES, "Left h", "move left; layers: close the stage")                      \
    X(ACTION_RIGHT, "right", PLACE_PANES, "Right l", "move right; layers: open the stage")                   \
    X(ACTION_FIRST, "first", PLACE_PANES, "Home g", "go to the beginning")                                   \
    X(ACTION_LAST, "last", PLACE_PANES, "End G", "go to the end")                                            \
    X(ACTION_OPEN, "open", PLACE_PANES, "Enter",                                                             \
      "open what is under the cursor: layer, filter, pair of criteria; unfold a figure's stages")            \
    X(ACTION_SEARCH, "search", PLACE_PANES, "/", "search in the pane")                                       \
    X(ACTION_SEARCH_NEXT, "search-next", PLACE_PANES, "n", "find the next")                                  \
    X(ACTION_SEARCH_PREVIOUS, "search-previous", PLACE_PANES, "N", "find the one before")                    \
    X(ACTION_CRITERION, "criterion", PLACE_PANES, "c", "switch to the next criterion")                       \
    X(ACTION_CRITERION_PREVIOUS, "criterion-previous", PLACE_PANES, "C", "switch to the criterion before")   \
    X(ACTION_PRUNE, "prune", PLACE_PANES, "p", "prune by the criterion, at the ratios that are set")         \
    X(ACTION_UNDO, "undo", PLACE_PANES, "u", "undo the last change")                                         \
    X(ACTION_REDO, "redo", PLACE_PANES, "U", "redo it")                                                      \
    X(ACTION_RATIO_UP, "ratio-up", PANE_LAYERS, "+ =", "prune more of the layer, stream or stage")           \
    X(ACTION_RATIO_DOWN, "ratio-down", PANE_LAYERS, "-", "prune less of it")                                 \
    X(ACTION_EXCLUDE, "exclude", PANE_LAYERS, "Space", "leave it alone, or take it in again")                \
    X(ACTION_GROUP, "group", PANE_LAYERS, "t", "tell what it is tied to")                                    \
    X(ACTION_SORT_LAYERS, "sort-layers", PANE_LAYERS, "s", "sort the layers by the next column")             \
    X(ACTION_TURN_LAYERS, "turn-layers", PANE_LAYERS, "r", "turn their order round")                         \
    X(ACTION_NETWORK_ORDER, "network-order", PANE_LAYERS, "o", "back to the order of the network")           \
    X(ACTION_LAYER_NEXT, "layer-next", PANE_SCORES, "]", "show the next layer")                              \
    X(ACTION_LAYER_PREVIOUS, "layer-previous", PANE_SCORES, "[", "show the layer before")                    \
    X(ACTION_METHOD, "method", PANE_CORRELATION, "m", "next correlation coefficient")                        \
    X(ACTION_OLDER, "older", PANE_FIGURE, "<", "show the figure before")                                     \
    X(ACTION_NEWER, "newer", PANE_FIGURE, ">", "show the figure after")                                      \
    X(ACTION_SORT, "sort", PANE_FIGURE, "s", "sort the table by its next column")                            \
    X(ACTION_SORT_REVERSE, "sort-reverse", PANE_FIGURE, "r", "turn the order round")                         \
    X(ACTION_RENEW, "renew", PANE_FIGURE, "R", "run the figure's command again")                             \
    X(ACTION_FILTER, "filter", PANE_FIGURE, "f", "show only the rows with a word")                           \
    X(ACTION_CLOSE, "close", PANE_FIGURE, "q", "close the figure")                                           \
    X(ACTION_REDRAW, "redraw", PLACE_PANES, "Ctrl-L", "draw the screen anew")

enum action_id {
#define ACTION_ENUM(code, ...)              code,
#define PANE_ACTION_ENUM(code, action, ...) action,
    ACTION_LIST(ACTION_ENUM, PANE_ACTION_ENUM)
#undef PANE_ACTION_ENUM
#undef ACTION_ENUM
        ACTION_COUNT,
    ACTION_NONE = -1
};

struct key_action {
    const char *name;
    int place;        /* PLACE_EVERYWHERE, PLACE_PANES or a pane_id */
    const char *keys; /* by default, separated by blanks */
    const char *help;
};
const struct key_action *key_action_at(int id); /* NULL past the end */
int key_action_find(const char *name);          /* ACTION_NONE when absent */
/* "everywhere", "in all panes", "in Layers" */
const char *key_place_text(int place);

#endif
