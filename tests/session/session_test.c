/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands on the example network: what they do, what they refuse, and that a refusal leaves no trace. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/npy.h"
#include "session/language/command.h"
#include "session/language/help.h"
#include "session/pruning.h"
#include "session/ratio.h"
#include "session/reply.h"
#include "session/words/brought.h"
#include "support/session_lines.h"
#include "support/skip.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char folder[] = "/tmp/ippro-session-XXXXXX";

/* --- running -------------------------------------------------------------------------------------------- */

/* The first figure that a line shows. */
static struct figure *figure_of(struct session *session, const char *line, struct reply *reply)
{
    struct error error = {0};
    *reply = (struct reply){0};
    if (run_with(session, line, reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->items[i].figure)
            return reply->items[i].figure;
    }
    fail_msg("%s: no figure", line);
    return NULL;
}

/* --- what a session is, for comparing ------------------------------------------------------------------- */

struct fingerprint {
    const void *model, *dataset, *theme, *statistics, *records;
    struct score_entry entries[CHOICES_MAX];
    int count;
    struct options options;
    double sum; /* of all scores: the arrays themselves are as they were */
};

static void take(const struct session *session, struct fingerprint *print)
{
    memset(print, 0, sizeof *print);
    print->model = session->state.model;
    print->dataset = session->state.dataset;
    print->theme = session->state.theme;
    print->statistics = board_statistics(session->state.board);
    print->records = (session->state.board->pass ? session->state.board->pass->sample.records : NULL);
    print->count = session->state.board->count;
    memcpy(&print->options, session->state.options, sizeof print->options);
    for (int i = 0; i < session->state.board->count; i++) {
        const struct score_entry *entry = &session->state.board->entries[i];
        print->entries[i].scores = entry->scores;
        print->entries[i].needs = entry->needs;
        strcpy(print->entries[i].choice.label, entry->choice.label);
        for (int k = 0; k < session->state.model->layers->count; k++) {
            for (int64_t c = 0;
                 entry->scores->layer[k] && c < session->state.model->layers->items[k].channels; c++)
                print->sum += entry->scores->layer[k][c];
        }
    }
}

static void assert_unchanged(const struct session *session, const struct fingerprint *before,
                             const char *line)
{
    struct fingerprint now;
    take(session, &now);
    if (memcmp(&now, before, sizeof now) != 0)
        fail_msg("'%s' failed and changed the session", line);
}

/* --- tests ---------------------------------------------------------------------------------------------- */

static void test_nothing_loaded(void **state)
{
    (void)state;
    struct session *session;
    struct error error = {0};
    struct reply reply = {0};
    assert_int_equal(session_new(&session, &error), STATUS_OK);
    run_line(session, "info; help; set; theme; apropos seed");
    assert_int_equal(run_with(session, "score all", &reply, NULL, &error), STATUS_STATE);
    assert_string_equal(error.message, "score: no model is loaded: 'load MODEL' or 'load example' loads one");
    run_line(session, "load example");
    assert_int_equal(run_with(session, "score all", &reply, NULL, &error), STATUS_STATE);
    assert_non_null(strstr(error.message, "score: these criteria need gradients, and no data set is open"));
    assert_int_equal(run_with(session, "eval", &reply, NULL, &error), STATUS_STATE);
    assert_int_equal(run_with(session, "corr", &reply, NULL, &error), STATUS_STATE);
    assert_string_equal(error.message, "corr: nothing is scored yet: 'score all' scores");
    run_line(session, "score l1,geomedian; corr; hist *");
    assert_null(board_statistics(session->state.board));
    reply_free(&reply);
    session_free(session);
}

