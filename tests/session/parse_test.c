/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines without a session: tokens, tables, values, completion. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/language/command.h"
#include "session/language/completion.h"
#include "session/language/expand.h"
#include "session/language/help.h"
#include "session/language/statement.h"
#include "session/words/alias.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- tokens --------------------------------------------------------------------------------------------- */

/* The line as "token|token>file;token|...", keys marked by their length in front. */
static void check_line(const char *line, const char *expected)
{
    struct parsed_line parsed;
    struct error error = {0};
    struct text got = {0};
    assert_int_equal(parse_line(line, &parsed, &error), STATUS_OK);
    for (int i = 0; i < parsed.count; i++) {
        text_add(&got, i ? ";" : "");
        for (int k = 0; k < parsed.statements[i].count; k++) {
            const struct token *token = &parsed.statements[i].tokens[k];
            text_add(&got, k ? "|" : "");
            if (token->key)
                text_add_format(&got, "%d:", token->key);
            text_add(&got, token->text);
        }
        if (parsed.statements[i].redirect)
            text_add_format(&got, ">%s", parsed.statements[i].redirect);
        if (parsed.statements[i].size)
            text_add_format(&got, "@%s", parsed.statements[i].size);
    }
    assert_string_equal(text_data(&got), expected);
    text_free(&got);
    parsed_line_free(&parsed);
}

static void test_tokens(void **state)
{
    (void)state;
    check_line("", "");
    check_line("   # nothing", "");
    check_line(";;;", "");
    check_line("info", "info");
    check_line("  hist  layer1.*  bins=10\t", "hist|layer1.*|4:bins=10");
    check_line("score all;corr ; quit#no comment", "score|all;corr;quit#no|comment");
    check_line("corr > a.csv", "corr>a.csv");
    check_line("corr>a.csv;info", "corr>a.csv;info");
    check_line("corr > a.png size=900x600; corr > b.png", "corr>a.png@900x600;corr>b.png");
    check_line("load 'my model.onnx'", "load|my model.onnx");
    check_line("load \"a \\\"b\\\" \\\\ c\"", "load|a \"b\" \\ c");
    check_line("load my\\ model.onnx", "load|my model.onnx");
    check_line("load a'b'\"c\"d", "load|abcd");
    check_line("load ''", "load|");
    check_line("load '#x' # y", "load|#x");
    check_line("load a=b 'c=d' /e=f A=g", "load|1:a=b|c=d|/e=f|A=g");
    check_line("x k=a=b", "x|1:k=a=b");
    check_line("x '>' \\; ", "x|>|;");
    check_line("x \xff\xc3\xa4", "x|\xff\xc3\xa4");
    /* Behind the '=' of a definition: a line of its own. */
    check_line("alias a = b c; d > e # f", "alias|a|=|b c; d > e # f");
    check_line("info; alias a=b=c", "info;alias|a|=|b=c");
    check_line("alias a =", "alias|a|=");
    check_line("alias; info", "alias;info");
    check_line("alias a; b = c", "alias|a;b|=|c");
    check_line("bind = zoom; bind + = info", "bind|=|zoom;bind|+|=|info");
    check_line("bind a 'x = y'", "bind|a|x = y");
    check_line("set a = b; c", "set|a|=|b;c");
}

static void check_refused(const char *line, const char *message)
{
    struct parsed_line parsed;
    struct error error = {0};
    assert_int_equal(parse_line(line, &parsed, &error), STATUS_USAGE);
    assert_string_equal(error.message, message);
    assert_null(parsed.arena);
}

