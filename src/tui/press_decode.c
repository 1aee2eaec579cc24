/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escape sequences of xterm and its kin, of the Linux console, and UTF-8. */
#include "tui/press_decode.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "session/words/press.h"

enum { ESC = 0x1b, PARAMETERS_MAX = 8, SEQUENCE_MAX = 48 };

/* --- CSI: ESC [ parameters final ------------------------------------------------------------------------ */

struct sequence {
    int parameter[PARAMETERS_MAX], count;
    char intro, final; /* intro: '<' of mouse reports, '?' of answers, or 0 */
};

/* Bytes of the sequence that begins behind ESC [, 0 when its end is missing. */
static int read_sequence(const unsigned char *bytes, int count, struct sequence *sequence)
{
    *sequence = (struct sequence){.count = 1};
    for (int i = 0; i < count; i++) {
        unsigned char byte = bytes[i];
        int *last = &sequence->parameter[sequence->count - 1];
        if (byte >= '0' && byte <= '9') {
            *last = *last < 10000 ? *last * 10 + byte - '0' : *last;
        } else if (byte == ';' || byte == ':') {
            sequence->count += sequence->count < PARAMETERS_MAX;
        } else if (byte >= 0x40 && byte <= 0x7e) {
            sequence->final = (char)byte;
            return i + 1;
        } else if ((byte == '<' || byte == '?') && i == 0) {
            sequence->intro = (char)byte;
        } else if (byte < 0x20 || byte > 0x7e || i >= SEQUENCE_MAX) {
            return i + 1; /* broken: swallow what was read */
        }
    }
    return 0;
}

static int modifiers_of(const struct sequence *sequence)
{
    int bits = sequence->count > 1 && sequence->parameter[1] > 0 ? sequence->parameter[1] - 1 : 0;
    return (bits & 1 ? PRESS_SHIFT : 0) | (bits & 2 || bits & 8 ? PRESS_ALT : 0) |
           (bits & 4 ? PRESS_CTRL : 0);
}

static const struct {
    char final;
    int press;
} letters[] = {
    {'A', PRESS_UP},     {'B', PRESS_DOWN},   {'C', PRESS_RIGHT}, {'D', PRESS_LEFT},
    {'H', PRESS_HOME},   {'F', PRESS_END},    {'P', PRESS_F1},    {'Q', PRESS_F1 + 1},
    {'R', PRESS_F1 + 2}, {'S', PRESS_F1 + 3}, {'M', PRESS_ENTER},
};

static int letter_press(char final)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].final == final)
            return letters[i].press;
    }
    return 0;
}

static int number_press(int number)
{
    static const struct {
        int number, press;
    } numbers[] = {
        {1, PRESS_HOME},    {2, PRESS_INSERT},    {3, PRESS_DELETE},   {4, PRESS_END},
        {5, PRESS_PAGE_UP}, {6, PRESS_PAGE_DOWN}, {7, PRESS_HOME},     {8, PRESS_END},
        {11, PRESS_F1},     {12, PRESS_F1 + 1},   {13, PRESS_F1 + 2},  {14, PRESS_F1 + 3},
        {15, PRESS_F1 + 4}, {17, PRESS_F1 + 5},   {18, PRESS_F1 + 6},  {19, PRESS_F1 + 7},
        {20, PRESS_F1 + 8}, {21, PRESS_F1 + 9},   {23, PRESS_F1 + 10}, {24, PRESS_F1 + 11},
        {200, PRESS_PASTE},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].number == number)
            return numbers[i].press;
    }
    return 0;
}

static void mouse(const struct sequence *sequence, struct press_event *event)
{
    event->press = PRESS_MOUSE;
    event->button = sequence->final == 'm' ? -1 : sequence->parameter[0] & ~(4 | 8 | 16);
    event->column = sequence->parameter[1] - 1;
    event->line = sequence->parameter[2] - 1;
}

static void name_sequence(const struct sequence *sequence, struct press_event *event)
{
    if (sequence->intro == '<' && sequence->count == 3 &&
        (sequence->final == 'M' || sequence->final == 'm')) {
        mouse(sequence, event);
        return;
    }
    int press = sequence->final == '~'   ? number_press(sequence->parameter[0])
                : sequence->final == 'Z' ? PRESS_TAB | PRESS_SHIFT
                                         : letter_press(sequence->final);
    event->press = press && !sequence->intro ? press | modifiers_of(sequence) : 0;
    event->answer = sequence->intro == '?';
}

