/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The question is followed by the one for device attributes, which every terminal answers: whoever answers
 * only that does not know the first, and nobody has to wait. */
#include "shell/background.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/progress.h"
#include "shell/terminal.h"
#include "view/contrast.h"

static const char questions[] = "\033]11;?\033\\\033[c";
enum { ESC = 0x1b, BEL = 0x07, DIGITS = 4, ANSWERS = 1024, ANSWER_MAX = 128 };
static const double patience = 0.25; /* seconds */
/* Luminances: the themes for dark terminals are made for backgrounds up to about #303030, those for light
 * ones from about #eeeeee; a bit beyond they still serve. */
static const double darkest_unknown = 0.06, lightest_unknown = 0.5;

/* --- answers -------------------------------------------------------------------------------------------- */

/* One to four hexadecimal digits as a share of the largest number of so many. */
static const char *read_channel(const char *text, int most, double *share)
{
    char digits[DIGITS + 1] = {0};
    size_t count = strspn(text, "0123456789abcdefABCDEF");
    if (most > 0 && count > (size_t)most)
        count = (size_t)most;
    if (count < 1 || count > DIGITS)
        return NULL;
    memcpy(digits, text, count);
    *share = (double)strtol(digits, NULL, 16) / (double)((1 << 4 * count) - 1);
    return text + count;
}

/* "rgb:ffff/ffff/ffff", "rgba:...", "#ffffff": what XParseColor takes. */
static bool read_color(const char *text, double color[3])
{
    bool slashes = strncmp(text, "rgb:", 4) == 0 || strncmp(text, "rgba:", 5) == 0;
    double read[3];
    if (!slashes && *text != '#')
        return false;
    int most = slashes ? 0 : (int)strlen(text + 1) / 3;
    text += slashes ? strcspn(text, ":") + 1 : 1;
    for (int i = 0; i < 3; i++) {
        if (slashes && i > 0 && *text++ != '/')
            return false;
        text = read_channel(text, most, &read[i]);
        if (!text)
            return false;
    }
    if (*text && *text != '/')
        return false;
    memcpy(color, read, sizeof read);
    return true;
}

/* Bytes of an answer at the beginning of `bytes`: 0 when there is none, -1 when its end is missing. */
static int color_answer(const unsigned char *bytes, size_t count, struct background_reply *reply)
{
    static const char intro[] = "\033]11;";
    const size_t length = sizeof intro - 1;
    char text[ANSWER_MAX];
    size_t end = length;
    if (memcmp(bytes, intro, count < length ? count : length) != 0)
        return 0;
    if (count < length)
        return -1;
    while (end < count && bytes[end] >= ' ' && bytes[end] < 0x7f)
        end++;
    if (end - length >= sizeof text)
        return 0;
    if (end == count || (bytes[end] == ESC && end + 1 == count))
        return -1;
    memcpy(text, bytes + length, end - length);
    text[end - length] = '\0';
    reply->colored |= read_color(text, reply->color);
    /* It ends with BEL or ESC \; of the latter, some leave out the second byte. */
    bool string_end = bytes[end] == ESC && bytes[end + 1] == '\\';
    return (int)end + (string_end ? 2 : 1);
}

/* "ESC [ ? 62 ; 22 c" */
static int attributes_answer(const unsigned char *bytes, size_t count, struct background_reply *reply)
{
    static const char intro[] = "\033[?";
    const size_t length = sizeof intro - 1;
    size_t end = length;
    if (memcmp(bytes, intro, count < length ? count : length) != 0)
        return 0;
    while (end < count && ((bytes[end] >= '0' && bytes[end] <= '9') || bytes[end] == ';'))
        end++;
    if (end >= count)
        return -1;
    if (bytes[end] != 'c')
        return 0;
    reply->ended = true;
    return (int)end + 1;
}

static int answer_at(const unsigned char *bytes, size_t count, struct background_reply *reply)
{
    int used = color_answer(bytes, count, reply);
    return used ? used : attributes_answer(bytes, count, reply);
}

size_t background_take(unsigned char *bytes, size_t count, struct background_reply *reply)
{
    size_t kept = 0;
    for (size_t at = 0; at < count;) {
        int used = bytes[at] == ESC ? answer_at(bytes + at, count - at, reply) : 0;
        if (used > 0)
            at += (size_t)used;
        else
            bytes[kept++] = bytes[at++];
    }
    return kept;
}

bool background_unfinished(const unsigned char *bytes, size_t count)
{
    struct background_reply ignored = {0};
    for (size_t at = 0; at < count; at++) {
        if (bytes[at] == ESC && answer_at(bytes + at, count - at, &ignored) < 0)
            return true;
    }
    return false;
}

/* --- what they mean ------------------------------------------------------------------------------------- */

enum background background_of_color(const double color[3])
{
    double luminance = color_luminance(color);
    return luminance <= darkest_unknown    ? BACKGROUND_DARK
           : luminance >= lightest_unknown ? BACKGROUND_LIGHT
                                           : BACKGROUND_UNKNOWN;
}

/* Of the 16 colours of a terminal the first seven and bright black are dark. */
enum background background_of_variable(const char *value)
{
    const char *last = value ? strrchr(value, ';') : NULL;
    int64_t color;
    if (!last || !text_to_integer(last + 1, &color) || color < 0 || color > 15)
        return BACKGROUND_UNKNOWN;
    return color <= 6 || color == 8 ? BACKGROUND_DARK : BACKGROUND_LIGHT;
}

enum background background_told(void)
{
    return background_of_variable(getenv("COLORFGBG"));
}

/* --- asking --------------------------------------------------------------------------------------------- */

/* Terminals that show the question, or part of it. */
static const char *const simple[] = {"linux", "cons", "eterm", "emacs", "vt52", "sun", "wsvt", "ansi", NULL};

static bool may_ask(int input, int output)
{
    return isatty(input) && terminal_colors(output) > 0 && !terminal_is_of(simple) &&
           tcgetpgrp(input) == getpgrp(); /* in the background, changing modes would stop the program */
}

static void read_answers(int input, struct background_reply *reply, struct text *typed)
{
    unsigned char bytes[ANSWERS];
    size_t count = 0;
    const double start = clock_seconds();
    while (!reply->ended && count < sizeof bytes) {
        double left = patience * (background_unfinished(bytes, count) ? 2 : 1) - (clock_seconds() - start);
        struct pollfd wait = {.fd = input, .events = POLLIN};
        if (left <= 0 || poll(&wait, 1, (int)(left * 1000) + 1) <= 0)
            break;
        ssize_t got = read(input, bytes + count, sizeof bytes - count);
        if (got <= 0)
            break;
        count = background_take(bytes, count + (size_t)got, reply);
    }
    text_add_bytes(typed, (const char *)bytes, count);
}

/* Signals wait until the terminal has its modes back. */
static void ask(int input, int output, struct background_reply *reply, struct text *typed)
{
    struct termios before;
    sigset_t all, mask;
    if (tcgetattr(input, &before) != 0)
        return;
    const struct termios modes = terminal_unseen(&before);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &mask);
    const size_t length = sizeof questions - 1;
    if (tcsetattr(input, TCSANOW, &modes) == 0) {
        if (write(output, questions, length) == (ssize_t)length)
            read_answers(input, reply, typed);
        tcsetattr(input, TCSANOW, &before);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

enum background background_find(int input, int output, struct text *typed)
{
    struct background_reply reply = {0};
    if (may_ask(input, output))
        ask(input, output, &reply, typed);
    return reply.colored ? background_of_color(reply.color) : background_told();
}
