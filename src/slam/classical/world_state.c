/* SPDX-License-Identifier: Apache-2.0 */
#include "world_state.h"

#include "patch.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OBSERVATION_BYTES = 24, FEATURE_BYTES = 88 };

static bool stands(const world *w, uint32_t k)
{
    return k < w->keyframe_count && w->keyframes[k].posed && !w->keyframes[k].culled;
}

static bool is_kept(const world *w, const feature *f)
{
    return f->state == FEATURE_MATURE && stands(w, f->anchor) && f->rho > 0 && isfinite(f->rho) &&
           f->rho_sigma > 0 && isfinite(f->rho_sigma);
}

/* ------------------------------------------------------------------------------------- writing */

static void put_pose(omma_byte_list *b, const omma_se3 *T, double scale)
{
    omma_se3 scaled = *T;

    for (int i = 0; i < 3; i++)
        scaled.t[i] *= scale;
    omma_se3_put(b, &scaled);
}

static void put_keyframe(omma_byte_list *b, const world *w, uint32_t i, double scale)
{
    const keyframe *k = &w->keyframes[i];

    omma_bytes_u32(b, k->frame);
    omma_bytes_u32(b, k->submap);
    omma_bytes_u8(b, stands(w, i));
    if (!stands(w, i))
        return;
    put_pose(b, &k->camera_from_world, scale);
    omma_bytes_f64(b, k->unit * scale);
    omma_bytes_u32(b, k->mature_at_birth);
}

static void put_record(omma_byte_list *b, const record *r, double scale)
{
    omma_bytes_u64(b, r->index);
    omma_bytes_u64(b, (uint64_t)r->time_ns);
    omma_bytes_u8(b, (unsigned)r->status);
    omma_bytes_u8(b, r->posed);
    if (!r->posed)
        return;
    omma_bytes_u32(b, (uint32_t)r->keyframe);
    put_pose(b, &r->keyframe_from_camera, scale);
}

static void put_place(omma_byte_list *b, float x, float y, float roll_x, float roll_y)
{
    omma_bytes_f32(b, x);
    omma_bytes_f32(b, y);
    omma_bytes_f32(b, roll_x);
    omma_bytes_f32(b, roll_y);
}

static void put_feature(omma_byte_list *b, const world *w, const feature *f, double scale)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < f->seen_count; i++)
        seen += stands(w, f->seen[i].keyframe);
    omma_bytes_u32(b, f->anchor);
    put_place(b, f->x, f->y, f->roll_x, f->roll_y);
    omma_bytes_u8(b, f->level);
    omma_bytes_put(b, f->rgb, 3);
    omma_bytes_f64(b, f->rho / scale);
    omma_bytes_f64(b, f->rho_sigma / scale);
    omma_bytes_u32(b, f->patch_keyframe);
    omma_bytes_f32(b, f->patch_x);
    omma_bytes_f32(b, f->patch_y);
    omma_bytes_put(b, f->descriptor, DESCRIPTOR_BYTES);
    omma_bytes_u32(b, seen);
    for (uint32_t i = 0; i < f->seen_count; i++) {
        const observation *o = &f->seen[i];
        if (!stands(w, o->keyframe))
            continue;
        omma_bytes_u32(b, o->keyframe);
        put_place(b, o->x, o->y, o->roll_x, o->roll_y);
        omma_bytes_f32(b, o->inverse_sigma);
    }
}

void world_put(omma_byte_list *b, const world *w, double scale)
{
    uint32_t features = 0;

    for (size_t i = 0; i < w->feature_count; i++)
        features += is_kept(w, &w->features[i]);
    omma_camera_put(b, &w->camera);
    omma_bytes_f64(b, w->focal_guess);
    omma_bytes_f64(b, w->readout);
    omma_bytes_u32(b, (uint32_t)w->record_count);
    omma_bytes_u32(b, (uint32_t)w->keyframe_count);
    omma_bytes_u32(b, features);
    for (size_t i = 0; i < w->record_count; i++)
        put_record(b, &w->records[i], scale);
    for (uint32_t i = 0; i < w->keyframe_count; i++)
        put_keyframe(b, w, i, scale);
    for (size_t i = 0; i < w->feature_count; i++)
        if (is_kept(w, &w->features[i]))
            put_feature(b, w, &w->features[i], scale);
}

/* ------------------------------------------------------------------------------------- reading */

