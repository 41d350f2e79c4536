/* SPDX-License-Identifier: Apache-2.0 */
/* What every plane costs at every pixel: swept, then smoothed along eight directions. */
#include "dense_private.h"

#include <math.h>
#include <string.h>

/* A sparse point pulls its pixel and those around it. */
static void pull_to_seed(scene *s, const dense_seed *seed)
{
    const int x = (int)floor((seed->x * s->view.fx + s->view.cx) / s->step);
    const int y = (int)floor((seed->y * s->view.fy + s->view.cy) / s->step);
    const double center = (seed->rho - s->rho[0]) / s->rho_step;
    const double sigma = fmax(seed->sigma / s->rho_step, 0.7);
    uint8_t extra[DENSE_MAX_PLANES];

    if (!(seed->sigma > 0) || sigma > 8 || x < 1 || y < 1 || x > s->width - 2 || y > s->height - 2)
        return;
    for (int d = 0; d < s->planes; d++)
        extra[d] = (uint8_t)fmin(16, 4 * fmax(0, fabs(d - center) / sigma - 1));
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            uint8_t *cost = s->cost + (size_t)((y + j) * s->width + x + i) * (size_t)s->planes;
            for (int d = 0; d < s->planes; d++) {
                const int c = cost[d] + extra[d];
                cost[d] = (uint8_t)(c < SWEEP_COST_MAX ? c : SWEEP_COST_MAX);
            }
        }
}

bool cost_volume_sweep(dense *d, const dense_seed *seeds, size_t seed_count)
{
    scene *s = &d->scene;
    sweep_kernel *kernel = sweep_kernel_choose(omma_cpu_flags());
    const double half = 0.5 * (s->step - 1);

    s->cost = dense_room(d, SLOT_COST, (size_t)s->width * (size_t)s->height * (size_t)s->planes);
    if (!s->cost)
        return false;
    for (size_t i = 0; i < s->neighbours; i++)
        sweep_neighbour_init(&s->sweep[i], s->neighbour[i].C, &s->neighbour[i].canvas,
                             &s->neighbour[i].census, s->step, s->rho, s->planes);
    for (int y = 0; y < s->height && !dense_is_stopped(d); y++)
        kernel(&(sweep_row){
            .census = s->view_census.bits + (size_t)(y * s->step) * (size_t)s->view_census.stride,
            .step = s->step,
            .width = s->width,
            .planes = s->planes,
            .x0 = (float)((half - s->view.cx) / s->view.fx),
            .dx = (float)(s->step / s->view.fx),
            .y = (float)((y * s->step + half - s->view.cy) / s->view.fy),
            .neighbour = s->sweep,
            .neighbours = s->neighbours,
            .cost = s->cost + (size_t)y * (size_t)s->width * (size_t)s->planes,
        });
    for (size_t i = 0; i < seed_count; i++)
        pull_to_seed(s, &seeds[i]);
    return true;
}

/* Of the sums of eight paths, costs up to SWEEP_COST_MAX; tuned on real rooms. */
enum { P1 = 6, P2_FLAT = 90, P2_HALF_AT = 12 /* grey levels from pixel to pixel */ };

static void jump_penalties(uint8_t p2[256])
{
    for (int i = 0; i < 256; i++) {
        const int p = P2_FLAT * P2_HALF_AT / (P2_HALF_AT + i);
        p2[i] = (uint8_t)(p < P1 + 4 ? P1 + 4 : p);
    }
}

static void paths_begin(semiglobal_paths *p, int width, int cell)
{
    memset(p->cost, 0, (size_t)(width + 2) * (size_t)cell);
    memset(p->least, 0, (size_t)width + 2);
}

static void fill_pads(semiglobal_paths *p, int width, int planes)
{
    const size_t cell = (size_t)planes + 2 * SEMIGLOBAL_PAD;
    for (int i = 1; i <= width; i++) {
        p->cost[(size_t)i * cell + SEMIGLOBAL_PAD - 1] = 200;
        p->cost[(size_t)i * cell + SEMIGLOBAL_PAD + (size_t)planes] = 200;
    }
}