static void test_refused_lines(void **state)
{
    (void)state;
    check_refused("load 'x", "column 6: the quote ' is not closed");
    check_refused("load \"x\\\"", "column 6: the quote \" is not closed");
    check_refused("corr >", "column 6: a file name is missing after '>'");
    check_refused("corr > ; info", "column 6: a file name is missing after '>'");
    check_refused("> a.csv", "column 1: no command before '>'");
    check_refused("corr > a > b", "column 10: a second '>'");
    check_refused("corr > a b", "column 10: unexpected 'b' after the file 'a'");
    char *huge = malloc(LINE_LIMIT + 2);
    memset(huge, 'x', LINE_LIMIT + 1);
    huge[LINE_LIMIT + 1] = '\0';
    check_refused(huge, "the line has 65537 bytes: the most is 65536");
    /* As many commands as a line can hold take memory in proportion. */
    memset(huge, 'a', LINE_LIMIT);
    for (int i = 1; i < LINE_LIMIT; i += 2)
        huge[i] = ';';
    huge[LINE_LIMIT] = '\0';
    struct parsed_line parsed;
    struct error error = {0};
    assert_int_equal(parse_line(huge, &parsed, &error), STATUS_OK);
    assert_int_equal(parsed.count, LINE_LIMIT / 2);
    parsed_line_free(&parsed);
    free(huge);
}

static void test_partial(void **state)
{
    (void)state;
    static const struct {
        const char *line, *word;
        int start, count;
        bool redirecting;
    } cases[] = {
        {"", "", 0, 0, false},           {"sco", "sco", 0, 0, false},
        {"score ", "", 6, 1, false},     {"score l1 ta", "ta", 9, 2, false},
        {"info; sc", "sc", 6, 0, false}, {"load 'my mo", "my mo", 5, 1, false},
        {"corr > fi", "fi", 7, 1, true}, {"corr >", "", 6, 1, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct partial_line partial;
        struct error error = {0};
        assert_int_equal(parse_partial(cases[i].line, (int)strlen(cases[i].line), &partial, &error),
                         STATUS_OK);
        assert_string_equal(partial.word, cases[i].word);
        assert_int_equal(partial.start, cases[i].start);
        assert_int_equal(partial.parsed.statements[0].count, cases[i].count);
        assert_int_equal(partial.redirecting, cases[i].redirecting);
        parsed_line_free(&partial.parsed);
    }
}

/* --- tables --------------------------------------------------------------------------------------------- */

/* Every row can be shown, found, and refers to what exists. */
static void test_command_table(void **state)
{
    (void)state;
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i), *found;
        struct error error = {0};
        assert_non_null(command->run);
        assert_true(strlen(command->help) > 5 && strlen(command->text) > 20);
        assert_true(command->examples && command->examples[0].line);
        assert_int_equal(command_find(command->name, false, &found, &error), STATUS_OK);
        assert_ptr_equal(found, command);
        if (command->alias) {
            assert_int_equal(command_find(command->alias, false, &found, &error), STATUS_OK);
            assert_ptr_equal(found, command);
        }
        struct reply reply = {0};
        assert_int_equal(help_about(NULL, command->name, &reply, &error), STATUS_OK);
        assert_true(reply.count > 3);
        reply_free(&reply);
        /* Defaults are values that the parameter takes. */
        for (const struct parameter *own = command->parameters; own && own->name; own++) {
            struct setting_value value;
            if (own->initial)
                assert_int_equal(value_parse(own, (struct value_scope){0}, own->initial, &value, &error),
                                 STATUS_OK);
        }
    }
}

static void test_command_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool prefixes;
        const char *message; /* NULL: found */
    } cases[] = {
        {"scor", false, "no command 'scor': did you mean 'score'?"},
        {"scor", true, NULL},
        {"hsit", true, "no command 'hsit': did you mean 'hist'?"},
        {"l", true, "'l' may be load, layers, layer, latency, layout, lua, log"},
        {"layer", true, NULL},
        {"xyzzy", true, "no command 'xyzzy': 'help' lists them"},
        {"", true, "no command '': 'help' lists them"},
        {"?", false, NULL},
        {"Score", false, "no command 'Score': did you mean 'score'?"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct command *command;
        struct error error = {0};
        status code = command_find(cases[i].name, cases[i].prefixes, &command, &error);
        assert_int_equal(code, cases[i].message ? STATUS_USAGE : STATUS_OK);
        if (cases[i].message)
            assert_string_equal(error.message, cases[i].message);
    }
}

