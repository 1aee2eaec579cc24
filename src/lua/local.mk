# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/liblua.a
src_liblua_a_SOURCES = \
	src/lua/array_value.c \
	src/lua/builder.c \
	src/lua/command_call.c \
	src/lua/criterion_value.c \
	src/lua/data_value.c \
	src/lua/description.c src/lua/description.h \
	src/lua/figure_make.c \
	src/lua/figure_value.c \
	src/lua/handle.c \
	src/lua/hooks.c \
	src/lua/keys.c \
	src/lua/load.c \
	src/lua/long_strings.c \
	src/lua/long_tables.c \
	src/lua/loss.c \
	src/lua/module.c \
	src/lua/network_files.c \
	src/lua/network_value.c \
	src/lua/output.c \
	src/lua/internal.h \
	src/lua/pattern.c src/lua/pattern.h \
	src/lua/pretty.c \
	src/lua/process.c \
	src/lua/recipe.c \
	src/lua/sandbox.c \
	src/lua/score_value.c \
	src/lua/script.c src/lua/script.h \
	src/lua/silence.c \
	src/lua/stop.c \
	src/lua/string_search.c \
	src/lua/training_call.c \
	src/lua/vector.c src/lua/vector.h
LIBLUA = src/liblua.a $(LUA_LIBS)
