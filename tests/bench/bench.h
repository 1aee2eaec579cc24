/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the benchmark and what they share. */
#ifndef IPPRO_TESTS_BENCH_BENCH_H
#define IPPRO_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include "child.h"
#include "report.h"

enum { NETWORKS_MOST = 16 };

struct settings {
    const char *self;          /* this program, which is its own worker */
    const char *program;       /* ippro-explore */
    const char *python, *peer; /* interpreter and script of the peer; python NULL: no peer */
    const char *cifar;         /* folder of CIFAR-10, or NULL */
    const char *models;        /* folder of NAME_bn.onnx and NAME.onnx files, or NULL */
    const char *folder;        /* temporary */
    const char *sections;      /* names with commas between, NULL: all */
    const char *parties;       /* of the section throughput, likewise */
    char *networks[NETWORKS_MOST];
    int network_count;
    int threads, repeats;
    double seconds; /* about, for one measurement */
    int64_t images; /* of the test of linearity: 100 % */
};

/* One network with its file and its images. */
struct subject {
    const char *name;
    char *model, *images; /* paths, owned; model "example" is built in */
    bool built_in;        /* the peer has no file of it */
    int side;             /* pixels of its input */
    double forward_macs, backward_macs;
};

/* Whether the list, of names with commas between, has the name; NULL has all. */
bool bench_listed(const char *list, const char *name);
/* Is this a party of the section throughput? */
bool bench_has_party(const char *name, size_t length);
/* Find the network's file, or have the peer export it, and write images for it. */
status subject_init(struct subject *subject, const struct settings *settings, const char *name,
                    struct error *error);
void subject_free(struct subject *subject);
/* A process of this program with the network loaded. */
status subject_worker(const struct subject *subject, const struct settings *settings, int threads,
                      struct child *child, struct error *error);
/* How many images take about `seconds` longer than the first `unit` do, a multiple of `unit`; so that what a
 * pass costs once (packing weights, criteria of the weights alone) does not stand for its speed. `request`
 * ("forward %" and so on) is tried with more and more; where the first alone take several times as long,
 * they are all. */
status images_for(struct child *child, const char *request, int64_t unit, double seconds, int64_t *images,
                  struct error *error);

/* Throughput beside the peer's, share of the measured peak, memory. */
void bench_throughput(const struct settings *settings, const struct subject *subject, struct report *report);
/* Each step of a scoring pass: time, share of the peak, bytes in that time. */
void bench_layers(const struct settings *settings, const struct subject *subject, struct report *report);
/* Steps of training, beside the peer's. */
void bench_training(const struct settings *settings, const struct subject *subject, struct report *report);
int64_t training_batch_size(const struct subject *subject); /* images of such a step */
/* As bench_layers, of steps of training. */
void bench_learning_layers(const struct settings *settings, const struct subject *subject,
                           struct report *report);
/* Criteria one by one and together, threads, numbers of images. */
void bench_scaling(const struct settings *settings, const struct subject *subject, struct report *report);
/* Each choice of the option `kernel` against double. */
void bench_accuracy(const struct settings *settings, const struct subject *subject, struct report *report);
/* Reading its file. */
void bench_load(const struct settings *settings, const struct subject *subject, struct report *report);
/* What a user waits for at the prompt: start, what-if, gamma, sensitivity. */
void bench_waiting(const struct settings *settings, const struct subject *subject, struct report *report);

#endif