/* Which commands make a pass, and which are served by the last one. */
static void test_passes(void **state)
{
    (void)state;
    struct session *session =
        new_session("load example; data shapes images=200; score all samples=20 order=first");
    const struct score_statistics *statistics = board_statistics(session->state.board);
    const struct scores *l1 = session_entry(session, "l1")->scores,
                        *taylor = session_entry(session, "taylor")->scores;
    assert_int_equal(session->state.board->count, 4);
    assert_int_equal(session->state.board->pass->sample.count, 20);
    assert_int_equal(statistics->images, 20);
    /* Weights only, and gradients that are there: no pass. Options that were given stay. */
    run_line(session, "score l2,bn,random; score taylor:gate-abs proscore:1 proscore:inf");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    assert_ptr_equal(session_entry(session, "l1")->scores, l1);
    assert_ptr_equal(session_entry(session, "taylor")->scores, taylor);
    assert_int_equal(session->state.board->count, 10);
    assert_string_equal(option_text(session->state.options, OPTION_SAMPLES), "20");
    /* Gamma: new scores from the same statistics, for those that it touches. */
    double before = session_entry(session, "proscore")->scores->layer[0][0];
    const struct scores *fixed = session_entry(session, "proscore:1")->scores;
    run_line(session, "set gamma 1");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    assert_true(session_entry(session, "proscore")->scores->layer[0][0] != before);
    assert_true(session_entry(session, "proscore")->scores->layer[0][0] == fixed->layer[0][0]);
    assert_ptr_equal(session_entry(session, "proscore:1")->scores, fixed);
    assert_ptr_equal(session_entry(session, "l1")->scores, l1);
    /* A variant that needs weight gradients: a pass; everything moves along. */
    run_line(session, "score taylor:weight");
    assert_ptr_not_equal(board_statistics(session->state.board), statistics);
    assert_true(board_statistics(session->state.board)->needs & NEED_WEIGHT_GRADIENTS);
    assert_ptr_equal(session_entry(session, "l1")->scores, l1);
    /* Another sample: a pass. The same again: none. */
    statistics = board_statistics(session->state.board);
    run_line(session, "score taylor samples=30");
    assert_ptr_not_equal(board_statistics(session->state.board), statistics);
    assert_int_equal(board_statistics(session->state.board)->images, 30);
    statistics = board_statistics(session->state.board);
    run_line(session, "score taylor samples=30; score all");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    /* An option that the statistics cannot serve drops the scores, and says so. */
    struct reply reply = {0};
    struct error error = {0};
    assert_int_equal(run_with(session, "set taylor=gate-batch batch=7", &reply, NULL, &error), STATUS_OK);
    assert_null(session_entry(session, "taylor"));
    assert_int_equal(reply.count, 3);
    assert_string_equal(reply.items[0].text, "taylor gate-batch, was gate; batch 7, was 64");
    assert_non_null(strstr(reply.items[1].text, "computed anew: "));
    assert_non_null(strstr(reply.items[2].text, "dropped, for want of another pass: taylor"));
    reply_free(&reply);
    /* With new data scores stay those of the old; scoring goes on to the new; going back is no new pass. */
    statistics = board_statistics(session->state.board);
    const struct scores *old = session_entry(session, "proscore")->scores;
    run_line(session, "data shapes images=100 split=test");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    assert_ptr_equal(session_entry(session, "proscore")->scores, old);
    assert_string_equal(session->state.board->pass->dataset->split, "train");
    run_line(session, "score l2");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    run_line(session, "score proscore");
    assert_ptr_not_equal(board_statistics(session->state.board), statistics);
    assert_string_equal(session->state.board->pass->dataset->split, "test");
    assert_ptr_equal(session_entry(session, "l1")->scores, l1);
    run_line(session, "data shapes images=200; score proscore");
    assert_ptr_equal(board_statistics(session->state.board), statistics);
    /* New models drop all. */
    run_line(session, "load example");
    assert_int_equal(session->state.board->count, 0);
    session_free(session);
}

/* An option that changes makes exactly those scores anew whose criterion names it, unless the label fixes it.
 */
