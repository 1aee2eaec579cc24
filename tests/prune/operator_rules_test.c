/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every operator means something to pruning: it has a row, or locks for a reason that is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "nn/operator/operator.h"
#include "prune/coupling.h"
#include "prune/operator_rules.h"
#include "prune/rescale.h"
#include "prune/surgery.h"
#include "support/attributes.h"
#include "support/coupling_maker.h"
#include "support/graph_maker.h"
#include "support/subject.h"

/* --- the table ------------------------------------------------------------------------------------------ */

static void every_operator_has_a_row(void **state)
{
    (void)state;
    int count = 0;
    for (const struct op *op; (op = operator_at(count)) != NULL; count++) {
        const struct operator_rule *rule = operator_rule_find(op);
        if (strcmp(rule->op, op->name) != 0)
            fail_msg("%s has no row in prune/operator_rules.c", op->name);
        if (rule->couple == NULL && rule->locks == NULL)
            fail_msg("%s locks, and its row does not say why", op->name);
    }
    for (int i = 0; i < count; i++)
        if (operator_rule_at(i) == NULL ||
            operator_rule_find(operator_find(operator_rule_at(i)->op)) != operator_rule_at(i))
            fail_msg("row %d belongs to no operator or is there twice", i);
    assert_null(operator_rule_at(count));
    assert_null(operator_rule_at(-1));
}

/* What flags say of an operator and what its row says go together. */
static void rows_fit_their_operators(void **state)
{
    (void)state;
    enum { WEIGHTS = OPERATOR_CONVOLUTION | OPERATOR_PRODUCT | OPERATOR_NORMALIZATION };
    enum { SCALED = WEIGHTS | OPERATOR_OWN_STATISTICS };
    for (int i = 0; operator_at(i) != NULL; i++) {
        const struct op *op = operator_at(i);
        const struct operator_rule *rule = operator_rule_find(op);
        bool alone = op->inputs_max == 1 || (op->flags & (OPERATOR_UNARY | OPERATOR_SHAPE_INPUTS | SCALED));
        bool either = op == operator_find("MatMul"); /* its second operand is a weight, or it is not */
        if (rule->couple != NULL && rule->several == alone && !either)
            fail_msg("%s: one operand has channels, or several do", op->name);
        if ((!(op->flags & SCALED) && !rule->adds && rule->mask != NULL) ||
            ((op->flags & WEIGHTS) && rule->mask == NULL) ||
            ((op->flags & WEIGHTS) && (rule->cut == NULL || rule->trained == 0 || rule->follow == NULL)))
            fail_msg("%s: weights that make channels are cut, masked, scaled and trained", op->name);
        if ((op->flags & OPERATOR_OWN_STATISTICS) &&
            (rule->cut == NULL || rule->trained == 0 || !rule->channel_vectors != (rule->mask == NULL)))
            fail_msg("%s: scale and shift are cut and trained, and masked where they are of channels",
                     op->name);
        if ((op->flags & OPERATOR_ELEMENTWISE) &&
            (rule->couple == NULL || !(op->flags & OPERATOR_UNARY) != (rule->cut != NULL)))
            fail_msg("%s: constants beside activations are cut", op->name);
        if ((op->flags & OPERATOR_ADDITION) && !rule->adds)
            fail_msg("%s: additions make residual streams", op->name);
        if (rule->couple == NULL && (rule->cut != NULL || rule->mask != NULL || rule->follow != NULL))
            fail_msg("%s: what locks is not cut", op->name);
    }
}

/* --- reasons -------------------------------------------------------------------------------------------- */

static void rows_that_lock_say_why(void **state)
{
    (void)state;
    const struct operator_rule *rule;
    for (int i = 0; (rule = operator_rule_at(i)) != NULL; i++) {
        const struct coupling coupling = {.rules = &rule};
        const struct lock lock = {.reason = LOCK_OPERATOR, .node = 0};
        assert_string_equal(lock_text(&coupling, &lock),
                            rule->locks != NULL ? rule->locks : lock_reason_text(LOCK_OPERATOR));
    }
}

static void computed_weights_lock(void **state)
{
    (void)state;
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    make_reals(g, "rows", DIMS(4, 4), 1);
    node2(g, "MatMul", "rows", "a", "c");
    expect(finish(g, "c", 2), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, the operator's weights are computed while the network runs "
           "(MatMul /c)\n");
}

/* An operator that the table does not know: Relu under another address. */
static struct graph *with_unknown(struct op *unknown)
{
    *unknown = *operator_find("Relu");
    unknown->name = "Unknown";
    struct graph *g = begin(4);
    conv(g, "x", "a", 3, 2);
    node1(g, "Relu", "a", "r");
    finish(g, "r", 2);
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i].op == operator_find("Relu"))
            g->nodes[i].op = unknown;
    return g;
}

static void unknown_operators_lock(void **state)
{
    (void)state;
    struct op unknown;
    expect(with_unknown(&unknown), "a0!; a1!; fc0!; fc1!", "a",
           "Channels of 1 layer: a\n"
           "  2 channels of a: locked, there is no rule for the operator (Unknown /r)\n");
    struct graph *result;
    struct error error = {0};
    struct subject b = subject_of(with_unknown(&unknown));
    assert_int_equal(rescale_apply(b.coupling, 0, 2, RESCALE_LAYER, &result, &error), STATUS_STATE);
    assert_string_equal(error.message, "layer a: Unknown /r does not pass a factor on");
    bool removed[4] = {true};
    assert_int_equal(surgery_apply(b.coupling, removed, &result, &error), STATUS_STATE);
    assert_string_equal(error.message, "a channel of layer a is locked: there is no rule for the operator");
    subject_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_has_a_row), cmocka_unit_test(rows_fit_their_operators),
        cmocka_unit_test(rows_that_lock_say_why),   cmocka_unit_test(computed_weights_lock),
        cmocka_unit_test(unknown_operators_lock),
    };
    return cmocka_run_group_tests_name("operator_rules", tests, NULL, NULL);
}
