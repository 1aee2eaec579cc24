/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large blocks that were freed and are kept for the next who wants one of that size: a pass over images takes
 * hundreds of megabytes, gives them back, and the next pass takes them again. Filling memory that is fresh
 * from the kernel costs a page fault for each page, and on a virtual machine the host may have to find the
 * page first, at seconds per gigabyte.
 *
 * Kept blocks are marked as free to the kernel, which takes them when somebody else needs memory. What is in
 * use and kept together is never more than was once in use: a block that is new makes as much of what is kept
 * go. With a sanitizer nothing is kept, so that it sees who looks at what was freed. All functions are thread
 * safe. */
#ifndef IPPRO_BASE_SPARE_H
#define IPPRO_BASE_SPARE_H

#include <stdbool.h>
#include <stddef.h>

enum { SPARE_LEAST = 2 << 20 }; /* bytes of the smallest block that is kept, and what all are aligned to */

/* A kept block of at least so many bytes, with anything in it; NULL: there is none that is not much larger.
 */
void *spare_take(size_t bytes);
/* A new block of so many bytes, from posix_memalign, is in use from now on; kept ones make room for it. */
void spare_taken(void *block, size_t bytes);
/* A block is no longer in use. true: it is kept, and not the caller's any more; false: free it. */
bool spare_give(void *block);
/* It is about to be resized or freed by others. */
void spare_forget(void *block);
size_t spare_bytes(void); /* kept now */

#endif
