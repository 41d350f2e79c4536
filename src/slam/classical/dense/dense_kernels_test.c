/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "semiglobal.h"
#include "sweep.h"

enum { WIDTH = 37, PLANES = 96, SIDE = 80 };

static uint8_t random_byte(uint64_t *seed, int below)
{
    return (uint8_t)(omma_random_unit(seed) * below);
}

/* A census of noise with a known middle, and neighbours on all sides. */
static void sweep_all(uint8_t *cost, sweep_kernel *kernel)
{
    static uint32_t bits[SIDE * SIDE];
    const census noise = {SIDE, SIDE, SIDE, bits};
    const canvas c = {.width = SIDE, .height = SIDE, .fx = 60, .fy = 55, .cx = 40, .cy = 38};
    const double C[5][3] = {
        {0.3, 0, 0}, {-0.2, 0.1, 0.4}, {0, -0.3, -0.3}, {0.1, 0.4, 1}, {9, 0, 0}};
    static sweep_neighbour n[5];
    double rho[PLANES];
    uint64_t seed = 4;

    for (int i = 0; i < SIDE * SIDE; i++) {
        const int x = i % SIDE, y = i / SIDE;
        const bool known = x > 2 && y > 2 && x < SIDE - 3 && y < SIDE - 3;
        bits[i] = known ? (uint32_t)(omma_random_unit(&seed) * (1 << CENSUS_BITS)) : CENSUS_UNKNOWN;
    }
    for (int d = 0; d < PLANES; d++)
        rho[d] = 0.05 + 0.015 * d;
    for (int i = 0; i < 5; i++)
        sweep_neighbour_init(&n[i], C[i], &c, &noise, 2, rho, PLANES);
    kernel(&(sweep_row){.census = bits + 5 * SIDE,
                        .step = 2,
                        .width = WIDTH,
                        .planes = PLANES,
                        .x0 = -0.65f,
                        .dx = 0.033f,
                        .y = 0.1f,
                        .neighbour = n,
                        .neighbours = 5,
                        .cost = cost});
}

static void all_sweeps_give_the_same_bytes(void)
{
    static uint8_t want[WIDTH * PLANES], got[WIDTH * PLANES];
    int low = 255, high = 0;
    sweep_all(want, sweep_row_scalar);
    for (int i = 0; i < WIDTH * PLANES; i++) {
        low = want[i] < low ? want[i] : low;
        high = want[i] > high ? want[i] : high;
    }
    CHECK(low < high && high <= SWEEP_COST_MAX);
#ifdef __x86_64__
    if (omma_cpu_flags() & OMMA_CPU_AVX2) {
        sweep_all(got, sweep_row_avx2);
        CHECK(memcmp(got, want, sizeof want) == 0);
    }
    if (omma_cpu_flags() & OMMA_CPU_AVX512) {
        sweep_all(got, sweep_row_avx512);
        CHECK(memcmp(got, want, sizeof want) == 0);
    }
#endif
    (void)got;
}

typedef struct paths {
    uint8_t cost[2][SEMIGLOBAL_PATHS][(WIDTH + 2) * (PLANES + 2 * SEMIGLOBAL_PAD)];
    uint8_t least[2][SEMIGLOBAL_PATHS][WIDTH + 2];
    uint16_t sum[2][WIDTH * PLANES];
    semiglobal_best best[2][WIDTH];
} paths;

/* Two rows one after the other, in one direction. */
static void aggregate_rows(const semiglobal_kernels *k, bool backwards, paths *p)
{
    static uint8_t cost[2 * WIDTH * PLANES], grey[2 * WIDTH], p2[256];
    semiglobal_paths row[2][SEMIGLOBAL_PATHS];
    uint64_t seed = 9;

    memset(p, 0, sizeof *p);
    for (int i = 0; i < 2 * WIDTH * PLANES; i++)
        cost[i] = random_byte(&seed, 57);
    for (int i = 0; i < 2 * WIDTH; i++)
        grey[i] = random_byte(&seed, 256);
    for (int i = 0; i < 256; i++)
        p2[i] = (uint8_t)(10 + 900 / (10 + i));
    for (int i = 0; i < 2 * SEMIGLOBAL_PATHS; i++) {
        const int r = i / SEMIGLOBAL_PATHS, j = i % SEMIGLOBAL_PATHS;
        row[r][j] = (semiglobal_paths){p->cost[r][j], p->least[r][j]};
        for (int x = 1; x <= WIDTH; x++) {
            uint8_t *cell = p->cost[r][j] + x * (PLANES + 2 * SEMIGLOBAL_PAD) + SEMIGLOBAL_PAD;
            cell[-1] = cell[PLANES] = 200;
        }
    }
    for (int r = 0; r < 2; r++) {
        k->row(&(semiglobal_row){.width = WIDTH,
                                 .planes = PLANES,
                                 .backwards = backwards,
                                 .p1 = 6,
                                 .p2 = p2,
                                 .cost = cost + r * WIDTH * PLANES,
                                 .grey = grey + r * WIDTH,
                                 .before = r ? grey : NULL,
                                 .from = row[!r],
                                 .to = row[r],
                                 .sum = p->sum[r]});
        k->best(p->sum[r], WIDTH, PLANES, p->best[r]);
    }
}

