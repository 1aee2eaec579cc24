/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of program options and what is made from it. */
#include "repl/usage.h"

#include <archive.h>
#include <cblas.h>
#include <getopt.h>
#include <nettle/version.h>
#include <png.h>
#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <readline/readline.h>
#include <curses.h>
#include <lua.h>
#include <string.h>
#include <zip.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/ranks.h"
#include "base/text.h"
#include "session/version.h"

enum {
    LONG_PLAIN = 256,
    LONG_ASCII,
    LONG_DATA,
    LONG_THREADS,
    LONG_VERSION,
    LONG_SAFE,
    LONG_LUA_MEMORY,
    LONG_SCREEN,
    LONG_PROMPT,
    LONG_COLOR,
    LONG_RESUME,
    LONG_LOG
};

static const struct program_option table[] = {
    {'e', "execute", "COMMANDS", "run commands, then end; may be repeated",
     "Run COMMANDS and end. Several commands are separated by ';'. The option may be repeated and mixed with "
     "-f; all are "
     "run in their order."},
    {'f', "file", "FILE", "run a file of commands, then end; - is standard input",
     "Run the commands of FILE, one line after the other, and end. A FILE of - is standard input. May be "
     "repeated."},
    {'k', "keep-going", NULL, "go on after a command that failed",
     "Go on with the next command after one that failed. The exit status is that of the first that failed."},
    {'q', "quiet", NULL, "results only: no notes, no progress",
     "With -e, -f, a script, or commands from a pipe: show results and errors only. There is no progress, there "
     "are no notes, neither alone nor below figures, and commands that change something do not say what they "
     "did. What is left are figures, the answers of commands that only look, echo, and what scripts print. "
     "Figures that are written to files are as always."},
    {'n', "no-config", NULL, "do not run the configuration file", "Do not run the configuration file."},
    {LONG_DATA, "data", "KIND:PATH", "open a data set, such as cifar10:DIR or shapes",
     "Open a data set before anything else is run: KIND:PATH, or KIND alone where no path is needed."},
    {LONG_THREADS, "threads", "N", "worker threads", "Set the option threads."},
    {LONG_LOG, "log", "LOG", "add commands and results to a file",
     "Add every command with the time, what it showed, and the seconds it took to the text file LOG, as the "
     "command log does. The commands that scripts run are there as well, behind the script's name."},
    {LONG_SAFE, "safe", "FOLDER", "files in FOLDER only; Lua: no os, no io",
     "For what others wrote: whatever scripts and commands open, to read or to write, lies in FOLDER or "
     "below, wherever symbolic links lead; scripts get neither os nor io. What is named on this command "
     "line is read wherever it is."},
    {LONG_LUA_MEMORY, "lua-memory", "MB", "Lua: memory that scripts may hold",
     "Memory that Lua scripts may hold, in megabytes of 1,048,576 bytes; 1024 without it."},
    {LONG_RESUME, "resume", NULL, "bring back the last session that was not saved",
     "Bring back the last session that ended without being saved, in the place of a model; with a FILE "
     "behind the options, that one, as session list names it."},
    {LONG_PROMPT, "prompt", NULL, "the prompt alone, without panes",
     "Start at the prompt alone, without the panes of the full screen, with colours where the terminal has "
     "them."},
    {LONG_PLAIN, "plain", NULL, "plain prompt and plain text, no escape sequences",
     "Use a plain prompt and plain text: no escape sequence is ever written."},
    {LONG_COLOR, "color", "WHEN", "colours: auto, always (in pipes too) or never",
     "Colours: auto, always or never. Like the option color at the prompt, where it is called auto, yes or no, and after "
     "the configuration; always also means pipes and files that the output goes to, and that the variable NO_COLOR "
     "does not count. Bold and underlined text stays with never; --plain has neither."},
    {LONG_ASCII, "ascii", NULL, "draw with ASCII characters only", "Draw with ASCII characters only."},
    {LONG_VERSION, "version", NULL, "print the version and those of the libraries",
     "Print the version, the libraries and the licence, and end."},
    {'h', "help", NULL, "print this help", "Print a short help and end."},
};
static const int table_count = sizeof table / sizeof *table;

