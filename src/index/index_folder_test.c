/* SPDX-License-Identifier: Apache-2.0 */
/* An index in a folder, from outside: what was done is there again, whatever happened meanwhile. */
#include <omma/index.h>

#include "check.h"
#include "index_fixture.h"
#include "scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DIM = 12, MANY = 400 };

static const omma_index_options options = {.dim = DIM, .sync_ns = -1};

/* What the index of the first changes looks like: see change(). */
static omma_index_entry entry_of(uint64_t id, uint64_t version)
{
    return (omma_index_entry){.id = id, .frame = 3 * id, .time_ns = -5, .flags = (uint32_t)version};
}

static void vector_of(uint64_t id, float *v)
{
    uint64_t seed = id + 1;

    for (int i = 0; i < DIM; i++)
        v[i] = (float)omma_random_normal(&seed);
}

/* Change number n of a life: two in three add, every sixth corrects, every sixth removes. */
static omma_error change(omma_index *x, uint64_t n)
{
    omma_index_entry e = entry_of(n, 0);
    float v[DIM];

    if (n % 6 == 4) {
        e = entry_of(n - 2, n);
        return omma_index_update(x, &e);
    }
    if (n % 6 == 5)
        return omma_index_remove(x, n - 4);
    vector_of(n, v);
    return omma_index_add(x, v, DIM, &e);
}

static bool is_alive(uint64_t id, uint64_t changes)
{
    return id < changes && id % 6 < 4 && !(id % 6 == 1 && id + 4 < changes);
}

/* The index is as it is after so many changes. */
static void check_state(omma_index *x, uint64_t changes)
{
    uint64_t alive = 0;
    omma_index_stats stats;

    for (uint64_t id = 0; id < changes; id++) {
        omma_index_entry got;
        float v[DIM], want[DIM];

        if (!is_alive(id, changes)) {
            CHECK(omma_index_get(x, id, NULL, NULL) == OMMA_NOT_FOUND);
            continue;
        }
        uint64_t version = id % 6 == 2 && id + 2 < changes ? id + 2 : 0;
        omma_index_entry e = entry_of(id, version);
        double square = 0;

        alive++;
        CHECK_OK(omma_index_get(x, id, v, &got));
        CHECK(memcmp(&got, &e, sizeof(e)) == 0);
        vector_of(id, want);
        for (int i = 0; i < DIM; i++)
            square += (double)want[i] * want[i];
        for (int i = 0; i < DIM; i++)
            want[i] /= (float)sqrt(square);
        CHECK_ARRAY_CLOSE(v, want, DIM, .abs = 1e-6); /* a few roundings of numbers below 1 */
    }
    omma_index_get_stats(x, &stats);
    CHECK(stats.vectors == alive);
}

/* How many changes it has seen, when they were made in order: ids say so. */
static uint64_t changes_of(omma_index *x)
{
    uint64_t n = 0;
    omma_index_entry e;

    while (true) {
        bool done = n % 6 == 4 ? omma_index_get(x, n - 2, NULL, &e) == OMMA_OK && e.flags == n
                    : n % 6 == 5
                        ? omma_index_get(x, n - 4, NULL, NULL) == OMMA_NOT_FOUND
                        : omma_index_get(x, n, NULL, NULL) == OMMA_OK ||
                              (n % 6 == 1 && omma_index_get(x, n + 1, NULL, NULL) == OMMA_OK);
        if (!done)
            return n;
        n++;
    }
}

static void make_changes(omma_index *x, uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n < to; n++)
        CHECK_OK(change(x, n));
}

static char *inside(const char *folder, const char *name)
{
    return omma_text("%s/%s", folder, name);
}

static bool is_there(const char *folder, const char *name)
{
    char *path = inside(folder, name);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

static void it_is_there_again(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;

    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 50);
    omma_index_close(&x);
    CHECK(!is_there(folder, "checkpoint")); /* so few changes are quick to make again */
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 50);
    make_changes(x, 50, 200);
    omma_index_close(&x);
    CHECK(is_there(folder, "checkpoint") && !is_there(folder, "log-00000001"));
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 200);
    make_changes(x, 200, 260);
    CHECK_OK(omma_index_sync(x));
    omma_index_close(&x);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 260);
    CHECK_OK(omma_index_checkpoint(x));
    CHECK_OK(omma_index_checkpoint(x));
    omma_index_close(&x);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 260);
    omma_index_close(&x);
    scratch_remove(folder);
}

