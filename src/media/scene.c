/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame of a scene: the world drawn from where the walk is at the frame's time, then what a
 * camera does to it: an open shutter (the mean of several moments, the frame's time in the middle),
 * slow changes of the exposure, and noise of the sensor.
 */
#include "scene.h"

#include "scene_options.h"
#include "scene_render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct scene {
    scene_options options;
    scene_world world;
    scene_renderer renderer;
    omma_pool *pool;
    double focal;
    uint64_t index;
} scene;

static omma_se3 pose_at(const scene *s, double frame)
{
    return s->options.recipe->pose(frame / s->options.rate, s->options.seed);
}

/* -------------------------------------------------------------------------------------- sensor */

static float gain_at(const scene *s)
{
    double t = (double)s->index / s->options.rate;
    double stops = 0.5 * sin(2 * M_PI * t / 5.3) + 0.5 * sin(2 * M_PI * t / 3.1 + 1);
    return (float)exp2(0.5 * s->options.exposure * stops);
}

static uint8_t to_byte(float x)
{
    x += 0.5f;
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

/* The sum of four bytes of a hash is nearly normal (Irwin-Hall): mean 510, deviation 147.8. */
static float noise_at(uint32_t seed, uint32_t i)
{
    uint32_t h = (i ^ seed) * 0x9e3779b1u;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    h ^= h >> 16;
    int32_t sum = (int32_t)((h & 255) + (h >> 8 & 255) + (h >> 16 & 255) + (h >> 24));
    return (float)(sum - 510) * (1.0f / 147.8f);
}

static void expose_luma(const scene *s, omma_frame *f, float gain)
{
    const scene_renderer *r = &s->renderer;
    const float noise = (float)s->options.noise;
    uint32_t seed = scene_hash((uint32_t)s->options.seed, (uint32_t)s->index, 13);
    for (int y = 0; y < f->height; y++) {
        const float *from = r->luma + (size_t)y * (size_t)r->stride;
        uint8_t *to = f->plane[0] + (size_t)y * (size_t)f->stride[0];
        uint32_t first = (uint32_t)y * (uint32_t)f->width;
        if (noise > 0)
            for (int x = 0; x < f->width; x++)
                to[x] = to_byte(from[x] * gain + noise * noise_at(seed, first + (uint32_t)x));
        else
            for (int x = 0; x < f->width; x++)
                to[x] = to_byte(from[x] * gain);
    }
}

/* The mean of 2 x 2 pixels; planes are padded to tiles, so there is always a second one. */
static void expose_chroma(const scene *s, omma_frame *f, int plane, const float *from, float gain)
{
    const size_t stride = (size_t)s->renderer.stride;
    int width = omma_format_plane_width(f->format, plane, f->width);
    int height = omma_format_plane_height(f->format, plane, f->height);
    for (int y = 0; y < height; y++) {
        const float *a = from + 2 * (size_t)y * stride, *b = a + stride;
        uint8_t *to = f->plane[plane] + (size_t)y * (size_t)f->stride[plane];
        for (int x = 0; x < width; x++)
            to[x] =
                to_byte(128 + 0.25f * gain * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]));
    }
}

static void expose(const scene *s, omma_frame *f)
{
    float gain = gain_at(s);
    expose_luma(s, f, gain);
    expose_chroma(s, f, 1, s->renderer.cb, gain);
    expose_chroma(s, f, 2, s->renderer.cr, gain);
}

/* -------------------------------------------------------------------------------------- frames */

/* Four to eight moments of the open shutter, each through another point of the pixels: that smooths
 * the edges as well. */
