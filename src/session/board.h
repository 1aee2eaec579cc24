/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board of scores, and the pass that they came from. Both are immutable and counted: a new board shares
 * with the last one whatever has not changed, and any number of states hold the same board. */
#ifndef IPPRO_SESSION_BOARD_H
#define IPPRO_SESSION_BOARD_H

#include "score/criterion.h"
#include "session/model.h"
#include "session/pass.h"
#include "session/words/choice.h"
#include "session/words/option.h"

/* One criterion's scores under the name by which the user asked for them. */
struct score_entry {
    struct choice choice;
    struct scores *scores; /* counted */
    unsigned needs;
};

/* All scores that are held. They always belong to one sample, of the data set that is open or of one before
 * it. */
struct board {
    int shares;        /* owners beside the first */
    struct pass *pass; /* counted; NULL: none was made */
    struct score_entry entries[CHOICES_MAX];
    int count;
};

struct board *board_new(void); /* empty; NULL when memory is out */
/* One more owner; each calls board_free once. NULL is fine for both. */
struct board *board_retain(struct board *board);
void board_free(struct board *board);

const struct score_entry *board_entry(const struct board *board, const char *label); /* NULL: not scored */
/* NULL: no pass was made. */
const struct score_statistics *board_statistics(const struct board *board);

/* How far the rankings of the two halves of the sample agree, from which an entry's scores came: Spearman's
 * coefficient, the mean over layers. 1 for scores from weights; NaN where there are no halves to compare, and
 * for a script's criteria, which are called once and not three times. */
status board_agreement(const struct board *board, const struct model *model, const struct score_entry *entry,
                       double *agreement, struct error *error);

struct live;
struct recipe_program;
/* What scores are made from. */
struct board_source {
    struct board *board; /* the present one, borrowed */
    struct model *model; /* likewise, as all that follows */
    struct dataset *dataset;
    const struct options *options;
    struct live *live;     /* where the pass shows what it has so far (live.h); NULL: nobody watches */
    struct passes *passes; /* what was run before; NULL: nothing is remembered */
    const struct recipe_program *recipe_program; /* runs the file of a loss; NULL: nobody does */
    struct pool *pool;                           /* for criteria that take time; NULL: none */
};

/* The same scores under other options, without a pass. Scores that need one are left out. The present board
 * itself, with one more owner, when nothing changes. */
status board_refresh(const struct board_source *source, struct board **next, struct error *error);

/* What board_score did. */
struct score_outcome {
    bool passed; /* a pass was made */
    bool reused; /* gradients were needed and those of an earlier pass served */
};

/* Score the choices: one pass at most, none when weights suffice or when a pass that is remembered had what
 * is needed over the same sample of the data set that is open. Scores already held stay and are brought to
 * the same sample and options. */
status board_score(const struct board_source *source, const struct choice *choices, int count,
                   struct pool *pool, struct progress *progress, struct board **next,
                   struct score_outcome *outcome, struct error *error);

/* The needs of criteria that take a pass. */
enum { PASS_NEEDS = NEED_ANY_GRADIENT | NEED_ANY_ACTIVATION };

#endif
