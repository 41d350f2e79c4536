/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_file.h"
#include "map_fixture.h"
#include "map_inside.h"
#include "scratch.h"

static omma_buffer *picture(size_t n, uint64_t seed)
{
    omma_buffer *b = NULL;

    CHECK_OK(omma_buffer_create(&b, n));
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)b->data)[i] = (uint8_t)omma_random_u64(&seed);
    return b;
}

static void set_pictures(omma_map *m)
{
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);
        char *name = i % 3 == 1 ? NULL : omma_text("some/folder/%03zu é.jpg", i);

        omma_map_set_picture(m, k.id, i % 3 == 2 ? NULL : picture(20 + i % 5, i), name);
        free(name);
    }
}

/* A slope with a hole, of 4 x 3 cells. */
static void set_depth(omma_view *v)
{
    const size_t bytes = 12 * sizeof(float);

    CHECK_OK(omma_buffer_create(&v->depth, bytes));
    CHECK_OK(omma_buffer_create(&v->depth_error, bytes));
    v->depth_width = 4;
    v->depth_height = 3;
    for (int i = 0; i < 12; i++) {
        ((float *)v->depth->data)[i] = i == 5 ? 0 : 2 + 0.1f * (float)i;
        ((float *)v->depth_error->data)[i] = i == 5 ? 0 : 0.01f;
    }
}

static void add_view(omma_map *m, omma_view v, bool has_depth)
{
    if (has_depth)
        set_depth(&v);
    omma_map_add_view(m, &v);
    omma_buffer_unref(&v.depth);
    omma_buffer_unref(&v.depth_error);
}

/* Small enough to be cut at every byte: 25 frames, of which 2 are lost, on 3 keyframes. */
static omma_map *small_map(void)
{
    omma_map *m = omma_map_create();
    const omma_map_point points[3] = {{.world = {1, 2, 3}, .rgb = {4, 5, 6}, .error_px = 1},
                                      {.world = {-1, 0.1, 9}, .submap = TEST_SUBMAP},
                                      {.world = {0, 0, 1e-9}, .error_px = 3}};
    const omma_map_observation seen[3] = {{TEST_FIRST_ID, 0, {1, 2}},
                                          {TEST_FIRST_ID + 1, 0, {3, 4.5f}},
                                          {TEST_FIRST_ID + 2, 2, {-1, 7}}};

    for (int i = 0; i < 25; i++) {
        omma_view v = test_view(i);

        v.has_pose = i != 7 && i != 8;
        v.status = v.has_pose ? OMMA_STATUS_TRACKING : OMMA_STATUS_LOST;
        add_view(m, v, i == 0);
    }
    omma_map_set_unit(m, "m");
    CHECK_OK(omma_map_set_memory(m, "what a tracker knew", 19));
    omma_map_set_points(m, points, 3, seen, 3);
    set_pictures(m);
    return m;
}

/* The bytes of a map's file; given. */
static char *saved(const omma_map *m, size_t *n)
{
    char *folder = scratch_make(), *path = omma_text("%s/map.omma", folder);

    CHECK_OK(omma_map_save(m, path, NULL));
    CHECK(omma_map_save(m, path, NULL) == OMMA_EXISTS);
    char *data = scratch_read(folder, "map.omma", n);

    free(path);
    scratch_remove(folder);
    return data;
}

