/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What could stand at the cursor of an unfinished command line, for every front end with a Tab key. */
#ifndef IPPRO_SESSION_LANGUAGE_COMPLETION_H
#define IPPRO_SESSION_LANGUAGE_COMPLETION_H

#include "base/text.h"
#include "session/session.h"

struct completion {
    struct word_list words; /* whole words in place of the one under the cursor, each beginning with it */
    char *word;             /* what is there now, without quotes; owned */
    bool files;             /* names of files are right as well: the front end lists those */
    const char *const
        *extensions;  /* of the files that fit, VALUE_EXTENSIONS at most, ended by NULL; NULL: all */
    struct text help; /* one line on what is completed; may be empty */
    int start;        /* byte of the line at which the word begins */
};

/* Does the file fit? Folders always do: there may be files that fit in them. */
bool completion_fits(const struct completion *completion, const char *path);

status completion_find(const struct session *session, const char *line, int cursor,
                       struct completion *completion, struct error *error);
void completion_free(struct completion *completion);

#endif