static void test_stale(void **state)
{
    (void)state;
    static const struct {
        enum option_id id;
        unsigned bit;
    } options[] = {
#define OPTION_CASE(code, type, member, initial) {OPTION_##code, CRITERION_##code},
        CRITERION_OPTION_LIST(OPTION_CASE)
#undef OPTION_CASE
    };
    struct session *session =
        new_session("load example; data shapes images=100; score every,taylor:weight samples=16");
    for (size_t i = 0; i < COUNT(options); i++) {
        const struct parameter *parameter = &option_at((int)options[i].id)->parameter;
        const char *other = !parameter->choice ? "7" : parameter->choice(parameter->choice(2) ? 2 : 1);
        if (options[i].id == OPTION_JACOBIAN)
            run_line(session, "set batch 64"); /* that of the pass, which jacobian=batch looks at */
        const struct criterion_options before = options_criterion(session->state.options);
        struct board *old = board_retain(session->state.board);
        char line[100];
        snprintf(line, sizeof line, "set %s %s", parameter->name, other);
        run_line(session, line);
        const struct criterion_options after = options_criterion(session->state.options);
        assert_false(criterion_options_equal(&before, &after, options[i].bit));
        assert_true(criterion_options_equal(&before, &after, ~options[i].bit));
        assert_int_equal(session->state.board->count, old->count);
        for (int k = 0; k < old->count; k++) {
            const struct score_entry *entry = &session->state.board->entries[k];
            const bool stale = entry->choice.criterion->options & ~entry->choice.fixes & options[i].bit;
            if ((entry->scores != old->entries[k].scores) != stale)
                fail_msg("%s: %s is %s", line, entry->choice.label, stale ? "as it was" : "made anew");
        }
        board_free(old);
    }
    session_free(session);
}

/* The numbers do not depend on the way to them. */
static void test_same_numbers(void **state)
{
    (void)state;
    struct session *one =
        new_session("load example; data shapes images=100; score every samples=16 order=first gamma=2");
    struct session *two = new_session("data shapes images=100; set threads=2; load example; score random;"
                                      "score proscore samples=16 order=first; score every; set gamma 2");
    assert_int_equal(one->state.board->count, two->state.board->count);
    for (int i = 0; i < one->state.board->count; i++) {
        assert_string_equal(one->state.board->entries[i].choice.label,
                            two->state.board->entries[i].choice.label);
        for (int k = 0; k < one->state.model->layers->count; k++) {
            if (one->state.board->entries[i].scores->layer[k])
                assert_memory_equal(one->state.board->entries[i].scores->layer[k],
                                    two->state.board->entries[i].scores->layer[k],
                                    (size_t)one->state.model->layers->items[k].channels * sizeof(double));
        }
    }
    session_free(one);
    session_free(two);
}

static const char *fact(const struct figure *figure, const char *key)
{
    for (int i = 0; i < figure->fact_count; i++) {
        if (strcmp(figure->facts[i].key, key) == 0)
            return figure_fact_value(&figure->facts[i]);
    }
    return NULL;
}

