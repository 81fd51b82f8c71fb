// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <math.h>
#include <sodium.h>

void random_secret(void *bytes, size_t len)
{
    assert(sodium_init() >= 0);
    randombytes_buf(bytes, len);
}

void random_id(char *out, size_t size)
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    assert(size > 1 && sodium_init() >= 0);
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = ALPHABET[randombytes_uniform(sizeof ALPHABET - 1)];
    out[size - 1] = '\0';
}

int64_t random_id63(void)
{
    uint64_t bits;
    random_secret(&bits, sizeof bits);
    return (int64_t)(bits >> 1);
}

uint64_t random_next(struct random_sequence *sequence)
{
    uint64_t z = (sequence->state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

double random_uniform(struct random_sequence *sequence)
{
    return (double)(random_next(sequence) >> 11) * 0x1p-53;
}

double random_normal(struct random_sequence *sequence)
{
    /* Box-Muller; the second number is thrown away so that the state stays one word. */
    double u = 1.0 - random_uniform(sequence);
    double v = random_uniform(sequence);
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

uint64_t random_below(struct random_sequence *sequence, uint64_t bound)
{
    assert(bound > 0);
    return (uint64_t)(((unsigned __int128)random_next(sequence) * bound) >> 64);
}
