/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Styles: what a piece of text or of a figure means, wherever it is drawn. */
#ifndef IPPRO_VIEW_STYLE_H
#define IPPRO_VIEW_STYLE_H

/* What a cell means; a theme says how it looks. */
#define STYLE_LIST(X)                                                                                        \
    X(STYLE_PLAIN, "plain")                                                                                  \
    X(STYLE_TITLE, "title")                                                                                  \
    X(STYLE_HEADER, "header")                                                                                \
    X(STYLE_AXIS, "axis")                                                                                    \
    X(STYLE_NUMBER, "number")                                                                                \
    X(STYLE_NAME, "name")                                                                                    \
    X(STYLE_BAR, "bar")                                                                                      \
    X(STYLE_CUT, "cut")                                                                                      \
    X(STYLE_NEGATIVE, "negative")                                                                            \
    X(STYLE_POSITIVE, "positive")                                                                            \
    X(STYLE_NOTE, "note")                                                                                    \
    X(STYLE_ERROR, "error")                                                                                  \
    X(STYLE_PROMPT, "prompt")                                                                                \
    X(STYLE_SERIES1, "series1")                                                                              \
    X(STYLE_SERIES2, "series2")                                                                              \
    X(STYLE_SERIES3, "series3")                                                                              \
    X(STYLE_SERIES4, "series4")                                                                              \
    X(STYLE_SERIES5, "series5")                                                                              \
    X(STYLE_SERIES6, "series6")                                                                              \
    X(STYLE_CURSOR, "cursor")                                                                                \
    X(STYLE_CURSOR_PALE, "cursor-pale")                                                                      \
    X(STYLE_BORDER, "border")                                                                                \
    X(STYLE_FOCUS, "focus")                                                                                  \
    X(STYLE_STATUS, "status")                                                                                \
    X(STYLE_KEY, "key")                                                                                      \
    X(STYLE_POPUP, "popup")

enum cell_style {
#define STYLE_ENUM(code, name) code,
    STYLE_LIST(STYLE_ENUM)
#undef STYLE_ENUM
        STYLE_COUNT
};
enum { SERIES_STYLES = STYLE_SERIES6 - STYLE_SERIES1 + 1 }; /* more series than these begin again */

#endif
