# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/librepl.a
src_librepl_a_SOURCES = \
	src/repl/batch.c src/repl/batch.h \
	src/repl/config.c src/repl/config.h \
	src/repl/input.c src/repl/input.h \
	src/repl/repl.c src/repl/repl.h \
	src/repl/usage.c src/repl/usage.h
LIBREPL = src/librepl.a $(READLINE_LIBS) $(NCURSES_LIBS)
