/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Group scores in a session, on the network of tests/prune/make_group_reference.py: what is shown, selected,
 * kept in files, and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "support/csv_read.h"
#include "support/session_lines.h"

static char folder[] = "/tmp/ippro-group-XXXXXX";

static const char *data_file(const char *name)
{
    static char path[1024];
    const char *source = getenv("SRCDIR");
    snprintf(path, sizeof path, "%s/tests/prune/data/%s", source ? source : ".", name);
    return path;
}

static void run(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void run(struct session *session, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    run_line(session, line);
}

static struct session *start(void)
{
    char line[1200];
    snprintf(line, sizeof line, "load \"%s\"", data_file("group.onnx"));
    return new_session(line);
}

static void refused(struct session *session, status code, const char *message, const char *line)
{
    struct reply reply = {0};
    struct error error = {0};
    const int position = session->history.position;
    status got = run_with(session, line, &reply, NULL, &error);
    if (got != code || strcmp(error.message, message) != 0)
        fail_msg("%s: got %d '%s'", line, (int)got, error.message);
    assert_int_equal(session->history.position, position);
    reply_free(&reply);
}

static void read_table(const char *path, struct csv_table *table)
{
    struct error error = {0};
    unsigned char *data;
    size_t size;
    if (file_read(path, (size_t)1 << 20, &data, &size, &error) != STATUS_OK ||
        csv_read(path, data, size, table, &error) != STATUS_OK)
        fail_msg("%s", error.message);
    mem_free(data);
}

/* Row of the reference for a criterion, root and channel; its score. */
static double expected_score(const struct csv_table *table, const char *criterion, const char *root,
                             const char *channel)
{
    double score;
    for (size_t row = 1; row < table->row_count; row++) {
        char **fields = table->fields + table->starts[row];
        if (strcmp(fields[0], criterion) == 0 && strcmp(fields[1], root) == 0 &&
            strcmp(fields[2], channel) == 0 && text_to_double(fields[3], &score))
            return score;
    }
    fail_msg("no %s of channel %s of %s", criterion, channel, root);
    return 0;
}

static void ranks_are_shown(void **state)
{
    (void)state;
    struct session *session = start();
    struct csv_table reference, shown;
    char path[100];
    snprintf(path, sizeof path, "%s/rank.csv", folder);
    run(session, "score l2");
    run(session, "rank down criterion=l2 unit=group compat=torch-pruning at=0.3 > %s", path);
    read_table(data_file("group.csv"), &reference);
    read_table(path, &shown);
    assert_int_equal(shown.row_count, 9);
    double before = 0;
    for (size_t row = 1; row < shown.row_count; row++) {
        char **fields = shown.fields + shown.starts[row];
        double score = 0;
        assert_true(text_to_double(fields[2], &score) && score > before);
        const double expected = expected_score(&reference, "magnitude-p2-mean-mean", "down", fields[1]);
        assert_true(score - expected < 1e-5 * expected && expected - score < 1e-5 * expected);
        assert_string_equal(fields[3], row <= 3 ? "pruned" : "kept");
        before = score;
    }
    csv_table_free(&reference);
    csv_table_free(&shown);
    session_free(session);
}

static void members_are_listed(void **state)
{
    (void)state;
    struct session *session = start();
    struct csv_table shown;
    struct text text = {0};
    char path[100];
    snprintf(path, sizeof path, "%s/members.csv", folder);
    run(session, "group second show=members compat=torch-pruning > %s", path);
    read_table(path, &shown);
    for (size_t row = 1; row < shown.row_count; row++) {
        char **fields = shown.fields + shown.starts[row];
        text_add_format(&text, "%s %s %s;", fields[0], fields[1], fields[2]);
    }
    assert_string_equal(text_data(&text), "down filter 8;second filter 8;bn5 scale 8;bn4 scale 8;bn3 scale 8;"
                                          "fc1 column 32;");
    text_free(&text);
    csv_table_free(&shown);
    session_free(session);
}

/* What a compat says is selected; it is in the words of the selection, and session files bring it back. */
static void selections_follow(void **state)
{
    (void)state;
    struct session *session = start();
    char first[DIGEST_SIZE];
    run(session, "data shapes images=60; set samples 40; score taylor:weight taylor:weight-squares");
    run(session, "prune taylor:weight 0.3 compat=torch-pruning combine=max");
    assert_non_null(strstr(session->state.pruning->how, ", as torch-pruning, combine max, scored on"));
    memcpy(first, session->state.pruning->network, sizeof first);
    run(session, "prune taylor:weight 0.3");
    assert_null(strstr(session->state.pruning->how, "torch-pruning"));
    run(session, "undo");
    assert_string_equal(session->state.pruning->network, first);
    run(session, "session save %s/group.session", folder);
    struct session *other = new_session("");
    run(other, "session open %s/group.session", folder);
    assert_string_equal(other->state.pruning->network, first);
    assert_int_equal(other->state.pruning->rule.grouping.compat, COMPAT_TORCH_PRUNING);
    session_free(other);
    run(session, "prune taylor:weight-squares 0.3 compat=nni");
    assert_int_equal(session->state.pruning->rule.grouping.combine, COMBINE_SUM);
    run(session, "diff taylor:weight; curve taylor:weight ratios=0.2,0.4 samples=20 members=all");
    session_free(session);
}

static void recipes_say_it(void **state)
{
    (void)state;
    struct session *session = start();
    char path[100];
    snprintf(path, sizeof path, "%s/group.recipe", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("inner 0.3\ncriterion l2\ncompat torch-pruning\nnormaliser max\n", file) >= 0);
    fclose(file);
    run(session, "recipe %s; prune", path);
    const struct group_rule *rule = &session->state.pruning->rule.grouping;
    assert_int_equal(rule->compat, COMPAT_TORCH_PRUNING);
    assert_int_equal(rule->members, MEMBERS_ALL);
    assert_int_equal(rule->normaliser, NORMALISE_MAX);
    run(session, "prune members=makers"); /* what is given wins */
    assert_int_equal(session->state.pruning->rule.grouping.compat, COMPAT_TORCH_PRUNING);
    assert_int_equal(session->state.pruning->rule.grouping.members, MEMBERS_MAKERS);
    session_free(session);
}

static void bad_input(void **state)
{
    (void)state;
    struct session *session = start();
    run(session, "data shapes images=60; set samples 20; score bn taylor:weight-sum");
    refused(session, STATUS_RANGE, "prune: compat: 'keras' is not paper, torch-pruning or nni",
            "prune l1 0.3 compat=keras");
    refused(session, STATUS_RANGE,
            "prune: combine: 'median' is not mean, sum, max, min or first: did you mean 'mean'?",
            "prune l1 0.3 combine=median");
    refused(session, STATUS_STATE, "rank: nothing that goes with the channels of layer fc1 has a bn score",
            "rank fc1 criterion=bn unit=group");
    refused(session, STATUS_STATE, "rank: layer 'fc2' makes the network's outputs and has no scores",
            "rank fc2 criterion=bn unit=group");
    refused(session, STATUS_STATE,
            "prune: conv1: column scores need weight gradients, which no pass has computed: "
            "'score taylor:weight' does",
            "prune taylor:weight-sum 0.3 members=all");
    assert_null(session->state.pruning->how);
    session_free(session);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char line[100];
    snprintf(line, sizeof line, "rm -rf '%s'", folder);
    return system(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_are_shown),   cmocka_unit_test(members_are_listed),
        cmocka_unit_test(selections_follow), cmocka_unit_test(recipes_say_it),
        cmocka_unit_test(bad_input),
    };
    return cmocka_run_group_tests_name("group_session", tests, make_folder, remove_folder);
}
