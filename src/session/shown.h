/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands that show figures have in common: the facts of machine output, the words of titles, and which
 * layers and scores are meant. */
#ifndef IPPRO_SESSION_SHOWN_H
#define IPPRO_SESSION_SHOWN_H

#include "base/text.h"
#include "session/session.h"
#include "view/figure.h"

/* A figure with the session's facts: program, model, data, sample and the options that scores depend on. */
struct figure *shown_figure(const struct session *session, enum figure_kind kind, const char *name);
/* A table of two text columns, and its rows. */
struct figure *shown_card(const struct session *session, const char *name, const char *item,
                          const char *value);
void card_row(struct figure *figure, const char *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a text, which is freed, and of a number: "1,234,567". */
void card_text(struct figure *figure, const char *item, struct text *text);
void card_thousands(struct figure *figure, const char *item, int64_t number);

/* Coefficients of correlation that differ by less say the same: figures of them span this much at least. */
extern const double least_correlation_span;
/* A number, or a missing cell for NaN. */
void number_cell(struct figure *figure, double number);
/* The text's content; a text that ran out of memory marks the figure. */
const char *shown_words(struct figure *figure, const struct text *text);

/* "2,500 of 10,000 images (cifar10 train, balanced, seed 1)"; "weights only" where there was no pass. */
void text_add_sample(struct text *text, const struct session *session);
/* "1,000 test images", "60 training images": images of a split as one speaks of them; of the split "all",
 * and where none is known (""), only how many. */
void text_add_images(struct text *text, int64_t images, const char *split);
/* "all images have logits that are not numbers", "3 of 8 images have ..." */
void text_add_unanswered(struct text *text, int64_t unanswered, int64_t images);
/* "91.2 % right, mean loss 0.31": what a pass found on its sample. */
void text_add_result(struct text *text, const struct score_statistics *statistics);
/* "the network ends in Softmax: loss and gradients are taken at its input", and in a few words; NULL where
 * its outputs are logits. */
const char *judged_words(const struct model *model);
const char *judged_at(const struct model *model);
/* The same as a note, and one where the logits of all images (`probabilities` of `images`) look like
 * probabilities for all that is known. */
void note_judged(struct figure *figure, const struct model *model, int64_t probabilities, int64_t images);
/* "log proscore", "taylor": a criterion in a table. */
void text_add_label(struct text *text, const struct score_entry *entry);
/* "log proscore (gamma 0.01)", "taylor": a criterion as axis or in a title. */
void text_add_criterion(struct text *text, const struct score_entry *entry);
/* The network in titles: its file without the folders. */
const char *model_title(const struct model *model);
/* "3x32x32": the shape of one image's values. */
void text_add_shape(struct text *text, const struct shape *shape);

/* Held scores by label. `text` NULL: all that are held; "l1,taylor" or "all": these, refused where not
 * scored. */
struct shown_scores {
    const struct score_entry *entries[CHOICES_MAX];
    int count;
};
status shown_scores(const struct session *session, const char *text, struct shown_scores *scores,
                    struct error *error);
/* More of them, each once. */
status shown_scores_add(const struct session *session, const char *text, struct shown_scores *scores,
                        struct error *error);

/* Ranks 0.. of each channel, least important first, owned by the caller; NULL for a layer without scores.
 * Refuses NaN with the layer's name. */
status layer_ranks(const struct session *session, const struct score_entry *entry, int layer, int64_t **ranks,
                   struct error *error);

#endif
