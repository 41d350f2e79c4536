/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "index_log.h"
#include "index_log_private.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const disk_shape shape = {.dim = 5};

/* Content of record i: i, then as many bytes as tell it apart from others; lengths of all residues.
 */
static size_t content_of(uint64_t i, uint8_t content[64])
{
    size_t n = 8 + i % 23;

    memcpy(content, &i, 8);
    for (size_t k = 8; k < n; k++)
        content[k] = (uint8_t)(i * 31 + k);
    return n;
}

static omma_error append(index_log *l, uint64_t i)
{
    uint8_t content[64];
    size_t n = content_of(i, content);

    return index_log_append(l, 1 + (uint32_t)(i % 3),
                            (const struct iovec[]){{content, 8}, {content + 8, n - 8}}, 2);
}

/* Records must come in order and as they were; counts them. */
static omma_error expect(void *user, const log_record *r)
{
    uint64_t *next = user;
    uint8_t content[64];
    size_t n = content_of(*next, content);

    CHECK(r->seq == *next && r->kind == 1 + *next % 3 && r->bytes == n);
    CHECK((uintptr_t)r->content % LOG_ALIGN == 0 && memcmp(r->content, content, n) == 0);
    ++*next;
    return OMMA_OK;
}

/* A log of records first to last. */
static void write_log(const char *path, uint64_t first, uint64_t last)
{
    index_log *l = NULL;

    CHECK_OK(index_log_create(&l, path, &shape, first, -1));
    for (uint64_t i = first; i <= last; i++)
        CHECK_OK(append(l, i));
    CHECK(index_log_next_seq(l) == last + 1 && index_log_unsynced(l) == last + 1 - first);
    CHECK_OK(index_log_sync(l));
    CHECK(index_log_unsynced(l) == 0);
    CHECK_OK(index_log_close(&l));
}

static void what_was_appended_is_read(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    uint64_t next = 7;
    log_end end;

    write_log(path, 7, 106);
    CHECK_OK(index_log_read(path, &shape, expect, &next, &end));
    CHECK(next == 107 && end.first_seq == 7 && end.next_seq == 107);
    CHECK(end.whole_bytes == end.bytes && end.behind == 0 && end.shape.dim == 5);
    index_log *again = NULL;
    CHECK(index_log_create(&again, path, &shape, 1, -1) == OMMA_EXISTS);
    free(path);
    scratch_remove(folder);
}

/* The first byte of record i behind the header, and of the one behind the last. */
static size_t record_at(uint64_t i)
{
    size_t at = LOG_HEADER_BYTES;
    uint8_t content[64];

    for (uint64_t k = 1; k < i; k++) {
        size_t n = content_of(k, content);
        at += LOG_RECORD_BYTES + n + log_padding(n);
    }
    return at;
}

enum { RECORDS = 25 };

/* From a block of exactly that size, so that a sanitizer sees one byte too many. */
static log_end parse_cut(const char *data, size_t bytes, uint64_t *next)
{
    void *copy = malloc(bytes ? bytes : 1);
    log_end end = {0};

    memcpy(copy, data, bytes);
    *next = 1;
    CHECK_OK(index_log_parse(copy, bytes, &shape, expect, next, &end));
    free(copy);
    return end;
}

static void a_log_cut_anywhere_keeps_its_whole_records(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    size_t bytes;
    uint64_t next, whole = 0;

    write_log(path, 1, RECORDS);
    char *data = scratch_read(folder, "log", &bytes);
    CHECK(bytes == record_at(RECORDS + 1));
    for (size_t cut = LOG_HEADER_BYTES; cut <= bytes; cut++) {
        log_end end = parse_cut(data, cut, &next);
        whole += cut == record_at(whole + 2);
        CHECK(next == whole + 1 && end.next_seq == next && end.bytes == cut);
        CHECK(end.whole_bytes == record_at(next) && end.behind == 0);
    }
    log_end end;
    for (size_t cut = 0; cut < LOG_HEADER_BYTES; cut++)
        CHECK(index_log_parse(data, cut, &shape, NULL, NULL, &end) == OMMA_FORMAT);
    free(data);
    free(path);
    scratch_remove(folder);
}

