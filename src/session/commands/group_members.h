/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of what goes with the channels of a group. */
#ifndef IPPRO_SESSION_COMMANDS_GROUP_MEMBERS_H
#define IPPRO_SESSION_COMMANDS_GROUP_MEMBERS_H

#include "prune/group_score.h"
#include "view/figure.h"

/* A row for every member (prune/members.h) of the group, in the order of `compat`. */
status group_members(const struct coupling *coupling, int group, enum compat compat, struct figure *figure,
                     struct error *error);

#endif