static void test_option_table(void **state)
{
    (void)state;
    struct options options;
    struct error error = {0};
    assert_int_equal(options_default(&options, &error), STATUS_OK);
    for (int i = 0; option_at(i); i++) {
        assert_int_equal(option_find(option_at(i)->parameter.name), i);
        assert_true(option_is_default(&options, (enum option_id)i));
        assert_true(strlen(option_at(i)->parameter.help) > 5);
    }
    assert_null(option_at(OPTION_COUNT));
    assert_null(option_at(-1));
    /* The table's defaults are those of the criteria. */
    struct criterion_options mine = options_criterion(&options), theirs = criterion_defaults();
    assert_int_equal(mine.taylor, theirs.taylor);
    assert_int_equal(mine.target, theirs.target);
    assert_int_equal(mine.gradient, theirs.gradient);
    assert_true(mine.gamma == theirs.gamma);
    assert_int_equal(mine.batch, theirs.batch);
    assert_int_equal(mine.seed, theirs.seed);
    assert_true(criterion_options_equal(&mine, &theirs, ~0u));
    /* `set` takes them all. */
    const struct command *set;
    assert_int_equal(command_find("set", false, &set, &error), STATUS_OK);
    for (int i = 0; option_at(i); i++) {
        int option;
        assert_non_null(command_parameter(set, option_at(i)->parameter.name, &option));
        assert_int_equal(option, i);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        enum option_id option;
        const char *text, *message; /* NULL: taken */
    } cases[] = {
        {OPTION_GAMMA, "0.1", NULL},
        {OPTION_GAMMA, "inf", NULL},
        {OPTION_GAMMA, "0", "gamma: '0' is not a number over 0, or inf"},
        {OPTION_GAMMA, "-1", "gamma: '-1' is not a number over 0, or inf"},
        {OPTION_GAMMA, "nan", "gamma: 'nan' is not a number over 0, or inf"},
        {OPTION_GAMMA, "0,1", "gamma: '0,1' is not a number over 0, or inf"},
        {OPTION_GAMMA, "", "gamma: '' is not a number over 0, or inf"},
        {OPTION_RATIO, "1.5", "ratio: '1.5' is not a number from 0 to 1"},
        {OPTION_RATIO, "40%", NULL},
        {OPTION_BINS, "auto", NULL},
        {OPTION_BINS, "0", "bins: '0' is not a whole number from 1 to 200, or auto"},
        {OPTION_BINS, "1e1", "bins: '1e1' is not a whole number from 1 to 200, or auto"},
        {OPTION_BALANCED, "yes", NULL},
        {OPTION_BALANCED, "off", NULL},
        {OPTION_AUGMENT, "flip,crop:4", NULL},
        {OPTION_AUGMENT, "none", NULL},
        {OPTION_AUGMENT, "rotate",
         "augment: no augmentation 'rotate' (known: none, crop, crop:N, flip, resized-crop)"},
        {OPTION_BALANCED, "maybe", "balanced: 'maybe' is not yes or no"},
        {OPTION_METHOD, "spaerman",
         "method: 'spaerman' is not pearson, spearman or kendall: did you mean 'spearman'?"},
        {OPTION_SAMPLES, "all", NULL},
        {OPTION_SAMPLES, "5%", NULL},
        {OPTION_SAMPLES, "500", NULL},
        {OPTION_SAMPLES, "0", "samples: '0' is not a number of images (500), a share (5%), or all"},
        {OPTION_SEED, "-1", "seed: '-1' is not a whole number from 0 to 9007199254740992"},
        {OPTION_NORMALIZE, "imagenet", NULL},
        {OPTION_NORMALIZE, "0.5/0.25", NULL},
        {OPTION_THREADS, "999999999999999999999",
         "threads: '999999999999999999999' is not a whole number from 1 to 1024, or auto"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct setting_value value;
        struct error error = {0};
        status code = value_parse(&option_at((int)cases[i].option)->parameter, (struct value_scope){0},
                                  cases[i].text, &value, &error);
        if (cases[i].message)
            assert_string_equal(error.message, cases[i].message);
        assert_int_equal(code, cases[i].message ? STATUS_RANGE : STATUS_OK);
    }
    char *huge = malloc(10001);
    memset(huge, '1', 10000);
    huge[10000] = '\0';
    struct setting_value value;
    struct error error = {0};
    assert_int_equal(
        value_parse(&option_at(OPTION_GAMMA)->parameter, (struct value_scope){0}, huge, &value, &error),
        STATUS_RANGE);
    free(huge);
}

static void test_choices(void **state)
{
    (void)state;
    struct choice choices[CHOICES_MAX];
    struct error error = {0};
    int count = 0;
    assert_int_equal(choices_parse("all", choices, &count, &error), STATUS_OK);
    assert_int_equal(count, 4);
    assert_int_equal(choices_parse("l1,taylor:weight,proscore:filter:0.5", choices, &count, &error),
                     STATUS_OK);
    assert_int_equal(count, 6); /* l1 is there already */
    struct criterion_options base = criterion_defaults(), own = choice_options(&choices[5], &base);
    assert_int_equal(own.target, PROSCORE_FILTER);
    assert_true(own.gamma == 0.5);
    own = choice_options(&choices[4], &base);
    assert_int_equal(own.taylor, TAYLOR_WEIGHT);
    assert_true(own.gamma == base.gamma);
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"l3", "no criterion 'l3': did you mean 'l1'?"},
        {"taylr", "no criterion 'taylr': did you mean 'taylor'?"},
        {"l1,", "a criterion is missing after the ','"},
        {",l1", "a criterion is missing beside the ','"},
        {"l1:x", "l1 has no variants: 'x' is not expected"},
        {"taylor:gat", "taylor has no variant 'gat': did you mean 'gate'?"},
        {"proscore:-1",
         "proscore has no variant '-1': a target (bn, affine, filter, channel) or a reading (published, masked, tail, free, unsigned, "
         "opposite, reversed, coordinate) or a gamma over 0"},
        {"proscore:nan",
         "proscore has no variant 'nan': a target (bn, affine, filter, channel) or a reading (published, masked, tail, free, unsigned, "
         "opposite, reversed, coordinate) or a gamma over 0"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        count = 0;
        assert_int_not_equal(choices_parse(bad[i].text, choices, &count, &error), STATUS_OK);
        assert_string_equal(error.message, bad[i].message);
    }
}

