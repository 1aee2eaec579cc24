/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of layers as their author wrote them, from what a file says. */
#ifndef IPPRO_SCORE_LAYER_NAME_H
#define IPPRO_SCORE_LAYER_NAME_H

#include "nn/graph/graph.h"

/* The module that a parameter and its node belong to, from the arena; NULL when memory is out.
 * A parameter "layer1.0.conv1.weight" says "layer1.0.conv1". Else the node's path does, where each part
 * either goes on from the one before or stands below it: "/layer1/layer1.0/conv1/Conv" says "layer1.0.conv1"
 * too; a node at the root ("/Conv_3") keeps its name. Without a path: the node's name. */
const char *module_name(struct arena *arena, const char *parameter, const struct node *node);

/* Names given so far, hashed. */
struct name_set;
struct name_set *name_set_new(size_t names); /* room for so many; NULL when memory is out */
void name_set_free(struct name_set *set);
/* `name`, or name_2, name_3, ... when it is taken; now taken. From the arena or `name` itself, which must
 * live as long as the set; NULL when memory is out. At most as many calls as names were announced. */
const char *name_set_add(struct name_set *set, struct arena *arena, const char *name);

#endif
