/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do two networks answer the same? */
#ifndef IPPRO_SESSION_COMMANDS_LOGITS_H
#define IPPRO_SESSION_COMMANDS_LOGITS_H

#include "session/session.h"

struct logits_difference {
    double difference; /* the largest between two logits; over images that have numbers in both networks */
    double largest;    /* logit of the first network, without its sign, over the same */
    int images;
    int without[2]; /* images with logits that are not numbers, in each network */
    int compared;   /* images that have numbers in both */
    bool data;      /* the first images of the data set; else one made of seeded noise */
};

/* Take a few images through both. The graphs have the model's input and classes. What is compared is what the
 * loss is taken of (nn/engine/network_end.h). */
status logits_compare(const struct session *session, const struct graph *a, const struct graph *b,
                      struct logits_difference *difference, struct error *error);
/* Whether the networks agree: the same images have no numbers, and the logits of the others differ by no more
 * than what is allowed. */
bool logits_agree(const struct logits_difference *difference, double allowed);
/* "3.8e-6 on 4 images (the largest logit is 12.3)" */
void text_add_logits(struct text *text, const struct logits_difference *difference);

#endif