/* --- help and completion -------------------------------------------------------------------------------- */

static void test_help(void **state)
{
    (void)state;
    struct reply reply = {0};
    struct error error = {0};
    for (int i = 0; help_word(i); i++)
        assert_int_equal(help_about(NULL, help_word(i), &reply, &error), STATUS_OK);
    assert_int_equal(help_about(NULL, "scroe", &reply, &error), STATUS_NOT_FOUND);
    assert_string_equal(error.message, "no help on 'scroe': did you mean 'score'?");
    reply_clear(&reply);
    assert_int_equal(help_search(NULL, "SEED", &reply, &error), STATUS_OK);
    assert_true(reply.count >= 2);
    assert_int_equal(help_search(NULL, "qwertz", &reply, &error), STATUS_NOT_FOUND);
    help_overview(NULL, &reply);
    reply_free(&reply);
}

static void check_completion(const char *line, const char *expected, bool files)
{
    struct completion completion;
    struct error error = {0};
    struct text got = {0};
    assert_int_equal(completion_find(NULL, line, (int)strlen(line), &completion, &error), STATUS_OK);
    for (size_t i = 0; i < completion.words.count; i++)
        text_add_format(&got, "%s%s", i ? " " : "", completion.words.items[i]);
    assert_string_equal(text_data(&got), expected);
    assert_int_equal(completion.files, files);
    text_free(&got);
    completion_free(&completion);
}

