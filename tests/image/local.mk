# SPDX-License-Identifier: GPL-3.0-or-later
# Writes what the program sees of pictures, for tools outside; not a test.
check_PROGRAMS += tests/image/image_dump
tests_image_image_dump_SOURCES = tests/image/image_dump.c
tests_image_image_dump_LDADD = $(LIBIMAGE) $(FLOOR_0)