static void test_figures(void **state)
{
    (void)state;
    struct session *session =
        new_session("load example; data shapes images=100; score all samples=20 seed=3");
    struct reply reply;
    struct figure *figure = figure_of(session, "corr", &reply);
    assert_int_equal(figure->kind, FIGURE_MATRIX);
    assert_int_equal(figure->matrix.rows, 4);
    assert_string_equal(fact(figure, "model"), "example");
    assert_int_equal(strlen(fact(figure, "model_hash")), 64);
    assert_int_equal(strlen(fact(figure, "data_hash")), 64);
    assert_string_equal(fact(figure, "sample"), "20 of 100");
    assert_string_equal(fact(figure, "seed"), "3");
    assert_string_equal(fact(figure, "gamma"), "0.01");
    assert_string_equal(fact(figure, "precision"), "float");
    assert_string_equal(fact(figure, "method"), "spearman");
    for (int i = 0; i < 4; i++) {
        assert_true(figure->matrix.values[i * 5] == 1);
        for (int k = 0; k < 4; k++)
            assert_true(figure->matrix.values[i * 4 + k] == figure->matrix.values[k * 4 + i]);
    }
    reply_free(&reply);
    figure = figure_of(session, "overlap l1,l1,taylor at=0.5 by=pooled", &reply);
    assert_int_equal(figure->matrix.rows, 2);
    assert_true(figure->matrix.values[1] > 0 && figure->matrix.values[1] < 1);
    assert_string_equal(fact(figure, "ratio"), "0.5");
    reply_free(&reply);
    /* Options given to a command that only looks do not stay. */
    assert_string_equal(option_text(session->state.options, OPTION_RATIO), "0.4");
    figure = figure_of(session, "hist conv1 criterion=l1 bins=7 at=0.25", &reply);
    assert_int_equal(figure->histogram.bins, 7);
    assert_int_equal(figure->histogram.series, 1);
    int64_t total = 0, below = 0;
    const double *scores = session_entry(session, "l1")->scores->layer[0];
    for (int i = 0; i < 7; i++)
        total += figure->histogram.counts[i];
    for (int i = 0; i < 16; i++)
        below += scores[i] < figure->histogram.threshold[0];
    assert_int_equal(total, 16);
    assert_int_equal(below, 4);
    reply_free(&reply);
    figure = figure_of(session, "hist * scale=standard", &reply);
    assert_int_equal(figure->histogram.series, 4);
    assert_int_equal(reply.count, 1);
    reply_free(&reply);
    figure = figure_of(session, "rank conv1 criterion=l1", &reply);
    assert_int_equal(figure->table.rows, 16);
    for (int i = 1; i < 16; i++)
        assert_true(figure->table.cells[i * figure->table.columns + 2].number >=
                    figure->table.cells[(i - 1) * figure->table.columns + 2].number);
    reply_free(&reply);
    session_free(session);
}

static void test_files(void **state)
{
    (void)state;
    struct session *session = new_session("load example; score l1,l2");
    static const char *const extensions[] = {"csv", "json", "txt", "png"};
    for (size_t i = 0; i < COUNT(extensions); i++) {
        char line[200], path[100];
        struct stat info;
        snprintf(path, sizeof path, "%s/corr.%s", folder, extensions[i]);
        snprintf(line, sizeof line, "corr > %s", path);
        run_line(session, line);
        assert_int_equal(stat(path, &info), 0);
        assert_true(info.st_size > 50);
        unlink(path);
    }
    session_free(session);
}

