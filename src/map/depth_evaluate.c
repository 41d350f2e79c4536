/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames are read one by one, and once more before that when the scale is sought: of each covered
 * pixel one float stays, for the medians. Ratios are taken in single precision, as the depth is.
 */
#include <omma/map.h>

#include "depth_image.h"
#include "depth_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define NEAR      0.1
#define RATIO_OK5 2 /* of the ratios, which is 1.05 */

const double omma_depth_ratios[OMMA_DEPTH_RATIOS] = {1.01, 1.02, 1.05, 1.25};

/* Zeroed: none. */
typedef struct float_pool {
    float *at;
    size_t count, capacity;
} float_pool;

typedef struct comparison {
    const omma_depth_evaluate_options *o;
    depth_list estimates, truths;
    uint64_t *frames; /* that count: each has a truth */
    size_t frame_count;
    float near, far, scale;
    float_pool pool; /* truth / estimate in the first pass, then (estimate - truth) / truth */
    double relative, square, absolute; /* sums */
    uint64_t known, covered, within[OMMA_DEPTH_RATIOS];
} comparison;

/* ----------------------------------------------------------------------------------- medians */

static omma_error pool_reserve(float_pool *p, size_t more)
{
    size_t need = p->count + more;

    if (need <= p->capacity)
        return OMMA_OK;
    size_t capacity = need + need / 2;
    float *at = realloc(p->at, capacity * sizeof *at);

    if (!at)
        return omma_fail(OMMA_NO_MEMORY, "no memory for the errors of %zu pixels", need);
    p->at = at;
    p->capacity = capacity;
    return OMMA_OK;
}

/* The n-th smallest gets to its place, smaller ones before it. Source: Hoare, "Algorithm 65: find",
 * CACM 1961. */
static float nth(float *a, size_t count, size_t n)
{
    ptrdiff_t low = 0, high = (ptrdiff_t)count - 1, k = (ptrdiff_t)n;

    while (low < high) {
        float pivot = a[low + (high - low) / 2];
        ptrdiff_t i = low, j = high;

        while (i <= j) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i <= j) {
                float kept = a[i];

                a[i++] = a[j];
                a[j--] = kept;
            }
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return a[n];
}

/* Of an even number the mean of the two in the middle. */
static double median(float_pool *p)
{
    if (p->count == 0)
        return NAN;
    double upper = nth(p->at, p->count, p->count / 2), lower = -INFINITY;

    if (p->count % 2)
        return upper;
    for (size_t i = 0; i < p->count / 2; i++)
        lower = fmax(lower, p->at[i]);
    return (lower + upper) / 2;
}

/* ------------------------------------------------------------------------------------ frames */

static omma_error read_depth(const depth_list *l, const depth_entry *e, double unit,
                             const char *which, depth_image *out)
{
    if (!e->npy && !(unit > 0))
        return omma_fail(OMMA_INVALID,
                         "%s/%s: a .png needs the %s unit, its steps per unit of length", l->folder,
                         e->name, which);
    char *path = omma_text("%s/%s", l->folder, e->name);
    omma_error err = depth_image_read(out, path, unit);

    free(path);
    return err;
}

/* e is 0 where there is no estimate. */
typedef void (*visit)(comparison *c, float e, float t);

static void visit_pixels(comparison *c, const depth_image *truth, const depth_image *estimate,
                         visit take)
{
    for (int y = 0; y < truth->height; y++) {
        const float *row = NULL;

        if (estimate->depth)
            row = estimate->depth +
                  (size_t)((y + 0.5) * estimate->height / truth->height) * (size_t)estimate->width;
        for (int x = 0; x < truth->width; x++) {
            float t = truth->depth[(size_t)y * (size_t)truth->width + (size_t)x];

            if (t > c->near && t < c->far)
                take(c, row ? row[(size_t)((x + 0.5) * estimate->width / truth->width)] : 0, t);
        }
    }
}

static omma_error visit_frame(comparison *c, uint64_t frame, visit take)
{
    const depth_entry *entry = depth_list_find(&c->estimates, frame);
    depth_image truth = {0}, estimate = {0};
    omma_error err = read_depth(&c->truths, depth_list_find(&c->truths, frame), c->o->truth_unit,
                                "truth", &truth);

    if (!err && entry)
        err = read_depth(&c->estimates, entry, c->o->estimate_unit, "estimate", &estimate);
    if (!err)
        err = pool_reserve(&c->pool, (size_t)truth.width * (size_t)truth.height);
    if (!err)
        visit_pixels(c, &truth, &estimate, take);
    depth_image_finish(&truth);
    depth_image_finish(&estimate);
    return err;
}

static omma_error visit_frames(comparison *c, visit take)
{
    omma_error err = OMMA_OK;

    c->pool.count = 0;
    for (size_t i = 0; !err && i < c->frame_count; i++)
        err = visit_frame(c, c->frames[i], take);
    return err;
}

/* ------------------------------------------------------------------------------------ errors */

static void take_ratio(comparison *c, float e, float t)
{
    if (e > 0)
        c->pool.at[c->pool.count++] = t / e;
}

