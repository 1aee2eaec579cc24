/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How commands are told what the score of a group is (prune/group_score.h). */
#ifndef IPPRO_SESSION_COMMANDS_GROUPING_H
#define IPPRO_SESSION_COMMANDS_GROUPING_H

#include "prune/group_score.h"
#include "session/language/command.h"

/* The rule of a call: what it says, else what is `fixed` (enum pruning_fixed) in `base`, else what the
 * program does that is followed. base NULL: nothing is fixed. */
struct group_rule call_grouping(const struct call *call, const struct group_rule *base, unsigned fixed);
/* Statistics of the pass that an entry's scores are from; NULL: from weights, or no entry. */
const struct score_statistics *entry_statistics(const struct session *session,
                                                const struct score_entry *entry);
/* Says so where all members are asked for and the criterion knows filters only. */
void reply_filters_alone(struct reply *reply, const char *label, const struct scores *scores,
                         const struct group_rule *rule);

/* Parameters of the commands that call call_grouping. */
#define GROUPING_PARAMETERS                                                                                  \
    {"compat", VALUE_CHOICE,                                                                                 \
     0,        0,                                                                                            \
     0,        compat_name,                                                                                  \
     "paper",  "whose scores: paper (the criteria as defined here), torch-pruning, or nni"},                 \
        {"members",                                                                                          \
         VALUE_CHOICE,                                                                                       \
         0,                                                                                                  \
         0,                                                                                                  \
         0,                                                                                                  \
         member_set_name,                                                                                    \
         NULL,                                                                                               \
         "what has a voice of all that goes with a channel: makers (filters) or all (BatchNorm scales and "  \
         "the columns of layers that read it too); all with compat=torch-pruning, else makers"},             \
        {"combine", VALUE_CHOICE,                                                                            \
         0,         0,                                                                                       \
         0,         combination_name,                                                                        \
         NULL,      "how the scores of what is tied together become one; sum with compat=nni, else mean"},   \
    {                                                                                                        \
        "normaliser", VALUE_CHOICE, 0, 0, 0, normaliser_name, NULL,                                          \
            "what the scores of a block are divided by, for comparing blocks with global=yes; mean with "    \
            "compat=torch-pruning, else none"                                                                \
    }

#endif
