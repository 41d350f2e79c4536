/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "checkpoint.h"
#include "scratch.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const disk_shape shape = {.dim = 3, .metric = 2};

enum { NUMBERS = 3000, FEW = 5 };

/* Sections "few", "none" and "numbers": two pages and a bit. */
static omma_error write_one(const char *path, uint64_t seq)
{
    checkpoint_writer *w = NULL;
    uint32_t numbers[NUMBERS];
    omma_error err = checkpoint_create(&w, path, &shape, seq);

    if (err)
        return err;
    for (uint32_t i = 0; i < NUMBERS; i++)
        numbers[i] = i + (uint32_t)seq;
    checkpoint_begin(w, "few");
    checkpoint_write(w, numbers, FEW);
    checkpoint_begin(w, "none");
    checkpoint_begin(w, "numbers");
    checkpoint_write(w, numbers, 1000 * sizeof(uint32_t));
    checkpoint_write(w, numbers + 1000, (NUMBERS - 1000) * sizeof(uint32_t));
    return checkpoint_commit(&w);
}

static void what_was_written_is_there(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/c", folder);
    checkpoint *c = NULL;
    const void *data = NULL;

    CHECK_OK(write_one(path, 9));
    CHECK_OK(checkpoint_open(&c, path, &shape));
    CHECK(checkpoint_seq(c) == 9 && checkpoint_shape(c).dim == 3 && checkpoint_sections(c) == 3);
    CHECK_TEXT(checkpoint_name(c, 1), "none");
    CHECK_OK(checkpoint_find(c, "numbers", NUMBERS * sizeof(uint32_t), &data));
    CHECK((uintptr_t)data % CHECKPOINT_ALIGN == 0);
    for (uint32_t i = 0; i < NUMBERS; i++)
        if (!CHECK(((const uint32_t *)data)[i] == i + 9))
            break;
    CHECK_OK(checkpoint_find(c, "none", 0, &data));
    for (size_t i = 0; i < checkpoint_sections(c); i++)
        CHECK_OK(checkpoint_check(c, checkpoint_name(c, i)));
    CHECK(checkpoint_find(c, "numbers", 4, &data) == OMMA_FORMAT);
    CHECK(checkpoint_find(c, "other", 4, &data) == OMMA_FORMAT);
    CHECK(checkpoint_check(c, "other") == OMMA_FORMAT);
    checkpoint_close(&c);
    CHECK(checkpoint_open(&c, path, &(disk_shape){.dim = 4}) == OMMA_INVALID && !c);
    free(path);
    scratch_remove(folder);
}

static void a_mapped_section_can_be_changed_and_the_file_stays(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/c", folder);
    checkpoint *c = NULL;
    const void *data;
    uint32_t *room = mmap(NULL, 4 * CHECKPOINT_ALIGN, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK_OK(write_one(path, 0));
    CHECK_OK(checkpoint_open(&c, path, &shape));
    size_t from = CHECKPOINT_ALIGN, left = NUMBERS * sizeof(uint32_t) - from;
    CHECK_OK(checkpoint_map(c, "numbers", from, left, room));
    CHECK(checkpoint_map(c, "numbers", from, left + 1, room) == OMMA_FORMAT);
    CHECK_OK(checkpoint_find(c, "numbers", NUMBERS * sizeof(uint32_t), &data));
    room[0] = 77;
    CHECK(((const uint32_t *)data)[1024] == 1024);
    checkpoint_close(&c);
    CHECK(room[1] == 1025 && room[left / 4 - 1] == NUMBERS - 1);
    CHECK(room[left / 4] == 0 && room[2 * CHECKPOINT_ALIGN / 4] == 0); /* the rest is room */
    room[3 * CHECKPOINT_ALIGN / 4] = 1;
    CHECK_OK(checkpoint_open(&c, path, &shape));
    CHECK_OK(checkpoint_check(c, "numbers"));
    checkpoint_close(&c);
    munmap(room, 4 * CHECKPOINT_ALIGN);
    free(path);
    scratch_remove(folder);
}

/* Opens and checks a copy of exactly that size. */
static omma_error try_bytes(const char *data, size_t bytes)
{
    checkpoint *c = NULL;
    char *copy = malloc(bytes ? bytes : 1);

    memcpy(copy, data, bytes);
    omma_error err = checkpoint_parse(&c, copy, bytes, &shape);
    for (size_t i = 0; !err && i < checkpoint_sections(c); i++)
        err = checkpoint_check(c, checkpoint_name(c, i));
    checkpoint_close(&c);
    free(copy);
    return err;
}

static void cut_or_damaged_ones_are_refused(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/c", folder);
    size_t bytes;

    CHECK_OK(write_one(path, 1));
    char *data = scratch_read(folder, "c", &bytes);
    CHECK_OK(try_bytes(data, bytes));
    for (size_t cut = 0; cut < bytes; cut += cut < 200 || bytes - cut < 300 ? 1 : 111)
        CHECK(try_bytes(data, cut) == OMMA_FORMAT);
    for (size_t at = 0; at < bytes; at += at < 100 || bytes - at < 300 ? 1 : 113) {
        bool padding = (at >= 64 && at < 4096) || (at >= 4096 + FEW && at < 2 * 4096) ||
                       (at >= 2 * 4096 + NUMBERS * 4 && at < 5 * 4096);

        data[at] ^= 1;
        omma_error err = try_bytes(data, bytes);
        CHECK(err == (padding ? OMMA_OK : at >= 8 && at < 12 ? OMMA_UNSUPPORTED : OMMA_FORMAT));
        data[at] ^= 1;
    }
    free(data);
    free(path);
    scratch_remove(folder);
}

static void a_full_disk_leaves_the_old_one(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/c", folder);
    checkpoint *c = NULL;

    CHECK_OK(write_one(path, 1));
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < 20000; room += 4999) {
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){room, RLIM_INFINITY});
        CHECK(write_one(path, 2) == OMMA_FULL && strstr(omma_why(), path));
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
        CHECK_OK(checkpoint_open(&c, path, &shape));
        CHECK(c && checkpoint_seq(c) == 1);
        checkpoint_close(&c);
    }
    CHECK_OK(write_one(path, 2));
    free(path);
    scratch_remove(folder);
}

static void what_is_no_checkpoint_is_refused(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/none", folder);
    checkpoint *c = NULL;

    CHECK(checkpoint_open(&c, path, NULL) == OMMA_NOT_FOUND);
    CHECK(checkpoint_open(&c, folder, NULL) == OMMA_FORMAT);
    fclose(fopen(path, "w"));
    CHECK(checkpoint_open(&c, path, NULL) == OMMA_FORMAT && strstr(omma_why(), path));
    CHECK(!c);
    free(path);
    scratch_remove(folder);
}

int main(void)
{
    TEST(what_was_written_is_there);
    TEST(a_mapped_section_can_be_changed_and_the_file_stays);
    TEST(cut_or_damaged_ones_are_refused);
    TEST(a_full_disk_leaves_the_old_one);
    TEST(what_is_no_checkpoint_is_refused);
    return check_done();
}
