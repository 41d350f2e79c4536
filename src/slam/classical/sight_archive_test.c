/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "sights_fixture.h"

#include <unistd.h>

enum { FRAMES = 3000, SIGHTS = 400 };

/* A sanitizer keeps what is freed for a while: then memory says nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEMORY_TELLS = 0 };
#else
enum { MEMORY_TELLS = 1 };
#endif

/* Pages of this process that are in memory. */
static size_t resident_bytes(void)
{
    unsigned long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%lu %lu", &all, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static bool is_small(size_t before)
{
    const size_t all = (size_t)FRAMES * SIGHTS * sizeof(sight); /* 43 MB */

    return !MEMORY_TELLS || resident_bytes() < before + all / 2;
}

static sight seen(uint32_t frame, uint32_t i)
{
    return (sight){.feature = frame + i, .x = (float)i, .y = (float)frame, .outlier = i % 7 == 0};
}

static void add_frame(world *w, uint32_t r)
{
    record rec = {.index = r, .sights = omma_new_array(sight, SIGHTS), .sight_count = SIGHTS};
    for (uint32_t i = 0; i < SIGHTS; i++)
        rec.sights[i] = seen(r, i);
    CHECK(world_add_record(w, &rec) == r);
}

static bool is_as_it_was(const world *w, uint32_t r)
{
    bool same = w->records[r].sight_count == SIGHTS;
    for (uint32_t i = 0; i < SIGHTS && same; i++) {
        const sight *s = &w->records[r].sights[i], want = seen(r, i);
        same = s->feature == want.feature && s->x == want.x && s->y == want.y &&
               s->outlier == want.outlier;
    }
    return same;
}

static void what_old_frames_saw_takes_no_memory(void)
{
    const size_t before = resident_bytes();
    world w = {.camera = fixture_camera()};

    for (uint32_t r = 0; r < FRAMES; r++) {
        add_frame(&w, r);
        world_archive_sights(&w, r);
        CHECK(w.records[r].archived);
    }
    CHECK(is_small(before)); /* a block stays */
    for (uint32_t r = 0; r < FRAMES; r++)
        CHECK(is_as_it_was(&w, r));
    w.records[7].sights[3].outlier = true;
    sight_archive_rest(w.archive);
    CHECK(is_small(before));
    CHECK(w.records[7].sights[3].outlier);
    world_set_readout(&w, 0.01); /* goes through all of them */
    CHECK(is_small(before) && w.records[9].sights[5].ux == 5);
    record_free_sights(&w.records[5]);
    CHECK(!w.records[5].sights && !w.records[5].sight_count);
    world_finish(&w);
}

static void without_a_file_sights_stay_in_memory(void)
{
    world w = {.camera = fixture_camera()};
    char *folder = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;

    setenv("TMPDIR", "/dev/null", 1);
    for (uint32_t r = 0; r < 3; r++) {
        add_frame(&w, r);
        world_archive_sights(&w, r);
        CHECK(!w.records[r].archived && is_as_it_was(&w, r));
    }
    sight_archive_rest(w.archive);
    if (folder)
        setenv("TMPDIR", folder, 1);
    else
        unsetenv("TMPDIR");
    free(folder);
    world_finish(&w);
}

int main(void)
{
    TEST(what_old_frames_saw_takes_no_memory);
    TEST(without_a_file_sights_stay_in_memory);
    return check_done();
}
