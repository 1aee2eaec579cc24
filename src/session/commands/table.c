/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command table: every command once, by group, in the order of help. The row of a command NAME is
 * command_NAME in NAME.c. */
#include "session/language/command.h"

#define FILES(X) X(load) X(build) X(networks) X(data) X(save) X(session)
#define LOOK(X)  X(info) X(layers) X(layer) X(filter)
#define SCORE(X) X(score) X(rank) X(hist) X(corr) X(overlap) X(scatter) X(heat)
#define PRUNE(X)                                                                                             \
    X(group)                                                                                                 \
    X(ratio)                                                                                                 \
    X(recipe)                                                                                                \
    X(prune)                                                                                                 \
    X(search) X(unprune) X(apply) X(calibrate) X(repair) X(undo) X(redo) X(cost) X(latency) X(diff)
#define JUDGE(X)   X(eval) X(curve) X(confusion) X(flips) X(sensitivity) X(strip) X(forward)
#define GAMMA(X)   X(gamma)
#define PROBE(X)   X(rescale) X(sampling)
#define TRAIN(X)   X(finetune) X(train)
#define SCREEN(X)  X(layout) X(screen) X(bind) X(unbind) X(type)
#define PROGRAM(X) X(set) X(theme) X(alias) X(unalias) X(echo) X(run) X(lua) X(log) X(help) X(apropos) X(quit)

/* name, heading in the manual, commands */
#define GROUPS(X)                                                                                            \
    X("files", "Files", FILES)                                                                               \
    X("look", "Looking", LOOK)                                                                               \
    X("score", "Scoring and comparing", SCORE)                                                               \
    X("prune", "Pruning", PRUNE)                                                                             \
    X("judge", "Judging", JUDGE)                                                                             \
    X("gamma", "Gamma", GAMMA)                                                                               \
    X("probe", "Probing", PROBE)                                                                             \
    X("train", "Training", TRAIN)                                                                            \
    X("screen", "The full screen", SCREEN)                                                                   \
    X("program", "The program", PROGRAM)

/* clang-format off */
#define DECLARE(name) extern const struct command command_##name;
#define DECLARE_GROUP(name, heading, commands) commands(DECLARE)
GROUPS(DECLARE_GROUP)

#define ROW(name) &command_##name,
#define GROUP_ROW(name, heading, commands) {name, heading, (const struct command *const[]){commands(ROW) NULL}},
const struct command_group command_groups[] = {
    GROUPS(GROUP_ROW)
    {.name = NULL},
};
/* clang-format on */
