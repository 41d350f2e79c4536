/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame's depth as NumPy's file (NPY 1.0: https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html) and as a 16-bit picture, both of the size of the frame.
 */
#include "depth_files.h"

#include "export.h"
#include "map_stop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ONE_SURFACE 0.05 /* relative difference of neighbours: beyond it there is an edge */
#define NPY_HEAD    128
#define MOST_PIXELS ((size_t)1 << 28)

/* ------------------------------------------------------------------------------ resampling */

static float cell(const omma_depth_map *d, int x, int y)
{
    x = x < 0 ? 0 : x >= d->width ? d->width - 1 : x;
    y = y < 0 ? 0 : y >= d->height ? d->height - 1 : y;
    return d->depth[(size_t)y * (size_t)d->width + (size_t)x];
}

/* Inverse depth of a plane is linear in the picture, depth is not. */
float depth_at(const omma_depth_map *d, const omma_camera *camera, double x, double y)
{
    double gx = (x + 0.5) * d->width / camera->width - 0.5;
    double gy = (y + 0.5) * d->height / camera->height - 0.5;
    int x0 = (int)floor(gx), y0 = (int)floor(gy);
    double fx = gx - x0, fy = gy - y0, sum = 0, weights = 0;
    float nearest = cell(d, x0 + (fx >= 0.5), y0 + (fy >= 0.5));

    if (!(nearest > 0))
        return 0;
    for (int i = 0; i < 4; i++) {
        double z = cell(d, x0 + i % 2, y0 + i / 2);
        double weight = (i % 2 ? fx : 1 - fx) * (i / 2 ? fy : 1 - fy);

        if (!(z > 0) || fabs(z - nearest) > ONE_SURFACE * nearest)
            continue;
        sum += weight / z;
        weights += weight;
    }
    return weights > 0 ? (float)(weights / sum) : nearest;
}

static float *resample(const omma_depth_map *d, const omma_camera *camera)
{
    size_t width = (size_t)camera->width, height = (size_t)camera->height;
    float *out = malloc(width * height * sizeof *out);

    for (size_t y = 0; out && y < height; y++)
        for (size_t x = 0; x < width; x++)
            out[y * width + x] = depth_at(d, camera, (double)x, (double)y);
    return out;
}

/* ------------------------------------------------------------------------------------ files */

static omma_error write_npy(const float *depth, const omma_camera *camera, const char *path,
                            bool replace)
{
    char head[NPY_HEAD + 1];
    omma_byte_list b = {0};
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);

    if (err)
        return err;
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10); /* 118 bytes follow: 128 in all */
    int n = snprintf(head + 10, sizeof head - 10,
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
                     camera->height, camera->width);
    head[10 + n] = ' ';
    head[NPY_HEAD - 1] = '\n';
    omma_file_write(f, head, NPY_HEAD);
    for (int y = 0; y < camera->height; y++) {
        b.count = 0;
        for (int x = 0; x < camera->width; x++)
            omma_bytes_f32(&b, depth[(size_t)y * (size_t)camera->width + (size_t)x]);
        omma_file_write(f, b.at, b.count);
    }
    omma_bytes_finish(&b);
    return omma_file_commit(&f);
}

/* The finest of 1, 2, 5, 10 ... times a power of ten in which the farthest depth fits. */
static double choose_step(const float *depth, size_t n)
{
    double farthest = 0;

    for (size_t i = 0; i < n; i++)
        farthest = fmax(farthest, depth[i]);
    if (!(farthest > 0))
        return 1e-3;
    for (int exponent = (int)floor(log10(farthest)) - 6;; exponent++)
        for (int k = 0; k < 3; k++) {
            double step = (k == 0 ? 1 : k == 1 ? 2 : 5) * pow(10, exponent);

            if (farthest / step < 65535)
                return step;
        }
}

/* One line a picture; of several for the same the last one counts, as it was written last. */
static omma_error note_step(const char *folder, const char *name, double step)
{
    char *path = omma_text("%s/README.txt", folder);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    char *line = omma_text(
        "%s%s %.10g\n",
        end == 0 ? "# Depth along the camera's axis. NNNNNN is the frame's number; 0 is unknown.\n"
                   "# NNNNNN.npy: float32, rows x columns, in the unit of the map.\n"
                   "# NNNNNN.png: 16 bits; times the step of its line below, the same.\n"
                   "# picture step\n"
                 : "",
        name, step);
    omma_error err = OMMA_OK;
    size_t n = strlen(line);

    if (end < 0 || write(fd, line, n) != (ssize_t)n)
        err = omma_fail_errno("cannot write %s", path);
    if (fd >= 0 && close(fd) != 0 && !err)
        err = omma_fail_errno("cannot write %s", path);
    free(line);
    free(path);
    return err;
}

