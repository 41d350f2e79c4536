/* SPDX-License-Identifier: Apache-2.0 */
/* A tracker's memory comes from a map file, and so from anywhere: what is restored must be fit to
 * be told, looked up in, and saved again as the same bytes. */
#include <omma/slam.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void look_up(omma_tracker *t)
{
    const omma_camera camera = {.width = 64, .height = 48, .fx = 60, .fy = 60, .cx = 32, .cy = 24};
    omma_tracker_place place;
    omma_frame *f = NULL;

    if (omma_frame_create(&f, OMMA_FORMAT_GRAY8, 64, 48) != OMMA_OK)
        return;
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 64; x++)
            f->plane[0][y * f->stride[0] + x] = (uint8_t)((x / 9 + y / 7) % 2 * 150 + x);
    require(omma_tracker_locate(t, f, &camera, &place) == OMMA_NOT_FOUND);
    omma_frame_unref(&f);
}

static void tell(omma_tracker *t)
{
    const omma_update *u = NULL;
    omma_sparse_map m = {0};

    if (omma_tracker_points(t, &m) == OMMA_OK)
        omma_sparse_map_finish(&m);
    require(omma_tracker_finish(t, &u) == OMMA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    omma_tracker *t = NULL;
    omma_buffer *again = NULL;

    if (omma_tracker_create(&t, NULL, NULL) != OMMA_OK)
        return 0;
    if (omma_tracker_restore(t, &(omma_tracker_memory){.data = data, .bytes = size}) == OMMA_OK) {
        require(omma_tracker_save(t, 1, &again) == OMMA_OK);
        require(again->bytes == size && memcmp(again->data, data, size) == 0);
        look_up(t);
        tell(t);
    }
    omma_buffer_unref(&again);
    omma_tracker_destroy(&t);
    return 0;
}
