/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this room share.
 *
 * Lua's errors are long jumps. What C owns while Lua may raise one is therefore held by a handle, whose
 * collection frees it: create the handle first, then what it holds.
 *
 * Metamethods of scripts can run in every access that is not raw, in every length that is not raw, in
 * tostring, and then free, change and empty whatever a script can reach. So C reads tables raw; texts that it
 * goes on using stay on the stack or in a table of its own; and what a handle held when a command began is
 * held once more, by a handle that no script can reach, where functions of the script run before its end. */
#ifndef IPPRO_LUA_INTERNAL_H
#define IPPRO_LUA_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdbool.h>

#include "lua/script.h"
#include "session/training_hooks.h"

struct script {
    lua_State *lua;
    struct session *session;
    struct script_host host;
    size_t held, limit; /* bytes */
    bool safe;
    struct text warning; /* pieces of one that is not complete */
    bool warnings;       /* are they shown? */
    unsigned steps;      /* of the hook, while nothing interrupted */
    char *traceback;
    struct error raised; /* by the last command that failed */
    bool running;        /* no script is entered twice */
    /* What commands called while another one runs: functions of criteria, of progress. */
    lua_State *caller;  /* a thread of its own for these */
    const char *inside; /* which one is running, or NULL: they cannot run commands themselves */
    bool defining;      /* it is a file that may define criteria and networks */
    bool own_files;     /* of networks that come with the program: one that runs is such a file */
    pthread_t thread;   /* that may touch Lua */
    lua_State *current; /* the thread of Lua's whose command runs; NULL: none */
    bool telling;       /* functions run that wait for events: what they do is no event */
};

struct script *script_of(lua_State *L);

/* --- handles: handle.c ---------------------------------------------------------------------------------- */

enum handle_kind {
    HANDLE_MODEL,     /* struct model */
    HANDLE_DATA,      /* struct dataset */
    HANDLE_SCORE_SET, /* struct session: one of its own, with the scores and all that they came from */
    HANDLE_SCORES,    /* struct criterion_scores */
    HANDLE_SELECTION, /* struct chosen */
    HANDLE_FIGURE,    /* struct figure */
    HANDLE_ARRAY,     /* struct npy */
    HANDLE_BUILDER,   /* struct builder (lua/description.h) */
    HANDLE_FEATURES,  /* struct features */
    HANDLE_VECTOR,    /* struct vector (lua/vector.h) */
    HANDLE_REPLY,     /* struct reply; the rest is never seen by scripts */
    HANDLE_LINE,      /* struct parsed_line */
    HANDLE_TEXT,      /* struct text */
    HANDLE_MEMORY,    /* from mem_new */
    HANDLE_KINDS
};

/* Scores of one criterion, with what other options would need. */
struct criterion_scores {
    struct model *model;
    struct board *board;
    struct scores *scores;
    struct options *options;
    struct pruning *pruning; /* the ratios that were set */
    struct choice choice;
};

/* What was selected, and of which network. */
struct chosen {
    struct model *model;
    struct pruning *pruning;
};

/* Push a handle of nothing; put the object into the place that is returned. */
void **handle_push(lua_State *L, enum handle_kind kind);
/* Push the handle of an object that is known by the addresses of its parts and (NULL: not) a name: the one
 * that scripts have already, so that what is the same compares equal and is one key of a table, or a new one
 * of nothing. Put the object into the place that is returned when it is empty. */
void **handle_push_same(lua_State *L, enum handle_kind kind, const void *const *parts, int count,
                        const char *name);
/* The object of an argument. Raises an error for anything else and for one that was freed. */
void *handle_check(lua_State *L, int index, enum handle_kind kind);
void *handle_test(lua_State *L, int index, enum handle_kind kind); /* NULL for anything else */
/* Let go of the object of a handle now. */
void handle_drop(lua_State *L, int index);
/* Make the list of known handles, which keeps none of them alive. */
void handles_open(lua_State *L);
/* The metatables; `methods` of a kind, NULL-ended, become its __index, or are given to `index` as its first
 * upvalue. */
void handle_kind_new(lua_State *L, enum handle_kind kind, const luaL_Reg *methods, lua_CFunction index,
                     lua_CFunction to_string);

/* Raise a C error as a Lua error with the position of the script's line. */
int raise_error(lua_State *L, const struct error *error);
/* Push a field of the table at index 1, as it stands there. Returns its type. */
int raw_field(lua_State *L, const char *name);
/* Memory that goes with a handle on top of the stack; raises an error when it is out. */
void *script_alloc(lua_State *L, size_t count, size_t size);
void push_text(lua_State *L, const struct text *text); /* raises an error when the text has failed */

/* --- commands: command_call.c --------------------------------------------------------------------------- */

/* Run a command in `session` and push its answer: a table of figures, its text in the field `text`. The
 * arguments stand on the stack from `first` on: strings, numbers, booleans and arrays of these; a table as
 * the last one sets key=value parameters. */
void command_call(lua_State *L, struct session *session, const char *name, int first, int last);
void answer_only_figure(lua_State *L); /* replace the answer on top by its first figure (nil without one) */
int ippro_command(lua_State *L);       /* ippro.command(line) */
int ippro_named(lua_State *L);         /* upvalue 1: a command's name */
/* Put a closure of the function, with the name as upvalue 1, into the table on top, for every command that
 * has all flags of `with` and none of `without`. */
void add_commands(lua_State *L, unsigned with, unsigned without, lua_CFunction function);

/* --- training: training_call.c -------------------------------------------------------------------------- */

