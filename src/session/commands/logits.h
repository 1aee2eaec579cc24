/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do two networks answer the same? */
#ifndef IPPRO_SESSION_COMMANDS_LOGITS_H
#define IPPRO_SESSION_COMMANDS_LOGITS_H

#include "session/session.h"

struct logits_difference {
    double difference; /* the largest between two logits; NaN when a logit is not a number */
    double largest;    /* logit of the first network, without its sign */
    int images;
    bool data; /* the first images of the data set; else one made of seeded noise */
};

/* Take a few images through both. The graphs have the model's input and classes. */
status logits_compare(const struct session *session, const struct graph *a, const struct graph *b,
                      struct logits_difference *difference, struct error *error);
/* "3.8e-6 on 4 images (the largest logit is 12.3)" */
void text_add_logits(struct text *text, const struct logits_difference *difference);

#endif