static int decode_csi(const unsigned char *bytes, int count, struct press_event *event)
{
    struct sequence sequence;
    if (count >= 1 && bytes[0] == '[') { /* Linux console: ESC [ [ A is F1 */
        if (count < 2)
            return 0;
        event->press = bytes[1] >= 'A' && bytes[1] <= 'E' ? PRESS_F1 + bytes[1] - 'A' : 0;
        return 2;
    }
    int used = read_sequence(bytes, count, &sequence);
    if (used)
        name_sequence(&sequence, event);
    return used;
}

/* ESC ] digits ... up to BEL or ESC \: the colour of the background. Bytes of it behind ESC ]; 0 when its end
 * is missing, or when it is none. */
static int decode_answer(const unsigned char *bytes, int count, bool complete, struct press_event *event)
{
    int end = 0;
    if (count < 1 || bytes[0] < '0' || bytes[0] > '9')
        return 0;
    while (end < count && bytes[end] >= ' ')
        end++;
    bool whole = end < count && (bytes[end] != ESC || end + 1 < count);
    if (!whole && !complete)
        return 0;
    event->answer = true;
    return !whole ? count : bytes[end] == ESC && bytes[end + 1] == '\\' ? end + 2 : end + 1;
}

/* --- one byte and UTF-8 --------------------------------------------------------------------------------- */

static int control_press(unsigned char byte)
{
    switch (byte) {
    case '\t':
        return PRESS_TAB;
    case '\r':
    case '\n':
        return PRESS_ENTER;
    case 0x7f:
    case '\b':
        return PRESS_BACKSPACE;
    default:
        return byte >= 1 && byte <= 26 ? PRESS_CTRL | ('a' + byte - 1) : 0;
    }
}

static int decode_character(const unsigned char *bytes, int count, bool complete, struct press_event *event)
{
    if (bytes[0] < 0x20 || bytes[0] == 0x7f) {
        event->press = control_press(bytes[0]);
        return 1;
    }
    int wanted = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : bytes[0] >= 0xc0 ? 2 : 1;
    char character[5] = {0};
    int32_t code;
    if (count < wanted && !complete)
        return 0;
    memcpy(character, bytes, (size_t)(count < wanted ? count : wanted));
    int used = utf8_decode(character, &code);
    event->press = code > 0 ? (int)code : 0;
    return used > 0 ? used : 1;
}

/* --- all ------------------------------------------------------------------------------------------------ */

/* A sequence of the terminal's description; *more when the bytes are the beginning of one. */
static int decode_known(const unsigned char *bytes, int count, const struct press_sequence *known, bool *more,
                        struct press_event *event)
{
    for (; known && known->bytes; known++) {
        int length = (int)strlen(known->bytes);
        if (length > count) {
            *more |= memcmp(bytes, known->bytes, (size_t)count) == 0;
        } else if (memcmp(bytes, known->bytes, (size_t)length) == 0) {
            event->press = known->press;
            return length;
        }
    }
    return 0;
}

static int decode_escape(const unsigned char *bytes, int count, bool complete, struct press_event *event)
{
    int used = 0;
    if (count == 1) {
        event->press = PRESS_ESCAPE;
        return complete ? 1 : 0;
    }
    if (bytes[1] == ']' && count == 2 && !complete)
        return 0;
    if (bytes[1] == '[')
        used = decode_csi(bytes + 2, count - 2, event);
    else if (bytes[1] == ']' && count > 2 && bytes[2] >= '0' && bytes[2] <= '9')
        used = decode_answer(bytes + 2, count - 2, complete, event);
    else if (bytes[1] == 'O' && count > 2)
        used = (event->press = letter_press((char)bytes[2])) ? 1 : 0;
    else if (bytes[1] != 'O' && bytes[1] != ESC) {
        used = decode_character(bytes + 1, count - 1, complete, event);
        event->press = event->press ? event->press | PRESS_ALT : 0;
        return used ? used + 1 : 0;
    }
    if (used)
        return used + 2;
    if (bytes[1] == ESC && count > 2) { /* Alt in front of a sequence */
        used = decode_escape(bytes + 1, count - 1, complete, event);
        event->press = event->press ? event->press | PRESS_ALT : 0;
        return used ? used + 1 : 0;
    }
    if (!complete)
        return 0;
    event->press = PRESS_ESCAPE;
    return 1;
}

int press_decode(const unsigned char *bytes, int count, bool complete, const struct press_sequence *known,
                 struct press_event *event)
{
    bool more = false;
    *event = (struct press_event){0};
    if (count < 1)
        return 0;
    int used = decode_known(bytes, count, known, &more, event);
    if (used || (more && !complete))
        return used;
    return bytes[0] == ESC ? decode_escape(bytes, count, complete, event)
                           : decode_character(bytes, count, complete, event);
}
