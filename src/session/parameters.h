/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which constants of a network are parameters that its file has by name. */
#ifndef IPPRO_SESSION_PARAMETERS_H
#define IPPRO_SESSION_PARAMETERS_H

#include "session/model.h"

/* Per value of the model's graph, owned by the caller (mem_free): constants of real numbers that stand in the
 * checkpoint under this name, or in an ONNX file belong to layers, normalisations and what stands beside
 * activations. */
status model_parameters(const struct model *model, bool **parameters, struct error *error);

#endif
