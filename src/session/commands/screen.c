/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands of the full screen: layout, screen, bind, unbind, type. They only say what is wanted: the front
 * end does it, for the session knows no terminal. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "session/commands/rows.h"
#include "session/language/command.h"
#include "session/reply.h"
#include "session/words/panes.h"
#include "session/words/press.h"
#include "session/words/value.h"
#include "view/cells/canvas.h"

static status want(struct call *call, enum request_kind kind, struct error *error)
{
    struct request *request = &call->reply->request;
    for (int i = 0; call_argument(call, i); i++) {
        if (request->count == REQUEST_WORDS)
            return error_set(error, STATUS_USAGE, "takes at most %d words", REQUEST_WORDS);
        request->words[request->count] = mem_string(call_argument(call, i));
        if (!request->words[request->count])
            return error_memory(error);
        request->count++;
    }
    request->kind = kind;
    return STATUS_OK;
}

static status check_key(const char *name, int *press, struct error *error)
{
    return press_parse(name, press)
               ? STATUS_OK
               : error_set(error, STATUS_USAGE,
                           "'%s' is no key: keys are called like a, +, F5, Alt-Left, Ctrl-L, Space, PageUp",
                           name);
}

static status run_layout(struct call *call, struct error *error)
{
    return want(call, REQUEST_LAYOUT, error);
}

static status run_screen(struct call *call, struct error *error)
{
    struct setting_value styles;
    status code = call_value(call, "styles", &styles, error);
    if (code == STATUS_OK)
        code = call_may_write(call, call_argument(call, 1), error);
    if (code == STATUS_OK)
        code = want(call, REQUEST_SCREEN, error);
    call->reply->request.styles = styles.integer != 0;
    return code;
}

static status run_bind(struct call *call, struct error *error)
{
    const char *key = call_argument(call, 0), *action = call_argument(call, 1);
    int press;
    status code = key ? check_key(key, &press, error) : STATUS_OK;
    if (code != STATUS_OK)
        return code;
    if (action && press_edits(press) && key_action_at(key_action_find(action))->place == PLACE_EVERYWHERE)
        reply_add(call->reply, STYLE_NOTE, "at the prompt %s edits the line: there it does not count", key);
    return want(call, REQUEST_BIND, error);
}

static status run_unbind(struct call *call, struct error *error)
{
    int press;
    status code = check_key(call_argument(call, 0), &press, error);
    return code == STATUS_OK ? want(call, REQUEST_UNBIND, error) : code;
}

static status run_type(struct call *call, struct error *error)
{
    status code = STATUS_OK;
    int press;
    for (int i = 0; code == STATUS_OK && call_argument(call, i); i++)
        code = check_key(call_argument(call, i), &press, error);
    return code == STATUS_OK ? want(call, REQUEST_TYPE, error) : code;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static const char *screen_word(int index)
{
    return index == 0 ? "save" : NULL;
}

static const char *action_word(int index)
{
    return key_action_at(index) ? key_action_at(index)->name : NULL;
}

static const struct parameter layout_arguments[] = {
    {"LAYOUT", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, layout_name, NULL, "which panes are seen, and where"},
    PARAMETER_END,
};
static const struct example layout_examples[] = {
    {"layout compare", "gives the screen to scores and correlation", true}, EXAMPLE_END};
static const struct parameter screen_arguments[] = {
    {"save", VALUE_CHOICE, 0, 0, 0, screen_word, NULL, "the word save"},
    {"FILE", VALUE_FILE, 0, 0, 0, NULL, NULL, "a text file"},
    PARAMETER_END,
};
static const struct parameter screen_parameters[] = {
    {"styles", VALUE_BOOLEAN, 0, 0, 0, NULL, "no",
     "below each line that is not plain, a letter for the style of each of its cells"},
    OVERWRITE_PARAMETER,
    PARAMETER_END,
};
static const struct example screen_examples[] = {
    {"screen save screen.txt", "writes what is on the screen to a file", true}, EXAMPLE_END};
static const struct parameter bind_arguments[] = {
    {"KEY", VALUE_WORD, PARAMETER_OPTIONAL, 0, 0, NULL, NULL,
     "a key such as a, +, F5, Alt-Left, Ctrl-L, Space"},
    {"ACTION", VALUE_CHOICE, PARAMETER_OPTIONAL, 0, 0, action_word, NULL, "what it shall do"},
    PARAMETER_END,
};
static const struct example bind_examples[] = {
    {"bind F12 zoom", "zooms with F12 as well", false},
    {"bind", "lists the keys that are in force", true},
    EXAMPLE_END,
};
static const struct parameter unbind_arguments[] = {
    {"KEY", VALUE_WORD, 0, 0, 0, NULL, NULL, "a key such as a, +, F5, Alt-Left, Ctrl-L, Space"},
    PARAMETER_END,
};
static const struct example unbind_examples[] = {{"unbind F9", "makes F9 do nothing", false}, EXAMPLE_END};
static const struct parameter type_arguments[] = {
    {"KEY", VALUE_WORD, PARAMETER_REPEATED, 0, 0, NULL, NULL, "keys such as F2, Down, +"},
    PARAMETER_END,
};
static const struct example type_examples[] = {
    {"type F2 Down Down +", "goes to the third row of the layers and prunes more of it", true}, EXAMPLE_END};

const struct command commands_panes[] = {
    {"layout", NULL, "screen", layout_arguments, NULL, NULL, 0, "arrange the panes",
     "Arranges the panes of the full screen in a layout that has a name; without one lists the layouts.",
     layout_examples, run_layout},
    {"screen", NULL, "screen", screen_arguments, screen_parameters, NULL, 0, "save the screen as text",
     "Writes the cells of the full screen to a text file, for bug reports and tests.", screen_examples,
     run_screen},
    {"bind", NULL, "screen", bind_arguments, NULL, NULL, 0, "give a key something to do",
     "Binds a key to an action of the full screen; without arguments lists the keys that are in force, as ? "
     "does. Put into the configuration file it lasts. A key that did something else before is told. At the "
     "prompt only function keys, PageUp, PageDown, and arrows with Alt, Control or Shift do something: the "
     "others edit the line, as ~/.inputrc says.",
     bind_examples, run_bind},
    {"unbind", NULL, "screen", unbind_arguments, NULL, NULL, 0, "take a key's action away",
     "Makes a key do nothing in the panes.", unbind_examples, run_unbind},
    {"type", NULL, "screen", type_arguments, NULL, NULL, 0, "press keys",
     "Does what the keys would do in the full screen, one after the other: for recordings and tests.",
     type_examples, run_type},
    {.name = NULL},
};
