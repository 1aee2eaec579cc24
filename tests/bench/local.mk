# SPDX-License-Identifier: GPL-3.0-or-later
# How fast is it? `make bench BENCH="--networks resnet56 --repeats 9"`; the options are those of tests/bench/bench.
check_PROGRAMS += tests/bench/bench
tests_bench_bench_SOURCES = \
	tests/bench/bench.c tests/bench/bench.h \
	tests/bench/child.c tests/bench/child.h \
	tests/bench/images.c tests/bench/images.h \
	tests/bench/layers.c \
	tests/bench/learner.c tests/bench/learner.h \
	tests/bench/party.c tests/bench/party.h \
	tests/bench/peak.c tests/bench/peak.h \
	tests/bench/report.c tests/bench/report.h \
	tests/bench/scaling.c \
	tests/bench/subject.c \
	tests/bench/throughput.c \
	tests/bench/training.c \
	tests/bench/waiting.c \
	tests/bench/worker.c tests/bench/worker.h \
	tests/support/shared_data.c tests/support/shared_data.h
tests_bench_bench_LDADD = $(FLOOR_4)
TESTS += tests/program/bench.sh
EXTRA_DIST += tests/bench/peer.py tests/bench/pictures.py tests/bench/reading.py tests/program/bench.sh
tests/bench.log: src/ippro-explore$(EXEEXT) tests/bench/bench$(EXEEXT)

bench: src/ippro-explore$(EXEEXT) tests/bench/bench$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) tests/bench/bench$(EXEEXT) $(BENCH)
bench-reading: src/ippro-explore$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) /usr/bin/python3 $(srcdir)/tests/bench/reading.py src/ippro-explore$(EXEEXT)
.PHONY: bench bench-reading
