/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include <assert.h>
#include <math.h>

uint64_t omma_random_u64(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double omma_random_unit(uint64_t *seed)
{
    return (double)(omma_random_u64(seed) >> 11) * 0x1p-53;
}

/* Box, Muller, "A note on the generation of random normal deviates", 1958; the second of the pair
 * is thrown away, so that the seed is the whole state. */
double omma_random_normal(uint64_t *seed)
{
    double u = 1 - omma_random_unit(seed); /* (0, 1] */
    double v = omma_random_unit(seed);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* Lemire, "Fast random integer generation in an interval", 2019: exactly uniform, for the few low
 * products that would make some values likelier are drawn again. */
uint32_t omma_random_below(uint64_t *seed, uint32_t bound)
{
    assert(bound > 0);
    uint64_t product = (omma_random_u64(seed) >> 32) * bound;
    if ((uint32_t)product < bound) {
        uint32_t reject = (0u - bound) % bound;
        while ((uint32_t)product < reject)
            product = (omma_random_u64(seed) >> 32) * bound;
    }
    return (uint32_t)(product >> 32);
}