static omma_error take_record(world *w, omma_byte_reader *r)
{
    record rec = {.keyframe = NO_INDEX, .told = NO_INDEX};

    rec.index = omma_read_u64(r);
    rec.time_ns = (int64_t)omma_read_u64(r);
    uint8_t status = omma_read_u8(r), posed = omma_read_u8(r);
    rec.status = (omma_status)status;
    rec.posed = posed == 1;
    if (rec.posed) {
        rec.told = rec.keyframe = (int32_t)omma_read_u32(r);
        if (!omma_se3_take(&rec.keyframe_from_camera, r))
            return omma_fail(OMMA_FORMAT, "the pose of frame %" PRIu64 " is none", rec.index);
    }
    if (r->bad || status > OMMA_STATUS_RELOCALISED || posed > 1 || rec.keyframe < NO_INDEX)
        return omma_fail(OMMA_FORMAT, "frame %" PRIu64 " is none", rec.index);
    if (w->record_count) {
        const record *last = &w->records[w->record_count - 1];
        if (rec.index <= last->index || rec.time_ns <= last->time_ns)
            return omma_fail(OMMA_FORMAT, "frame %" PRIu64 " is not in the order of time",
                             rec.index);
    }
    world_add_record(w, &rec);
    return OMMA_OK;
}

static omma_error take_keyframe(world *w, omma_byte_reader *r)
{
    keyframe k = {.camera_from_world = omma_se3_identity(), .unit = 1};

    k.frame = omma_read_u32(r);
    k.submap = omma_read_u32(r);
    uint8_t posed = omma_read_u8(r);
    k.posed = posed == 1;
    k.culled = !k.posed;
    if (k.posed) {
        bool is_pose = omma_se3_take(&k.camera_from_world, r);
        k.unit = omma_read_f64(r);
        k.mature_at_birth = omma_read_u32(r);
        if (!is_pose || !isfinite(k.unit) || !(k.unit > 0))
            return omma_fail(OMMA_FORMAT, "the pose of keyframe %zu is none", w->keyframe_count);
    }
    if (r->bad || posed > 1 || k.frame >= w->record_count || k.submap >= w->record_count)
        return omma_fail(OMMA_FORMAT, "keyframe %zu is none", w->keyframe_count);
    world_add_keyframe(w, &k);
    return OMMA_OK;
}

/* A keyframe's own frame hangs on it, and others on one that stands. */
static omma_error check_hanging(world *w)
{
    for (size_t i = 0; i < w->record_count; i++) {
        record *r = &w->records[i];
        if (r->posed && !stands(w, (uint32_t)r->keyframe))
            return omma_fail(OMMA_FORMAT, "frame %" PRIu64 " hangs on no keyframe", r->index);
        if (r->posed)
            r->submap = w->keyframes[r->keyframe].submap;
    }
    for (uint32_t i = 0; i < w->keyframe_count; i++)
        if (stands(w, i) && w->records[w->keyframes[i].frame].keyframe != (int32_t)i)
            return omma_fail(OMMA_FORMAT, "keyframe %" PRIu32 " is of no frame", i);
    return OMMA_OK;
}

/* Pixels far outside of any picture are nobody's sights. */
static bool is_place(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(x[i]) < 1e7f))
            return false;
    return true;
}

static bool take_place(omma_byte_reader *r, float *x, float *y, float *roll_x, float *roll_y)
{
    float all[4];

    for (int i = 0; i < 4; i++)
        all[i] = omma_read_f32(r);
    *x = all[0];
    *y = all[1];
    *roll_x = all[2];
    *roll_y = all[3];
    return is_place(all, 4);
}

static bool take_observation(const world *w, feature *f, omma_byte_reader *r)
{
    observation o = {.keyframe = omma_read_u32(r)};
    bool good = take_place(r, &o.x, &o.y, &o.roll_x, &o.roll_y);
    float x, y;

    o.inverse_sigma = omma_read_f32(r);
    good = good && stands(w, o.keyframe) && o.inverse_sigma > 0 && o.inverse_sigma < 1e3f &&
           !feature_sight_in(f, o.keyframe, &x, &y);
    if (good)
        feature_add_observation(f, &o);
    return good;
}

static void take_look(feature *f, omma_byte_reader *r)
{
    f->patch_keyframe = omma_read_u32(r);
    f->patch_x = omma_read_f32(r);
    f->patch_y = omma_read_f32(r);
    const void *descriptor = omma_read_bytes(r, DESCRIPTOR_BYTES);
    if (descriptor)
        memcpy(f->descriptor, descriptor, DESCRIPTOR_BYTES);
}

