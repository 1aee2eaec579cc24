# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/session/parse_test tests/session/session_test
tests_session_parse_test_SOURCES = tests/session/parse_test.c
tests_session_parse_test_LDADD = $(SUPPORT) $(FLOOR_4) $(CMOCKA_LIBS)
tests_session_session_test_SOURCES = tests/session/session_test.c
tests_session_session_test_LDADD = $(SUPPORT) $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/session/prune_session_test
tests_session_prune_session_test_SOURCES = tests/session/prune_session_test.c
tests_session_prune_session_test_LDADD = $(SUPPORT) $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/session/live_test
tests_session_live_test_SOURCES = tests/session/live_test.c
tests_session_live_test_LDADD = $(SUPPORT) $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/session/made_network_test
tests_session_made_network_test_SOURCES = tests/session/made_network_test.c
tests_session_made_network_test_LDADD = $(SUPPORT) $(FLOOR_4) $(CMOCKA_LIBS)
TESTS += tests/session/parse_test tests/session/session_test tests/session/prune_session_test tests/session/live_test tests/session/made_network_test
