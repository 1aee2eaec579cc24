# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/librepl.a
src_librepl_a_SOURCES = \
	src/repl/repl.c src/repl/repl.h
LIBREPL = src/librepl.a $(READLINE_LIBS) $(NCURSES_LIBS)
