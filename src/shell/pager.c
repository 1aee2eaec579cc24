/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shell/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/terminal.h"

static const char default_pager[] = "less -R";
/* What sh says when there is no such program, or none that can be run. */
enum { SHELL_CANNOT_RUN = 126, SHELL_NOT_FOUND = 127 };

bool pager_needed(int descriptor, const char *text)
{
    struct winsize size;
    if (terminal_colors(descriptor) < 0 || ioctl(descriptor, TIOCGWINSZ, &size) != 0 || !size.ws_row)
        return false;
    int lines = 0;
    for (const char *end = text; (end = strchr(end, '\n')); end++)
        lines++;
    return lines >= size.ws_row;
}

/* Signals of the terminal that the pager gets as well as we do; writing to one that was left early. */
static const int ignored[] = {SIGINT, SIGQUIT, SIGPIPE};
enum { IGNORED = sizeof ignored / sizeof *ignored };

static void ignore_signals(struct sigaction before[IGNORED])
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    for (int i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &ignore, &before[i]);
}

static void restore_signals(const struct sigaction before[IGNORED])
{
    for (int i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &before[i], NULL);
}

/* In the child: never returns. LESS as git sets it: colours as they are, no second screen, and no waiting
 * where the text fits after all. */
static void become_pager(const char *command, const int ends[2])
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigemptyset(&usual.sa_mask);
    for (int i = 0; i < IGNORED; i++)
        sigaction(ignored[i], &usual, NULL);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
    setenv("LESS", "FRX", 0);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(SHELL_NOT_FOUND);
}

/* Until the pager has enough. */
static void write_text(int descriptor, const char *text, size_t length)
{
    while (length) {
        ssize_t written = write(descriptor, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return;
        text += written;
        length -= (size_t)written;
    }
}

static bool run_pager(const char *command, const char *text, size_t length)
{
    int ends[2], state = 0;
    if (pipe(ends) != 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        become_pager(command, ends);
    close(ends[0]);
    if (child > 0)
        write_text(ends[1], text, length);
    close(ends[1]);
    if (child < 0)
        return false;
    while (waitpid(child, &state, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    if (!WIFEXITED(state))
        write_text(STDOUT_FILENO, "\n", 1); /* the terminal has shown the keys that ended it */
    return !WIFEXITED(state) ||
           (WEXITSTATUS(state) != SHELL_CANNOT_RUN && WEXITSTATUS(state) != SHELL_NOT_FOUND);
}

bool pager_show(const char *text, size_t length)
{
    const char *command = getenv("PAGER");
    struct sigaction before[IGNORED];
    ignore_signals(before);
    bool shown = run_pager(command && *command ? command : default_pager, text, length);
    restore_signals(before);
    return shown;
}