const struct program_option *program_option_at(int index)
{
    return index >= 0 && index < table_count ? &table[index] : NULL;
}

enum { LUA_MEMORY_MAX = 1 << 20 };

/* --- parsing -------------------------------------------------------------------------------------------- */

static status add_action(struct arguments *arguments, bool is_file, const char *text, struct error *error)
{
    if (!mem_grow(&arguments->actions, &arguments->action_capacity, (size_t)arguments->action_count + 1,
                  sizeof *arguments->actions))
        return error_memory(error);
    arguments->actions[arguments->action_count++] = (struct action){is_file, text};
    return STATUS_OK;
}

/* WHEN as other programs call it, as a value of the option color. */
static status read_color(struct arguments *arguments, const char *value, struct error *error)
{
    static const struct {
        const char *when, *color;
    } rows[] = {{"auto", "auto"}, {"always", "yes"}, {"never", "no"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(value, rows[i].when) == 0) {
            arguments->color = rows[i].color;
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_USAGE, "--color %s: expected auto, always or never", value);
}

static status apply(struct arguments *arguments, int letter, const char *value, struct error *error)
{
    switch (letter) {
    case 'e':
    case 'f':
        return add_action(arguments, letter == 'f', value, error);
    case 'k':
        arguments->keep_going = true;
        break;
    case 'q':
        arguments->quiet = true;
        break;
    case LONG_LOG:
        arguments->log = value;
        break;
    case 'n':
        arguments->no_config = true;
        break;
    case 'h':
        arguments->help = true;
        break;
    case LONG_PLAIN:
        arguments->plain = true;
        break;
    case LONG_PROMPT:
        arguments->prompt = true;
        break;
    case LONG_COLOR:
        return read_color(arguments, value, error);
    case LONG_RESUME:
        arguments->resume = true;
        break;
    case LONG_ASCII:
        arguments->ascii = true;
        break;
    case LONG_VERSION:
        arguments->version = true;
        break;
    case LONG_DATA:
        arguments->data = value;
        break;
    case LONG_THREADS:
        arguments->threads = value;
        break;
    case LONG_SAFE:
        arguments->safe = value;
        break;
    case LONG_SCREEN:
        arguments->screen = value;
        if (sscanf(value, "%dx%d", &arguments->screen_width, &arguments->screen_height) != 2)
            return error_set(error, STATUS_USAGE, "--screen %s: expected a size such as 80x24", value);
        break;
    case LONG_LUA_MEMORY:
        if (!text_to_integer(value, &arguments->lua_memory) || arguments->lua_memory < 1 ||
            arguments->lua_memory > LUA_MEMORY_MAX)
            return error_set(error, STATUS_USAGE,
                             "--lua-memory %s: expected a number of megabytes from 1 to %d", value,
                             LUA_MEMORY_MAX);
        break;
    }
    return STATUS_OK;
}

/* What getopt_long refused: an unknown option, or one without its argument. */
static status refused(char **argv, int code, struct error *error)
{
    const char *word = argv[optind - 1];
    bool is_long = strncmp(word, "--", 2) == 0;
    if (code == ':')
        return error_set(error, STATUS_USAGE, "option '%s' needs an argument", word);
    if (is_long)
        return error_set(error, STATUS_USAGE, "option '%s' is not known or not allowed so", word);
    return error_set(error, STATUS_USAGE, "option '-%c' is not known", optopt);
}

status arguments_parse(int argc, char **argv, struct arguments *arguments, struct error *error)
{
    struct option options[sizeof table / sizeof *table + 2] = {{0}};
    char letters[2 * (sizeof table / sizeof *table) + 2] = ":";
    size_t length = 1;
    *arguments = (struct arguments){0};
    for (int i = 0; i < table_count; i++) {
        options[i] = (struct option){table[i].name, table[i].argument ? required_argument : no_argument, NULL,
                                     table[i].letter};
        if (table[i].letter < 256) {
            letters[length++] = (char)table[i].letter;
            if (table[i].argument)
                letters[length++] = ':';
        }
    }
    letters[length] = '\0';
    /* For the tests: panes that `screen save` writes to files. */
    options[table_count] = (struct option){"screen", required_argument, NULL, LONG_SCREEN};
    opterr = 0;
    status code = STATUS_OK;
    for (int letter; code == STATUS_OK && (letter = getopt_long(argc, argv, letters, options, NULL)) != -1;)
        code = letter == '?' || letter == ':' ? refused(argv, letter, error)
                                              : apply(arguments, letter, optarg, error);
    if (code == STATUS_OK && optind < argc && strcmp(path_extension(argv[optind]), "lua") == 0) {
        arguments->script = argv[optind++];
        arguments->script_arguments = argv + optind;
        arguments->script_argument_count = argc - optind;
        optind = argc;
    }
    if (code == STATUS_OK && optind < argc)
        arguments->model = argv[optind++];
    if (code == STATUS_OK && arguments->resume && arguments->data)
        code = error_set(error, STATUS_USAGE,
                         "--resume brings the data of its session: --data cannot stand beside it");
    if (code == STATUS_OK && optind < argc)
        code = error_set(error, STATUS_USAGE, "unexpected argument '%s' after the model '%s'", argv[optind],
                         arguments->model);
    if (code != STATUS_OK)
        arguments_free(arguments);
    return code;
}

void arguments_free(struct arguments *arguments)
{
    mem_free(arguments->actions);
    *arguments = (struct arguments){0};
}

/* --- printing ------------------------------------------------------------------------------------------- */

void usage_print(FILE *file)
{
    fprintf(file,
            "Usage: %s [OPTION...] [MODEL | SCRIPT.lua [ARGUMENT...]]\n"
            "Explore which filters of a trained network a pruning criterion would remove.\n"
            "Without a model it starts on a built-in example; without -e and -f at a prompt.\n\n",
            PROGRAM_NAME);
    for (int i = 0; i < table_count; i++) {
        char left[40];
        if (table[i].letter < 256)
            snprintf(left, sizeof left, "-%c, --%s%s%s", table[i].letter, table[i].name,
                     table[i].argument ? " " : "", table[i].argument ? table[i].argument : "");
        else
            snprintf(left, sizeof left, "    --%s%s%s", table[i].name, table[i].argument ? " " : "",
                     table[i].argument ? table[i].argument : "");
        fprintf(file, "  %-24s %s\n", left, table[i].help);
    }
    fprintf(file,
            "\nFor example: %s -e 'load example; data shapes; score all; corr'\n"
            "At the prompt, 'help' lists the commands. See also: man %s\n",
            PROGRAM_NAME, PROGRAM_NAME);
}

static const char *jpeg_words(void)
{
#ifdef HAVE_JPEG
    return "libjpeg";
#else
    return "built without JPEG";
#endif
}

void version_print(FILE *file)
{
    fprintf(file, "%s %s\n", PROGRAM_NAME, PROGRAM_VERSION);
    fprintf(file, "Readline %s, %s, %s\n", rl_library_version, curses_version(), openblas_get_config());
    fprintf(file, "libpng %s, jansson %s, protobuf-c %s, Nettle %d.%d, %s\n", png_get_libpng_ver(NULL),
            jansson_version_str(), protobuf_c_version(), nettle_version_major(), nettle_version_minor(),
            LUA_RELEASE);
    fprintf(file, "libzip %s, %s, %s, %s\n", zip_libzip_version(), archive_version_string(), jpeg_words(),
            ranks_library());
    fprintf(file, "Licence GPL-3.0-or-later: free software, with no warranty.\n");
    fprintf(file,
            "Report bugs to %s:\n"
            "  send these lines, the commands and their answers (the file that --log FILE writes), and what\n"
            "  you expected; of the panes the screen too ('screen save FILE').\n",
            BUG_REPORT_PLACE);
}
