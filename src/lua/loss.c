/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Losses that a file defines: it returns a function of what the network gives for an image.
 *
 * The function gets an array of the outputs, each {name, shape, data, gradient}, which stand at their names,
 * too. It returns the loss, and writes the gradients, which are zero before, or returns an array of them as
 * well. Data and gradients are vectors (lua/vector.h), alive while the function runs. */
#include "lua/internal.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "lua/vector.h"
#include "nn/engine/aim.h"
#include "nn/graph/tensor.h"

/* The registry has the function at its address, and what is made for the first image at the addresses of
 * `kept` and `outputs`. */
struct script_loss {
    struct script *script;
    char *path;
    char kept, outputs;
    int part_count; /* of what was made; 0: nothing yet */
};

static const char when[] =
    "the outputs of an image can be looked at only while the function of the loss runs";
static const char fixed[] = "what the network gives cannot be changed, only the gradients";

/* --- opening -------------------------------------------------------------------------------------------- */

struct loss_opening {
    struct script_loss *loss;
    struct error *reading; /* why the file could not be read */
};

static int open_protected(lua_State *L)
{
    const struct loss_opening *opening = lua_touserdata(L, 1);
    const struct script_loss *loss = opening->loss;
    if (load_file(L, loss->path, opening->reading) != LUA_OK)
        return lua_error(L);
    push_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (!lua_isfunction(L, -1))
        return luaL_error(L, "%s: a loss returns a function of the outputs, not %s", loss->path,
                          luaL_typename(L, -1));
    lua_rawsetp(L, LUA_REGISTRYINDEX, loss);
    return 0;
}

status script_loss_open(struct script *script, const char *path, struct script_loss **loss,
                        struct error *error)
{
    struct error reading = {0};
    struct script_loss *made = mem_new(1, sizeof *made);
    struct loss_opening opening = {made, &reading};
    if (!made || !(made->path = mem_string(path))) {
        mem_free(made);
        return error_memory(error);
    }
    made->script = script;
    status code = call_inside(script, "the file of a loss", open_protected, &opening, error);
    if (code == STATUS_FAILED && reading.code != STATUS_OK)
        code = error->code = reading.code;
    if (code != STATUS_OK) {
        script_loss_close(made);
        return code;
    }
    *loss = made;
    return STATUS_OK;
}

void script_loss_close(struct script_loss *loss)
{
    lua_State *L = loss->script->caller;
    const void *const keys[] = {loss, &loss->kept, &loss->outputs};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        lua_pushnil(L); /* in the place of what is there, or of nothing: asks for no memory */
        lua_rawsetp(L, LUA_REGISTRYINDEX, keys[i]);
    }
    mem_free(loss->path);
    mem_free(loss);
}

/* --- the outputs ---------------------------------------------------------------------------------------- */

static void push_part(lua_State *L, int kept, const struct aim_image *image, const struct aim_part *part)
{
    const struct vector vector = {.real = image->type, .count = part->elements, .when = when, .fixed = fixed};
    lua_createtable(L, 0, 4);
    lua_pushstring(L, part->name);
    lua_setfield(L, -2, "name");
    lua_createtable(L, part->shape.rank, 0);
    for (int i = 1; i < part->shape.rank; i++) {
        lua_pushinteger(L, part->shape.dim[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, "shape");
    set_vector(L, kept, "data", &vector);
    set_vector(L, kept, "gradient", &vector);
}

/* Push the array of the outputs, made for the first image. */
static void push_outputs(lua_State *L, struct script_loss *loss, const struct aim_image *image)
{
    if (loss->part_count > 0) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &loss->outputs);
        return;
    }
    lua_createtable(L, 2 * image->part_count, 0);
    const int kept = lua_gettop(L), outputs = kept + 1;
    lua_createtable(L, image->part_count, image->part_count);
    for (int i = 0; i < image->part_count; i++) {
        push_part(L, kept, image, &image->parts[i]);
        lua_pushvalue(L, -1);
        lua_setfield(L, outputs, image->parts[i].name);
        lua_rawseti(L, outputs, i + 1);
    }
    lua_pushvalue(L, kept);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loss->kept);
    lua_pushvalue(L, outputs);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &loss->outputs);
    lua_remove(L, kept);
    loss->part_count = image->part_count;
}

