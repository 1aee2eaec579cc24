/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads that leave the process's signals to the main thread. */
#ifndef IPPRO_BASE_THREAD_H
#define IPPRO_BASE_THREAD_H

#include <pthread.h>

/* Start a thread with all signals blocked but those of its own faults (SIGSEGV and the like): 0, or the error
 * number when none can be had. */
int thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif
