/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help texts, made from the tables of commands, options and criteria, and a few topics of their own. */
#include "session/words/help.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/command.h"

static const struct help_topic topics[] = {
    {"commands", "all commands, by group", NULL},
    {"options", "all options with their values", NULL},
    {"criteria", "all criteria with their definitions", NULL},
    {"syntax", "how command lines are written",
     "A command is a word, followed by arguments and key=value parameters in any order: score all "
     "samples=10%. Several "
     "commands on a line are separated by ';'. A '#' at the start of a word begins a comment.\n\n"
     "Blanks separate words; quotes (\"...\" or '...') and a backslash keep them together. > FILE after a "
     "command writes "
     "its figures to a file instead of showing them: .csv, .json, .png or .txt. A picture may be given a size "
     "in pixels: > FILE.png size=1200x800, or size=1200x for a height that follows.\n\n"
     "At the prompt a command may be shortened as long as only one begins so. Scripts need full names.\n\n"
     "Layers are called by the names of their parameters in the file. Where a list of layers is taken, "
     "patterns with "
     "* ? [abc] stand for all that match."},
    {"files", "what can be read and written",
     "Read: networks as ONNX files (opset 7 to 24); CIFAR-10 and CIFAR-100 in the binary files of their "
     "authors; command "
     "files (run FILE, or the option -f); recipes (see 'help recipes'); session files.\n\n"
     "Written by save: networks as ONNX files, and lists of kept and cut channels as .csv and .json. Written "
     "by "
     "session save: the commands that led here, as JSON.\n\n"
     "Written by '> FILE': .csv with full precision, with a header of facts (model and data with their "
     "SHA-256, sample, "
     "seed, gamma) as comment lines; .json with the same; .png as drawn; .txt as shown. A file is replaced "
     "in one step: "
     "when writing fails, the old one is still there."},
    {"pruning", "from scores to a smaller network, step by step",
     "1. load a network, open data, eval: the accuracy to compare with.\n\n"
     "2. group LAYER tells what is tied to what. Say how much is to go: ratio *.conv1 0.4, ratio streams "
     "0.15, "
     "ratio layer3.0.conv1 none; or recipe FILE.\n\n"
     "3. score, then prune CRITERION: the selection is a mask at once, and shows what would be left. diff, "
     "cost "
     "and eval look at it; undo takes it back. curve and sensitivity look at many selections.\n\n"
     "4. apply removes the channels. The smaller network can be scored and pruned again.\n\n"
     "5. save NET.onnx writes it, save CUT.json what was cut, session save FILE how you got there."},
    {"recipes", "files of ratios",
     "A recipe is a text file, one setting a line: TARGET RATIO, where TARGET is a layer, a pattern, "
     "streams, "
     "inner or all, and RATIO a number from 0 to 1, a share such as 40%, or none. A later line wins over an "
     "earlier one. The lines criterion NAME, round floor or prune-floor, round_to N, min N, cap RATIO and "
     "combine "
     "mean, sum, max or min say how prune uses them. What follows a # is a comment.\n\n"
     "Recipes are found by their path; by their name, with or without .recipe, in "
     "~/.config/ippro-explore/recipes; and among those that come with the program: resnet56-50 and "
     "resnet56-75 are those of the paper; resnet50-42, resnet50-60, resnet50-75, mobilenet_v2-37 and vgg19-70 "
     "have its form."},
    {"keys", "keys at the prompt",
     "Tab completes commands, layers, criteria, parameters and their values, and files. Up and Down go "
     "through the lines "
     "of before, Control-R searches them; all keys of Readline work, and ~/.inputrc may change them for this "
     "program "
     "between '$if ippro-explore' and '$endif'.\n\n"
     "Control-C cancels running work and nothing else; a second one within a second asks whether to quit. At "
     "the prompt it "
     "clears the line. Control-D on an empty line quits."},
    {"panes", "the full screen, and how to find one's way in it",
     "F1, or ? in a pane, lists the keys that are in force; the line at the bottom has those that matter now. F2 to "
     "F7 go to a pane, Esc goes back to the prompt, Alt with an arrow to the pane beside, z gives a pane the whole "
     "screen. layout NAME, or F9, arranges the panes: overview, compare, prune, sweep.\n\n"
     "In Layers + and - change the ratio of the layer, stream or stage under the cursor, Space leaves it alone, p "
     "prunes by the criterion that c switches. In Scores arrows go through bins and their filters, Enter shows a "
     "filter's card. In Correlation Enter on a pair opens its scatter. What commands show opens as Figure: s sorts a "
     "table, f filters it, q closes it.\n\n"
     "While long work runs the panes show what is known so far, commands that only look are answered, Control-C "
     "cancels. bind KEY ACTION changes a key; put into ~/.config/ippro-explore/config it lasts. screen save FILE "
     "writes the screen as text. --prompt starts without panes."},
    {"gamma", "PROscore's step, and when the ranking depends on it",
     "PROscore = ||F - lambda*g_F|| / | ||F|| - lambda*g_D |: F is the filter (the option target says which "
     "of its "
     "numbers), g_F its gradient, D an extra coordinate that starts at ||F||, lambda the step. The option "
     "gamma is "
     "lambda for the gradients of the mean loss; grad=batchsum and grad=sum multiply it by the number of "
     "batches or "
     "images, as summing losses in a training loop would.\n\n"
     "While lambda*max|a| and lambda*max|b| (shown by score) are far below 1 the ranking is that of b - a "
     "and does not "
     "depend on lambda. Large steps give other rankings, up to ||g_F|| / |g_D| at gamma=inf. Setting gamma "
     "computes the "
     "scores anew without another pass; proscore:0.1 holds one gamma beside another; gamma sweep compares any "
     "number of them, and finds the first at which the pruned set changes."},
    {NULL, NULL, NULL},
};

const struct help_topic *help_topic_at(int index)
{
    const int count = (int)(sizeof topics / sizeof *topics) - 1;
    return index >= 0 && index < count ? &topics[index] : NULL;
}

void help_words(const struct session *session, struct word_list *list)
{
    (void)session;
    for (int i = 0; command_at(i); i++)
        word_list_add(list, command_at(i)->name);
    for (int i = 0; option_at(i); i++) {
        if (!word_list_has(list, option_at(i)->parameter.name))
            word_list_add(list, option_at(i)->parameter.name);
    }
    for (int i = 0; criterion_at(i); i++) {
        if (!word_list_has(list, criterion_at(i)->name))
            word_list_add(list, criterion_at(i)->name);
    }
    for (int i = 0; help_topic_at(i); i++) {
        if (!word_list_has(list, help_topic_at(i)->name))
            word_list_add(list, help_topic_at(i)->name);
    }
}

/* Paragraphs are separated by an empty line, here as in the reply. */
static void add_paragraphs(struct reply *reply, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        int length = end ? (int)(end - text) : (int)strlen(text);
        reply_line(reply, "%.*s", length, text);
        if (!end)
            return;
        reply_line(reply, "%s", "");
        text = end + 2;
    }
}

static void list_commands(struct reply *reply)
{
    const char *group = "";
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (strcmp(group, command->group) != 0)
            reply_add(reply, STYLE_HEADER, "%s", command->group);
        group = command->group;
        reply_line(reply, "  %s\t%s", command->name, command->help);
    }
}

void help_overview(struct reply *reply)
{
    list_commands(reply);
    reply_line(reply, "%s", "");
    reply_line(
        reply,
        "'help NAME' tells about a command, an option, a criterion, or one of these: commands, options, "
        "criteria, syntax, files, keys, gamma. 'apropos WORD' searches.");
}

static void add_parameter(struct reply *reply, const struct parameter *parameter, bool key)
{
    struct text text = {0};
    text_add(&text, parameter->help);
    if (key) {
        struct text values = {0};
        parameter_add_expected(parameter, &values);
        if (parameter->initial)
            text_add_format(&values, "%sdefault %s", values.length ? "; " : "", parameter->initial);
        if (values.length)
            text_add_format(&text, " (%s)", reply_text(reply, &values));
        text_free(&values);
    }
    reply_line(reply, "  %s%s\t%s", parameter->name, key ? "=" : "", reply_text(reply, &text));
    text_free(&text);
}

static void list_options(struct reply *reply)
{
    const char *group = "";
    for (int i = 0; option_at(i); i++) {
        if (strcmp(group, option_at(i)->group) != 0)
            reply_add(reply, STYLE_HEADER, "%s", option_at(i)->group);
        group = option_at(i)->group;
        add_parameter(reply, &option_at(i)->parameter, true);
    }
}

static void list_criteria(struct reply *reply)
{
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        reply_line(reply, "  %s\t%s: %s%s%s%s", criterion->name, criterion->title, criterion->help,
                   criterion->paper ? " (" : "", criterion->paper ? criterion->paper : "",
                   criterion->paper ? ")" : "");
    }
    reply_line(reply, "%s", "");
    reply_line(reply,
               "all is l1, taylor, geomedian and proscore; every is the whole list. Variants: taylor:gate, "
               "taylor:gate-batch, taylor:gate-abs, taylor:weight, taylor:weight-sum; proscore:bn, "
               "proscore:bn-affine, proscore:filter, proscore:GAMMA.");
}

