/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "map_file.h"
#include "map_fixture.h"
#include "scratch.h"

enum { FRAMES = 30, GROUP = 5 };

/* A map that is made, the file that its changes make, and where each group in it ends. */
typedef struct story {
    omma_map *map;
    omma_map_changes *changes;
    uint8_t *file;
    size_t bytes, ends[FRAMES + 2], groups;
} story;

static void append(story *s)
{
    omma_buffer *b = NULL;

    CHECK_OK(omma_map_changes_take(s->changes, &b));
    CHECK(omma_map_changes_bytes(s->changes) == 0);
    s->file = realloc(s->file, s->bytes + b->bytes);
    memcpy(s->file + s->bytes, b->data, b->bytes);
    s->bytes += b->bytes;
    s->ends[s->groups++] = s->bytes;
    omma_buffer_unref(&b);
}

static omma_buffer *some_bytes(size_t n, int fill)
{
    omma_buffer *b = NULL;

    CHECK_OK(omma_buffer_create(&b, n));
    memset(b->data, fill, n);
    return b;
}

static void give_depth(omma_view *v)
{
    CHECK_OK(omma_buffer_create(&v->depth, 12 * sizeof(float)));
    for (int i = 0; i < 12; i++)
        ((float *)v->depth->data)[i] = 1 + 0.1f * (float)i;
    v->depth_width = 4;
    v->depth_height = 3;
}

static void tell_view(story *s, omma_view v)
{
    if (v.is_keyframe && v.frame_index % 20 == 0)
        give_depth(&v);
    omma_map_add_view(s->map, &v);
    omma_map_changes_view(s->changes, s->map, &v);
    omma_buffer_unref(&v.depth);
}

static void tell_picture(story *s, uint32_t keyframe)
{
    omma_buffer *jpeg = some_bytes(40, (int)keyframe);

    omma_map_changes_picture(s->changes, keyframe, jpeg, "a/b.png");
    omma_map_set_picture(s->map, keyframe, jpeg, "a/b.png");
}

static void tell_correction(story *s, uint32_t keyframe)
{
    omma_correction c = {.keyframe = keyframe, .submap = TEST_SUBMAP};

    c.world_from_keyframe = omma_sim3_exp((double[7]){1, 2, 3, 0.1, 0.2, 0.3, 0.1});
    omma_map_correct(s->map, &c);
    omma_map_changes_correct(s->changes, &c);
}

static void tell_checkpoint(story *s)
{
    const omma_map_point points[2] = {{.world = {1, 2, 3}, .error_px = 1},
                                      {.world = {-1, 0.1, 9}, .submap = TEST_SUBMAP}};
    const omma_map_observation seen[2] = {{TEST_FIRST_ID, 0, {1, 2}},
                                          {TEST_FIRST_ID, 1, {3, 4.5f}}};

    omma_map_set_points(s->map, points, 2, seen, 2);
    CHECK_OK(omma_map_set_memory(s->map, "what it knew", 13));
    omma_map_changes_checkpoint(s->changes, s->map);
}

/* Every frame comes unposed and gets its pose with the next; keyframes get pictures, the first is
 * moved and then removed. Groups of five frames. */
static story tell(void)
{
    story s = {.map = omma_map_create()};

    omma_map_set_unit(s.map, "m");
    s.changes = omma_map_changes_create(s.map);
    append(&s);
    for (int i = 0; i < FRAMES; i++) {
        omma_view v = test_view(i);
        omma_view first = v;
        first.has_pose = first.is_keyframe = false;
        tell_view(&s, first);
        tell_view(&s, v);
        if (v.is_keyframe)
            tell_picture(&s, v.keyframe);
        if (i == 12)
            tell_correction(&s, TEST_FIRST_ID);
        if (i == 17)
            tell_checkpoint(&s);
        if (i == 27) {
            omma_map_remove_keyframe(s.map, TEST_FIRST_ID);
            omma_map_changes_remove(s.changes, TEST_FIRST_ID);
        }
        if ((i + 1) % GROUP == 0)
            append(&s);
    }
    return s;
}

static void story_end(story *s)
{
    omma_map_destroy(&s->map);
    omma_map_changes_destroy(&s->changes);
    free(s->file);
}

static char *saved(const omma_map *m, size_t *n)
{
    char *folder = scratch_make(), *path = omma_text("%s/map.omma", folder);

    CHECK_OK(omma_map_save(m, path, NULL));
    char *data = scratch_read(folder, "map.omma", n);
    free(path);
    scratch_remove(folder);
    return data;
}