/* --- refusals ------------------------------------------------------------------------------------------- */

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
        status code;
    } cases[] = {
        {"scor all", "no command 'scor': did you mean 'score'?", STATUS_USAGE},
        {"sc all", "no command 'sc'", STATUS_USAGE},
        {"score", "score: CRITERIA is missing: the form is 'score CRITERIA... [> FILE]'", STATUS_USAGE},
        {"score l9", "score: no criterion 'l9': did you mean 'l1'?", STATUS_NOT_FOUND},
        {"score all sampels=3", "score: no parameter 'sampels': did you mean 'samples'?", STATUS_USAGE},
        {"score all samples=999999", "score: 999999 images asked for", STATUS_RANGE},
        {"score all samples=0", "score: samples: '0' is not", STATUS_RANGE},
        {"score all gamma=0", "score: gamma: '0' is not a number over 0, or inf", STATUS_RANGE},
        {"score all gamma=1 gamma=2", "score: 'gamma' is given twice", STATUS_USAGE},
        {"hist", "hist: LAYER|GLOB is missing", STATUS_USAGE},
        {"hist layer3.8.conv3", "hist: no layer 'layer3.8.conv3': nearest is 'layer3.", STATUS_NOT_FOUND},
        {"hist zzz*", "hist: no layer matches 'zzz*'", STATUS_NOT_FOUND},
        {"hist linear", "hist: 'linear' is an output layer", STATUS_NOT_FOUND},
        {"hist conv1 bins=0", "hist: bins: '0' is not a whole number from 1 to 200, or auto", STATUS_RANGE},
        {"hist conv1 criterion=l2", "hist: l2 is not scored yet: 'score l2' scores it", STATUS_STATE},
        {"hist conv1 criterion=", "hist: ", STATUS_USAGE},
        {"corr l1", "corr: two criteria are needed", STATUS_STATE},
        {"corr x=1", "corr: no parameter 'x'", STATUS_USAGE},
        {"layer conv9", "layer: no layer 'conv9': nearest is 'conv1'", STATUS_NOT_FOUND},
        {"layer", "layer: LAYER is missing: the form is 'layer LAYER [> FILE]'", STATUS_USAGE},
        {"layer conv1 conv1", "layer: unexpected 'conv1'", STATUS_USAGE},
        {"rank linear", "rank: layer 'linear' makes the network's outputs", STATUS_STATE},
        {"filter conv1", "filter: 'conv1' names no filter", STATUS_USAGE},
        {"filter conv1:16", "filter: layer 'conv1' has no channel 16: its channels are 0 to 15",
         STATUS_RANGE},
        {"filter conv1:-1", "filter: layer 'conv1' has no channel -1", STATUS_RANGE},
        {"filter convX:0", "filter: no layer 'convX': nearest is 'conv1'", STATUS_NOT_FOUND},
        {"set gama 1", "set: no option 'gama': did you mean 'gamma'?", STATUS_NOT_FOUND},
        {"set gamma x", "set: gamma: 'x' is not a number over 0, or inf", STATUS_RANGE},
        {"set ratio 1.01", "set: ratio: '1.01' is not a number from 0 to 1", STATUS_RANGE},
        {"set theme nosuch", "set: ", STATUS_NOT_FOUND},
        {"set seed=2 gamma=-1", "set: gamma", STATUS_RANGE},
        {"load", "load: MODEL is missing", STATUS_USAGE},
        {"load /nonexistent/x.onnx", "load: /nonexistent/x.onnx: ", STATUS_FILE},
        {"load /tmp", "load: /tmp: ", STATUS_FILE},
        {"data mnist x", "data: no data set kind 'mnist'", STATUS_NOT_FOUND},
        {"data cifar10", "data: cifar10 needs the PATH", STATUS_USAGE},
        {"data cifar10 /nonexistent", "data: /nonexistent", STATUS_FILE},
        {"data shapes split=both", "data: ", STATUS_USAGE},
        {"data shapes normalize=rainbow", "data: normalize: ", STATUS_RANGE},
        {"data shapes images=0", "data: images: '0' is not", STATUS_RANGE},
        {"corr > x.gif", "corr: cannot write 'x.gif': the name must end in .csv", STATUS_USAGE},
        {"corr > /nonexistent/x.csv", "corr: /nonexistent/x.csv: ", STATUS_FILE},
        {"score l2 > /nonexistent/x.csv", "score: /nonexistent/x.csv: ", STATUS_FILE},
        {"help > x.txt", "help: shows no figure that could go to 'x.txt'", STATUS_USAGE},
        {"help nosuch", "help: no help on 'nosuch'", STATUS_NOT_FOUND},
        {"eval samples=101", "eval: 101 images asked for", STATUS_RANGE},
        {"layers \x1b[2J", "layers: no layer matches '\\x1b[2J'", STATUS_NOT_FOUND},
    };
    struct session *session =
        new_session("load example; data shapes images=100; score all samples=20 order=first");
    struct fingerprint before;
    take(session, &before);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reply reply = {0};
        struct error error = {0};
        status code = run_with(session, cases[i].line, &reply, NULL, &error);
        if (code != cases[i].code || strncmp(error.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s: got %d '%s'", cases[i].line, (int)code, error.message);
        assert_int_equal(reply.count, 0);
        assert_null(strpbrk(error.message, "\n\x1b"));
        reply_free(&reply);
        assert_unchanged(session, &before, cases[i].line);
    }
    session_free(session);
}

