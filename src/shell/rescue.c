/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handler calls only what is safe in one: write, tcsetattr, dup2, sigaction, raise. */
#include "shell/rescue.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Faults, and what nobody else catches. */
static const int fatal[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGQUIT, SIGTRAP,
                            SIGSYS,  SIGXCPU, SIGXFSZ, SIGALRM, SIGUSR1, SIGUSR2, SIGPIPE};
enum { FATAL = sizeof fatal / sizeof *fatal, STACK = 64 << 10 };

static struct {
    volatile sig_atomic_t armed;
    int terminal, error; /* error -1: the standard streams are as they were */
    struct termios modes;
    char bytes[RESCUE_BYTES];
    size_t length;
    struct sigaction before[FATAL];
} rescue;

static void handle(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
    if (rescue.armed) {
        rescue.armed = 0;
        sigaction(SIGTTOU, &ignore, NULL); /* also from the background */
        ssize_t ignored = write(rescue.terminal, rescue.bytes, rescue.length);
        (void)ignored;
        tcsetattr(rescue.terminal, TCSANOW, &rescue.modes);
        if (rescue.error >= 0) {
            dup2(rescue.error, STDERR_FILENO);
            dup2(rescue.terminal, STDOUT_FILENO);
        }
    }
    sigaction(number, &plain, NULL);
    raise(number);
}

/* A stack that ran over has no room for a handler. */
static void prepare_stack(void)
{
    static char room[STACK];
    stack_t now, stack = {.ss_sp = room, .ss_size = sizeof room};
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
        sigaltstack(&stack, NULL);
}

void rescue_prepare(int terminal, int error, const struct termios *modes, const char *bytes, size_t length)
{
    bool armed = rescue.armed;
    rescue.armed = 0;
    if (armed && rescue.error >= 0)
        close(rescue.error);
    rescue.terminal = terminal;
    rescue.error = error >= 0 ? fcntl(error, F_DUPFD_CLOEXEC, 3) : -1;
    rescue.modes = *modes;
    rescue.length = length < sizeof rescue.bytes ? length : 0;
    memcpy(rescue.bytes, bytes, rescue.length);
    prepare_stack();
    rescue.armed = 1;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; !armed && i < FATAL; i++) {
        sigaction(fatal[i], NULL, &rescue.before[i]);
        if (rescue.before[i].sa_handler != SIG_IGN)
            sigaction(fatal[i], &action, NULL);
    }
}

void rescue_modes(const struct termios *modes)
{
    rescue.modes = *modes;
}

void rescue_forget(void)
{
    if (!rescue.armed)
        return;
    rescue.armed = 0;
    for (int i = 0; i < FATAL; i++) {
        struct sigaction now;
        sigaction(fatal[i], NULL, &now);
        if (now.sa_handler == handle) /* a script that writes to programs ignores SIGPIPE for good */
            sigaction(fatal[i], &rescue.before[i], NULL);
    }
    if (rescue.error >= 0)
        close(rescue.error);
}
