# SPDX-License-Identifier: GPL-3.0-or-later
# Libraries in the order of the floors, highest first: a room can only be linked against the floors below it.
FLOOR_0 = $(LIBBASE)
FLOOR_1 = $(LIBARCHITECTURE) $(LIBCHECKPOINT) $(LIBONNX) $(LIBDATA) $(LIBNN) $(LIBPICKLE) $(LIBARCHIVE) $(LIBIMAGE) $(FLOOR_0)
FLOOR_2 = $(LIBSEARCH) $(LIBSTATS) $(LIBPRUNE) $(LIBTRAIN) $(LIBSCORE) $(FLOOR_1)
FLOOR_3 = $(LIBVIEW) $(FLOOR_2)
FLOOR_4 = $(LIBSESSION) $(FLOOR_3)
FLOOR_5 = $(LIBTUI) $(LIBREPL) $(LIBSHELL) $(LIBLUA) $(FLOOR_4)

bin_PROGRAMS += src/ippro-explore
src_ippro_explore_SOURCES = src/main.c
src_ippro_explore_LDADD = $(FLOOR_5)
