/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of keys. */
#include "session/words/press.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int press;
} names[] = {
    {"Up", PRESS_UP},          {"Down", PRESS_DOWN},           {"Left", PRESS_LEFT},
    {"Right", PRESS_RIGHT},    {"Home", PRESS_HOME},           {"End", PRESS_END},
    {"PageUp", PRESS_PAGE_UP}, {"PageDown", PRESS_PAGE_DOWN},  {"Insert", PRESS_INSERT},
    {"Delete", PRESS_DELETE},  {"Backspace", PRESS_BACKSPACE}, {"Enter", PRESS_ENTER},
    {"Tab", PRESS_TAB},        {"Esc", PRESS_ESCAPE},          {"Space", ' '},
};

static const struct {
    const char *name;
    int modifier;
} modifiers[] = {{"Ctrl-", PRESS_CTRL}, {"Alt-", PRESS_ALT}, {"Shift-", PRESS_SHIFT}};

static bool parse_plain(const char *name, int *press)
{
    int32_t code;
    int64_t number;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i].name) == 0) {
            *press = names[i].press;
            return true;
        }
    }
    if ((*name == 'F' || *name == 'f') && text_to_integer(name + 1, &number)) {
        *press = PRESS_F1 + (int)number - 1;
        return number >= 1 && number <= 12;
    }
    int used = utf8_decode(name, &code);
    *press = (int)code;
    return used > 0 && code > ' ' && code != 0x7f && name[used] == '\0';
}

bool press_parse(const char *name, int *press)
{
    int with = 0;
    for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++) {
        size_t length = strlen(modifiers[i].name);
        if (strncasecmp(name, modifiers[i].name, length) == 0 && name[length]) {
            with |= modifiers[i].modifier;
            name += length;
        }
    }
    if (!parse_plain(name, press))
        return false;
    bool character = *press < PRESS_UP;
    if (character && (with & PRESS_CTRL) && *press >= 'A' && *press <= 'Z')
        *press += 'a' - 'A'; /* terminals do not tell them apart */
    if (character && (with & PRESS_CTRL) && !(*press >= 'a' && *press <= 'z'))
        return false;
    if (character && (with & PRESS_SHIFT))
        return false; /* the character itself says so */
    *press |= with;
    return true;
}

void text_add_press(struct text *text, int press)
{
    int plain = press & ~PRESS_MODIFIERS;
    for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
        text_add(text, press & modifiers[i].modifier ? modifiers[i].name : "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].press == plain) {
            text_add(text, names[i].name);
            return;
        }
    }
    if (plain >= PRESS_F1 && plain <= PRESS_F12) {
        text_add_format(text, "F%d", plain - PRESS_F1 + 1);
        return;
    }
    char character[5] = {0};
    if (press & PRESS_CTRL && plain >= 'a' && plain <= 'z')
        plain += 'A' - 'a';
    if (plain < PRESS_UP)
        utf8_encode(plain, character);
    text_add(text, character);
}

bool press_edits(int press)
{
    int plain = press & ~PRESS_MODIFIERS;
    bool moves = plain >= PRESS_UP && plain <= PRESS_PAGE_DOWN;
    if (plain >= PRESS_F1 && plain <= PRESS_F12)
        return false;
    return !(moves && (press & PRESS_MODIFIERS)) && plain != PRESS_PAGE_UP && plain != PRESS_PAGE_DOWN &&
           plain != PRESS_MOUSE;
}
