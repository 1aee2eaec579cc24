/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The members of a group as a table. */
#include "session/commands/group_members.h"

#include "base/status.h"
#include "prune/members.h"
#include "score/part.h"

/* How many of a member's parts go with channels of the group. */
static int64_t parts_within(const struct coupling *coupling, const struct member *member, int group)
{
    int64_t count = 0;
    for (int64_t i = 0; i < member->count; i++)
        count += member->classes[i] >= 0 &&
                 coupling->blocks[coupling->classes[member->classes[i]].block].group == group;
    return count;
}

status group_members(const struct coupling *coupling, int group, enum compat compat, struct figure *figure,
                     struct error *error)
{
    static const char *const words[] = {
        [PART_FILTER] = "filters that make it",
        [PART_SCALE] = "BatchNorm scales behind it",
        [PART_COLUMN] = "columns that read it",
    };
    struct members members;
    status code = members_find(coupling, group_order(compat), &members, error);
    if (code != STATUS_OK)
        return code;
    figure_title(figure, "What goes with a channel of %s", coupling->groups[group].name);
    table_column(figure, "member", NULL, COLUMN_TEXT, 0);
    table_column(figure, "part", NULL, COLUMN_TEXT, 0);
    table_column(figure, "count", NULL, COLUMN_INTEGER, 0);
    table_column(figure, "is", NULL, COLUMN_TEXT, 0);
    table_priority(figure, 1);
    for (int i = 0; i < members.count; i++) {
        const int64_t count = parts_within(coupling, &members.items[i], group);
        if (count == 0)
            continue;
        table_text(figure, members.items[i].name);
        table_text(figure, part_kind_name(members.items[i].kind));
        table_number(figure, (double)count);
        table_text(figure, words[members.items[i].kind]);
    }
    members_free(&members);
    return STATUS_OK;
}
