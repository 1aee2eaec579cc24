/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handler calls only what is safe in one: write, tcsetattr, dup2, sigaction, raise. */
#include "tui/rescue.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* clang-format off: term.h needs curses.h before it */
#include <curses.h>
#include <term.h>
/* clang-format on */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
enum { FATAL = sizeof fatal / sizeof *fatal };

static struct {
    volatile sig_atomic_t armed;
    int terminal, error;
    struct termios modes;
    char bytes[256];
    size_t length;
    struct sigaction before[FATAL];
} rescue;

static void handle(int number)
{
    if (rescue.armed) {
        rescue.armed = 0;
        ssize_t ignored = write(rescue.terminal, rescue.bytes, rescue.length);
        (void)ignored;
        tcsetattr(rescue.terminal, TCSANOW, &rescue.modes);
        dup2(rescue.error, STDERR_FILENO);
        dup2(rescue.terminal, STDOUT_FILENO);
    }
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(number, &plain, NULL);
    raise(number);
}

static void add(const char *bytes)
{
    size_t length = strlen(bytes);
    if (rescue.length + length < sizeof rescue.bytes) {
        memcpy(rescue.bytes + rescue.length, bytes, length);
        rescue.length += length;
    }
}

/* A capability without its padding ("$<5>"). */
static void add_capability(const char *name)
{
    char *value = tigetstr(name), plain[64];
    size_t length = 0;
    if (!value || value == (char *)-1)
        return;
    for (; *value && length + 1 < sizeof plain; value++) {
        if (value[0] == '$' && value[1] == '<') {
            char *end = strchr(value, '>');
            if (!end)
                break;
            value = end;
            continue;
        }
        plain[length++] = *value;
    }
    plain[length] = '\0';
    add(plain);
}

void rescue_prepare(int terminal, int error, const struct termios *modes)
{
    int state;
    TERMINAL *before = set_curterm(NULL);
    rescue.terminal = terminal;
    rescue.error = fcntl(error, F_DUPFD_CLOEXEC, 3);
    rescue.modes = *modes;
    rescue.length = 0;
    if (setupterm(NULL, terminal, &state) == OK) {
        char *mouse = tigetstr("kmous");
        if (mouse && mouse != (char *)-1)
            add("\033[?1006l\033[?1000l");
        add_capability("sgr0");
        add_capability("cnorm");
        add_capability("rmcup");
        add("\r\n");
    }
    TERMINAL *mine = set_curterm(before);
    if (mine)
        del_curterm(mine);
    rescue.armed = 1;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &action, &rescue.before[i]);
}

void rescue_forget(void)
{
    if (!rescue.armed)
        return;
    rescue.armed = 0;
    for (int i = 0; i < FATAL; i++)
        sigaction(fatal[i], &rescue.before[i], NULL);
    if (rescue.error >= 0)
        close(rescue.error);
}
