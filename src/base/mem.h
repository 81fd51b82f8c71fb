// SPDX-License-Identifier: Apache-2.0
/* base/mem.h — allocation. Small, fixed sizes abort when memory is out (mem_new); sizes that a peer
 * chose are tried and may be refused (mem_try). All memory comes zeroed. */
#pragma once
#include <stddef.h>

void *mem_new(size_t size);                       /* never NULL */
void *mem_new_array(size_t count, size_t size);   /* never NULL; checked multiplication */
void *mem_try(size_t size);                       /* NULL when refused */
void *mem_resize(void *memory, size_t size);      /* never NULL; new bytes are not zeroed */
void *mem_resize_try(void *memory, size_t size);  /* NULL when refused; memory stays valid */
char *mem_text(const char *text);                 /* a copy; NULL stays NULL */
char *mem_text_len(const char *text, size_t len); /* a copy, terminated */
void *mem_copy(const void *bytes, size_t len);
void mem_free(void *memory);

static inline void mem_free_scoped(void *slot)
{
    mem_free(*(void **)slot);
}
#define SCOPED_MEM __attribute__((cleanup(mem_free_scoped)))