/* Let the vectors show an image's numbers, or (NULL) nothing. Asks for no memory. */
static void show_image(lua_State *L, const struct script_loss *loss, const struct aim_image *image)
{
    if (loss->part_count == 0)
        return;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &loss->kept);
    for (int i = 0; i < 2 * loss->part_count; i++) {
        const bool gradient = i % 2 == 1;
        lua_rawgeti(L, -1, i + 1);
        struct vector *vector = handle_test(L, -1, HANDLE_VECTOR);
        if (vector && image) {
            const size_t at = (size_t)image->parts[i / 2].first * element_size(image->type);
            vector->data = gradient ? (char *)image->gradient + at
                                    : (char *)image->outputs + at; /* which is not writable */
        } else if (vector) {
            vector->data = NULL;
        }
        if (vector)
            vector->writable = gradient;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* --- the call ------------------------------------------------------------------------------------------- */

struct loss_call {
    struct script_loss *loss;
    struct aim_image image; /* with a gradient in any case */
    double value;
};

/* Raise an error about what the function gave, by its place in the file. */
static int refuse(lua_State *L, const struct script_loss *loss, const char *what)
{
    lua_Debug about;
    lua_rawgetp(L, LUA_REGISTRYINDEX, loss);
    lua_getinfo(L, ">S", &about);
    return luaL_error(L, "%s:%d: %s", about.short_src, about.linedefined, what);
}

static void take_gradient(lua_State *L, const struct loss_call *call, const struct aim_part *part)
{
    const struct aim_image *image = &call->image;
    const struct vector *from = handle_test(L, -1, HANDLE_VECTOR);
    struct vector to = {.data = (char *)image->gradient + (size_t)part->first * element_size(image->type),
                        .real = image->type,
                        .count = part->elements};
    if (!from && !lua_istable(L, -1))
        refuse(L, call->loss,
               lua_pushfstring(L, "the gradient of output %s is a %s, not an array", part->name,
                               luaL_typename(L, -1)));
    const int64_t count = from ? (from->data ? from->count : 0) : (int64_t)lua_rawlen(L, -1);
    if (count != part->elements)
        refuse(L, call->loss,
               lua_pushfstring(L, "the gradient of output %s has %I numbers, not %I", part->name,
                               (LUAI_UACINT)count, (LUAI_UACINT)part->elements));
    for (int64_t i = 0; i < count; i++) {
        double value = from ? vector_get(from, i) : 0;
        if (!from) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TNUMBER)
                refuse(L, call->loss,
                       lua_pushfstring(L, "number %I of the gradient of output %s is a %s",
                                       (LUAI_UACINT)(i + 1), part->name, luaL_typename(L, -1)));
            value = lua_tonumber(L, -1);
            lua_pop(L, 1);
        }
        vector_put(&to, i, value);
    }
}

static void check_gradients(lua_State *L, const struct loss_call *call)
{
    const struct aim_image *image = &call->image;
    for (int p = 0; p < image->part_count; p++) {
        const struct aim_part *part = &image->parts[p];
        const struct vector vector = {.data = image->gradient, .real = image->type};
        for (int64_t i = 0; i < part->elements; i++)
            if (!isfinite(vector_get(&vector, part->first + i)))
                refuse(L, call->loss,
                       lua_pushfstring(L, "number %I of the gradient of output %s is not finite",
                                       (LUAI_UACINT)(i + 1), part->name));
    }
}

static int value_protected(lua_State *L)
{
    struct loss_call *call = lua_touserdata(L, 1);
    struct script_loss *loss = call->loss;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, loss) != LUA_TFUNCTION)
        return luaL_error(L, "%s: the loss has lost its function", loss->path);
    push_outputs(L, loss, &call->image);
    show_image(L, loss, &call->image);
    lua_call(L, 1, 2);
    if (lua_type(L, -2) != LUA_TNUMBER)
        refuse(L, loss, lua_pushfstring(L, "a loss is a number, not a %s", luaL_typename(L, -2)));
    call->value = lua_tonumber(L, -2);
    if (isnan(call->value))
        refuse(L, loss, "the loss is not a number (NaN)");
    if (!lua_isnil(L, -1) && !lua_istable(L, -1))
        refuse(L, loss, lua_pushfstring(L, "gradients are an array, not a %s", luaL_typename(L, -1)));
    for (int p = 0; lua_istable(L, -1) && p < call->image.part_count; p++) {
        lua_rawgeti(L, -1, p + 1);
        take_gradient(L, call, &call->image.parts[p]);
        lua_pop(L, 1);
    }
    check_gradients(L, call);
    return 0;
}

status script_loss(struct script_loss *loss, const struct aim_image *image, double *value,
                   struct error *error)
{
    struct loss_call call = {.loss = loss, .image = *image};
    void *unwanted = NULL;
    const struct aim_part *last = &image->parts[image->part_count - 1];
    if (!image->gradient) {
        unwanted = mem_new((size_t)(last->first + last->elements), element_size(image->type));
        if (!unwanted)
            return error_memory(error);
        call.image.gradient = unwanted;
    }
    status code = call_inside(loss->script, "the function of a loss", value_protected, &call, error);
    show_image(loss->script->caller, loss, NULL);
    mem_free(unwanted);
    if (code == STATUS_OK)
        *value = call.value;
    return code;
}