static void about_command(const struct command *command, struct reply *reply)
{
    struct text usage = {0};
    command_add_usage(command, false, &usage);
    reply_add(reply, STYLE_HEADER, "%s", reply_text(reply, &usage));
    text_free(&usage);
    if (command->alias)
        reply_line(reply, "Also called %s.", command->alias);
    add_paragraphs(reply, command->text);
    if (command->arguments || command->parameters || (command->options && command->options[0] != OPTION_NONE))
        reply_line(reply, "%s", "");
    for (const struct parameter *argument = command->arguments; argument && argument->name; argument++)
        add_parameter(reply, argument, false);
    for (const struct parameter *own = command->parameters; own && own->name; own++)
        add_parameter(reply, own, true);
    /* `set` takes every option; listing them is the matter of 'help options'. */
    bool all_options = strcmp(command->name, "set") == 0;
    for (const int *id = command->options; !all_options && id && *id != OPTION_NONE; id++)
        add_parameter(reply, &option_at(*id)->parameter, true);
    if (command->examples && command->examples[0].line)
        reply_line(reply, "%s", "");
    for (const struct example *example = command->examples; example && example->line; example++) {
        reply_add(reply, STYLE_NAME, "  %s", example->line);
        reply_line(reply, "      %s", example->what);
    }
}

static void about_option(int id, const struct session *session, struct reply *reply)
{
    reply_add(reply, STYLE_HEADER, "option %s", option_at(id)->parameter.name);
    add_parameter(reply, &option_at(id)->parameter, true);
    if (session)
        reply_line(reply, "  now\t%s", option_text(session->options, (enum option_id)id));
}

static void about_criterion(const struct criterion *criterion, struct reply *reply)
{
    reply_add(reply, STYLE_HEADER, "criterion %s", criterion->name);
    reply_line(reply, "%s: %s.", criterion->title, criterion->help);
    if (criterion->paper)
        reply_line(reply, "Paper: %s.", criterion->paper);
    reply_line(reply, "The smallest scores are pruned first.");
}

static void about_topic(const struct help_topic *topic, struct reply *reply)
{
    if (strcmp(topic->name, "commands") == 0) {
        list_commands(reply);
    } else if (strcmp(topic->name, "options") == 0) {
        list_options(reply);
    } else {
        reply_add(reply, STYLE_HEADER, "%s: %s", topic->name, topic->help);
        if (topic->text)
            add_paragraphs(reply, topic->text);
        else
            list_criteria(reply);
    }
}

/* A name may be several things (gamma is an option and a topic): all are told. */
static void separate(struct reply *reply, bool *found)
{
    if (*found)
        reply_line(reply, "%s", "");
    *found = true;
}

status help_about(const struct session *session, const char *name, struct reply *reply, struct error *error)
{
    bool found = false;
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (strcmp(command->name, name) == 0 || (command->alias && strcmp(command->alias, name) == 0)) {
            separate(reply, &found);
            about_command(command, reply);
        }
    }
    if (option_find(name) != OPTION_NONE) {
        separate(reply, &found);
        about_option(option_find(name), session, reply);
    }
    if (criterion_find(name)) {
        separate(reply, &found);
        about_criterion(criterion_find(name), reply);
    }
    for (int i = 0; help_topic_at(i); i++) {
        if (strcmp(help_topic_at(i)->name, name) == 0) {
            separate(reply, &found);
            about_topic(help_topic_at(i), reply);
        }
    }
    if (found)
        return STATUS_OK;
    struct word_list words = {0};
    help_words(session, &words);
    const char *hint = word_list_hint(&words, name);
    status code = error_set(error, STATUS_NOT_FOUND, "no help on '%s'%s", name,
                            *hint ? hint : ": 'help' lists what there is, 'apropos' searches");
    word_list_free(&words);
    return code;
}

/* --- apropos -----------------------------------------------------------------------------------------------
 */

/* Does `text` contain `word`, whatever the case? */
static bool mentions(const char *text, const char *word)
{
    return text && strcasestr(text, word);
}

static void found_line(struct reply *reply, const char *name, const char *kind, const char *help, int *found)
{
    reply_line(reply, "  %s\t%s: %s", name, kind, help);
    (*found)++;
}

status help_search(const char *word, struct reply *reply, struct error *error)
{
    int found = 0;
    for (int i = 0; command_at(i); i++) {
        const struct command *command = command_at(i);
        if (mentions(command->name, word) || mentions(command->help, word) || mentions(command->text, word))
            found_line(reply, command->name, "command", command->help, &found);
    }
    for (int i = 0; option_at(i); i++) {
        const struct parameter *option = &option_at(i)->parameter;
        if (mentions(option->name, word) || mentions(option->help, word))
            found_line(reply, option->name, "option", option->help, &found);
    }
    for (int i = 0; criterion_at(i); i++) {
        const struct criterion *criterion = criterion_at(i);
        if (mentions(criterion->name, word) || mentions(criterion->title, word) ||
            mentions(criterion->help, word))
            found_line(reply, criterion->name, "criterion", criterion->help, &found);
    }
    for (int i = 0; help_topic_at(i); i++) {
        if (mentions(help_topic_at(i)->name, word) || mentions(help_topic_at(i)->help, word) ||
            mentions(help_topic_at(i)->text, word))
            found_line(reply, help_topic_at(i)->name, "topic", help_topic_at(i)->help, &found);
    }
    if (!found)
        return error_set(error, STATUS_NOT_FOUND, "nothing is about '%s'", word);
    return STATUS_OK;
}