static void cancel_at_once(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    (void)what;
    (void)unit;
    (void)total;
    if (done > 0)
        progress_cancel(argument);
}

static void test_cancel(void **state)
{
    (void)state;
    struct session *session = new_session("load example; data shapes images=500; score l1");
    struct fingerprint before;
    take(session, &before);
    static const char *const lines[] = {"score all samples=400", "eval"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct progress progress = {.report = cancel_at_once};
        progress.argument = &progress;
        struct reply reply = {0};
        struct error error = {0};
        assert_int_equal(run_with(session, lines[i], &reply, &progress, &error), STATUS_CANCELLED);
        assert_unchanged(session, &before, lines[i]);
        reply_free(&reply);
    }
    session_free(session);
}

static void cancel_at_end(void *argument, const char *what, const char *unit, int64_t done, int64_t total)
{
    (void)what;
    (void)unit;
    if (done == total)
        progress_cancel(argument);
}

/* When the pass has ended, what is made of its outputs can be cancelled too. */
static void test_cancel_behind_pass(void **state)
{
    (void)state;
    static const float zeros[4 * 3 * 32 * 32];
    const struct shape shape = {.rank = 4, .dim = {4, 3, 32, 32}};
    struct text array = {0}, line = {0};
    text_add_format(&line, "%s/zeros.npy", folder);
    FILE *file = fopen(text_data(&line), "wb");
    npy_add(&array, ELEMENT_FLOAT, &shape, zeros);
    assert_true(file && fwrite(text_data(&array), array.length, 1, file) == 1 && fclose(file) == 0);
    text_clear(&line);
    text_add_format(&line, "forward %s/zeros.npy", folder);
    struct session *session = new_session("load example; data shapes images=500; score l1");
    struct fingerprint before;
    take(session, &before);
    struct progress progress = {.report = cancel_at_end};
    progress.argument = &progress;
    struct reply reply = {0};
    struct error error = {0};
    assert_int_equal(run_with(session, text_data(&line), &reply, &progress, &error), STATUS_CANCELLED);
    assert_int_equal(reply.count, 0);
    assert_unchanged(session, &before, text_data(&line));
    assert_int_equal(run_with(session, text_data(&line), &reply, NULL, &error), STATUS_OK);
    reply_free(&reply);
    session_free(session);
    text_clear(&line);
    text_add_format(&line, "%s/zeros.npy", folder);
    assert_int_equal(unlink(text_data(&line)), 0);
    text_free(&array);
    text_free(&line);
}

/* --- memory --------------------------------------------------------------------------------------------- */

/* Run the line with the Nth allocation failing, for N = 1, 2, ... (in growing steps) until nothing fails.
 * Every failure must be reported as such and leave the session as it was. */
static void fail_allocations(const char *prepare, const char *line)
{
    struct session *session = new_session(prepare);
    struct fingerprint before;
    take(session, &before);
    long failures = 0, successes = 0;
    for (long nth = 1; successes < 8; nth += 1 + nth / 16) {
        struct reply reply = {0};
        struct error error = {0};
        mem_fail_at(nth);
        status code = run_with(session, line, &reply, NULL, &error);
        mem_fail_at(0);
        reply_free(&reply);
        if (code == STATUS_OK) {
            successes++;
            take(session, &before);
            continue;
        }
        if (code != STATUS_MEMORY)
            fail_msg("%s: allocation %ld fails: %d '%s'", line, nth, (int)code, error.message);
        assert_unchanged(session, &before, line);
        successes = 0;
        failures++;
    }
    if (failures < 3)
        fail_msg("%s: only %ld allocations failed", line, failures);
    session_free(session);
}

