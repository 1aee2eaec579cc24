/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attributes of nodes, for tests. Names, texts and lists are borrowed. */
#ifndef IPPRO_TESTS_ATTRIBUTES_H
#define IPPRO_TESTS_ATTRIBUTES_H

#include <stdint.h>

#include "nn/graph/graph.h"

struct attribute integer_attribute(const char *name, int64_t value);
struct attribute integers_attribute(const char *name, int count, const int64_t *values);
struct attribute real_attribute(const char *name, double value);
struct attribute string_attribute(const char *name, const char *value);

#endif
