/* SPDX-License-Identifier: Apache-2.0 */
/* Map files come from anywhere: what opens must be fit for every writer, and be the same map when
 * it is saved and opened again. Salvage takes at least what a strict reader does. */
#include "map_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_fit(const omma_map *m)
{
    for (size_t i = 0; i < omma_map_keyframe_count(m); i++) {
        omma_map_keyframe k = omma_map_get_keyframe(m, i);

        require(omma_camera_check(&k.camera) == OMMA_OK && k.world_from_keyframe.s > 0);
        require(i == 0 || omma_map_get_keyframe(m, i - 1).time_ns <= k.time_ns);
    }
    for (size_t i = 0; i < omma_map_frame_count(m); i++)
        for (int k = 0; k < 9; k++)
            require(fabs(omma_map_get_pose(m, i).world_from_camera.R[k]) <= 1.001);
    for (size_t i = 0; i < omma_map_observation_count(m); i++)
        require(omma_map_get_observations(m)[i].point < omma_map_point_count(m));
}

static void round_trip(const omma_map *m)
{
    char path[] = "/tmp/omma-fuzz-XXXXXX";
    int fd = mkstemp(path);
    omma_map *again = NULL;

    if (fd < 0)
        return;
    close(fd);
    require(omma_map_save(m, path, &(omma_export_options){.replace = true}) == OMMA_OK);
    require(omma_map_open(&again, path, 0, NULL) == OMMA_OK);
    require(omma_map_frame_count(again) == omma_map_frame_count(m));
    require(omma_map_keyframe_count(again) == omma_map_keyframe_count(m));
    unlink(path);
    omma_map_destroy(&again);
}

static void try_bytes(const uint8_t *data, size_t size)
{
    omma_map *m = NULL, *saved = NULL;
    omma_map_salvage s;
    omma_error strict = map_file_parse(&m, data, size, "fuzz", 1 << 24, NULL);
    omma_error loose = map_file_parse(&saved, data, size, "fuzz", 1 << 24, &s);

    require(strict == OMMA_OK || m == NULL);
    if (strict == OMMA_OK) {
        require(loose == OMMA_OK && s.damaged == 0);
        check_fit(m);
        round_trip(m);
    }
    if (loose == OMMA_OK) {
        require(s.damaged <= s.parts);
        check_fit(saved);
    }
    omma_map_destroy(&m);
    omma_map_destroy(&saved);
    if (map_file_parse_remembered(&m, data, size, "fuzz", 1 << 24) == OMMA_OK)
        check_fit(m);
    omma_map_destroy(&m);
}

/* Checksums keep a fuzzer out, so they are made right, and lengths fitting. */
static void repair(uint8_t *data, size_t size)
{
    if (size < MAP_HEADER_BYTES)
        return;
    omma_byte_list begin = {0};

    omma_bytes_put(&begin, MAP_FILE_MAGIC, MAP_MAGIC_BYTES);
    omma_bytes_u32(&begin, MAP_FILE_VERSION);
    omma_bytes_u32(&begin, omma_crc32c(0, begin.at, begin.count));
    memcpy(data, begin.at, begin.count);
    omma_bytes_finish(&begin);
    for (size_t at = MAP_HEADER_BYTES; at + PART_HEADER <= size;) {
        size_t left = size - at - PART_HEADER;
        map_part p = {0};
        omma_byte_reader r = {.at = data + at + 4, .left = 20};

        p.type = omma_read_u32(&r);
        p.number = omma_read_u32(&r);
        omma_read_u32(&r);
        p.length = omma_read_u64(&r);
        if (p.length > left || part_padding(&p) > left - p.length)
            p.length = left / PART_ALIGN * PART_ALIGN;
        p.checksum = omma_crc32c(0, data + at + PART_HEADER, (size_t)p.length);
        part_encode(&p, data + at);
        at += PART_HEADER + (size_t)p.length + part_padding(&p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(size ? size : 1, 1);

    require(copy != NULL);
    try_bytes(data, size);
    if (size > 0)
        memcpy(copy, data, size);
    repair(copy, size);
    try_bytes(copy, size);
    free(copy);
    return 0;
}
