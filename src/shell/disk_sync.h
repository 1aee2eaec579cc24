/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was written is brought to the disk by a thread of its own, so that it outlives a loss of power and
 * nobody waits for the disk: a slow one takes a tenth of a second, longer than a key may take. What is asked
 * for while the disk works is done together when it has ended. One thread asks. */
#ifndef IPPRO_SHELL_DISK_SYNC_H
#define IPPRO_SHELL_DISK_SYNC_H

struct disk_sync;

/* NULL when memory is out: the functions below do nothing then. */
struct disk_sync *disk_sync_new(void);
/* Bring to the disk what was written to a file so far, and the folder that it was made in (-1: not), by
 * descriptors that are the caller's. Where no thread can be had it is done at once. */
void disk_sync_ask(struct disk_sync *sync, int file, int folder);
/* Wait until all is done. From here on nothing but the caller holds the files open. */
void disk_sync_settle(struct disk_sync *sync);
void disk_sync_free(struct disk_sync *sync); /* when all is done */

#endif