static void draw_blurred(scene *s, float *depth)
{
    double turn =
        omma_so3_angle(pose_at(s, (double)s->index).R, pose_at(s, (double)s->index + 1).R);
    int moments = (int)ceil(turn * s->focal * s->options.blur);
    moments = moments < 4 ? 4 : moments > 8 ? 8 : moments;

    omma_se3 middle = pose_at(s, (double)s->index);
    scene_measure(&s->renderer, &middle, depth);
    scene_clear(&s->renderer);
    for (int k = 0; k < moments; k++) {
        double along = (k + 0.5) / moments - 0.5;
        double across = fmod((k + 0.5) * 0.6180339887, 1) - 0.5; /* well spread for any number */
        omma_se3 pose = pose_at(s, (double)s->index + along * s->options.blur);
        scene_add(&s->renderer, &pose, (const float[2]){(float)across, (float)along},
                  1.0f / (float)moments);
    }
}

static omma_error make_truth(const scene *s, omma_frame *f)
{
    omma_truth *truth = calloc(1, sizeof *truth);
    if (!truth)
        return omma_fail(OMMA_NO_MEMORY, "no memory for a scene's truth");
    f->truth = truth;
    omma_se3 pose = pose_at(s, (double)s->index);
    omma_se3_to_quaternion(&pose, truth->rotation);
    for (int i = 0; i < 3; i++)
        truth->translation[i] = pose.t[i];
    truth->fx = truth->fy = s->focal;
    truth->cx = s->renderer.cx;
    truth->cy = s->renderer.cy;
    return omma_buffer_create(&truth->depth, (size_t)f->width * (size_t)f->height * sizeof(float));
}

static void draw(scene *s, omma_frame *f)
{
    float *depth = f->truth->depth->data;
    if (s->options.blur > 0) {
        draw_blurred(s, depth);
    } else {
        omma_se3 pose = pose_at(s, (double)s->index);
        scene_draw(&s->renderer, &pose, depth);
    }
    expose(s, f);
}

static omma_error read_frame(void *self, omma_frame **out)
{
    scene *s = self;
    if (s->options.frames && s->index >= s->options.frames)
        return OMMA_END;

    omma_frame *f = NULL;
    omma_error err = omma_pool_get(s->pool, &f);
    if (err)
        return err;
    err = make_truth(s, f);
    if (err) {
        omma_frame_unref(&f);
        return err;
    }
    draw(s, f);
    f->limited_range = false;
    f->matrix = OMMA_MATRIX_BT601;
    f->time_ns = llroundl((long double)s->index * 1e9L / (long double)s->options.rate);
    f->index = s->index++;
    *out = f;
    return OMMA_OK;
}

static omma_error skip(void *self, uint64_t n)
{
    scene *s = self;
    s->index += n;
    return OMMA_OK;
}

static void close_scene(void *self)
{
    scene *s = self;
    omma_pool_destroy(&s->pool);
    scene_renderer_finish(&s->renderer);
    scene_world_destroy(&s->world);
    free(s);
}

static omma_error build(scene *s)
{
    const scene_options *o = &s->options;
    s->focal = o->width / 2.0 / tan(o->fov * M_PI / 360);
    scene_world_init(&s->world, o->seed, o->recipe->ambient);
    o->recipe->build(&s->world);
    omma_error err = scene_world_finish(&s->world);
    if (!err)
        err = scene_renderer_init(&s->renderer, &s->world, o->width, o->height, s->focal);
    if (!err)
        err = omma_pool_create(&s->pool, OMMA_FORMAT_I420, o->width, o->height);
    return err;
}

omma_error scene_open(source_backend *out, omma_source_info *info, const char *spec,
                      const omma_source_options *options)
{
    scene_options parsed;
    omma_error err = scene_options_parse(&parsed, spec, options);
    if (err)
        return err;

    scene *s = omma_new(scene);
    s->options = parsed;
    err = build(s);
    if (err) {
        close_scene(s);
        return err;
    }
    *info = (omma_source_info){.width = parsed.width,
                               .height = parsed.height,
                               .rate = parsed.rate,
                               .frames = parsed.frames,
                               .focal_px = s->focal};
    snprintf(info->description, sizeof info->description, "synthetic %s, seed %" PRIu64,
             parsed.recipe->name, parsed.seed);
    *out = (source_backend){.self = s, .read = read_frame, .skip = skip, .close = close_scene};
    return OMMA_OK;
}
