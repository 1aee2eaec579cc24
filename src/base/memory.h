/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checked memory. Every allocation can fail and returns NULL then; sizes are count * size with overflow
 * checks. Objects use x_new/x_free pairs built on these; what one parse or one figure builds lives in an
 * arena. */
#ifndef IPPRO_BASE_MEMORY_H
#define IPPRO_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count objects of the given size; NULL when it overflows or fails. count 0 gives a valid
 * pointer. Released by mem_free. */
void *mem_new(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2)));

/* Grow or shrink an array; new memory is not zeroed. The old pointer stays valid on failure. */
void *mem_resize(void *pointer, size_t count, size_t size) __attribute__((warn_unused_result));

/* Memory aligned to 64 bytes (one cache line, one AVX-512 vector), zeroed. Released by mem_free. */
void *mem_aligned(size_t count, size_t size) __attribute__((malloc));
/* The same, not zeroed: for what is overwritten at once. Both ask the kernel for huge pages where the memory
 * is large: filling it is then bound by memory and not by page faults. Large blocks that are freed are kept
 * for the next (base/spare.h). */
void *mem_aligned_raw(size_t count, size_t size) __attribute__((malloc));

void *mem_copy(const void *from, size_t bytes) __attribute__((malloc));
char *mem_string(const char *text) __attribute__((malloc));
char *mem_format(const char *format, ...) __attribute__((malloc, format(printf, 1, 2)));
void mem_free(void *pointer);

/* *product = a * b; false when that overflows. */
bool size_multiply(size_t a, size_t b, size_t *product);

/* Make room for one more element in a growing array: `array` points to the pointer, `capacity` to its
 * capacity in elements. Capacity doubles. false when memory is out (array unchanged). */
bool mem_grow(void *array, size_t *capacity, size_t needed, size_t size);

/* Fault injection for tests: the Nth allocation from now on fails (0 switches it off). */
void mem_fail_at(long nth);

/* An arena frees everything it gave at once. Not thread safe. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);
/* Zeroed, 16-byte aligned; NULL on failure. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* Refuse what goes beyond so many bytes in all, for what a file asks for; arena_refused says whether an
 * allocation failed for that, and not because memory is out. */
void arena_limit(struct arena *arena, size_t bytes);
bool arena_refused(const struct arena *arena);
void *arena_copy(struct arena *arena, const void *from, size_t bytes);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