/* Of one path over a row: its costs, then their least ones. */
static size_t path_bytes(const scene *s, size_t *cost_bytes)
{
    const size_t cell = (size_t)s->planes + 2 * SEMIGLOBAL_PAD;
    *cost_bytes = ((size_t)(s->width + 2) * cell + 63) & ~(size_t)63;
    return *cost_bytes + (((size_t)s->width + 2 + 63) & ~(size_t)63);
}

/* The paths of two rows, the one before and the one at hand. */
static void lay_out(const scene *s, uint8_t *memory, semiglobal_paths row[2][SEMIGLOBAL_PATHS])
{
    size_t cost_bytes, bytes = path_bytes(s, &cost_bytes);
    for (size_t i = 0; i < 2 * SEMIGLOBAL_PATHS; i++) {
        uint8_t *at = memory + i * bytes;
        row[i / SEMIGLOBAL_PATHS][i % SEMIGLOBAL_PATHS] = (semiglobal_paths){at, at + cost_bytes};
    }
}

/* Four of the eight directions, from the first row to the last or back; the way back ends them. */
static void smooth_one_way(dense *d, const semiglobal_kernels *k, bool back,
                           semiglobal_paths row[2][SEMIGLOBAL_PATHS])
{
    scene *s = &d->scene;
    const size_t row_costs = (size_t)s->width * (size_t)s->planes;
    uint16_t *sums = d->slot[SLOT_SUM];
    uint8_t p2[256];

    jump_penalties(p2);
    for (int i = 0; i < 2 * SEMIGLOBAL_PATHS; i++)
        paths_begin(&row[i / SEMIGLOBAL_PATHS][i % SEMIGLOBAL_PATHS], s->width,
                    s->planes + 2 * SEMIGLOBAL_PAD);
    for (int n = 0; n < s->height && !dense_is_stopped(d); n++) {
        const int y = back ? s->height - 1 - n : n;
        uint16_t *sum = sums + (size_t)y * row_costs;
        for (int i = 0; n < 2 && i < SEMIGLOBAL_PATHS; i++)
            fill_pads(&row[n & 1][i], s->width, s->planes);
        k->row(&(semiglobal_row){
            .width = s->width,
            .planes = s->planes,
            .backwards = back,
            .p1 = P1,
            .p2 = p2,
            .cost = s->cost + (size_t)y * row_costs,
            .grey = s->guide + y * s->width,
            .before = n > 0 ? s->guide + (back ? y + 1 : y - 1) * s->width : NULL,
            .from = row[~n & 1],
            .to = row[n & 1],
            .sum = sum,
        });
        if (back)
            k->best(sum, s->width, s->planes, s->best + y * s->width);
    }
}

bool cost_volume_smooth(dense *d)
{
    scene *s = &d->scene;
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    const size_t sum_bytes = pixels * (size_t)s->planes * sizeof(uint16_t);
    size_t cost_bytes, bytes = path_bytes(s, &cost_bytes);
    uint8_t *paths = dense_room(d, SLOT_PATHS, bytes * 2 * SEMIGLOBAL_PATHS);
    uint16_t *sum = dense_room(d, SLOT_SUM, sum_bytes);
    semiglobal_paths row[2][SEMIGLOBAL_PATHS];
    semiglobal_kernels k;

    s->best = dense_room(d, SLOT_BEST, pixels * sizeof *s->best);
    if (!paths || !sum || !s->best)
        return false;
    semiglobal_kernels_init(&k, omma_cpu_flags());
    lay_out(s, paths, row);
    memset(sum, 0, sum_bytes);
    smooth_one_way(d, &k, false, row);
    smooth_one_way(d, &k, true, row);
    return true;
}
