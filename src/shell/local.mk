# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libshell.a
src_libshell_a_SOURCES = \
	src/shell/background.c src/shell/background.h \
	src/shell/disk_sync.c src/shell/disk_sync.h \
	src/shell/escape.c src/shell/escape.h \
	src/shell/interrupt.c src/shell/interrupt.h \
	src/shell/job.c src/shell/job.h \
	src/shell/leave.c src/shell/leave.h \
	src/shell/line_history.c src/shell/line_history.h \
	src/shell/pager.c src/shell/pager.h \
	src/shell/paste.c src/shell/paste.h \
	src/shell/progress_line.c src/shell/progress_line.h \
	src/shell/recovery.c src/shell/recovery.h \
	src/shell/repl_completion.c src/shell/repl_completion.h \
	src/shell/rescue.c src/shell/rescue.h \
	src/shell/shell.c src/shell/shell.h \
	src/shell/shell_internal.h \
	src/shell/shell_statement.c \
	src/shell/shell_script.c \
	src/shell/show.c src/shell/show.h \
	src/shell/terminal.c src/shell/terminal.h \
	src/shell/terminal_signals.c src/shell/terminal_signals.h \
	src/shell/transcript.c src/shell/transcript.h \
	src/shell/type_ahead.c src/shell/type_ahead.h \
	src/shell/window.c src/shell/window.h
LIBSHELL = src/libshell.a $(READLINE_LIBS) $(NCURSES_LIBS)
