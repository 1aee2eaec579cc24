/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rule of group scores, from a call. */
#include "session/commands/grouping.h"

#include "prune/selection.h"
#include "session/board.h"
#include "session/pruning.h"
#include "session/reply.h"
#include "session/session.h"
#include "view/style.h"

/* One setting of the rule: the call's, else the fixed one, else `own`. */
static int chosen(const struct call *call, const char *name, int fixed, bool is_fixed, int own)
{
    const struct setting *setting = call_setting(call, name);
    return setting ? (int)setting->value.integer : is_fixed ? fixed : own;
}

struct group_rule call_grouping(const struct call *call, const struct group_rule *base, unsigned fixed)
{
    const struct group_rule from = base ? *base : (struct group_rule){0};
    const int compat = chosen(call, "compat", (int)from.compat, base && fixed & RULE_COMPAT, COMPAT_PAPER);
    const struct group_rule own = group_rule_of((enum compat)compat);
    return (struct group_rule){(enum compat)compat,
                               (enum member_set)chosen(call, "members", (int)from.members,
                                                       base && fixed & RULE_MEMBERS, (int)own.members),
                               (enum combination)chosen(call, "combine", (int)from.combine,
                                                        base && fixed & RULE_COMBINE, (int)own.combine),
                               (enum normaliser)chosen(call, "normaliser", (int)from.normaliser,
                                                       base && fixed & RULE_NORMALISER, (int)own.normaliser)};
}

const struct score_statistics *entry_statistics(const struct session *session,
                                                const struct score_entry *entry)
{
    return entry && (entry->needs & PASS_NEEDS) ? board_statistics(session->state.board) : NULL;
}

void reply_filters_alone(struct reply *reply, const char *label, const struct scores *scores,
                         const struct group_rule *rule)
{
    if (group_takes_filters(scores, rule))
        reply_add(reply, STYLE_NOTE,
                  "%s has no meaning on columns and BatchNorm scales: filters alone have a voice", label);
}