static void a_whole_journal_is_the_map(void)
{
    story s = tell();
    omma_map *got = NULL;
    size_t n = 0, m = 0;

    CHECK_OK(map_file_parse(&got, s.file, s.bytes, "j", 0, NULL));
    CHECK(omma_map_is_unfinished(got) && !omma_map_is_unfinished(s.map));
    CHECK(omma_map_keyframe_count(got) == 2 && omma_map_point_count(got) == 2);
    char *told = saved(s.map, &n), *read = saved(got, &m);
    CHECK(n == m && memcmp(told, read, n) == 0);
    free(told);
    free(read);
    omma_map_destroy(&got);
    story_end(&s);
}

/* A process may end, and a disk lose power, after any byte. */
static void a_journal_cut_anywhere_keeps_its_whole_groups(void)
{
    story s = tell();
    size_t whole = 0;

    for (size_t cut = 0; cut <= s.bytes; cut++) {
        omma_map *got = NULL;
        omma_map_salvage damage;
        while (whole < s.groups && s.ends[whole] <= cut)
            whole++;
        omma_error err = map_file_parse(&got, s.file, cut, "j", 0, NULL);
        if (err ? whole != 0 || err != OMMA_FORMAT
                : omma_map_frame_count(got) != (whole - 1) * GROUP)
            CHECK(!"it holds the groups that are whole");
        omma_map_destroy(&got);
        err = map_file_parse(&got, s.file, cut, "j", 0, &damage);
        if (!err && whole && damage.damaged)
            CHECK(!"where it ends is no damage");
        omma_map_destroy(&got);
    }
    story_end(&s);
}

static void what_a_tracker_remembers_ends_with_its_checkpoint(void)
{
    story s = tell();
    omma_map *got = NULL;
    omma_buffer *memory = NULL;

    CHECK_OK(map_file_parse_remembered(&got, s.file, s.bytes, "j", 0));
    CHECK(omma_map_frame_count(got) == 20); /* the group of frame 17 */
    CHECK_OK(omma_map_get_memory(got, &memory));
    omma_buffer_unref(&memory);
    omma_map_destroy(&got);
    CHECK(map_file_parse_remembered(&got, s.file, s.ends[3], "j", 0) == OMMA_FORMAT && !got);
    CHECK(strstr(omma_why(), "memory") != NULL);
    story_end(&s);
}

/* A map that is gone on in is the journal's first group. */
static void a_journal_may_begin_with_a_map(void)
{
    story s = tell();
    omma_map_changes *more = omma_map_changes_create(s.map);
    omma_buffer *b = NULL;
    omma_map *got = NULL;
    size_t n = 0, m = 0;

    CHECK_OK(omma_map_changes_take(more, &b));
    CHECK_OK(map_file_parse(&got, b->data, b->bytes, "j", 0, NULL));
    char *told = saved(s.map, &n), *read = saved(got, &m);
    CHECK(n == m && memcmp(told, read, n) == 0);
    free(told);
    free(read);
    omma_map_destroy(&got);
    CHECK_OK(map_file_parse_remembered(&got, b->data, b->bytes, "j", 0));
    CHECK(omma_map_frame_count(got) == FRAMES);
    omma_map_destroy(&got);
    omma_buffer_unref(&b);
    omma_map_changes_destroy(&more);
    story_end(&s);
}

/* A checksum proves no good will. */
static void invented_changes_are_refused(void)
{
    story s = tell();
    size_t at = s.ends[2]; /* the group with a correction */
    map_part p;

    while (part_decode(&p, s.file + at) && p.type != PART_CHANGES)
        at += PART_HEADER + (size_t)p.length + part_padding(&p);
    CHECK(p.type == PART_CHANGES && p.length > 100);
    for (size_t i = 0; i < p.length; i++) {
        uint8_t *copy = malloc(s.bytes);
        omma_map *got = NULL;
        memcpy(copy, s.file, s.bytes);
        copy[at + PART_HEADER + i] ^= (uint8_t)(0x80 >> i % 8);
        map_part q = p;
        q.checksum = omma_crc32c(0, copy + at + PART_HEADER, (size_t)p.length);
        part_encode(&q, copy + at);
        omma_error err = map_file_parse(&got, copy, s.bytes, "j", 0, NULL);
        if (err && (err != OMMA_FORMAT || got))
            CHECK(!"refused or taken");
        omma_map_destroy(&got);
        free(copy);
    }
    story_end(&s);
}

int main(void)
{
    TEST(a_whole_journal_is_the_map);
    TEST(a_journal_cut_anywhere_keeps_its_whole_groups);
    TEST(what_a_tracker_remembers_ends_with_its_checkpoint);
    TEST(a_journal_may_begin_with_a_map);
    TEST(invented_changes_are_refused);
    return check_done();
}