static omma_error write_png(const float *depth, const omma_camera *camera, const char *folder,
                            const char *name, bool replace)
{
    size_t n = (size_t)camera->width * (size_t)camera->height;
    double step = choose_step(depth, n);
    uint16_t *pixels = malloc(n * sizeof *pixels);

    if (!pixels)
        return omma_fail(OMMA_NO_MEMORY, "no memory for depth of %d x %d px", camera->width,
                         camera->height);
    for (size_t i = 0; i < n; i++) {
        double code = floor(depth[i] / step + 0.5);

        pixels[i] = (uint16_t)(depth[i] > 0 ? fmax(1, fmin(code, 65535)) : 0);
    }
    char *path = omma_text("%s/%s", folder, name);
    char *text =
        omma_text("depth along the camera's axis is the value times %.10g; 0 is unknown", step);
    omma_error err = png16_write(pixels, camera->width, camera->height, text, path, replace);

    if (!err)
        err = note_step(folder, name, step);
    free(text);
    free(path);
    free(pixels);
    return err;
}

/* What a map is least sure of is left out: errors beyond this many times its median, if they are
 * worth speaking of. */
#define SURE 1.3
#define GOOD 0.015

void omma_depth_map_keep_sure(omma_depth_map *d)
{
    const size_t n = (size_t)d->width * (size_t)d->height;
    size_t known = 0;

    if (!d->error || n == 0)
        return;
    double *error = omma_new_array(double, n);
    for (size_t i = 0; i < n; i++)
        if (d->depth[i] > 0)
            error[known++] = (double)d->error[i];
    const double most = fmax(GOOD, known ? SURE * omma_median(error, known) : 0);
    for (size_t i = 0; i < n; i++)
        if ((double)d->error[i] > most)
            d->depth[i] = d->error[i] = 0;
    free(error);
}

omma_error omma_depth_write(const omma_depth_map *d, const omma_camera *camera, const char *folder,
                            uint64_t frame_index, omma_depth_format format,
                            const omma_export_options *o)
{
    bool replace = o && o->replace;
    plain_numbers plain;

    if (d->width < 1 || d->height < 1 || camera->width < 1 || camera->height < 1 ||
        (size_t)camera->height > MOST_PIXELS / (size_t)camera->width)
        return omma_fail(OMMA_INVALID, "depth of %d x %d cells for a picture of %d x %d px",
                         d->width, d->height, camera->width, camera->height);
    omma_error err = omma_make_folder(folder);
    if (err)
        return err;
    float *depth = resample(d, camera);
    if (!depth)
        return omma_fail(OMMA_NO_MEMORY, "no memory for depth of %d x %d px", camera->width,
                         camera->height);
    char *npy = omma_text("%s/%06" PRIu64 ".npy", folder, frame_index);
    char *name = omma_text("%06" PRIu64 ".png", frame_index);

    plain_numbers_begin(&plain);
    if (format != OMMA_DEPTH_PNG16)
        err = write_npy(depth, camera, npy, replace);
    if (!err && format != OMMA_DEPTH_NPY)
        err = write_png(depth, camera, folder, name, replace);
    plain_numbers_end(&plain);
    free(name);
    free(npy);
    free(depth);
    return err;
}

/* In the unit of its submap's world. */
static omma_error write_keyframe(const omma_map *m, size_t i, const char *folder,
                                 omma_depth_format format, const omma_export_options *o)
{
    omma_map_keyframe k = omma_map_get_keyframe(m, i);
    omma_depth_map d = {0};
    omma_error err = omma_map_get_depth(m, i, &d);

    if (err)
        return err;
    omma_depth_map_keep_sure(&d);
    for (size_t c = 0; c < (size_t)d.width * (size_t)d.height; c++)
        d.depth[c] *= (float)k.world_from_keyframe.s;
    err = omma_depth_write(&d, &k.camera, folder, k.frame_index, format, o);
    omma_depth_map_finish(&d);
    return err;
}

omma_error omma_map_write_depth(const omma_map *m, const char *folder, omma_depth_format format,
                                const omma_export_options *o, size_t *count)
{
    const map_stop stop = {o ? o->stop : NULL, o ? o->user : NULL};
    omma_error err = omma_make_folder(folder);
    size_t n = 0;

    for (size_t i = 0; !err && i < omma_map_keyframe_count(m); i++)
        if (omma_map_has_depth(m, i)) {
            err = map_stop_check(&stop, write_keyframe(m, i, folder, format, o));
            n += err == OMMA_OK;
        }
    if (count)
        *count = n;
    return err;
}