/* Of these files and a folder, the ones that are offered where the line ends. */
static void check_fitting(const char *line, const char *expected)
{
    static const char *const files[] = {
        "a.onnx", "a.pth", "a.safetensors", "a.session", "a.json",   "a.lua", "a.ippro", "a.csv", "a.npy",
        "a.npz",  "a.bin", "a.gz",          "a.jpg",     "a.recipe", "a.md",  "a-ubyte", "/tmp",
    };
    struct completion completion;
    struct error error = {0};
    struct text got = {0};
    assert_int_equal(completion_find(NULL, line, (int)strlen(line), &completion, &error), STATUS_OK);
    for (size_t i = 0; completion.files && i < COUNT(files); i++)
        if (completion_fits(&completion, files[i]))
            text_add_format(&got, "%s%s", got.length ? " " : "", files[i]);
    if (strcmp(text_data(&got), expected) != 0)
        fail_msg("%s: \"%s\", expected \"%s\"", line, text_data(&got), expected);
    text_free(&got);
    completion_free(&completion);
}

static void test_completion_of_files(void **state)
{
    (void)state;
    check_fitting("load ", "a.onnx a.pth a.safetensors a.bin /tmp");
    check_fitting("data ", "a.csv a.npy a.npz a.bin a.gz /tmp");
    check_fitting("data cifar10 ", "a.bin a.gz /tmp");
    check_fitting("data csv ", "a.csv /tmp");
    check_fitting("data npy ", "a.npy a.npz /tmp");
    check_fitting("data idx ", "a.gz a-ubyte /tmp");
    check_fitting("data folder ", "/tmp");
    check_fitting("data imagenet ", "/tmp");
    check_fitting("data cityscapes ", "/tmp");
    check_fitting("data voc ", "/tmp");
    check_fitting("session open ", "a.session a.json /tmp");
    check_fitting("session resume ", "a.session a.json /tmp");
    check_fitting("run ", "a.lua a.ippro /tmp");
    check_fitting("recipe ", "a.lua a.recipe /tmp");
    check_fitting("forward ", "a.npy a.npz /tmp");
    check_fitting("layers > ",
                  "a.onnx a.pth a.safetensors a.session a.json a.lua a.ippro a.csv a.npy a.npz a.bin a.gz "
                  "a.jpg a.recipe a.md a-ubyte /tmp");
    check_fitting("eval ", "");
}

static void test_completion(void **state)
{
    (void)state;
    check_completion("sc", "score scatter screen", false);
    check_completion("sco", "score", false);
    check_completion("heat l1 by=", "by=quantiles by=channels", false);
    check_completion("info; ov", "overlap", false);
    check_completion(
        "score pros",
        "proscore proscore:bn proscore:affine proscore:filter proscore:channel proscore:published "
        "proscore:masked proscore:tail proscore:free proscore:unsigned proscore:opposite proscore:reversed "
        "proscore:coordinate",
        false);
    check_completion("score all sam", "samples=", false);
    check_completion("score all balanced=", "balanced=yes balanced=no", false);
    check_completion("corr method=k", "method=kendall", false);
    check_completion("corr method=kendall me", "", false);
    check_completion("hist x criterion=l1,tay",
                     "criterion=l1,taylor criterion=l1,taylor:gate criterion=l1,taylor:gate-batch "
                     "criterion=l1,taylor:gate-abs criterion=l1,taylor:weight criterion=l1,taylor:weight-sum "
                     "criterion=l1,taylor:weight-squares",
                     false);
    check_completion("set gam", "gamma", false);
    check_completion("set kernel ref", "reference", false);
    check_completion("data ci", "cifar10 cifar100 cityscapes", true);
    check_completion("data shapes split=t", "split=train split=test", false);
    check_completion("data cifar10 x", "", true);
    check_completion("load ex", "example", true);
    check_completion("corr > x", "", true);
    check_completion("nonsense x", "", false);
    check_completion("help syn", "syntax", false);
    check_completion("alias x = sco", "score", false);
    check_completion("alias x = info; corr method=k", "method=kendall", false);
    check_completion("bind F12 = una", "unalias", false);
    check_completion("bind F12 zo", "zoom", false);
}