static void compare_kernels(const semiglobal_kernels *k)
{
    const semiglobal_kernels scalar = {semiglobal_row_scalar, semiglobal_best_scalar};
    static paths want, got;
    for (int backwards = 0; backwards < 2; backwards++) {
        aggregate_rows(&scalar, backwards, &want);
        aggregate_rows(k, backwards, &got);
        CHECK(memcmp(want.cost, got.cost, sizeof want.cost) == 0);
        CHECK(memcmp(want.sum, got.sum, sizeof want.sum) == 0);
        for (int i = 0; i < 2 * WIDTH; i++) {
            const semiglobal_best *a = &want.best[i / WIDTH][i % WIDTH];
            const semiglobal_best *b = &got.best[i / WIDTH][i % WIDTH];
            CHECK(a->plane == b->plane && a->sum == b->sum && a->second == b->second &&
                  a->side[0] == b->side[0] && a->side[1] == b->side[1]);
        }
    }
}

static void all_aggregations_give_the_same_bytes(void)
{
#ifdef __x86_64__
    if (omma_cpu_flags() & OMMA_CPU_AVX2)
        compare_kernels(&(semiglobal_kernels){semiglobal_row_avx2, semiglobal_best_avx2});
    if (omma_cpu_flags() & OMMA_CPU_AVX512)
        compare_kernels(&(semiglobal_kernels){semiglobal_row_avx512, semiglobal_best_avx512});
#else
    semiglobal_kernels k;
    semiglobal_kernels_init(&k, omma_cpu_flags());
    compare_kernels(&k);
#endif
}

/* Equation 13 written as it stands in the paper, for the path along the row. */
static void a_path_is_the_papers(void)
{
    const semiglobal_kernels k = {semiglobal_row_scalar, semiglobal_best_scalar};
    static paths p;
    static double L[WIDTH][PLANES];
    uint64_t seed = 9;
    uint8_t grey[2 * WIDTH];

    aggregate_rows(&k, false, &p);
    for (int x = 0; x < WIDTH; x++)
        for (int d = 0; d < PLANES; d++)
            L[x][d] = random_byte(&seed, 57); /* row 0 of aggregate_rows */
    for (int i = 0; i < WIDTH * PLANES; i++)
        random_byte(&seed, 57);
    for (int i = 0; i < 2 * WIDTH; i++)
        grey[i] = random_byte(&seed, 256);
    for (int x = 1; x < WIDTH; x++) {
        const double P2 = 10 + 900 / (10 + abs(grey[x] - grey[x - 1]));
        double least = 1e9;
        for (int d = 0; d < PLANES; d++)
            least = fmin(least, L[x - 1][d]);
        for (int d = 0; d < PLANES; d++) {
            double way = fmin(L[x - 1][d], least + P2);
            if (d > 0)
                way = fmin(way, L[x - 1][d - 1] + 6);
            if (d + 1 < PLANES)
                way = fmin(way, L[x - 1][d + 1] + 6);
            L[x][d] += way - least;
        }
    }
    for (int x = 0; x < WIDTH; x++)
        for (int d = 0; d < PLANES; d++)
            CHECK(p.cost[0][0][(x + 1) * (PLANES + 2 * SEMIGLOBAL_PAD) + SEMIGLOBAL_PAD + d] ==
                  L[x][d]);
}

int main(void)
{
    TEST(all_sweeps_give_the_same_bytes);
    TEST(all_aggregations_give_the_same_bytes);
    TEST(a_path_is_the_papers);
    return check_done();
}
