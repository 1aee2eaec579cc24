/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/progress.h"

static status read_reply(struct child *child, struct error *error)
{
    ssize_t length = getline(&child->line, &child->size, child->from);
    if (length < 0)
        return error_set(error, STATUS_FAILED, "the measured process ended");
    child->line[strcspn(child->line, "\n")] = '\0';
    if (strncmp(child->line, "error: ", 7) == 0)
        return error_set(error, STATUS_FAILED, "%s", child->line + 7);
    return STATUS_OK;
}

_Noreturn static void become(const char *const *argv)
{
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

status child_start(struct child *child, const char *const *argv, struct error *error)
{
    int to[2], from[2];
    *child = (struct child){0};
    if (pipe2(to, O_CLOEXEC) != 0)
        return error_set(error, STATUS_FAILED, "no pipe: %s", strerror(errno));
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return error_set(error, STATUS_FAILED, "no pipe: %s", strerror(errno));
    }
    pid_t process = fork();
    if (process == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        become(argv);
    }
    close(to[0]);
    close(from[1]);
    child->to = fdopen(to[1], "w");
    child->from = fdopen(from[0], "r");
    child->process = process > 0 ? process : 0;
    status code = process > 0 && child->to && child->from
                      ? read_reply(child, error)
                      : error_set(error, STATUS_FAILED, "%s cannot be started", argv[0]);
    if (code == STATUS_OK && strcmp(child->line, "ready") != 0)
        code = error_set(error, STATUS_FAILED, "%s: %s", argv[0], child->line);
    if (code != STATUS_OK)
        child_end(child);
    return code;
}

status child_ask(struct child *child, const char *request, double *numbers, int most, int *count,
                 struct error *error)
{
    fprintf(child->to, "%s\n", request);
    fflush(child->to);
    status code = read_reply(child, error);
    if (code != STATUS_OK)
        return error_prefix(error, "%s: ", request);
    int found = 0;
    for (char *at = child->line, *end; found < most; found++, at = end) {
        numbers[found] = strtod(at, &end);
        if (end == at)
            break;
    }
    if (count)
        *count = found;
    return found ? STATUS_OK : error_set(error, STATUS_FAILED, "%s: no number in '%s'", request, child->line);
}

status child_number(struct child *child, double *number, struct error *error, const char *format, ...)
{
    char request[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(request, sizeof request, format, arguments);
    va_end(arguments);
    return child_ask(child, request, number, 1, NULL, error);
}

double child_end(struct child *child)
{
    struct rusage usage = {0};
    if (child->to)
        fclose(child->to); /* the end of its input ends it */
    if (child->from)
        fclose(child->from);
    free(child->line);
    if (child->process)
        wait4(child->process, NULL, 0, &usage);
    *child = (struct child){0};
    return (double)usage.ru_maxrss / 1024;
}

status child_run(const char *const *argv, struct error *error)
{
    pid_t process = fork();
    if (process == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        become(argv);
    }
    int state = -1;
    if (process < 0 || waitpid(process, &state, 0) < 0 || !WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return error_set(error, STATUS_FAILED, "%s %s failed", argv[0], argv[1] ? argv[1] : "");
    return STATUS_OK;
}

/* Read from the terminal until `prompt` was shown; false after `limit` seconds or at its end. */
static bool wait_for(int terminal, const char *prompt, double limit)
{
    /* The colour behind the text and what kind it is, as terminals tell it. */
    static const char question[] = "\033]11;?", answer[] = "\033]11;rgb:0000/0000/0000\033\\\033[?62c";
    char shown[8192];
    size_t length = 0;
    bool answered = false;
    for (double end = clock_seconds() + limit; clock_seconds() < end;) {
        struct pollfd wait = {.fd = terminal, .events = POLLIN};
        if (poll(&wait, 1, 100) <= 0)
            continue;
        if (length > sizeof shown / 2) { /* keep the tail */
            memmove(shown, shown + length - 256, 256);
            length = 256;
        }
        ssize_t got = read(terminal, shown + length, sizeof shown / 2 - 1);
        if (got <= 0)
            return false;
        length += (size_t)got;
        if (!answered && memmem(shown, length, question, strlen(question)))
            answered = write(terminal, answer, strlen(answer)) > 0;
        if (memmem(shown, length, prompt, strlen(prompt)))
            return true;
    }
    return false;
}

status child_prompt(const char *const *argv, const char *prompt, const char *goodbye, double *seconds,
                    struct error *error)
{
    int terminal;
    struct winsize size = {.ws_row = 40, .ws_col = 120};
    double start = clock_seconds();
    pid_t process = forkpty(&terminal, NULL, NULL, &size);
    if (process == 0)
        become(argv);
    if (process < 0)
        return error_set(error, STATUS_FAILED, "no terminal: %s", strerror(errno));
    bool shown = wait_for(terminal, prompt, 10);
    *seconds = clock_seconds() - start;
    if (!shown || write(terminal, goodbye, strlen(goodbye)) < 0)
        kill(process, SIGTERM);
    char rest[256];
    while (read(terminal, rest, sizeof rest) > 0) {
    }
    waitpid(process, NULL, 0);
    close(terminal);
    return shown ? STATUS_OK : error_set(error, STATUS_FAILED, "%s shows no '%s'", argv[0], prompt);
}
