/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The choice among the instruction sets that the kernels were compiled for. */
#include "config.h"
#include "nn/blocked/blocked.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "nn/blocked/isa.h"

#ifdef HAVE_X86_KERNELS
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

static bool always(void)
{
    return true;
}

/* Best first. */
static const struct {
    bool (*available)(void);
    const struct blocked_kernels *kernels;
} isas[] = {
#ifdef HAVE_X86_KERNELS
    {has_avx512, &blocked_kernels_avx512},
    {has_avx2, &blocked_kernels_avx2},
#endif
    {always, &blocked_kernels_baseline},
};

enum { ISAS = sizeof(isas) / sizeof *isas };

const struct blocked_kernels *blocked_kernels_at(int index)
{
#ifdef HAVE_X86_KERNELS
    __builtin_cpu_init();
#endif
    for (int i = 0; i < ISAS; i++)
        if (isas[i].available() && index-- == 0)
            return isas[i].kernels;
    return NULL;
}

static const struct blocked_kernels *chosen;

static void choose(void)
{
    const char *name = getenv("IPPRO_CPU");
    chosen = blocked_kernels_at(0);
    for (int i = 1; name && strcmp(chosen->name, name) != 0; i++) {
        const struct blocked_kernels *other = blocked_kernels_at(i);
        if (!other) {
            chosen = blocked_kernels_at(0);
            break;
        }
        chosen = other;
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

const struct blocked_kernels *blocked_kernels(void)
{
    pthread_once(&once, choose);
    return chosen;
}

void blocked_kernels_choose(const struct blocked_kernels *kernels)
{
    pthread_once(&once, choose);
    chosen = kernels;
}

const struct blocked_family *blocked_family_find(const struct blocked_kernels *kernels, const char *name)
{
    for (const struct blocked_family *const *family = kernels->families; *family; family++)
        if (strcmp((*family)->name, name) == 0)
            return *family;
    return NULL;
}

struct blocked_convolution blocked_transposed(const struct blocked_convolution *forward)
{
    struct blocked_convolution turned = *forward;
    turned.in_channels = forward->out_channels;
    turned.out_channels = forward->in_channels;
    turned.in_height = forward->out_height;
    turned.in_width = forward->out_width;
    turned.out_height = forward->in_height;
    turned.out_width = forward->in_width;
    turned.pad_top = forward->dilation_height * (forward->kernel_height - 1) - forward->pad_top;
    turned.pad_left = forward->dilation_width * (forward->kernel_width - 1) - forward->pad_left;
    turned.transposed = true;
    return turned;
}

struct blocked_convolution blocked_slice(const struct blocked_convolution *grouped)
{
    struct blocked_convolution slice = *grouped;
    const int in = grouped->in_channels / grouped->groups, out = grouped->out_channels / grouped->groups;
    int together = 1;
    while (together < grouped->groups &&
           (together * in % LANES != 0 || together * out % LANES != 0 || grouped->groups % together != 0))
        together++;
    slice.images = 1;
    slice.groups = 1;
    slice.in_channels = together * in;
    slice.out_channels = together * out;
    return slice;
}
