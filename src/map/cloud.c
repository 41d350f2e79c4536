/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the keyframes' depth to one cloud, keyframe by keyframe: what a keyframe and its neighbours
 * agree on (fuse_sights.c) goes into cubes (fuse_voxels.c); in the end points without company go
 * (fuse_loners.c). The consistency of depth maps follows Merrell et al., "Real-time
 * visibility-based fusion of depth maps", ICCV 2007; that each place is told once, Schoenberger et
 * al., "Pixelwise view selection for unstructured multi-view stereo", ECCV 2016.
 */
#include "fuse_loners.h"
#include "fuse_sights.h"
#include "fuse_views.h"
#include "fuse_voxels.h"

#include <math.h>
#include <stdlib.h>

#define DEFAULT_POINTS 2000000
#define USUAL_ERROR    0.0105f /* median of a good map */
#define LEAST_ERROR    0.0123f
#define MORE_ERROR     2.f /* for each by which the median is worse than usual */
#define MOST_ERROR     0.05f
#define DEFAULT_VIEWS  2
#define MOST_POINTS    ((size_t)1 << 30)

static size_t most_cells(const fuse_views *views)
{
    size_t most = 0;

    for (size_t i = 0; i < views->count; i++) {
        const fuse_lens *l = views->views[i].lens;
        size_t cells = (size_t)l->width * (size_t)l->height;

        most = cells > most ? cells : most;
    }
    return most;
}

static omma_error fuse_all(fuse_views *views, const fuse_rules *rules, fuse_voxels *cloud)
{
    omma_cloud_point *points = malloc((most_cells(views) + 1) * sizeof *points);
    omma_error err = OMMA_OK;

    if (!points)
        return omma_fail(OMMA_NO_MEMORY, "no memory to fuse %zu keyframes", views->count);
    for (size_t i = 0; i < views->count && !(err = map_stop_check(&views->stop, err)); i++) {
        size_t n = 0;

        err = fuse_views_hold(views, i);
        if (!err)
            err = fuse_sights(views, i, rules, points, &n);
        for (size_t k = 0; k < n && !err; k++)
            err = fuse_voxels_add(cloud, &points[k]);
    }
    free(points);
    fuse_views_drop(views);
    return err;
}

static omma_error refine(fuse_voxels *cloud, const fuse_views *views, size_t most, unsigned threads)
{
    omma_error err = OMMA_OK;

    if (cloud->count == 0)
        return OMMA_OK;
    err = fuse_loners_remove(cloud, views, threads);
    return err ? err : fuse_voxels_bound(cloud, most);
}

/* Half of a good map is surer than the least bound, and what is less sure costs more accuracy than
 * it adds to what is covered. Of a poorer map something must remain; beyond a bound nothing is
 * worth having. */
static float usual_error(const fuse_views *v)
{
    const float worse = fmaxf((float)v->error - USUAL_ERROR, 0);

    return fminf(LEAST_ERROR + MORE_ERROR * worse, MOST_ERROR);
}

omma_error omma_map_fuse(const omma_map *m, const omma_fuse_options *o, omma_cloud *out)
{
    static const omma_fuse_options defaults;

    o = o ? o : &defaults;
    fuse_views views;
    fuse_voxels cloud;
    omma_error err = fuse_views_init(&views, m, (map_stop){o->stop, o->user});

    *out = (omma_cloud){0};
    if (err)
        return err;
    size_t most = o->max_points ? o->max_points : DEFAULT_POINTS;
    const fuse_rules rules = {
        .max_error = o->max_error > 0 ? (float)o->max_error : usual_error(&views),
        .min_views = o->min_views ? o->min_views : DEFAULT_VIEWS,
        .threads = o->threads,
    };

    most = most < MOST_POINTS ? most : MOST_POINTS;
    fuse_voxels_init(&cloud, o->voxel > 0 ? o->voxel : views.footprint,
                     (most > FUSE_FEWEST ? most : FUSE_FEWEST) / 4 * 5 + 1);
    err = fuse_all(&views, &rules, &cloud);
    if (!err)
        err = refine(&cloud, &views, most, rules.threads);
    if (!err) {
        omma_cloud_point *fitting = realloc(cloud.points, (cloud.count + 1) * sizeof *fitting);

        *out = (omma_cloud){
            .points = fitting ? fitting : cloud.points, .count = cloud.count, .voxel = cloud.edge};
        cloud.points = NULL;
    }
    fuse_voxels_finish(&cloud);
    fuse_views_finish(&views);
    return err;
}

void omma_cloud_finish(omma_cloud *c)
{
    free(c->points);
    *c = (omma_cloud){0};
}
