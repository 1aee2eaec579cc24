/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a script has to say while a network learns (session->hooks). Called on the thread that trains; who
 * implements them goes to the thread that Lua is on (progress_call). */
#ifndef IPPRO_SESSION_TRAINING_HOOKS_H
#define IPPRO_SESSION_TRAINING_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/status.h"

struct training_network;
struct training_record;

/* Functions that are NULL are not there. An error of theirs ends the training, and is the command's. */
struct training_hooks {
    void *argument;
    /* An epoch has ended, also number 0, which is the network before it learns. */
    status (*epoch)(void *argument, const struct training_record *record, bool *stop, struct error *error);
    /* As `penalty` of train/trainer.h. */
    status (*penalty)(void *argument, struct training_network *network, int64_t step, double rate,
                      double *loss, struct error *error);
    /* As `epoch_end` of train/trainer.h. */
    status (*mask)(void *argument, struct training_network *network, int64_t epoch, struct error *error);
};

/* Has what is learnt a part in it that stands in no command line? `hooks` may be NULL. */
static inline bool training_hooks_change(const struct training_hooks *hooks)
{
    return hooks != NULL && (hooks->penalty || hooks->mask);
}

#endif
