/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The measured side of the benchmark: a process of its own, so that its peak memory is its own, which answers
 * requests line by line. The peer (peer.py) speaks the same protocol:
 *
 *     forward N            classify N images             -> seconds
 *     score N CRITERIA     score with N images           -> seconds
 *     logits N             of the first N images         -> N x classes numbers
 *     train N B            learn from N images       -> seconds
 *     loss B               before the first of these     -> mean over the first batch
 *     quit
 *
 * and the program's own side also
 *
 *     threads T            worker threads from here on   -> 0
 *     kernel NAME          a choice of the option        -> 0
 *     peak T               multiply-adds of T threads    -> GFLOP/s
 *     load FILE            read a model and drop it      -> seconds
 *     time COMMAND         a command of the program      -> seconds
 *     gammas N             N values of gamma             -> seconds
 *     reuse                after `time sensitivity`      -> networks evaluated, seconds
 *     accuracy N           against double, N images      -> logits, largest sums of delta, gate, lift
 *                                                                (relative)
 *     macs                 per image                     -> forward, backward
 *     layers N             the pass of taylor and proscore, step by step -> steps
 *     learning N B         the same of training          -> steps
 *     layer I              of either                       -> forward, backward: seconds, multiply-adds and
 * bytes per image; "| kernel | kernel | name"
 *
 * B: images of a batch, which the peer is started with.
 * A reply is one line of numbers, or "error: " and a message. */
#ifndef IPPRO_TESTS_BENCH_WORKER_H
#define IPPRO_TESTS_BENCH_WORKER_H

/* Serve standard input for the network `model` until it ends. images: a file that images_write made, NULL for
 * requests that need none. The exit status. */
int worker_main(const char *model, const char *images, int threads);

#endif
