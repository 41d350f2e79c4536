/* SPDX-License-Identifier: Apache-2.0 */
/* The front of every backend: chooses one, and refuses what none of them should have to look at. */
#include "tracker.h"

#include <omma/slam.h>

#include "classical.h"
#include "synthetic.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct omma_tracker {
    const tracker_backend *backend;
    void *self;
    int width, height; /* of the first frame; 0 before it */
    int64_t time_ns;   /* of the latest frame */
    bool finished;
};

static const omma_update nothing_new;

static omma_error check_options(const omma_tracker_options *o)
{
    if (o->camera && omma_camera_check(o->camera))
        return OMMA_INVALID; /* its reason stands */
    if (!(o->focal_hint_px >= 0 && o->focal_hint_px < 1e6))
        return omma_fail(OMMA_INVALID, "tracker: a focal length of %g px", o->focal_hint_px);
    if (!(o->drift >= 0 && o->drift <= 1))
        return omma_fail(OMMA_INVALID, "tracker: drift %g is not between 0 and 1", o->drift);
    if (!(o->noise_m >= 0 && o->noise_m <= 1000))
        return omma_fail(OMMA_INVALID, "tracker: noise of %g m is not between 0 and 1000",
                         o->noise_m);
    if (o->keyframe_every < 0)
        return omma_fail(OMMA_INVALID, "tracker: a keyframe every %d frames", o->keyframe_every);
    return OMMA_OK;
}

static omma_error create_backend(omma_tracker *t, const omma_log *log,
                                 const omma_tracker_options *options)
{
    switch (options->backend) {
    case OMMA_TRACKER_CLASSICAL:
        return classical_create(&t->self, &t->backend, log, options);
    case OMMA_TRACKER_SYNTHETIC:
        return synthetic_create(&t->self, &t->backend, log, options);
    }
    return omma_fail(OMMA_INVALID, "tracker: no backend has the number %d", (int)options->backend);
}

omma_error omma_tracker_create(omma_tracker **out, const omma_log *log,
                               const omma_tracker_options *options)
{
    static const omma_tracker_options defaults;
    if (!options)
        options = &defaults;

    omma_error err = check_options(options);
    if (err)
        return err;
    omma_tracker *t = omma_new(omma_tracker);
    err = create_backend(t, log, options);
    if (err) {
        free(t);
        return err;
    }
    *out = t;
    return OMMA_OK;
}

void omma_tracker_destroy(omma_tracker **t)
{
    if (!t || !*t)
        return;
    (*t)->backend->destroy((*t)->self);
    free(*t);
    *t = NULL;
}

static omma_error check_frame(const omma_tracker *t, const omma_frame *f)
{
    if (t->finished)
        return omma_fail(OMMA_INVALID, "tracker: a frame after the end");
    if (f->format == OMMA_FORMAT_NONE || !f->plane[0])
        return omma_fail(OMMA_INVALID, "tracker: frame %" PRIu64 " has no pixels", f->index);
    if (f->width < TRACKER_MIN_SIZE || f->height < TRACKER_MIN_SIZE)
        return omma_fail(OMMA_INVALID, "tracker: frames of %d x %d are smaller than %d x %d",
                         f->width, f->height, TRACKER_MIN_SIZE, TRACKER_MIN_SIZE);
    if (t->width == 0)
        return OMMA_OK;
    if (f->width != t->width || f->height != t->height)
        return omma_fail(OMMA_INVALID,
                         "tracker: frame %" PRIu64 " is %d x %d, those before were %d x %d",
                         f->index, f->width, f->height, t->width, t->height);
    if (f->time_ns <= t->time_ns)
        return omma_fail(OMMA_INVALID,
                         "tracker: frame %" PRIu64 " at %" PRId64 " ns, the one before at %" PRId64
                         " ns: times must increase",
                         f->index, f->time_ns, t->time_ns);
    return OMMA_OK;
}

omma_error omma_tracker_push(omma_tracker *t, omma_frame *frame, const omma_update **out)
{
    omma_error err = check_frame(t, frame);
    if (err) {
        omma_frame_unref(&frame);
        return err;
    }
    t->width = frame->width;
    t->height = frame->height;
    t->time_ns = frame->time_ns;
    return t->backend->push(t->self, frame, out);
}

omma_error omma_tracker_finish(omma_tracker *t, const omma_update **out)
{
    if (t->finished) {
        *out = &nothing_new;
        return OMMA_OK;
    }
    t->finished = true;
    return t->backend->finish(t->self, out);
}

omma_error omma_tracker_points(omma_tracker *t, omma_sparse_map *out)
{
    memset(out, 0, sizeof *out);
    return t->backend->points ? t->backend->points(t->self, out) : OMMA_OK;
}

omma_error omma_tracker_save(const omma_tracker *t, double scale, omma_buffer **out)
{
    if (!(scale > 0 && scale < 1e12))
        return omma_fail(OMMA_INVALID, "tracker: a scale of %g", scale);
    if (!t->backend->save)
        return omma_fail(OMMA_UNSUPPORTED, "this backend keeps nothing that another clip could go "
                                           "on from");
    return t->backend->save(t->self, scale, out);
}

omma_error omma_tracker_restore(omma_tracker *t, const omma_tracker_memory *memory)
{
    tracker_start start = {0};

    if (!t->backend->restore)
        return omma_fail(OMMA_UNSUPPORTED, "this backend cannot go on in a map");
    if (t->width || t->finished)
        return omma_fail(OMMA_INVALID, "tracker: it has begun already and cannot go on elsewhere");
    omma_error err = t->backend->restore(t->self, memory, &start);
    if (err)
        return err;
    t->width = start.width;
    t->height = start.height;
    t->time_ns = start.time_ns;
    return OMMA_OK;
}

omma_error omma_tracker_locate(omma_tracker *t, const omma_frame *frame, const omma_camera *camera,
                               omma_tracker_place *out)
{
    if (!t->backend->locate)
        return omma_fail(OMMA_UNSUPPORTED, "this backend recognises no places");
    if (frame->format == OMMA_FORMAT_NONE || !frame->plane[0] || frame->width < TRACKER_MIN_SIZE ||
        frame->height < TRACKER_MIN_SIZE)
        return omma_fail(OMMA_INVALID, "a picture of %d x %d: %d x %d is the least", frame->width,
                         frame->height, TRACKER_MIN_SIZE, TRACKER_MIN_SIZE);
    if (camera && omma_camera_check(camera))
        return OMMA_INVALID; /* its reason stands */
    return t->backend->locate(t->self, frame, camera, out);
}

void omma_sparse_map_finish(omma_sparse_map *m)
{
    if (!m)
        return;
    free(m->points);
    free(m->observations);
    memset(m, 0, sizeof *m);
}

void omma_tracker_get_stats(const omma_tracker *t, omma_tracker_stats *out)
{
    memset(out, 0, sizeof *out);
    t->backend->get_stats(t->self, out);
}
