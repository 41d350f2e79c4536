/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "depth_files.h"
#include "map_fixture.h"
#include "scratch.h"

#include <zlib.h>

enum { WIDTH = 64, HEIGHT = 48, CELLS_X = 16, CELLS_Y = 12 };

static const omma_camera small_camera = {
    .width = WIDTH, .height = HEIGHT, .fx = 50, .fy = 50, .cx = 31.5, .cy = 23.5};

/* A plane with inverse depth a + b x + c y of the pixel, or with an edge down the middle. */
static double plane(double x, double y)
{
    return 1 / (0.4 + 0.002 * x + 0.001 * y);
}

static omma_depth_map grid(bool has_edge)
{
    omma_depth_map d = {.width = CELLS_X, .height = CELLS_Y};

    d.depth = omma_new_array(float, CELLS_X *CELLS_Y);
    d.error = omma_new_array(float, CELLS_X *CELLS_Y);
    for (int y = 0; y < CELLS_Y; y++)
        for (int x = 0; x < CELLS_X; x++) {
            double px = (x + 0.5) * WIDTH / CELLS_X - 0.5, py = (y + 0.5) * HEIGHT / CELLS_Y - 0.5;

            d.depth[y * CELLS_X + x] = has_edge ? (x < CELLS_X / 2 ? 1 : 3) : (float)plane(px, py);
        }
    return d;
}

static void plane_comes_back_exactly(void)
{
    omma_depth_map d = grid(false);

    for (int y = 2; y < HEIGHT - 2; y++)
        for (int x = 2; x < WIDTH - 2; x++)
            CHECK_CLOSE(depth_at(&d, &small_camera, x, y), plane(x, y), .rel = 1e-6);
    omma_depth_map_finish(&d);
}

static void edge_stays_an_edge(void)
{
    omma_depth_map d = grid(true);

    d.depth[0] = 0;
    for (int x = 2; x < WIDTH; x++)
        CHECK(depth_at(&d, &small_camera, x, 20) == (x < WIDTH / 2 ? 1 : 3));
    CHECK(depth_at(&d, &small_camera, 0, 0) == 0 && depth_at(&d, &small_camera, 3, 3) == 0);
    CHECK(depth_at(&d, &small_camera, 4, 0) == 1);
    omma_depth_map_finish(&d);
}

static uint32_t big(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Undoes what the specification says: chunks with their checksums, one stream, filter Sub. */
static uint16_t *decode_png(const char *data, size_t n, int width, int height)
{
    uLongf rows = (uLongf)height * (2 * (uLongf)width + 1), got = 0;
    uint8_t *raw = malloc(rows);
    uint16_t *pixels = omma_new_array(uint16_t, (size_t)width * (size_t)height);

    for (size_t at = 8; at + 12 <= n; at += 12 + big(data + at)) {
        uint32_t length = big(data + at);

        CHECK(crc32(0, (const Bytef *)data + at + 4, 4 + length) == big(data + at + 8 + length));
        if (memcmp(data + at + 4, "IDAT", 4) == 0) {
            got = rows;
            CHECK(uncompress(raw, &got, (const Bytef *)data + at + 8, length) == Z_OK);
        }
    }
    CHECK(got == rows);
    for (int y = 0; y < height; y++) {
        uint8_t *row = raw + (size_t)y * (2 * (size_t)width + 1), *v = row + 1;

        CHECK(row[0] == 1);
        for (int i = 2; i < 2 * width; i++)
            v[i] = (uint8_t)(v[i] + v[i - 2]);
        for (int x = 0; x < width; x++)
            pixels[y * width + x] = (uint16_t)(v[2 * x] << 8 | v[2 * x + 1]);
    }
    free(raw);
    return pixels;
}

static void files_hold_the_depth(void)
{
    char *folder = scratch_make();
    omma_depth_map d = grid(false);
    size_t n = 0;
    double step = 0;

    d.depth[5 * CELLS_X + 7] = 0;
    CHECK_OK(omma_depth_write(&d, &small_camera, folder, 42, OMMA_DEPTH_BOTH, NULL));
    CHECK(omma_depth_write(&d, &small_camera, folder, 42, OMMA_DEPTH_BOTH, NULL) == OMMA_EXISTS);
    char *npy = scratch_read(folder, "000042.npy", &n), *readme;
    CHECK(n == 128 + 4 * WIDTH * HEIGHT && memcmp(npy, "\x93NUMPY\1\0\x76\0", 10) == 0);
    CHECK(strstr(npy + 10, "'shape': (48, 64), }") && npy[127] == '\n');
    char *png = scratch_read(folder, "000042.png", &n);
    CHECK(big(png + 16) == WIDTH && big(png + 20) == HEIGHT);
    uint16_t *pixels = decode_png(png, n, WIDTH, HEIGHT);
    readme = scratch_read(folder, "README.txt", NULL);
    CHECK(sscanf(strstr(readme, "\n000042.png ") + 1, "000042.png %lf", &step) == 1);
    CHECK(step <= 1e-4);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        float z;

        memcpy(&z, npy + 128 + 4 * i, 4);
        CHECK(z == depth_at(&d, &small_camera, i % WIDTH, i / WIDTH));
        CHECK_CLOSE(pixels[i] * step, z, .abs = 0.501 * step);
        CHECK((pixels[i] == 0) == (z == 0));
    }
    free(pixels);
    free(readme);
    free(png);
    free(npy);
    omma_depth_map_finish(&d);
    scratch_remove(folder);
}

