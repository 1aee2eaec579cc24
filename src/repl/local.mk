# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/librepl.a
src_librepl_a_SOURCES = \
	src/repl/batch.c src/repl/batch.h \
	src/repl/config.c src/repl/config.h \
	src/repl/interrupt.c src/repl/interrupt.h \
	src/repl/job.c src/repl/job.h \
	src/repl/line_history.c src/repl/line_history.h \
	src/repl/progress_line.c src/repl/progress_line.h \
	src/repl/repl.c src/repl/repl.h \
	src/repl/repl_completion.c src/repl/repl_completion.h \
	src/repl/rescue.c src/repl/rescue.h \
	src/repl/shell.c src/repl/shell.h \
	src/repl/shell_internal.h src/repl/shell_script.c \
	src/repl/show.c src/repl/show.h \
	src/repl/terminal.c src/repl/terminal.h \
	src/repl/terminal_signals.c src/repl/terminal_signals.h \
	src/repl/usage.c src/repl/usage.h
LIBREPL = src/librepl.a $(READLINE_LIBS) $(NCURSES_LIBS)
