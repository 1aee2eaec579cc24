/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "architecture/identify.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"

static bool same_classes(const struct fit *fit)
{
    return fit->verdict != FIT_NONE && fit->output.channels == fit->architecture->classes;
}

/* Is `a` a better fit than `b`, which came before? */
static bool is_better(const struct fit *a, const struct fit *b)
{
    if (!b || a->verdict != b->verdict)
        return !b || a->verdict > b->verdict;
    if (a->verdict == FIT_CHANNELS && a->narrower != b->narrower)
        return a->narrower;
    const int names = a->missing + a->unexpected, names_before = b->missing + b->unexpected;
    if (names != names_before)
        return names < names_before;
    return a->different != b->different ? a->different < b->different : same_classes(a) && !same_classes(b);
}

/* The best naming of one architecture. */
static status fit_best(struct architecture *architecture, struct checkpoint *checkpoint,
                       const int64_t input[2], struct fit **best, struct error *error)
{
    status code = STATUS_OK;
    *best = NULL;
    for (int i = 0; code == STATUS_OK && i < architecture->naming_count; i++) {
        struct fit *fit;
        code = fit_new(architecture, i, checkpoint, input, &fit, error);
        if (code != STATUS_OK)
            break;
        if (is_better(fit, *best)) {
            fit_free(*best);
            *best = fit;
        } else {
            fit_free(fit);
        }
    }
    if (code != STATUS_OK) {
        fit_free(*best);
        *best = NULL;
    }
    return code;
}

/* The others that fit as the best one does stand in front, but for those that compute the same. */
static void keep_others(struct identification *identification, const enum fit_verdict *verdicts,
                        const struct architecture_list *list)
{
    const struct fit *best = identification->fit;
    for (int i = 0; i < list->count; i++) {
        if (best->verdict != FIT_NONE && verdicts[i] == best->verdict &&
            strcmp(list->items[i]->digest, best->architecture->digest) != 0)
            identification->others[identification->other_count++] = list->items[i]->name;
    }
}

status architecture_identify(const struct architecture_list *list, struct checkpoint *checkpoint,
                             const int64_t input[2], struct identification *identification,
                             struct error *error)
{
    if (!list->count)
        return error_set(error, STATUS_STATE, "no network is known that the weights could belong to");
    enum fit_verdict *verdicts = mem_new((size_t)list->count, sizeof *verdicts);
    *identification = (struct identification){.others = mem_new((size_t)list->count, sizeof(char *))};
    status code = verdicts && identification->others ? STATUS_OK : error_memory(error);
    for (int i = 0; code == STATUS_OK && i < list->count; i++) {
        struct fit *fit = NULL;
        code = progress_check(error);
        if (code == STATUS_OK)
            code = fit_best(list->items[i], checkpoint, input, &fit, error);
        if (code != STATUS_OK)
            break;
        verdicts[i] = fit->verdict;
        bool better = is_better(fit, identification->fit);
        fit_free(better ? identification->fit : fit);
        if (better)
            identification->fit = fit;
    }
    if (code == STATUS_OK)
        keep_others(identification, verdicts, list);
    else
        identification_end(identification);
    mem_free(verdicts);
    return code;
}

void identification_end(struct identification *identification)
{
    fit_free(identification->fit);
    mem_free(identification->others);
    *identification = (struct identification){0};
}