static void test_memory(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    static const char scored[] = "load example; data shapes images=40; score all samples=4 order=first";
    static const char *const lines[] = {
        "data shapes images=20",
        "info",
        "layers layer1*",
        "layer conv1",
        "filter conv1:0",
        "rank conv1",
        "hist conv1",
        "hist * scale=mean",
        "corr",
        "corr by=pooled method=kendall",
        "corr by=layer",
        "overlap",
        "set gamma 3",
        "score l2",
        "score proscore:1",
        "set",
        "help score",
        "help",
        "apropos seed",
        "theme",
    };
    for (size_t i = 0; i < COUNT(lines); i++)
        fail_allocations(scored, lines[i]);
}

static void test_memory_long(void **state)
{
    (void)state;
    skip_under_thread_sanitizer();
    fail_allocations("load example", "load example");
    fail_allocations("load example; data shapes images=40; score l1", "score all samples=2 order=first");
    fail_allocations("load example; data shapes images=40", "eval samples=2");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/* What states hold is bounded, and what they share is counted once. */
static void test_history_bytes(void **state)
{
    struct session *session = new_session("load example");
    (void)state;
    size_t loaded = history_bytes(&session->history),
           weights = 4 * (size_t)session->state.model->cost.parameters;
    assert_true(loaded > weights && loaded < 2 * weights);
    run_line(session, "set gamma 2");
    assert_true(history_bytes(&session->history) < loaded + 10000);
    run_line(session, "rescale layer1.0.conv1 2");
    size_t rescaled = history_bytes(&session->history);
    assert_true(rescaled > loaded && rescaled < loaded + weights);
    session->history.most_bytes = weights / 2; /* less than one state */
    run_line(session, "set gamma 3");
    assert_int_equal(session->history.oldest, session->history.position - 1);
    assert_true(history_bytes(&session->history) < 3 * weights);
    struct state_names names;
    history_names(&session->history, 1, &names);
    assert_string_equal(names.model, session->state.model->digest);
    run_line(session, "undo");
    assert_true(option_real(session->state.options, OPTION_GAMMA) == 2);
    session->history.most_bytes = 0;
    session->history.most_states = 3;
    for (int i = 0; i < 9; i++) {
        char line[40];
        snprintf(line, sizeof line, "set gamma 1%d", i);
        run_line(session, line);
        assert_true(session->history.count - session->history.oldest <= 3);
    }
    session_free(session);
}

/* All that words from elsewhere lead to is there, and each of them is explained. */
static void test_brought_words(void **state)
{
    (void)state;
    struct session *session = new_session("");
    struct reply reply;
    struct error error = {0};
    for (int i = 0; brought_at(i); i++) {
        assert_non_null(brought_at(i)->see[0]);
        for (int k = 0; k < BROUGHT_SEE && brought_at(i)->see[k]; k++) {
            bool known = false;
            for (int w = 0; !known && help_word(w); w++)
                known = strcmp(help_word(w), brought_at(i)->see[k]) == 0;
            if (!known)
                fail_msg("%s leads to %s, which is not there", brought_at(i)->words[0],
                         brought_at(i)->see[k]);
        }
        for (int k = 0; k < BROUGHT_WORDS && brought_at(i)->words[k]; k++) {
            reply = (struct reply){0};
            assert_int_equal(help_about(session, brought_at(i)->words[k], &reply, &error), STATUS_OK);
            reply_free(&reply);
        }
    }
    session_free(session);
}

/* --- one ratio, and what came out ----------------------------------------------------------------------- */

/* How many filters of layer1.0.conv1 a histogram marks. */
static int64_t marked(struct session *session, const char *line)
{
    struct reply reply;
    const struct figure *figure = figure_of(session, line, &reply);
    int64_t below = figure->histogram.summary[0].below, cut = 0;
    for (int b = 0; b < figure->histogram.bins; b++)
        cut += figure->histogram.cut[b];
    assert_int_equal(cut, below);
    reply_free(&reply);
    return below;
}

/* What a figure marks is what the next prune takes. */
static void test_one_ratio(void **state)
{
    (void)state;
    const char *hist = "hist layer1.0.conv1 criterion=l1";
    struct session *session = new_session("load example; score l1 l2; set ratio 0.5");
    int layer = layers_index(session->state.model->layers, "layer1.0.conv1");
    assert_int_equal(marked(session, hist), 8);
    run_line(session, "ratio layer1.0.conv1 0.25");
    assert_int_equal(marked(session, hist), 4);
    assert_int_equal(marked(session, "hist layer1.0.conv1 criterion=l1 at=0.75"), 12);
    run_line(session, "set ratio 0.75");
    assert_int_equal(marked(session, hist), 4);
    run_line(session, "prune l1");
    assert_int_equal(16 - pruning_kept(session->state.pruning, session->state.model, layer), 4);
    run_line(session, "ratio layer1.0.conv1 0");
    assert_int_equal(marked(session, hist), 0);
    run_line(session, "ratio layer1.0.conv1 none");
    assert_int_equal(marked(session, hist), 0);
    assert_true(layer_ratio(&session->state, layer) == 0);
    assert_true(layer_ratio(&session->state, layers_index(session->state.model->layers, "conv1")) == 0.75);
    run_line(session, "prune l1 0.5");
    assert_int_equal(layer_pruned(&session->state, layer, ROUND_FLOOR), 0);
    session_free(session);
}

static void assert_result(struct session *session, const char *line, const char *expected)
{
    struct reply reply = {0};
    struct error error = {0};
    if (run_with(session, line, &reply, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", line, error.message);
    if (!reply_outcome(&reply) || !strstr(reply_outcome(&reply), expected))
        fail_msg("%s: '%s' does not say '%s'", line, reply_outcome(&reply) ? reply_outcome(&reply) : "",
                 expected);
    assert_null(strchr(reply_outcome(&reply), '\n'));
    reply_free(&reply);
}

static void test_results(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"set ratio 0.5", "ratio 0.5, was 0.4"},
        {"set ratio 0.5", "nothing changes"},
        {"score l1 taylor proscore samples=20", "l1, taylor, proscore: 464 filters in 13 layers, 20 of 100"},
        {"set taylor=weight gamma=1", "taylor weight, was gate; computed anew: proscore; dropped: taylor"},
        {"score l1 taylor", "l1, taylor: 464 filters"},
        {"corr l1 taylor", "correlation of scores: l1 ~ taylor 0."},
        {"overlap", "at ratio 0.5: mean 0."},
        {"hist conv1", "conv1: 8 of 16 filters would go at ratio 0.5"},
        {"rank conv1", "8 of 16 would go at ratio 0.5"},
        {"filter conv1:0", "conv1:0 at ratio 0.5: l1 "},
        {"eval samples=10", "top-1 "},
        {"prune l1 0.5", "l1, ratio 0.5 of 9 blocks: 232 channels in 13 layers, MACs -"},
        {"eval samples=10", "points against "},
        {"diff taylor", "both cut "},
        {"cost", "parameters 172,506 to "},
        {"unprune all", "nothing is selected"},
        {"curve l1 samples=10 ratios=0.5", "top-1 at 0.5: l1 "},
        {"sensitivity l1 samples=5 ratios=0.5", "at 0.5 most sensitive "},
        {"scatter l1 taylor", "cut by both "},
        {"gamma sweep 1 0.1", "the pruned set of gamma 1 first changes "},
        {"sampling 10 reference=20 repeats=2", "10 images proscore "},
        {"ratio inner 0.3", "inner: 0.3 for "},
        {"layers", "14 of 14 layers"},
    };
    struct session *session = new_session("load example; data shapes images=100");
    for (size_t i = 0; i < COUNT(lines); i++)
        assert_result(session, lines[i][0], lines[i][1]);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_loaded),
        cmocka_unit_test(test_passes),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_same_numbers),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_behind_pass),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_memory_long),
        cmocka_unit_test(test_history_bytes),
        cmocka_unit_test(test_brought_words),
        cmocka_unit_test(test_one_ratio),
        cmocka_unit_test(test_results),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