static void unsure_cells_are_in_no_file(void)
{
    omma_depth_map d = grid(false);

    for (int i = 0; i < CELLS_X * CELLS_Y; i++)
        d.error[i] = i % 4 == 0 ? 0.031f : 0.02f; /* 1.3 times the median is 0.026 */
    omma_depth_map_keep_sure(&d);
    for (int i = 0; i < CELLS_X * CELLS_Y; i++)
        CHECK((d.depth[i] == 0) == (i % 4 == 0));
    for (int i = 0; i < CELLS_X * CELLS_Y; i++)
        d.error[i] = i % 4 == 1 ? 0.0149f : 0.001f; /* worse than others, and still good */
    omma_depth_map_keep_sure(&d);
    for (int i = 0; i < CELLS_X * CELLS_Y; i++)
        CHECK((d.depth[i] == 0) == (i % 4 == 0));
    omma_depth_map_finish(&d);
}

static void depth_of_a_map_is_written_in_its_unit(void)
{
    char *folder = scratch_make();
    omma_map *m = omma_map_create();
    size_t n = 0, count = 0;

    for (int i = 0; i < 3; i++) {
        omma_view v = test_view(10 * i);

        v.is_keyframe = true;
        v.keyframe = (uint32_t)i;
        v.camera = small_camera;
        v.world_from_keyframe.s = 1 + i;
        v.depth_width = v.depth_height = i == 1 ? 0 : 8;
        CHECK_OK(omma_buffer_create(&v.depth, 64 * sizeof(float)));
        for (int c = 0; c < 64; c++)
            ((float *)v.depth->data)[c] = 2;
        omma_map_add_view(m, &v);
        omma_buffer_unref(&v.depth);
    }
    CHECK_OK(omma_map_write_depth(m, folder, OMMA_DEPTH_NPY, NULL, &count));
    CHECK(count == 2);
    CHECK(!scratch_read(folder, "000010.npy", &n) && !scratch_read(folder, "000000.png", &n));
    char *npy = scratch_read(folder, "000020.npy", &n);
    float z = 0;

    memcpy(&z, npy + 128, 4);
    CHECK(n == 128 + 4 * WIDTH * HEIGHT);
    CHECK_CLOSE(z, 6, .rel = 1e-3);
    free(npy);
    CHECK_OK(omma_map_write_depth(m, folder, OMMA_DEPTH_PNG16, NULL, &count));
    char *png = scratch_read(folder, "000020.png", &n);
    CHECK(png && count == 2);
    free(png);
    CHECK(omma_map_write_depth(m, folder, OMMA_DEPTH_BOTH, NULL, NULL) == OMMA_EXISTS);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

/* The lens bends straight lines; the file must be the plane as a pinhole sees it. */
static void colmap_depth_is_undistorted_and_scaled(void)
{
    char *folder = scratch_make();
    omma_map *m = omma_map_create();
    omma_view v = test_view(0);
    size_t n = 0, compared = 0;

    v.camera = small_camera;
    v.camera.k[0] = 0.1;
    v.world_from_keyframe.s = 2;
    v.depth_width = WIDTH;
    v.depth_height = HEIGHT;
    CHECK_OK(omma_buffer_create(&v.depth, WIDTH * HEIGHT * sizeof(float)));
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        double px[2] = {i % WIDTH, i / WIDTH}, ray[2];

        CHECK(omma_camera_unproject(&v.camera, px, ray));
        ((float *)v.depth->data)[i] = (float)(1 / (0.4 + 0.1 * ray[0] - 0.05 * ray[1]));
    }
    omma_map_add_view(m, &v);
    omma_buffer_unref(&v.depth);
    CHECK_OK(omma_map_write_colmap_depth(m, folder, NULL));
    char *data = scratch_read(folder, "stereo/depth_maps/000000.jpg.geometric.bin", &n);
    CHECK(data && memcmp(data, "64&48&1&", 8) == 0 && n == 8 + 4 * WIDTH * HEIGHT);
    for (int i = 0; data && i < WIDTH * HEIGHT; i++) {
        double x = (i % WIDTH - 31.5) / 50, y = (i / WIDTH - 23.5) / 50;
        float z;

        memcpy(&z, data + 8 + 4 * i, 4);
        if (z == 0)
            continue;
        CHECK_CLOSE(z, 2 / (0.4 + 0.1 * x - 0.05 * y), .rel = 3e-3); /* the store keeps 5e-4 */
        compared++;
    }
    CHECK(compared > WIDTH * HEIGHT * 8 / 10);
    free(data);
    omma_map_destroy(&m);
    scratch_remove(folder);
}

int main(void)
{
    TEST(plane_comes_back_exactly);
    TEST(edge_stays_an_edge);
    TEST(files_hold_the_depth);
    TEST(unsure_cells_are_in_no_file);
    TEST(depth_of_a_map_is_written_in_its_unit);
    TEST(colmap_depth_is_undistorted_and_scaled);
    return check_done();
}