static void check_same_file(const char *a, const char *b, const char *name)
{
    size_t n = 0, m = 0;
    char *x = scratch_read(a, name, &n), *y = scratch_read(b, name, &m);

    CHECK(x && y && n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

static void export_all(const omma_map *m, const char *folder)
{
    const struct {
        const char *name;
        omma_error (*write)(const omma_map *m, const char *path, const omma_export_options *o);
    } part[] = {
        {"trajectory.txt", omma_map_write_tum}, {"cloud.ply", omma_map_write_ply},
        {"colmap", omma_map_write_colmap},      {"transforms.json", omma_map_write_transforms},
        {"images", omma_map_write_pictures},    {"map.omma", omma_map_save},
    };

    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char *path = omma_text("%s/%s", folder, part[i].name);

        CHECK_OK(part[i].write(m, path, NULL));
        free(path);
    }
}

static void opened_map_exports_the_same_bytes(void)
{
    static const char *const names[] = {
        "trajectory.txt",    "trajectory-submap7.txt", "cloud.ply",         "colmap/cameras.bin",
        "colmap/images.bin", "colmap/points3D.bin",    "colmap/images.txt", "colmap/points3D.txt",
        "transforms.json",   "images/000010.jpg",      "map.omma"};
    char *before = scratch_make(), *after = scratch_make();
    char *path = omma_text("%s/map.omma", before);
    omma_map *m = test_map(3000), *again = NULL;

    set_pictures(m);
    add_view(m, test_view(40), true);
    omma_map_set_unit(m, "m");
    omma_map_remove_keyframe(m, TEST_FIRST_ID + 5); /* frames hang on it all the same */
    omma_map_correct(m, &(omma_correction){.keyframe = TEST_FIRST_ID + 7,
                                           .submap = TEST_SUBMAP,
                                           .world_from_keyframe = omma_sim3_identity()});
    export_all(m, before);
    CHECK_OK(omma_map_open(&again, path, 0, NULL));
    CHECK(again && omma_map_keyframe_count(again) == omma_map_keyframe_count(m));
    export_all(again, after);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_same_file(before, after, names[i]);
    omma_depth_map depth = {0};
    CHECK_OK(omma_map_get_depth(again, 4, &depth));
    CHECK(depth.width == 4 && depth.height == 3 && depth.depth[5] == 0);
    CHECK_CLOSE(depth.depth[11], 3.1, .rel = 1e-3);
    omma_depth_map_finish(&depth);
    CHECK(omma_map_get_pose(again, 55).submap == omma_map_get_pose(m, 55).submap);
    omma_map_destroy(&again);
    omma_map_destroy(&m);
    free(path);
    scratch_remove(before);
    scratch_remove(after);
}

static void memory_comes_back_or_is_refused(void)
{
    omma_map *m = omma_map_create();
    omma_buffer *b = NULL;
    uint8_t large[5000] = {0};

    CHECK(omma_map_get_memory(m, &b) == OMMA_NOT_FOUND);
    CHECK_OK(omma_map_set_memory(m, "old", 3));
    for (int i = 0; i < 5000; i++)
        large[i] = (uint8_t)(i * i);
    CHECK_OK(omma_map_set_memory(m, large, sizeof large));
    CHECK_OK(omma_map_get_memory(m, &b));
    CHECK(b->bytes == sizeof large && memcmp(b->data, large, sizeof large) == 0);
    omma_buffer_unref(&b);
    map_set_memory_blob(m, picture(100, 1));
    CHECK(omma_map_get_memory(m, &b) == OMMA_FORMAT && !b);
    memset(large, 0, sizeof large);
    CHECK_OK(omma_map_set_memory(m, large, sizeof large)); /* zeros: more than can be true */
    CHECK(omma_map_get_memory(m, &b) == OMMA_FORMAT && !b);
    omma_map_destroy(&m);
}

static void empty_map_comes_back(void)
{
    omma_map *m = omma_map_create(), *again = NULL;
    size_t n;
    char *data = saved(m, &n);

    CHECK_OK(map_file_parse(&again, data, n, "x", 0, NULL));
    CHECK(again && omma_map_frame_count(again) == 0);
    CHECK_TEXT(omma_map_unit(again), "units");
    omma_map_destroy(&again);
    omma_map_destroy(&m);
    free(data);
}

/* Where each part ends, zeros and all. */
static size_t parts_until(const char *data, size_t n, size_t ends[32])
{
    size_t count = 0, at = MAP_HEADER_BYTES;

    while (at < n && count < 32) {
        map_part p;

        if (!CHECK(part_decode(&p, (const uint8_t *)data + at)))
            break;
        at += PART_HEADER + (size_t)p.length + part_padding(&p);
        ends[count++] = at;
    }
    CHECK(at == n);
    return count;
}

static void cut_anywhere_is_named_and_the_rest_saved(void)
{
    omma_map *m = small_map();
    size_t n, ends[32], whole = 0;
    char *data = saved(m, &n);
    size_t parts = parts_until(data, n, ends);

    CHECK(parts == 11); /* head, keyframes, frames, points, memory, both copies, two pictures,
                           depth, end */
    for (size_t cut = 0; cut < n; cut++) {
        omma_map *got = NULL;
        omma_map_salvage s;
        char *copy = malloc(cut + 1); /* ends where it ends: the sanitizer looks */

        memcpy(copy, data, cut);
        while (ends[whole] <= cut)
            whole++;
        if (map_file_parse(&got, copy, cut, "x.omma", 0, NULL) != OMMA_FORMAT ||
            !strstr(omma_why(), "x.omma"))
            CHECK(!"a cut is named");
        CHECK(!got);
        omma_error err = map_file_parse(&got, copy, cut, "x.omma", 0, &s);
        if ((err == OMMA_OK) != (whole > 0) || (!err && s.parts - s.damaged != whole) ||
            (!err && s.damaged == 0))
            CHECK(!"what is intact is saved");
        if (!err && whole >= 3)
            CHECK(omma_map_frame_count(got) == 25 && omma_map_keyframe_count(got) == 3);
        omma_map_destroy(&got);
        free(copy);
    }
    omma_map_destroy(&m);
    free(data);
}

/* What a flipped bit in a part of this type may cost: what stands only once. */
static void check_cost(const omma_map *got, const omma_map *m, part_type hit)
{
    size_t pictures = 0;

    CHECK(omma_map_frame_count(got) == (hit == PART_FRAMES ? 3 : 25));
    CHECK(omma_map_point_count(got) == (hit == PART_POINTS ? 0 : 3));
    CHECK_TEXT(omma_map_unit(got), "m");
    if (!CHECK(omma_map_keyframe_count(got) == 3))
        return;
    for (size_t i = 0; i < 3; i++) {
        omma_map_keyframe a = omma_map_get_keyframe(got, i), b = omma_map_get_keyframe(m, i);

        CHECK(a.id == b.id && memcmp(&a.camera, &b.camera, sizeof a.camera) == 0);
        CHECK(memcmp(&a.world_from_keyframe, &b.world_from_keyframe, sizeof(omma_sim3)) == 0);
        CHECK(!a.name == !b.name && (!a.name || strcmp(a.name, b.name) == 0));
        pictures += a.jpeg != NULL;
    }
    CHECK(pictures == (hit == PART_PICTURE ? 1 : 2));
    CHECK(omma_map_has_depth(got, 0) == (hit != PART_DEPTH));
}

static void flipped_bit_costs_one_part(void)
{
    omma_map *m = small_map();
    size_t n, ends[32], hit = 0;
    char *data = saved(m, &n);
    size_t parts = parts_until(data, n, ends);

    for (size_t at = 0; at < n; at++) {
        omma_map *got = NULL;
        omma_map_salvage s = {0};
        char bit = (char)(1 << (at * 5 % 8));
        map_part p = {0};

        while (ends[hit] <= at)
            hit++;
        if (at >= MAP_HEADER_BYTES)
            CHECK(part_decode(&p, (uint8_t *)data + (hit ? ends[hit - 1] : MAP_HEADER_BYTES)));
        data[at] ^= bit;
        CHECK(map_file_parse(&got, data, n, "x.omma", 0, NULL) == OMMA_FORMAT && !got);
        CHECK_OK(map_file_parse(&got, data, n, "x.omma", 0, &s));
        size_t whole = at < MAP_HEADER_BYTES ? parts : parts - 1;
        if (s.parts - s.damaged != whole || s.damaged != 1 || s.orphans || !got)
            CHECK(!"one part is damaged");
        else
            check_cost(got, m, (part_type)p.type);
        CHECK_TEXT(s.writer, omma_version());
        omma_map_destroy(&got);
        data[at] ^= bit;
    }
    omma_map_destroy(&m);
    free(data);
}

static void pixels_without_keyframes_are_counted(void)
{
    omma_map *m = small_map(), *got = NULL;
    omma_map_salvage s;
    size_t n, ends[32];
    char *data = saved(m, &n);

    parts_until(data, n, ends);
    data[ends[0] + PART_HEADER + 9] ^= 1; /* the keyframes, */
    data[ends[5] + PART_HEADER + 9] ^= 1; /* and their copy */
    CHECK_OK(map_file_parse(&got, data, n, "x.omma", 0, &s));
    CHECK(s.parts == 11 && s.damaged == 2 && s.orphans == 3);
    CHECK(omma_map_keyframe_count(got) == 0 && omma_map_frame_count(got) == 25);
    omma_map_destroy(&got);
    omma_map_destroy(&m);
    free(data);
}

/* Keyframes in many parts, of which one is lost, come back where in time they belong. */
static void lost_keyframes_come_back_in_order(void)
{
    omma_map *m = omma_map_create(), *got = NULL;
    omma_map_salvage s;
    size_t n, ends[32];

    for (int i = 0; i < 3 * KEYFRAMES_IN_PART; i++)
        omma_map_add_view(m, &(omma_view){.frame_index = (uint64_t)i,
                                          .time_ns = i,
                                          .status = OMMA_STATUS_RELOCALISED,
                                          .has_pose = true,
                                          .is_keyframe = true,
                                          .keyframe = 500U - (uint32_t)i,
                                          .camera = test_view(0).camera,
                                          .keyframe_from_camera = omma_se3_identity(),
                                          .world_from_keyframe = omma_sim3_identity()});
    char *data = saved(m, &n);
    parts_until(data, n, ends);
    data[ends[1] + PART_HEADER] ^= 1;
    CHECK_OK(map_file_parse(&got, data, n, "x.omma", 0, &s));
    CHECK(s.damaged == 1 && omma_map_keyframe_count(got) == 3 * KEYFRAMES_IN_PART);
    for (size_t i = 0; i < omma_map_keyframe_count(got); i++)
        CHECK(omma_map_get_keyframe(got, i).id == 500 - i &&
              omma_map_get_pose(got, i).status == OMMA_STATUS_RELOCALISED);
    omma_map_destroy(&got);
    omma_map_destroy(&m);
    free(data);
}

/* Bytes that are missing in the middle, or too many there or at the end. */
static void shifted_parts_are_found(void)
{
    omma_map *m = small_map(), *got = NULL;
    size_t n, ends[32];
    char *data = saved(m, &n), *moved = malloc(n + 100);
    omma_map_salvage s;

    parts_until(data, n, ends);
    memcpy(moved, data, ends[2] - 300);
    memcpy(moved + ends[2] - 300, data + ends[2] - 243, n - (ends[2] - 243));
    CHECK(map_file_parse(&got, moved, n - 57, "x", 0, NULL) == OMMA_FORMAT);
    CHECK_OK(map_file_parse(&got, moved, n - 57, "x", 0, &s));
    CHECK(s.parts == 11 && s.damaged == 1 && omma_map_point_count(got) == 3);
    omma_map_destroy(&got);
    memcpy(moved, data, n);
    memset(moved + n, 'x', 100);
    CHECK(map_file_parse(&got, moved, n + 100, "x", 0, NULL) == OMMA_FORMAT);
    CHECK(strstr(omma_why(), "100 bytes behind its end"));
    CHECK_OK(map_file_parse(&got, moved, n + 100, "x", 0, &s));
    CHECK(s.damaged == 1 && omma_map_frame_count(got) == 25);
    omma_map_destroy(&got);
    omma_map_destroy(&m);
    free(moved);
    free(data);
}

/* A checksum proves no good will. */
static void invented_contents_are_refused(void)
{
    omma_map *m = small_map();
    size_t n, ends[32];
    char *data = saved(m, &n);

    parts_until(data, n, ends);
    for (size_t i = 0; i + 1 < 7; i++)
        for (size_t at = ends[i] + PART_HEADER; at < ends[i + 1]; at++) {
            char *copy = malloc(n);
            omma_map *got = NULL;
            map_part p;

            memcpy(copy, data, n);
            copy[at] ^= (char)(0x80 >> at % 3);
            CHECK(part_decode(&p, (uint8_t *)copy + ends[i]));
            p.checksum = omma_crc32c(0, copy + ends[i] + PART_HEADER, (size_t)p.length);
            part_encode(&p, (uint8_t *)copy + ends[i]);
            omma_error err = map_file_parse(&got, copy, n, "x", 0, NULL);
            if (err && (err != OMMA_FORMAT || got))
                CHECK(!"refused or taken");
            omma_map_destroy(&got);
            free(copy);
        }
    omma_map_destroy(&m);
    free(data);
}

static void limits_and_other_files_are_named(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/map.omma", folder);
    omma_map *m = small_map(), *got = NULL;
    omma_map_salvage s;
    size_t n;
    char *data = saved(m, &n);

    CHECK(map_file_parse(&got, data, n, "x", n - 1, NULL) == OMMA_NO_MEMORY);
    char *number = omma_text("%zu", n - 1);
    CHECK(strstr(omma_why(), number));
    free(number);
    data[8] = 2;
    uint32_t checksum = omma_crc32c(0, data, 12);
    for (int i = 0; i < 4; i++)
        data[12 + i] = (char)(checksum >> (8 * i));
    CHECK(map_file_parse(&got, data, n, "x", 0, NULL) == OMMA_FORMAT &&
          strstr(omma_why(), "version 2"));
    CHECK(map_file_parse(&got, data, n, "x", 0, &s) == OMMA_FORMAT);
    CHECK(omma_map_open(&got, path, 0, NULL) == OMMA_NOT_FOUND);
    CHECK(omma_map_open(&got, folder, 0, NULL) == OMMA_FORMAT);
    CHECK(map_file_parse(&got, "hello, I am a long text", 23, "x", 0, NULL) == OMMA_FORMAT);
    CHECK(map_file_parse(&got, "hello, I am a long text", 23, "x", 0, &s) == OMMA_FORMAT && !got);
    free(data);
    omma_map_destroy(&m);
    free(path);
    scratch_remove(folder);
}

int main(void)
{
    TEST(opened_map_exports_the_same_bytes);
    TEST(empty_map_comes_back);
    TEST(memory_comes_back_or_is_refused);
    TEST(cut_anywhere_is_named_and_the_rest_saved);
    TEST(flipped_bit_costs_one_part);
    TEST(pixels_without_keyframes_are_counted);
    TEST(lost_keyframes_come_back_in_order);
    TEST(shifted_parts_are_found);
    TEST(invented_contents_are_refused);
    TEST(limits_and_other_files_are_named);
    return check_done();
}