/* The same questions to both have the same answers. */
static void check_twins(omma_index *a, omma_index *b, const float *queries, uint32_t dim)
{
    omma_index_reader *ra = NULL, *rb = NULL;

    CHECK_OK(omma_index_reader_create(&ra, a));
    CHECK_OK(omma_index_reader_create(&rb, b));
    for (int i = 0; i < 20; i++) {
        omma_index_match got[10], want[10];
        uint32_t n = 0, m = 0;

        CHECK_OK(omma_index_query(ra, queries + i * (int)dim, dim, NULL, want, &m));
        CHECK_OK(omma_index_query(rb, queries + i * (int)dim, dim, NULL, got, &n));
        CHECK(n == m);
        for (uint32_t k = 0; k < n; k++)
            CHECK(got[k].entry.id == want[k].entry.id && got[k].score == want[k].score);
    }
    omma_index_reader_destroy(&ra);
    omma_index_reader_destroy(&rb);
}

static void check_kind(omma_index_options o, size_t n)
{
    char *folder = scratch_make();
    omma_index *x = NULL, *again = NULL;
    float *v = gaussian_vectors(n + 20, o.dim, 5);

    CHECK_OK(omma_index_open(&x, folder, &o));
    for (uint64_t i = 0; i < n; i++)
        CHECK_OK(omma_index_add(x, v + i * o.dim, o.dim, &(omma_index_entry){.id = i}));
    CHECK_OK(omma_index_checkpoint(x));
    CHECK_OK(
        omma_index_open(&again, folder, &(omma_index_options){.mode = o.mode, .read_only = true}));
    check_twins(x, again, v + n * o.dim, o.dim);
    omma_index_close(&again);
    omma_index_close(&x);
    free(v);
    scratch_remove(folder);
}

static void all_kinds_come_back(void)
{
    check_kind((omma_index_options){.dim = 33, .metric = OMMA_INDEX_L2}, 300);
    check_kind((omma_index_options){.dim = 7, .metric = OMMA_INDEX_INNER_PRODUCT}, 300);
    check_kind((omma_index_options){.dim = 64, .codes_only = true}, 300);
    check_kind((omma_index_options){.dim = 16, .mode = OMMA_INDEX_GRAPH}, 1500);
}

static void it_grows_on_after_it_was_mapped(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL, *memory = NULL;
    omma_index_options o = {.dim = 8, .mode = OMMA_INDEX_GRAPH, .sync_ns = -1};
    float *v = gaussian_vectors(1020, 8, 6);

    CHECK_OK(omma_index_create(&memory, &o));
    for (uint64_t i = 0; i < 1000; i++) {
        if (i % 300 == 0) {
            omma_index_close(&x); /* with a checkpoint */
            CHECK_OK(omma_index_open(&x, folder, &o));
        }
        CHECK_OK(omma_index_add(x, v + i * 8, 8, &(omma_index_entry){.id = i}));
        CHECK_OK(omma_index_add(memory, v + i * 8, 8, &(omma_index_entry){.id = i}));
    }
    check_twins(memory, x, v + 8000, 8);
    omma_index_close(&x);
    omma_index_close(&memory);
    free(v);
    scratch_remove(folder);
}

static void there_is_one_writer(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL, *second = NULL;

    CHECK_OK(omma_index_open(&x, folder, &options));
    CHECK(omma_index_open(&second, folder, &options) == OMMA_BUSY && !second);
    CHECK(strstr(omma_why(), folder) != NULL);
    make_changes(x, 0, 30);
    CHECK_OK(omma_index_open(&second, folder, &(omma_index_options){.read_only = true}));
    check_state(second, 30);
    CHECK(change(second, 30) == OMMA_DENIED && omma_index_checkpoint(second) == OMMA_DENIED);
    CHECK(omma_index_remove(second, 2) == OMMA_DENIED);
    make_changes(x, 30, 40);
    check_state(second, 30);
    omma_index_close(&second);
    omma_index_close(&x);
    CHECK_OK(omma_index_open(&x, folder, &options));
    omma_index_close(&x);
    scratch_remove(folder);
}