static void no_flipped_bit_goes_unseen(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    size_t bytes, record = 1;

    write_log(path, 1, RECORDS);
    char *data = scratch_read(folder, "log", &bytes);
    for (size_t at = LOG_HEADER_BYTES; at < bytes; at++) {
        uint64_t next;

        record += at == record_at(record + 1);
        data[at] ^= (char)(1 << at % 8);
        log_end end = parse_cut(data, bytes, &next);
        CHECK(next == record && end.whole_bytes == record_at(record));
        CHECK(end.behind == RECORDS - record);
        data[at] ^= (char)(1 << at % 8);
    }
    log_end end;
    for (size_t at = 0; at < LOG_HEADER_BYTES; at++) {
        data[at] ^= 16;
        omma_error err = index_log_parse(data, bytes, NULL, NULL, NULL, &end);
        CHECK(err == (at >= 8 && at < 12 ? OMMA_UNSUPPORTED : OMMA_FORMAT));
        data[at] ^= 16;
    }
    free(data);
    free(path);
    scratch_remove(folder);
}

static void records_of_another_log_are_not_taken(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    size_t bytes;
    log_end end;
    uint64_t next = 1;

    write_log(path, 1, 3);
    char *data = scratch_read(folder, "log", &bytes);
    /* the third in the place of the second: whole, and not the next one */
    size_t third = bytes - record_at(3);
    memmove(data + record_at(2), data + record_at(3), third);
    CHECK_OK(index_log_parse(data, record_at(2) + third, &shape, expect, &next, &end));
    CHECK(next == 2 && end.next_seq == 2);
    free(data);
    free(path);
    scratch_remove(folder);
}

static void another_shape_is_refused(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    log_end end;

    write_log(path, 1, 1);
    CHECK(index_log_read(path, &(disk_shape){.dim = 6}, NULL, NULL, &end) == OMMA_INVALID);
    CHECK(strstr(omma_why(), "5 components, not 6") && strstr(omma_why(), path));
    CHECK(index_log_read(path, &(disk_shape){.dim = 5, .metric = 2}, NULL, NULL, &end) ==
          OMMA_INVALID);
    CHECK(index_log_read(path, &(disk_shape){.dim = 5, .codes_only = 1}, NULL, NULL, &end) ==
          OMMA_INVALID);
    CHECK_OK(index_log_read(path, &(disk_shape){0}, NULL, NULL, &end));
    CHECK(index_log_read(folder, NULL, NULL, NULL, &end) == OMMA_FORMAT);
    free(path);
    path = omma_text("%s/none", folder);
    CHECK(index_log_read(path, NULL, NULL, NULL, &end) == OMMA_NOT_FOUND);
    free(path);
    scratch_remove(folder);
}

static omma_error refuse_the_third(void *user, const log_record *r)
{
    (void)user;
    return r->seq == 3 ? omma_fail(OMMA_NO_MEMORY, "full") : OMMA_OK;
}

static void who_reads_can_stop(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    log_end end;

    write_log(path, 1, 5);
    CHECK(index_log_read(path, &shape, refuse_the_third, NULL, &end) == OMMA_NO_MEMORY);
    free(path);
    scratch_remove(folder);
}

static void a_rewind_takes_records_back(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    index_log *l = NULL;
    log_end end;
    uint64_t next = 1;

    CHECK_OK(index_log_create(&l, path, &shape, 1, -1));
    CHECK_OK(append(l, 1));
    log_mark mark = index_log_mark(l);
    CHECK_OK(append(l, 2));
    CHECK_OK(index_log_append(l, 9, NULL, 0));
    CHECK_OK(index_log_sync(l));
    CHECK_OK(index_log_rewind(l, mark));
    CHECK(index_log_unsynced(l) == 1);
    CHECK_OK(append(l, 2));
    CHECK_OK(append(l, 3));
    CHECK_OK(index_log_close(&l));
    CHECK_OK(index_log_read(path, &shape, expect, &next, &end));
    CHECK(next == 4 && end.whole_bytes == end.bytes);
    free(path);
    scratch_remove(folder);
}

