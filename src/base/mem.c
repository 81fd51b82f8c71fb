// SPDX-License-Identifier: Apache-2.0
#include "base/base.h"

#include <stdio.h>

static _Noreturn void out_of_memory(size_t size)
{
    (void)fprintf(stderr, "level=fatal msg=\"out of memory\" bytes=%zu\n", size);
    abort();
}

void *mem_try(size_t size)
{
    return calloc(1, size == 0 ? 1 : size);
}

void *mem_new(size_t size)
{
    void *memory = mem_try(size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void *mem_new_array(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(SIZE_MAX);
    return mem_new(total);
}

void *mem_resize_try(void *memory, size_t size)
{
    return realloc(memory, size == 0 ? 1 : size);
}

void *mem_resize(void *memory, size_t size)
{
    void *moved = mem_resize_try(memory, size);
    if (moved == NULL)
        out_of_memory(size);
    return moved;
}

void *mem_copy(const void *bytes, size_t len)
{
    void *copy = mem_new(len);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

char *mem_text_len(const char *text, size_t len)
{
    char *copy = mem_new(len + 1);
    if (len > 0)
        memcpy(copy, text, len);
    return copy;
}

char *mem_text(const char *text)
{
    return text == NULL ? NULL : mem_text_len(text, strlen(text));
}

void mem_free(void *memory)
{
    free(memory);
}
