/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that scripts run: os.execute and io.popen. The library's own ignore Ctrl-C while they wait. Here
 * an interrupt ends the waiting: the program is asked to end, soon after made to, and the script is stopped.
 */
#include "lua/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { WAIT_MILLISECONDS = 20, PATIENCE = 15 /* waits between asking to end and making end */ };

/* Run a command by the shell, with `child` (a descriptor, -1: none) as its descriptor `place`. Returns an
 * error number. */
static int start(const char *command, int child, int place, pid_t *pid)
{
    char *words[] = {"sh", "-c", (char *)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGQUIT);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = child >= 0 ? posix_spawn_file_actions_adddup2(&actions, child, place) : 0;
    if (!failed)
        failed = posix_spawn(pid, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static void pause_shortly(void)
{
    struct timespec time = {0, WAIT_MILLISECONDS * 1000000L};
    nanosleep(&time, NULL);
}

/* Has it ended? */
static bool ended(pid_t pid, int *result)
{
    pid_t got = waitpid(pid, result, WNOHANG);
    if (got < 0 && errno != EINTR)
        *result = -1;
    return got == pid || (got < 0 && errno != EINTR);
}

static void end(pid_t pid)
{
    int result;
    kill(pid, SIGINT);
    for (int i = 0; i < PATIENCE; i++) {
        if (ended(pid, &result))
            return;
        pause_shortly();
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
        ;
}

/* Push what os.execute returns. A program that died of Ctrl-C stops the script too. */
static int wait_for(lua_State *L, pid_t pid)
{
    int result = 0;
    while (!ended(pid, &result)) {
        if (script_interrupted(L)) {
            end(pid);
            return luaL_error(L, "interrupted");
        }
        script_turn(L);
        pause_shortly();
    }
    if (script_interrupted(L) || (result != -1 && WIFSIGNALED(result) && WTERMSIG(result) == SIGINT))
        return luaL_error(L, "interrupted");
    return luaL_execresult(L, result);
}

/* os.execute([command]) */
static int execute(lua_State *L)
{
    const char *command = luaL_optstring(L, 1, NULL);
    pid_t pid;
    stop_check(L);
    if (!command) {
        lua_pushboolean(L, 1);
        return 1;
    }
    fflush(NULL);
    errno = start(command, -1, -1, &pid);
    return errno ? luaL_fileresult(L, 0, NULL) : wait_for(L, pid);
}

/* A file of Lua's, with the program at its other end behind it. */
struct pipe_file {
    luaL_Stream stream;
    pid_t pid;
};

static int close_pipe(lua_State *L)
{
    struct pipe_file *file = lua_touserdata(L, 1);
    fclose(file->stream.f);
    return wait_for(L, file->pid);
}

/* Collection does not wait for a program, and ends it when the script was interrupted; all else is as the
 * library has it, upvalue 1. */
static int collect_file(lua_State *L)
{
    struct pipe_file *file = lua_touserdata(L, 1);
    if (file->stream.closef != close_pipe) {
        call_own(L);
        return 0;
    }
    file->stream.closef = NULL;
    fclose(file->stream.f);
    if (script_interrupted(L))
        end(file->pid);
    else
        waitpid(file->pid, NULL, WNOHANG);
    return 0;
}

/* The two ends of a pipe, [0] for us, closed when a program runs. False with errno. */
static bool open_ends(int ends[2], bool reading)
{
    int made[2];
    if (pipe(made) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        fcntl(made[i], F_SETFD, FD_CLOEXEC);
    ends[0] = made[reading ? 0 : 1];
    ends[1] = made[reading ? 1 : 0];
    return true;
}

/* io.popen(command [, mode]) */
static int open_pipe(lua_State *L)
{
    const char *command = luaL_checkstring(L, 1), *mode = luaL_optstring(L, 2, "r");
    bool reading = strcmp(mode, "r") == 0;
    int ends[2];
    luaL_argcheck(L, reading || strcmp(mode, "w") == 0, 2, "invalid mode");
    stop_check(L);
    struct pipe_file *file = lua_newuserdatauv(L, sizeof *file, 0);
    file->stream.closef = NULL; /* a closed file, until all is well */
    luaL_setmetatable(L, LUA_FILEHANDLE);
    fflush(NULL);
    if (!reading)
        signal(SIGPIPE,
               SIG_IGN); /* a program that ends early is an error of the write, not the end of ours */
    if (!open_ends(ends, reading))
        return luaL_fileresult(L, 0, command);
    int failed = start(command, ends[1], reading ? STDOUT_FILENO : STDIN_FILENO, &file->pid);
    close(ends[1]);
    if (failed || !(file->stream.f = fdopen(ends[0], mode))) {
        int number = failed ? failed : errno;
        close(ends[0]);
        if (!failed)
            end(file->pid);
        errno = number;
        return luaL_fileresult(L, 0, command);
    }
    file->stream.closef = close_pipe;
    return 1;
}

void process_open(lua_State *L)
{
    lua_getglobal(L, "os");
    lua_pushcfunction(L, execute);
    lua_setfield(L, -2, "execute");
    lua_getglobal(L, "io");
    lua_pushcfunction(L, open_pipe);
    lua_setfield(L, -2, "popen");
    luaL_getmetatable(L, LUA_FILEHANDLE);
    lua_getfield(L, -1, "__gc");
    lua_pushcclosure(L, collect_file, 1);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 3);
}
