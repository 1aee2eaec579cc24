/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processor's limit: multiply-adds between registers, with nothing to load or store. */
#ifndef IPPRO_TESTS_BENCH_PEAK_H
#define IPPRO_TESTS_BENCH_PEAK_H

/* GFLOP/s (a multiply-add is 2) of `threads` threads together, measured for about `seconds`. The widest
 * vectors that the processor has are found by trying. 0 when threads cannot be started. */
double peak_measure(int threads, double seconds);

#endif
