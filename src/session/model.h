/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network that is loaded, or that was made from one: its graph, its layers and how their channels are
 * coupled. Immutable and counted: several states of the session share it. */
#ifndef IPPRO_SESSION_MODEL_H
#define IPPRO_SESSION_MODEL_H

#include "base/file.h"
#include "nn/engine/network_end.h"
#include "nn/engine/quality.h"
#include "nn/simplify/adapt.h"
#include "prune/cost.h"
#include "prune/coupling.h"

struct checkpoint;
struct dataset;
struct fit;

struct model {
    int shares;                /* owners beside the first */
    char *name;                /* what the user called it: a path, "example", "resnet56.onnx (pruned)" */
    char digest[DIGEST_SIZE];  /* of the file */
    char network[DIGEST_SIZE]; /* names the weights: the file's digest, or made from that and every change */
    struct graph *graph;       /* simplified */
    struct layers *layers;
    struct coupling *coupling;
    struct shape *layer_outputs;   /* per layer: shape of its output for one image */
    struct shape input;            /* for one image, batch dimension 1 */
    struct shape output;           /* likewise; of several outputs a row of all (nn/execution/joined.h) */
    struct shape *outputs;         /* likewise, each of them, in the graph's order */
    char *dropped;                 /* outputs of the file that the graph has not: "aux1 (1x10)"; NULL: none */
    int64_t classes;               /* 0: it does something else than classify images or their pixels */
    int64_t map_height, map_width; /* of the pixels that it classifies; 1, 1: the image as a whole */
    enum network_end end;          /* where its loss is taken */
    struct model
        *base; /* the same network with other heads, counted, to which all but coupling and cost belong */
    struct cost cost;       /* of the whole network, in multiply-adds */
    struct model *original; /* the network as loaded, counted; NULL: this is it */
    /* Per layer: its channels' numbers in the original network, ascending. NULL: the network as loaded, or a
     * layer that it did not have. */
    int64_t **channels;
    struct checkpoint *weights; /* the file of weights that it is from, counted; NULL: a file had its graph */
    char *architecture;         /* what these were recognised as; NULL likewise */
    char *made;                 /* what was done to the original, one line each; NULL: nothing */
    /* Of the network as loaded: what its file says otherwise than it was read, and what of the file it lacks;
     * one line each, NULL: nothing. */
    char *notes, *lacks;
};

/* What a user asks for beside the file; all zero: nothing. */
struct model_wishes {
    const char *output;     /* the name of the output to look at, or "all"; NULL: session/network_outputs.h */
    struct image_size size; /* of images that the file leaves open; 0: not said */
    bool size_is_said;      /* by the user: files with images of another size are refused */
    bool partial;           /* what is not supported is cut off, with what needs it */
};

/* `name` "example" is the built-in network. Errors name the file. wishes: NULL for none. */
status model_load(const char *name, const struct model_wishes *wishes, struct model **model,
                  struct error *error);

/* The network of a checkpoint that fits an architecture; `name` is the file, for the user and for errors. */
status model_load_fit(const char *name, const struct fit *fit, struct model **model, struct error *error);

/* A changed network in the place of `from`. */
struct derivation {
    struct model *from;
    struct graph *graph; /* ownership passes, also on failure */
    const bool *removed; /* per class of from's coupling: what went, or NULL: nothing */
    const char *network; /* its name, as model->network */
    const char *made;    /* what was done, one line or several */
    bool pruned;         /* the name says so */
};
status model_derive(const struct derivation *derivation, struct model **model, struct error *error);

/* The same network with its heads coupled in another way, one more owner of it; the network itself where they
 * are so already. */
status model_with_heads(struct model *model, enum head_mode heads, struct model **result,
                        struct error *error);

/* One more owner; each calls model_free once. NULL is fine for both. */
struct model *model_retain(struct model *model);
void model_free(struct model *model);

/* The network as loaded from which this one came; itself when it is that. */
const struct model *model_original(const struct model *model);
/* Outputs of its file that are not looked at; NULL: none. */
const char *model_dropped(const struct model *model);
/* The layer of the original network with this layer's name, -1 when it had none. */
int model_original_layer(const struct model *model, int layer);
/* The number of a layer's channel in the original network. */
int64_t model_original_channel(const struct model *model, int layer, int64_t channel);

/* Names a network made from another by a change that `change` (size bytes) describes. */
status network_name(const char *network, const void *change, size_t size, char out[DIGEST_SIZE],
                    struct error *error);

/* By what a network is judged (nn/engine/quality.h). */
enum quality_kind model_measure(const struct model *model);
/* Refuses a data set whose images do not fit the network, naming both. */
status model_takes(const struct model *model, const struct dataset *dataset, struct error *error);
/* Refuses a data set whose images, labels or classes do not fit the network, naming both. */
status model_fits(const struct model *model, const struct dataset *dataset, struct error *error);

#endif
