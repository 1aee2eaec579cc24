# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/image/image_test tests/image/image_dump
tests_image_image_test_SOURCES = tests/image/image_test.c
tests_image_image_test_LDADD = $(SUPPORT) $(LIBIMAGE) $(FLOOR_0) $(CMOCKA_LIBS)

# Writes what the program sees of pictures, for tools outside; not a test.
tests_image_image_dump_SOURCES = tests/image/image_dump.c
tests_image_image_dump_LDADD = $(LIBIMAGE) $(FLOOR_0)
TESTS += tests/image/image_test tests/image/peer.sh
EXTRA_DIST += tests/image/peer.sh tests/image/peer.py
