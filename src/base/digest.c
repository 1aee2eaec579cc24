/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 through Nettle, which uses the processor's own instructions for it where there are any: a large
 * model is hashed in the time it takes to parse it. */
#include "base/digest.h"

#include <string.h>
#include "base/thread.h"

enum { WORTH_A_THREAD = 1 << 20, PIECE = 1 << 20 };

void digest_begin(struct digest_state *state)
{
    sha256_init(&state->context);
}

void digest_add(struct digest_state *state, const void *data, size_t size)
{
    sha256_update(&state->context, size, data);
}

void digest_end(struct digest_state *state, char out[DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_digest(&state->context, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * sizeof bytes] = '\0';
}

void digest_bytes(const void *data, size_t size, char out[DIGEST_SIZE])
{
    struct digest_state state;
    digest_begin(&state);
    digest_add(&state, data, size);
    digest_end(&state, out);
}

static void *job_main(void *argument)
{
    struct digest_job *job = argument;
    struct digest_state state;
    digest_begin(&state);
    for (size_t at = 0; at < job->size && !progress_cancelled(job->progress);) {
        size_t piece = job->size - at < PIECE ? job->size - at : PIECE;
        digest_add(&state, (const unsigned char *)job->data + at, piece);
        at += piece;
    }
    digest_end(&state, job->digest);
    return NULL;
}

void digest_start(struct digest_job *job, const void *data, size_t size)
{
    *job = (struct digest_job){.data = data, .size = size, .progress = progress_current()};
    job->running = size >= WORTH_A_THREAD && thread_start(&job->thread, job_main, job) == 0;
}

void digest_finish(struct digest_job *job, char out[DIGEST_SIZE])
{
    if (job->running)
        pthread_join(job->thread, NULL);
    else
        job_main(job);
    job->running = false;
    memcpy(out, job->digest, DIGEST_SIZE);
}
