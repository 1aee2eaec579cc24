# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/shell/background_test
tests_shell_background_test_SOURCES = tests/shell/background_test.c
tests_shell_background_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/shell/background_test
check_PROGRAMS += tests/shell/recovery_test
tests_shell_recovery_test_SOURCES = tests/shell/recovery_test.c
tests_shell_recovery_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/shell/recovery_test
check_PROGRAMS += tests/shell/disk_sync_test
tests_shell_disk_sync_test_SOURCES = tests/shell/disk_sync_test.c
tests_shell_disk_sync_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/shell/disk_sync_test
