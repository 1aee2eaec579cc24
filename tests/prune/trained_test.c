/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trained networks with option-A shortcuts, where their files are at hand: every class pruned, streams
 * included. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/memory.h"
#include "onnx/onnx.h"
#include "nn/engine/engine.h"
#include "nn/simplify/simplify.h"
#include "prune/cost.h"
#include "prune/selection.h"
#include "prune/surgery.h"
#include "support/skip.h"
#include "support/subject.h"

static void check(status code, const struct error *error)
{
    if (code != STATUS_OK)
        fail_msg("%s", error->message);
}

/* All classes by their weights, streams included. */
static void select_by_weights(struct subject *s, double ratio)
{
    struct error error = {0};
    struct scores *scores;
    struct selection selection;
    struct criterion_options criterion = criterion_defaults();
    struct select_options options = {.rounding = ROUND_FLOOR, .round_to = 1, .minimum = 1, .cap = 1};
    double *class_score = mem_new((size_t)s->coupling->class_count, sizeof *class_score);
    double *ratios = mem_new((size_t)s->coupling->block_count, sizeof *ratios);
    assert_true(class_score != NULL && ratios != NULL);
    check(scores_compute(s->graph, s->layers, criterion_find("l1"), &criterion, NULL, NULL, &scores, &error),
          &error);
    check(class_scores(s->coupling, scores, COMBINE_MEAN, class_score, &error), &error);
    for (int i = 0; i < s->coupling->block_count; i++)
        ratios[i] = s->coupling->blocks[i].locked ? 0 : ratio;
    check(select_by_ratio(s->coupling, class_score, ratios, &options, &selection, &error), &error);
    memcpy(s->removed, selection.removed, (size_t)s->coupling->class_count * sizeof *s->removed);
    selection_free(&selection);
    scores_free(scores);
    mem_free(class_score);
    mem_free(ratios);
}

static void compare_trained(struct subject *s, double ratio)
{
    enum { LOGITS = 2 * 10 };
    struct error error = {0};
    struct graph *small, *masked;
    float removed[LOGITS], hidden[LOGITS], most = 0;
    select_by_weights(s, ratio);
    check(surgery_apply(s->coupling, s->removed, &small, &error), &error);
    check(mask_apply(s->coupling, s->removed, &masked, &error), &error);
    outputs_of(small, removed, LOGITS);
    outputs_of(masked, hidden, LOGITS);
    for (int i = 0; i < LOGITS; i++) {
        most = fmaxf(most, fabsf(hidden[i]));
        assert_true(fabsf(removed[i] - hidden[i]) <= 1e-4f);
    }
    assert_true(most > 0.5f);
    struct cost what_if, left;
    check(cost_compute(s->coupling, s->removed, COST_MACS, &what_if, &error), &error);
    struct subject after = subject_of(small);
    check(cost_compute(after.coupling, NULL, COST_MACS, &left, &error), &error);
    assert_true(what_if.macs == left.macs && what_if.parameters == left.parameters);
    cost_free(&what_if);
    cost_free(&left);
    subject_free(&after);
    graph_free(masked);
}

static void trained_networks_with_option_a(void **state)
{
    (void)state;
    static const char *const files[] = {"data/models/resnet20_bn.onnx", "data/models/resnet56_bn.onnx",
                                        "data/models/resnet20_folded.onnx"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct error error = {0};
        struct graph *read, *graph;
        const char *path = need_shared(files[i]);
        check(onnx_read(path, &read, &error), &error);
        check(graph_simplify(read, &graph, &error), &error);
        struct subject s = subject_of(graph);
        compare_trained(&s, 0.3);
        compare_trained(&s, 0.5);
        subject_free(&s);
        graph_free(read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trained_networks_with_option_a),
    };
    return cmocka_run_group_tests_name("trained", tests, NULL, NULL);
}