/* --- aliases -------------------------------------------------------------------------------------------- */

/* A session of which only the aliases are looked at. */
static struct aliases *make_aliases(const char *const (*pairs)[2], int count)
{
    struct aliases *aliases = NULL;
    struct error error = {0};
    for (int i = 0; i < count; i++) {
        struct aliases *next;
        assert_int_equal(aliases_with(aliases, pairs[i][0], pairs[i][1], &next, &error), STATUS_OK);
        aliases_free(aliases);
        aliases = next;
    }
    return aliases;
}

static void check_expansion(const struct aliases *aliases, const char *line, const char *expected)
{
    struct parsed_line parsed, expanded;
    struct error error = {0};
    struct text got = {0};
    assert_int_equal(parse_line(line, &parsed, &error), STATUS_OK);
    status code = statement_expand(aliases, &parsed.statements[0], &expanded, &error);
    for (int i = 0; code == STATUS_OK && i < expanded.count; i++) {
        text_add(&got, i ? ";" : "");
        statement_typed(&expanded.statements[i], &got);
    }
    assert_string_equal(code == STATUS_OK ? text_data(&got) : error.message, expected);
    text_free(&got);
    if (code == STATUS_OK)
        parsed_line_free(&expanded);
    parsed_line_free(&parsed);
}

static void test_aliases(void **state)
{
    static const char *const pairs[][2] = {{"two", "score l1; corr"},
                                           {"four", "two; two"},
                                           {"a", "b"},
                                           {"b", "a"},
                                           {"file", "corr > x.csv"},
                                           {"w00", "info;info"},
                                           {"two", "score l2; corr"},
                                           {"gone", "info"},
                                           {"gone", NULL}};
    (void)state;
    struct aliases *aliases = make_aliases(pairs, COUNT(pairs));
    assert_int_equal(aliases->count, 6);
    assert_null(alias_line(aliases, "gone"));
    check_expansion(aliases, "info", "info");
    check_expansion(aliases, "gone x", "gone x");
    check_expansion(aliases, "two method=kendall 'a b'", "score l2;corr method=kendall \"a b\"");
    check_expansion(aliases, "two > f.csv overwrite=yes", "score l2;corr > f.csv overwrite=yes");
    check_expansion(aliases, "four x", "score l2;corr;score l2;corr x");
    check_expansion(aliases, "file", "corr > x.csv");
    check_expansion(aliases, "file > y.csv", "the alias 'file' writes to a file of its own, 'x.csv'");
    check_expansion(aliases, "a", "alias 'a': aliases stand for each other more than 16 deep");
    /* Each twice the one before. */
    for (int i = 1; i < 14; i++) {
        char name[8], line[32];
        struct aliases *more;
        struct error error = {0};
        snprintf(name, sizeof name, "w%02d", i);
        snprintf(line, sizeof line, "w%02d;w%02d", i - 1, i - 1);
        assert_int_equal(aliases_with(aliases, name, line, &more, &error), STATUS_OK);
        aliases_free(aliases);
        aliases = more;
    }
    check_expansion(aliases, "w13", "an alias stands for more than 1000 commands");
    aliases_free(aliases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_refused_lines),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_command_table),
        cmocka_unit_test(test_command_names),
        cmocka_unit_test(test_option_table),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_completion_of_files),
        cmocka_unit_test(test_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