/* Functions of a script that take part in a training: stack indices of `L`, 0: none. */
struct training_ear {
    lua_State *L;
    const struct session *session;
    int epoch, penalty, mask;
    struct training_hooks hooks; /* for the session, while the command runs */
};
/* Of an ear whose other members are filled: what the session is to have; NULL without functions. */
const struct training_hooks *training_ear_open(struct training_ear *ear);
void training_ear_close(struct training_ear *ear);

void vector_kind_new(lua_State *L); /* vector.c */

/* --- events: hooks.c ------------------------------------------------------------------------------------ */

int ippro_on(lua_State *L);  /* ippro.on(event, function) */
int ippro_off(lua_State *L); /* ippro.off([event [, function]]) */

/* --- the kinds ------------------------------------------------------------------------------------------ */

void figure_kind_new(lua_State *L);
/* {overwrite = true} at an index of the stack, which may have nothing. */
bool may_overwrite(lua_State *L, int index);
void push_figure(lua_State *L, struct figure **figure); /* takes it, leaves NULL */
int ippro_table(lua_State *L);
int ippro_curve(lua_State *L);
void array_kind_new(lua_State *L);
int ippro_npy(lua_State *L);   /* ippro.npy(path) */
int ippro_array(lua_State *L); /* ippro.array(table) */
/* model:forward(array, options) for `session`, with the array at index 2: pushes the outputs, as tables where
 * tables were given. */
void forward_call(lua_State *L, struct session *session);
void network_kinds_new(lua_State *L);
void push_model(lua_State *L); /* what the session has; nil when it has none, here and below */
void push_data(lua_State *L);
/* The data set that is open; without one a value in its place: called it opens one, as a data set does, and
 * whatever else is asked of it is the error that none is open. */
void push_data_or_none(lua_State *L);
/* The data set that an argument is, as by handle_check. */
struct dataset *check_data(lua_State *L, int index);
void data_kind_new(lua_State *L);
/* Set the fields of the last evaluation of the session's network in the table on top; none without one. */
void add_measurement(lua_State *L, const struct session *session);
int ippro_load(lua_State *L);
int ippro_build(lua_State *L);
int ippro_data(lua_State *L);
void score_kinds_new(lua_State *L);
/* A score set with the present scores of the session. */
void push_score_set(lua_State *L, const struct session *session);
void selection_kind_new(lua_State *L);
void push_selection(lua_State *L, const struct session *session); /* nil without a network */

/* What scripts know of a layer: itself, and its place in the network. */
void push_layer(lua_State *L, const struct model *model, int index);
/* Push an array of the keys of the table at `index` that are texts, in order; `compare` is given pointers to
 * pointers to their characters, as qsort does. What becomes of the table later does not touch it. */
void push_sorted_keys(lua_State *L, int index, int (*compare)(const void *a, const void *b));
/* Push the keys of the table at `index`, an array of texts, from the general to the particular: what is set
 * later wins. The model (NULL: none is loaded) says which of them are names of layers. Raises an error, with
 * `what` in front, for other keys. */
void push_ordered_targets(lua_State *L, const struct model *model, int index, const char *what);
/* What a layer is by itself, as a table. */
void push_layer_itself(lua_State *L, const struct layer *layer);
int ippro_criterion(lua_State *L);
/* Push a table for a file's own global variables, over those of all. */
void push_environment(lua_State *L);
/* Run a function with one argument, protected, on the thread for what commands call; `name` is what it is in
 * messages. */
status call_inside(struct script *script, const char *name, lua_CFunction function, void *argument,
                   struct error *error);

/* The layer that an argument names, or raise an error. */
int check_layer(lua_State *L, int index, const struct model *model);
/* Push an array of numbers of channels. */
void push_channels(lua_State *L, const int64_t *channels, int64_t count);

/* --- taming: sandbox.c, load.c, process.c --------------------------------------------------------------- */

void sandbox_open(lua_State *L, bool safe);
/* Scripts see `shown` in the place of the metatable on top of the stack, and cannot change it. */
void protect_metatable(lua_State *L, const char *shown);
void load_open(lua_State *L);
/* Compile text; pushes the function or a message, returns Lua's status. */
int load_text(lua_State *L, const char *code, size_t size, const char *chunk);
int load_file(lua_State *L, const char *path, struct error *error);
/* SHA-256 of the file whose chunk has this name ("@mine.lua"), as it was loaded last. False where there is
 * none. */
bool load_digest(lua_State *L, const char *chunk, char digest[DIGEST_SIZE]);
void process_open(lua_State *L); /* over the libraries os and io */
void silence_open(lua_State *L); /* the same, on ranks that write no files (silence.c) */

/* --- stopping: stop.c, long_strings.c, long_tables.c ---------------------------------------------------- */

void stop_open(lua_State *L); /* over the libraries */
void stop_hook(lua_State *L);
bool script_pending(const struct script *script); /* an interrupt; asks nothing of Lua */
bool script_interrupted(lua_State *L);
/* Raise the error when there is an interrupt: in every loop whose length a script chooses. */
void stop_check(lua_State *L);
void script_turn(lua_State *L); /* the front end's turn while something else is waited for */
void long_strings_open(lua_State *L);
void long_tables_open(lua_State *L);
/* Replace a function of a library by one whose upvalue 1 it becomes. */
void wrap_field(lua_State *L, const char *library, const char *name, lua_CFunction function);
/* In such a function: call upvalue 1 with what is on the stack. Returns the number of its results there. */
int call_own(lua_State *L);

/* --- output: output.c, pretty.c ------------------------------------------------------------------------- */

void output_open(lua_State *L);
void script_write(lua_State *L, enum script_output kind, const char *text, size_t length);
int pretty_print(lua_State *L); /* all arguments, readable, as output */

void module_open(lua_State *L);

#endif
