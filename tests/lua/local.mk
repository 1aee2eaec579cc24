# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/lua/lua_test
tests_lua_lua_test_SOURCES = tests/lua/lua_test.c
tests_lua_lua_test_LDADD = $(SUPPORT) $(LIBLUA) $(FLOOR_4) $(CMOCKA_LIBS)
TESTS += tests/lua/lua_test

check_PROGRAMS += tests/lua/job_test
tests_lua_job_test_SOURCES = tests/lua/job_test.c
tests_lua_job_test_LDADD = $(SUPPORT) $(FLOOR_5) $(CMOCKA_LIBS)
TESTS += tests/lua/job_test

check_PROGRAMS += tests/lua/lua_stop_test
tests_lua_lua_stop_test_SOURCES = tests/lua/lua_stop_test.c
tests_lua_lua_stop_test_LDADD = $(SUPPORT) $(LIBLUA) $(FLOOR_4) $(CMOCKA_LIBS)
TESTS += tests/lua/lua_stop_test
