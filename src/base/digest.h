/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 digests, which name networks and data: of bytes at hand, of bytes that come piece by piece, and of
 * bytes that something else goes on reading meanwhile. */
#ifndef IPPRO_BASE_DIGEST_H
#define IPPRO_BASE_DIGEST_H

#include <nettle/sha2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/progress.h"

#define DIGEST_SIZE 65 /* 64 lower-case hex digits */

void digest_bytes(const void *data, size_t size, char out[DIGEST_SIZE]);

struct digest_state {
    struct sha256_ctx context;
};
void digest_begin(struct digest_state *state);
void digest_add(struct digest_state *state, const void *data, size_t size);
void digest_end(struct digest_state *state, char out[DIGEST_SIZE]);

/* A digest computed on a thread of its own. Between digest_start and digest_finish the job stays where it is
 * and the bytes, borrowed, stay as they are. */
struct digest_job {
    const void *data;
    size_t size;
    const struct progress
        *progress; /* of the thread that starts it: where that is cancelled, the digest is none */
    char digest[DIGEST_SIZE];
    pthread_t thread;
    bool running;
};
/* Cannot fail: where a thread cannot be had or is not worth its start, digest_finish does the work. */
void digest_start(struct digest_job *job, const void *data, size_t size);
void digest_finish(struct digest_job *job, char out[DIGEST_SIZE]);

#endif
