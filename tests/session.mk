# SPDX-License-Identifier: GPL-3.0-or-later
check_PROGRAMS += tests/parse_test tests/session_test
tests_parse_test_SOURCES = tests/parse_test.c
tests_parse_test_LDADD = $(FLOOR_4) $(CMOCKA_LIBS)
tests_session_test_SOURCES = tests/session_test.c tests/session_lines.h
tests_session_test_LDADD = $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/prune_session_test
tests_prune_session_test_SOURCES = tests/prune_session_test.c tests/session_lines.h
tests_prune_session_test_LDADD = $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/live_test
tests_live_test_SOURCES = tests/live_test.c tests/session_lines.h
tests_live_test_LDADD = $(FLOOR_4) $(CMOCKA_LIBS)
check_PROGRAMS += tests/made_network_test
tests_made_network_test_SOURCES = tests/made_network_test.c tests/graph_maker.h tests/session_lines.h
tests_made_network_test_LDADD = $(FLOOR_4) $(CMOCKA_LIBS)
TESTS += tests/parse_test tests/session_test tests/prune_session_test tests/live_test tests/made_network_test
