/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of media share: a scratch folder and pictures whose content tells their number.
 * Stands behind check.h. */
#pragma once

#include <omma/media.h>

#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static CHECK_UNUSED char *fixture_folder;

static CHECK_UNUSED void fixture_make_folder(void)
{
    fixture_folder = scratch_make();
}

static CHECK_UNUSED void fixture_remove_folder(void)
{
    scratch_remove(fixture_folder);
}

/* Scratch path of a name; given: free(). */
static CHECK_UNUSED char *fixture_path(const char *name)
{
    return omma_text("%s/%s", fixture_folder, name);
}

static CHECK_UNUSED void fixture_write(const char *name, const void *data, size_t bytes)
{
    char *path = fixture_path(name);
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(data, 1, bytes, file) == bytes);
    if (file)
        fclose(file);
    free(path);
}

/* A smooth pattern that moves with the number: what a codec keeps well and what tells frames apart.
 * Everything but luma is constant. */
static CHECK_UNUSED uint8_t fixture_luma(int x, int y, int number)
{
    return (uint8_t)lround(128 + 60 * sin(0.05 * x + 0.3 * number) + 50 * cos(0.07 * y));
}

static CHECK_UNUSED omma_frame *fixture_frame(int width, int height, int number)
{
    omma_frame *f = NULL;
    CHECK_OK(omma_frame_create(&f, OMMA_FORMAT_I420, width, height));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            f->plane[0][y * f->stride[0] + x] = fixture_luma(x, y, number);
    for (int p = 1; p < 3; p++)
        for (int y = 0; y < (height + 1) / 2; y++)
            memset(f->plane[p] + (ptrdiff_t)y * f->stride[p], p == 1 ? 100 : 150,
                   (size_t)(width + 1) / 2);
    return f;
}

/* Mean absolute difference of luma to the pattern of a number. */
static CHECK_UNUSED double fixture_error(const omma_frame *f, int number)
{
    double sum = 0;
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            sum += abs(f->plane[0][y * f->stride[0] + x] - fixture_luma(x, y, number));
    return sum / f->width / f->height;
}

/* Writes n frames of the pattern at the times. */
static CHECK_UNUSED void fixture_clip(const char *name, int width, int height, int n,
                                      const int64_t *times_ns, double rotation_degrees)
{
    omma_encoder *e = NULL;
    char *path = fixture_path(name);
    CHECK_OK(omma_encoder_open(&e, path,
                               &(omma_encoder_options){.width = width,
                                                       .height = height,
                                                       .replace = true,
                                                       .rotation_degrees = rotation_degrees}));
    for (int i = 0; e && i < n; i++) {
        omma_frame *f = fixture_frame(width, height, i);
        f->time_ns = times_ns ? times_ns[i] : llround(i * 1e9 / 30);
        CHECK_OK(omma_encoder_write(e, f));
        omma_frame_unref(&f);
    }
    if (e)
        CHECK_OK(omma_encoder_close(&e));
    free(path);
}

/* Bytes of a scratch file; given: free(). */
static CHECK_UNUSED char *fixture_read(const char *name, size_t *bytes)
{
    char *data = scratch_read(fixture_folder, name, bytes);
    CHECK(data);
    return data;
}

/* Opens a scratch file as a source; NULL (after a failed check) when that fails. */
static CHECK_UNUSED omma_source *fixture_open(const char *name, const omma_source_options *options)
{
    omma_source *s = NULL;
    char *path = fixture_path(name);
    CHECK_OK(omma_source_open(&s, path, options, NULL));
    free(path);
    return s;
}

/* How opening fails, with its sentence on stderr for whoever reads the test's log. */
static CHECK_UNUSED omma_error fixture_refusal(const char *name)
{
    omma_source *s = NULL;
    char *path = *name == '/' ? omma_text("%s", name) : fixture_path(name);
    omma_error err = omma_source_open(&s, path, NULL, NULL);
    fprintf(stderr, "%s: %s: %s\n", check_test, omma_error_name(err), err ? omma_why() : "opened");
    omma_source_close(&s);
    free(path);
    return err;
}

/* Frames until the end, which must be a clean one. */
static CHECK_UNUSED int fixture_count(omma_source *s)
{
    int n = 0;
    omma_error err = OMMA_OK;
    for (omma_frame *f = NULL; s && (err = omma_source_read(s, &f)) == OMMA_OK; n++)
        omma_frame_unref(&f);
    CHECK(err == OMMA_END);
    return n;
}