static bool take_sights(const world *w, feature *f, uint32_t seen, omma_byte_reader *r)
{
    bool good = seen <= r->left / OBSERVATION_BYTES && seen < w->keyframe_count;

    for (uint32_t i = 0; i < seen && good; i++)
        good = take_observation(w, f, r);
    return good;
}

/* What it looks like and where it is, as far as one feature can say. */
static bool is_possible(const world *w, feature *f)
{
    const double px[2] = {f->x, f->y};

    return stands(w, f->anchor) && f->level < KLT_LEVELS && isfinite(f->rho) && f->rho > 0 &&
           isfinite(f->rho_sigma) && f->rho_sigma > 0 && f->patch_keyframe < w->keyframe_count &&
           is_place((float[2]){f->patch_x, f->patch_y}, 2) &&
           omma_camera_unproject(&w->camera, px, f->ray);
}

static omma_error take_feature(world *w, omma_byte_reader *r)
{
    feature f = {.anchor = omma_read_u32(r), .state = FEATURE_MATURE};
    bool good = take_place(r, &f.x, &f.y, &f.roll_x, &f.roll_y);

    f.level = omma_read_u8(r);
    for (int i = 0; i < 3; i++)
        f.rgb[i] = omma_read_u8(r);
    f.rho = omma_read_f64(r);
    f.rho_sigma = omma_read_f64(r);
    take_look(&f, r);
    uint32_t seen = omma_read_u32(r);
    good = good && !r->bad && is_possible(w, &f) && take_sights(w, &f, seen, r);
    if (!good) {
        free(f.seen);
        return omma_fail(OMMA_FORMAT, "feature %zu is none", w->feature_count);
    }
    uint32_t index = world_add_feature(w, &f);
    keyframe_add_feature(&w->keyframes[f.anchor], index);
    for (uint32_t i = 0; i < f.seen_count; i++)
        keyframe_add_feature(&w->keyframes[f.seen[i].keyframe], index);
    return OMMA_OK;
}

static omma_error take_counts(const omma_byte_reader *r, uint32_t records, uint32_t keyframes,
                              uint32_t features)
{
    enum { RECORD_BYTES = 18, KEYFRAME_BYTES = 9 };

    if (r->bad || records > r->left / RECORD_BYTES || keyframes > r->left / KEYFRAME_BYTES ||
        keyframes > records || features > r->left / FEATURE_BYTES)
        return omma_fail(OMMA_FORMAT,
                         "%" PRIu32 " frames, %" PRIu32 " keyframes and %" PRIu32
                         " features in %zu bytes",
                         records, keyframes, features, r->left);
    return OMMA_OK;
}

omma_error world_take(world *w, omma_byte_reader *r)
{
    omma_error err = omma_camera_take(&w->camera, r);

    if (!err && (w->camera.width < 1 || w->camera.height < 1))
        err = omma_fail(OMMA_FORMAT, "a camera without a size");
    if (err)
        return err;
    w->focal_guess = omma_read_f64(r);
    w->readout = omma_read_f64(r);
    uint32_t records = omma_read_u32(r), keyframes = omma_read_u32(r), features = omma_read_u32(r);
    err = take_counts(r, records, keyframes, features);
    if (!err && (!(fabs(w->readout) < 1) || !(w->focal_guess > 0) || !(w->focal_guess < 1e7)))
        err = omma_fail(OMMA_FORMAT, "a shutter of %g s, a focal length of %g px", w->readout,
                        w->focal_guess);
    for (uint32_t i = 0; i < records && !err; i++)
        err = take_record(w, r);
    for (uint32_t i = 0; i < keyframes && !err; i++)
        err = take_keyframe(w, r);
    if (!err)
        err = check_hanging(w);
    for (uint32_t i = 0; i < features && !err; i++)
        err = take_feature(w, r);
    return err;
}

/* ------------------------------------------------------------------------------------- patches */

void world_cut_patches(world *w, uint32_t k, const omma_pyramid *picture)
{
    const keyframe *key = &w->keyframes[k];

    for (uint32_t i = 0; i < key->feature_count; i++) {
        feature *f = &w->features[key->features[i]];
        float x, y;
        if (f->patch || f->state == FEATURE_DEAD)
            continue;
        if (f->patch_keyframe == k)
            patch_capture(f, picture, k, f->patch_x, f->patch_y);
        else if (!stands(w, f->patch_keyframe) && f->anchor == k && feature_sight_in(f, k, &x, &y))
            patch_capture(f, picture, k, x - (float)w->readout * f->roll_x,
                          y - (float)w->readout * f->roll_y);
    }
}
