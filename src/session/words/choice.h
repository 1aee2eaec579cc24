/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Criteria as the user names them: NAME, or NAME:VARIANT to hold several variants of one criterion side by
 * side.
 *
 * taylor, proscore: as the options say. taylor:weight-sum: whatever the option `taylor` says.
 * proscore:filter, proscore:1, proscore:bn:inf: whatever target and gamma are.
 *
 * `all` stands for the headline criteria, `every` for every row of the criterion table. */
#ifndef IPPRO_SESSION_WORDS_CHOICE_H
#define IPPRO_SESSION_WORDS_CHOICE_H

#include "score/criterion.h"
#include "session/words/value.h"

enum { CHOICE_LABEL_SIZE = 64, CHOICES_MAX = 64 };

struct choice {
    const struct criterion *criterion;
    char label[CHOICE_LABEL_SIZE];  /* as typed: "proscore:1" */
    unsigned fixes;                 /* enum criterion_option, or-ed: what the label says */
    struct criterion_options fixed; /* only what is fixed counts */
};

/* "l1,taylor:gate", "all", "every": added to choices (CHOICES_MAX), each label once. */
status choices_parse(const char *text, struct choice *choices, int *count, struct error *error);
status choice_parse(const char *text, struct choice *choice, struct error *error);
/* The options under which the choice is computed: the session's, with what the label fixes. */
struct criterion_options choice_options(const struct choice *choice, const struct criterion_options *options);
/* Union of needs over the layers that are scored. */
unsigned choice_needs(const struct choice *choice, const struct criterion_options *options,
                      const struct layers *layers);
/* Whether the choice's scores depend on how the sample was cut into batches, under its own options
 * (choice_options). */
bool choice_is_batched(const struct choice *choice, const struct criterion_options *options);
/* The variants of one criterion with its name: "proscore:bn"; with `numbers`, "proscore:GAMMA" as well. */
void choice_variants(const struct criterion *criterion, bool numbers, struct word_list *list);
/* "all", "every", the criteria, the variants. */
void choice_words(struct word_list *list);

#endif
