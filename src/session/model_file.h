/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an ONNX file to a graph that can be made simple. */
#ifndef IPPRO_SESSION_MODEL_FILE_H
#define IPPRO_SESSION_MODEL_FILE_H

#include "session/model.h"

/* Read the file; digest, network, notes and lacks of the model are set. The graph is the caller's, channels
 * first, of known sizes but for the batch, and in evaluation mode. */
status model_read_file(struct model *model, const char *path, const struct model_wishes *wishes,
                       struct graph **graph, struct error *error);

#endif
