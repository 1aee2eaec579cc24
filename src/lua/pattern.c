/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lua's patterns, matched by code that an interrupt can stop: a pattern of a few characters may take years on
 * a line of text, and inside the library's own matcher no hook is called. What matches is defined by section
 * 6.4.1 of the Lua 5.4 reference manual. */
#include "lua/pattern.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 200, CAPTURE_OPEN = -1, CAPTURE_POSITION = -2, STEPS_UNSEEN = 1 << 16 };

/* Steps are what a character costs. */
static void count_steps(struct matcher *m, size_t steps)
{
    m->steps += steps;
    if (m->steps < STEPS_UNSEEN)
        return;
    m->steps = 0;
    stop_check(m->L);
}

static void count_step(struct matcher *m)
{
    count_steps(m, 1);
}

static const char *match_here(struct matcher *m, const char *s, const char *p);

/* --- single characters ---------------------------------------------------------------------------------- */

/* The set [...] at p: where it ends, behind the bracket. */
static const char *set_end(struct matcher *m, const char *p)
{
    const char *start = p++;
    if (p < m->pattern_end && *p == '^')
        p++;
    do { /* a bracket that comes first is one of the set */
        if (p >= m->pattern_end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%')
            p++;
    } while (p >= m->pattern_end || *p != ']');
    count_steps(m, (size_t)(p - start));
    return p + 1;
}

/* Behind the single-character item at p. */
static const char *item_end(struct matcher *m, const char *p)
{
    if (*p == '[')
        return set_end(m, p);
    if (*p != '%')
        return p + 1;
    if (p + 1 >= m->pattern_end)
        luaL_error(m->L, "malformed pattern (ends with '%%')");
    return p + 2;
}

static bool in_class(int c, int letter)
{
    static const struct {
        char letter;
        int (*is)(int c);
    } classes[] = {
        {'a', isalpha}, {'c', iscntrl}, {'d', isdigit}, {'g', isgraph}, {'l', islower},
        {'p', ispunct}, {'s', isspace}, {'u', isupper}, {'w', isalnum}, {'x', isxdigit},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (classes[i].letter == tolower(letter))
            return (classes[i].is(c) != 0) == (islower(letter) != 0);
    }
    return c == letter; /* an escaped character */
}

/* Is c in the set from `p` (at the bracket) to `last` (at the closing one)? */
static bool in_set(int c, const char *p, const char *last)
{
    bool inside = true;
    p++;
    if (*p == '^') {
        inside = false;
        p++;
    }
    for (; p < last; p++) {
        if (*p == '%') {
            p++;
            if (in_class(c, (unsigned char)*p))
                return inside;
        } else if (p[1] == '-' && p + 2 < last) {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return inside;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return inside;
        }
    }
    return !inside;
}

/* Does the item from p to `end` match the character at s? */
static bool matches_one(struct matcher *m, const char *s, const char *p, const char *end)
{
    if (s >= m->end)
        return false;
    count_steps(m, (size_t)(end - p));
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* --- repetition ----------------------------------------------------------------------------------------- */

/* As many as there are, then fewer. */
static const char *match_most(struct matcher *m, const char *s, const char *p, const char *end)
{
    ptrdiff_t count = 0;
    while (matches_one(m, s + count, p, end))
        count++;
    for (; count >= 0; count--) {
        const char *rest = match_here(m, s + count, end + 1);
        if (rest)
            return rest;
    }
    return NULL;
}

static const char *match_fewest(struct matcher *m, const char *s, const char *p, const char *end)
{
    for (;; s++) {
        const char *rest = match_here(m, s, end + 1);
        if (rest)
            return rest;
        if (!matches_one(m, s, p, end))
            return NULL;
    }
}

/* --- what begins with a sign of its own ----------------------------------------------------------------- */

/* %bxy: up to the y that closes the x at s. */
static const char *match_balance(struct matcher *m, const char *s, const char *p)
{
    if (p + 1 >= m->pattern_end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->end || *s != *p)
        return NULL;
    int open = 1;
    for (const char *at = s + 1; at < m->end; at++) {
        count_step(m);
        if (*at == p[1]) {
            if (--open == 0)
                return at + 1;
        } else if (*at == *p) {
            open++;
        }
    }
    return NULL;
}

/* %f[set] at p, behind the f: between a character outside and one inside the set. */
static const char *match_frontier(struct matcher *m, const char *s, const char *p)
{
    if (p >= m->pattern_end || *p != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *end = set_end(m, p);
    int before = s == m->subject ? '\0' : (unsigned char)s[-1];
    int after = s < m->end ? (unsigned char)*s : '\0';
    if (in_set(before, p, end - 1) || !in_set(after, p, end - 1))
        return NULL;
    return match_here(m, s, end);
}

static const char *open_capture(struct matcher *m, const char *s, const char *p, ptrdiff_t kind)
{
    if (m->level >= PATTERN_CAPTURES)
        luaL_error(m->L, "too many captures");
    m->captures[m->level].start = s;
    m->captures[m->level].length = kind;
    m->level++;
    const char *rest = match_here(m, s, p);
    if (!rest)
        m->level--;
    return rest;
}

static const char *close_capture(struct matcher *m, const char *s, const char *p)
{
    int which = m->level - 1;
    while (which >= 0 && m->captures[which].length != CAPTURE_OPEN)
        which--;
    if (which < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[which].length = s - m->captures[which].start;
    const char *rest = match_here(m, s, p);
    if (!rest)
        m->captures[which].length = CAPTURE_OPEN;
    return rest;
}

/* What an earlier capture took, once more. */
static const char *match_again(struct matcher *m, const char *s, int digit)
{
    int which = digit - '1';
    if (which < 0 || which >= m->level || m->captures[which].length == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", which + 1);
    ptrdiff_t length = m->captures[which].length;
    count_steps(m, length > 0 ? (size_t)length : 0);
    if (length < 0 || m->end - s < length || memcmp(m->captures[which].start, s, (size_t)length) != 0)
        return NULL;
    return s + length;
}

/* --- matching ------------------------------------------------------------------------------------------- */

/* The item from p to `end`, where the sign of its repetition stands. */
static const char *match_repeated(struct matcher *m, const char *s, const char *p, const char *end)
{
    if (*end == '*')
        return match_most(m, s, p, end);
    if (*end == '-')
        return match_fewest(m, s, p, end);
    return matches_one(m, s, p, end) ? match_most(m, s + 1, p, end) : NULL;
}

/* %f, %b and %1 to %9. */
static const char *match_escape(struct matcher *m, const char *s, const char *p)
{
    if (p[1] == 'f')
        return match_frontier(m, s, p + 2);
    bool balance = p[1] == 'b';
    const char *rest = balance ? match_balance(m, s, p + 2) : match_again(m, s, (unsigned char)p[1]);
    return rest ? match_here(m, rest, p + (balance ? 4 : 2)) : NULL;
}

/* Is what stands at p one character, whatever may follow it? */
static bool is_single(const struct matcher *m, const char *p)
{
    int next = p + 1 < m->pattern_end ? (unsigned char)p[1] : '\0';
    if (*p == '(' || *p == ')' || (*p == '$' && p + 1 == m->pattern_end))
        return false;
    return *p != '%' || (next != 'f' && next != 'b' && !isdigit(next));
}

static const char *match_rest(struct matcher *m, const char *s, const char *p)
{
    /* Characters that are not repeated need no recursion. */
    while (p < m->pattern_end && is_single(m, p)) {
        const char *end = item_end(m, p);
        if (end < m->pattern_end && *end && strchr("*+-", *end))
            return match_repeated(m, s, p, end);
        bool one = matches_one(m, s, p, end);
        if (end < m->pattern_end && *end == '?') {
            const char *rest = one ? match_here(m, s + 1, end + 1) : NULL;
            if (rest)
                return rest;
            p = end + 1;
            continue;
        }
        if (!one)
            return NULL;
        s++;
        p = end;
    }
    if (p >= m->pattern_end)
        return s;
    switch (*p) {
    case '(':
        return p + 1 < m->pattern_end && p[1] == ')' ? open_capture(m, s, p + 2, CAPTURE_POSITION)
                                                     : open_capture(m, s, p + 1, CAPTURE_OPEN);
    case ')':
        return close_capture(m, s, p + 1);
    case '$':
        return s == m->end ? s : NULL;
    default:
        return match_escape(m, s, p);
    }
}

static const char *match_here(struct matcher *m, const char *s, const char *p)
{
    count_step(m);
    if (m->depth >= DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    m->depth++;
    const char *end = match_rest(m, s, p);
    m->depth--;
    return end;
}

const char *pattern_match(struct matcher *m, const char *s, const char *pattern)
{
    m->level = m->depth = 0;
    return match_here(m, s, pattern);
}

void pattern_push_capture(struct matcher *m, int index, const char *start, const char *end)
{
    if (index >= m->level) {
        if (index != 0)
            luaL_error(m->L, "invalid capture index %%%d", index + 1);
        lua_pushlstring(m->L, start, (size_t)(end - start)); /* the whole match */
        return;
    }
    const struct pattern_capture *capture = &m->captures[index];
    if (capture->length == CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (capture->length == CAPTURE_POSITION)
        lua_pushinteger(m->L, capture->start - m->subject + 1);
    else
        lua_pushlstring(m->L, capture->start, (size_t)capture->length);
}

int pattern_push_captures(struct matcher *m, const char *start, const char *end)
{
    int count = m->level == 0 && start ? 1 : m->level;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++)
        pattern_push_capture(m, i, start, end);
    return count;
}