/* A file that may not grow stands for a disk that is full: the same call fails in the same way. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_full_disk_is_told_and_the_log_goes_on(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    index_log *l = NULL;
    log_end end;
    uint64_t next = 1;

    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(index_log_create(&l, path, &shape, 1, -1));
    for (uint64_t i = 1; i <= 4; i++)
        CHECK_OK(append(l, i));
    limit_files(index_log_bytes(l) + 30); /* within the next record */
    CHECK(append(l, 5) == OMMA_FULL);
    CHECK(strstr(omma_why(), path) != NULL);
    CHECK(append(l, 5) == OMMA_FULL && index_log_next_seq(l) == 5);
    limit_files(RLIM_INFINITY);
    CHECK_OK(index_log_read(path, &shape, NULL, NULL, &end));
    CHECK(end.next_seq == 5 && end.bytes == end.whole_bytes);
    CHECK_OK(append(l, 5));
    CHECK_OK(index_log_close(&l));
    CHECK_OK(index_log_read(path, &shape, expect, &next, &end));
    CHECK(next == 6 && end.bytes == end.whole_bytes);
    free(path);
    scratch_remove(folder);
}

static void a_folder_that_cannot_be_written_is_told(void)
{
    index_log *l = NULL;

    CHECK(index_log_create(&l, "/nowhere/log", &shape, 1, -1) == OMMA_NOT_FOUND);
    CHECK(index_log_create(&l, "/proc/log", &shape, 1, -1) != OMMA_OK && !l);
    CHECK(strstr(omma_why(), "/proc/log") != NULL);
}

static void the_syncer_syncs_by_itself(void)
{
    char *folder = scratch_make(), *path = omma_text("%s/log", folder);
    index_log *l = NULL;

    CHECK_OK(index_log_create(&l, path, &shape, 1, 1000000));
    for (uint64_t i = 1; i <= 200; i++)
        CHECK_OK(append(l, i));
    int64_t give_up_ns = omma_clock_now_ns() + 60000000000;
    while (index_log_unsynced(l) > 0 && omma_clock_now_ns() < give_up_ns)
        omma_sleep_until_ns(omma_clock_now_ns() + 1000000);
    CHECK(index_log_unsynced(l) == 0);
    CHECK_OK(append(l, 201));
    CHECK_OK(index_log_close(&l));
    free(path);
    scratch_remove(folder);
}

/* Appends until it is killed, and says on the pipe what has succeeded. */
static void append_for_ever(const char *path, int told)
{
    index_log *l = NULL;

    if (index_log_create(&l, path, &shape, 1, 5000000))
        _exit(1);
    for (uint64_t i = 1; append(l, i) == OMMA_OK; i++)
        if (write(told, &i, sizeof(i)) != sizeof(i))
            break;
    _exit(1);
}

static void a_killed_writer_loses_nothing_it_was_told(void)
{
    uint64_t seed = 3;

    for (int round = 0; round < 5; round++) {
        char *folder = scratch_make(), *path = omma_text("%s/log", folder);
        uint64_t last = 0, next = 1, i;
        log_end end;
        int told[2];

        CHECK(pipe(told) == 0);
        pid_t child = fork();
        if (child == 0)
            append_for_ever(path, told[1]);
        close(told[1]);
        uint64_t until = 1 + omma_random_below(&seed, 2000);
        while (last < until && read(told[0], &i, sizeof(i)) == sizeof(i))
            last = i;
        kill(child, SIGKILL);
        while (read(told[0], &i, sizeof(i)) == sizeof(i))
            last = i;
        waitpid(child, NULL, 0);
        close(told[0]);
        CHECK_OK(index_log_read(path, &shape, expect, &next, &end));
        CHECK(last >= until && (next == last + 1 || next == last + 2));
        free(path);
        scratch_remove(folder);
    }
}

int main(void)
{
    TEST(what_was_appended_is_read);
    TEST(a_log_cut_anywhere_keeps_its_whole_records);
    TEST(no_flipped_bit_goes_unseen);
    TEST(records_of_another_log_are_not_taken);
    TEST(another_shape_is_refused);
    TEST(who_reads_can_stop);
    TEST(a_rewind_takes_records_back);
    TEST(a_full_disk_is_told_and_the_log_goes_on);
    TEST(a_folder_that_cannot_be_written_is_told);
    TEST(the_syncer_syncs_by_itself);
    TEST(a_killed_writer_loses_nothing_it_was_told);
    return check_done();
}