static void wrong_folders_are_refused(void)
{
    char *folder = scratch_make(), *path = inside(folder, "a/b");
    omma_index *x = NULL;

    CHECK(omma_index_open(&x, path, NULL) == OMMA_NOT_FOUND);
    CHECK(omma_index_open(&x, folder, NULL) == OMMA_NOT_FOUND);
    CHECK(!is_there(folder, "lock"));
    CHECK(omma_index_open(&x, path, &(omma_index_options){.dim = 70000}) == OMMA_INVALID);
    CHECK(omma_index_open(&x, "/dev/null", &options) == OMMA_INVALID);
    CHECK(omma_index_open(&x, "/proc", &options) != OMMA_OK);
    CHECK_OK(omma_index_open(&x, path, &options));
    make_changes(x, 0, 10);
    omma_index_close(&x);
    omma_index_options o = {.dim = 13};
    for (int round = 0; round < 2; round++) { /* by the log, and by the checkpoint */
        o = (omma_index_options){.dim = 13};
        CHECK(omma_index_open(&x, path, &o) == OMMA_INVALID && strstr(omma_why(), "12"));
        o = (omma_index_options){.dim = DIM, .metric = OMMA_INDEX_L2};
        CHECK(omma_index_open(&x, path, &o) == OMMA_INVALID && strstr(omma_why(), "cosine"));
        o = (omma_index_options){.dim = DIM, .codes_only = true};
        CHECK(omma_index_open(&x, path, &o) == OMMA_INVALID);
        CHECK_OK(omma_index_open(&x, path, NULL));
        CHECK_OK(omma_index_checkpoint(x));
        omma_index_close(&x);
    }
    free(path);
    scratch_remove(folder);
}

/* Replaces a file of the folder by the first bytes of data, one of them changed (at < bytes). */
static void put_file(const char *folder, const char *name, const char *data, size_t bytes,
                     size_t at)
{
    char *path = inside(folder, name), *copy = malloc(bytes + 1);
    FILE *f = fopen(path, "wb");

    memcpy(copy, data, bytes);
    if (at < bytes)
        copy[at] ^= 64;
    CHECK(f && fwrite(copy, 1, bytes, f) == bytes && fclose(f) == 0);
    free(copy);
    free(path);
}

static void a_log_cut_anywhere_opens(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    size_t bytes;
    uint64_t before = 0;

    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 20);
    omma_index_close(&x);
    char *log = scratch_read(folder, "log-00000001", &bytes);
    for (size_t cut = 64; cut <= bytes; cut += 3) {
        put_file(folder, "log-00000001", log, cut, SIZE_MAX);
        CHECK_OK(omma_index_open(&x, folder, &options));
        uint64_t n = changes_of(x);
        CHECK(n >= before && n <= before + 1);
        check_state(x, n);
        omma_index_close(&x);
        before = n;
    }
    CHECK(before >= 19);
    free(log);
    scratch_remove(folder);
}

static void one_writes_on_after_a_torn_end(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    size_t bytes;

    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 20);
    omma_index_close(&x);
    for (uint64_t n = 19; n < 25; n++) {
        char *name = omma_text("log-%08u", (unsigned)(n - 18));
        char *log = scratch_read(folder, name, &bytes);

        put_file(folder, name, log, bytes - 3, SIZE_MAX);
        CHECK_OK(omma_index_open(&x, folder, &options));
        check_state(x, n);
        make_changes(x, n, n + 2);
        omma_index_close(&x);
        free(log);
        free(name);
    }
    scratch_remove(folder);
}

static void damage_in_the_middle_is_refused(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    size_t bytes;

    for (int i = 0; i < 3; i++) {
        CHECK_OK(omma_index_open(&x, folder, &options));
        make_changes(x, 10 * (unsigned)i, 10 * (unsigned)i + 10);
        omma_index_close(&x);
    }
    char *log = scratch_read(folder, "log-00000002", &bytes);
    put_file(folder, "log-00000002", log, bytes, bytes / 2);
    CHECK(omma_index_open(&x, folder, &options) == OMMA_FORMAT);
    CHECK(strstr(omma_why(), "log-00000003") && strstr(omma_why(), "missing"));
    put_file(folder, "log-00000002", log, bytes, SIZE_MAX);
    CHECK_OK(omma_index_open(&x, folder, &options));
    check_state(x, 30);
    omma_index_close(&x);
    free(log);
    scratch_remove(folder);
}

static void damaged_checkpoints_are_refused(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    size_t bytes;

    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 60);
    CHECK_OK(omma_index_checkpoint(x));
    omma_index_close(&x);
    char *data = scratch_read(folder, "checkpoint", &bytes);
    for (size_t cut = 0; cut < bytes; cut += bytes / 50) {
        put_file(folder, "checkpoint", data, cut, SIZE_MAX);
        CHECK(omma_index_open(&x, folder, NULL) == OMMA_FORMAT && !x);
    }
    for (size_t at = 0; at < bytes; at += 61) {
        put_file(folder, "checkpoint", data, bytes, at);
        if (omma_index_open(&x, folder, NULL) == OMMA_OK) /* zeros between sections, or a vector */
            CHECK(changes_of(x) == 60);
        omma_index_close(&x);
    }
    put_file(folder, "checkpoint", data, bytes, SIZE_MAX);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 60);
    omma_index_close(&x);
    free(data);
    scratch_remove(folder);
}