static omma_error find_scale(comparison *c)
{
    omma_error err = visit_frames(c, take_ratio);

    if (err)
        return err;
    c->scale = (float)median(&c->pool);
    return c->scale > 0 && isfinite(c->scale)
               ? OMMA_OK
               : omma_fail(OMMA_DEGENERATE, "no pixel has a truth and an estimate to scale by");
}

static void take_error(comparison *c, float e, float t)
{
    c->known++;
    e *= c->scale;
    if (!(e > 0))
        return;
    float off = (e - t) / t, ratio = fmaxf(e / t, t / e);

    c->covered++;
    c->pool.at[c->pool.count++] = off;
    c->relative += fabsf(off);
    c->square += ((double)e - t) * ((double)e - t);
    c->absolute += fabs((double)e - t);
    for (int i = 0; i < OMMA_DEPTH_RATIOS; i++)
        c->within[i] += ratio < (float)omma_depth_ratios[i];
}

static void conclude(comparison *c, omma_depth_evaluation *out)
{
    double n = (double)c->covered, none = c->covered ? 0 : NAN; /* 0 / 0 has a sign, NAN has none */

    *out = (omma_depth_evaluation){
        .frames = c->frame_count,
        .truth_frames = c->truths.count,
        .estimated_frames = c->estimates.count,
        .truth_pixels = c->known,
        .covered_pixels = c->covered,
        .coverage = n / (double)c->known,
        .scale = c->scale,
        .bias_median = median(&c->pool),
        .ok5 = (double)c->within[RATIO_OK5] / (double)c->known,
    };
    n = c->covered ? n : 1;
    for (size_t i = 0; i < c->pool.count; i++)
        c->pool.at[i] = fabsf(c->pool.at[i]);
    out->abs_rel_median = median(&c->pool);
    out->abs_rel_mean = none + c->relative / n;
    out->rmse = none + sqrt(c->square / n);
    out->mae = none + c->absolute / n;
    for (int i = 0; i < OMMA_DEPTH_RATIOS; i++)
        out->within[i] = none + (double)c->within[i] / n;
}

/* ------------------------------------------------------------------------------------ choice */

static omma_error no_pair(const comparison *c)
{
    const depth_list *e = &c->estimates, *t = &c->truths;

    if (c->o->frames)
        return omma_fail(OMMA_DEGENERATE, "none of the %zu frames asked for has a truth in %s",
                         c->o->frame_count, t->folder);
    return omma_fail(OMMA_DEGENERATE,
                     "no frame is in both: %s has %zu from %" PRIu64 " to %" PRIu64
                     ", %s has %zu from %" PRIu64 " to %" PRIu64,
                     e->folder, e->count, e->entries[0].frame, e->entries[e->count - 1].frame,
                     t->folder, t->count, t->entries[0].frame, t->entries[t->count - 1].frame);
}

static omma_error choose_frames(comparison *c)
{
    size_t most = c->o->frames ? c->o->frame_count : c->truths.count;

    c->frames = omma_new_array(uint64_t, most ? most : 1);
    for (size_t i = 0; i < most; i++) {
        uint64_t frame = c->o->frames ? c->o->frames[i] : c->truths.entries[i].frame;

        if (depth_list_find(c->o->frames ? &c->truths : &c->estimates, frame))
            c->frames[c->frame_count++] = frame;
    }
    return c->frame_count ? OMMA_OK : no_pair(c);
}

static omma_error check_options(comparison *c)
{
    const omma_depth_evaluate_options *o = c->o;

    if (!(o->truth_unit >= 0 && isfinite(o->truth_unit) && o->estimate_unit >= 0 &&
          isfinite(o->estimate_unit)))
        return omma_fail(OMMA_INVALID, "steps per unit of length: %g and %g", o->truth_unit,
                         o->estimate_unit);
    c->near = (float)(o->min_depth > 0 ? o->min_depth : NEAR);
    c->far = o->max_depth > 0 ? (float)o->max_depth : INFINITY;
    return c->near < c->far ? OMMA_OK
                            : omma_fail(OMMA_INVALID, "no depth lies between %g and %g",
                                        (double)c->near, (double)c->far);
}

static omma_error compare(comparison *c)
{
    omma_error err = choose_frames(c);

    if (!err && c->o->scale)
        err = find_scale(c);
    if (!err)
        err = visit_frames(c, take_error);
    if (!err && c->known == 0)
        err = omma_fail(OMMA_DEGENERATE,
                        "%s: the %zu frames compared have no depth between %g and %g",
                        c->truths.folder, c->frame_count, (double)c->near, (double)c->far);
    return err;
}

omma_error omma_depth_evaluate(const char *estimate_folder, const char *truth_folder,
                               const omma_depth_evaluate_options *o, omma_depth_evaluation *out)
{
    comparison c = {.o = o ? o : &(omma_depth_evaluate_options){0}, .scale = 1};
    omma_error err = check_options(&c);

    if (!err)
        err = depth_list_read(&c.estimates, estimate_folder);
    if (!err)
        err = depth_list_read(&c.truths, truth_folder);
    if (!err)
        err = compare(&c);
    if (!err)
        conclude(&c, out);
    free(c.frames);
    free(c.pool.at);
    depth_list_finish(&c.estimates);
    depth_list_finish(&c.truths);
    return err;
}
