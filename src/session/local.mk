# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/libsession.a
src_libsession_a_SOURCES = \
	src/session/command.c src/session/command.h \
	src/session/session.c src/session/session.h
LIBSESSION = src/libsession.a
