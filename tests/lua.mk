# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/lua_test
tests_lua_test_SOURCES = tests/lua_test.c
tests_lua_test_LDADD = $(LIBLUA) $(FLOOR_4) $(CMOCKA_LIBS)
TESTS += tests/lua_test

check_PROGRAMS += tests/job_test
tests_job_test_SOURCES = tests/job_test.c
tests_job_test_LDADD = $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/job_test