/* The logs that a crash has left after the checkpoint took their place do no harm, and what was
 * being written is removed. */
static void logs_of_before_the_checkpoint_do_no_harm(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    size_t bytes;

    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 40);
    char *log = scratch_read(folder, "log-00000001", &bytes);
    CHECK_OK(omma_index_checkpoint(x));
    omma_index_close(&x);
    put_file(folder, "log-00000001", log, bytes, SIZE_MAX);
    put_file(folder, "checkpoint.abcdef.part", log, bytes, SIZE_MAX);
    put_file(folder, "mine.part", log, bytes, SIZE_MAX);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 40);
    CHECK(!is_there(folder, "checkpoint.abcdef.part") && is_there(folder, "mine.part"));
    make_changes(x, 40, 45);
    omma_index_close(&x);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, 45);
    omma_index_close(&x);
    free(log);
    scratch_remove(folder);
}

static void limit_files(rlim_t bytes)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY});
}

static void a_full_disk_spoils_nothing(void)
{
    char *folder = scratch_make();
    omma_index *x = NULL;
    omma_index_entry entries[20];
    float v[20 * DIM];

    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(omma_index_open(&x, folder, &options));
    make_changes(x, 0, 36);
    limit_files(5000); /* a log of 36 changes and a few more, and no checkpoint */
    CHECK(omma_index_checkpoint(x) == OMMA_FULL);
    for (uint64_t i = 0; i < 20; i++) {
        entries[i] = entry_of(36 + i, 0);
        vector_of(36 + i, v + i * DIM);
    }
    CHECK(omma_index_import(x, v, 20, DIM, entries, 1) == OMMA_FULL);
    uint64_t n = 36;
    while (change(x, n) == OMMA_OK)
        n++;
    CHECK(n < 60);
    check_state(x, n);
    omma_index_close(&x);
    limit_files(RLIM_INFINITY);
    CHECK_OK(omma_index_open(&x, folder, NULL));
    check_state(x, n);
    make_changes(x, n, n + 10);
    CHECK_OK(omma_index_checkpoint(x));
    check_state(x, n + 10);
    omma_index_close(&x);
    scratch_remove(folder);
}

/* Makes changes until it is killed, some checkpoints among them, and says what has succeeded. */
static void live(const char *folder, uint64_t from, int told)
{
    omma_index *x = NULL;

    if (omma_index_open(&x, folder, &(omma_index_options){.dim = DIM, .sync_ns = 2000000}))
        _exit(1);
    for (uint64_t n = from; change(x, n) == OMMA_OK; n++) {
        if (write(told, &n, sizeof(n)) != sizeof(n))
            break;
        if (n % 97 == 96 && omma_index_checkpoint(x))
            break;
    }
    _exit(1);
}

/* @return changes that the child has told of. */
static uint64_t live_and_be_killed(const char *folder, uint64_t from, uint64_t until)
{
    uint64_t told = from, n;
    int ends[2];

    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        live(folder, from, ends[1]);
    }
    close(ends[1]);
    while (told < until && read(ends[0], &n, sizeof(n)) == sizeof(n))
        told = n + 1;
    kill(child, SIGKILL);
    while (read(ends[0], &n, sizeof(n)) == sizeof(n))
        told = n + 1;
    waitpid(child, NULL, 0);
    close(ends[0]);
    return told;
}

static void a_killed_writer_loses_nothing(void)
{
    char *folder = scratch_make();
    uint64_t seed = 11, changes = 0;

    for (int round = 0; round < 6; round++) {
        omma_index *x = NULL;
        uint64_t until = changes + 1 + omma_random_below(&seed, 150);
        uint64_t told = live_and_be_killed(folder, changes, until);

        CHECK(told >= until);
        CHECK_OK(omma_index_open(&x, folder, &(omma_index_options){.read_only = true}));
        changes = changes_of(x);
        CHECK(changes == told || changes == told + 1);
        check_state(x, changes);
        omma_index_close(&x);
    }
    scratch_remove(folder);
}

int main(void)
{
    TEST(it_is_there_again);
    TEST(all_kinds_come_back);
    TEST(it_grows_on_after_it_was_mapped);
    TEST(there_is_one_writer);
    TEST(wrong_folders_are_refused);
    TEST(a_log_cut_anywhere_opens);
    TEST(one_writes_on_after_a_torn_end);
    TEST(damage_in_the_middle_is_refused);
    TEST(damaged_checkpoints_are_refused);
    TEST(logs_of_before_the_checkpoint_do_no_harm);
    TEST(a_full_disk_spoils_nothing);
    TEST(a_killed_writer_loses_nothing);
    return check_done();
}
