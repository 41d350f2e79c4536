/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/omma-file-XXXXXX";
static char path[64];

static int files_in_folder(void)
{
    DIR *d = opendir(folder);
    int count = -2; /* . and .. */

    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count;
}

static void check_holds(const char *want)
{
    char *data = NULL;
    size_t bytes = 0;

    CHECK_OK(omma_file_read(path, 1 << 20, &data, &bytes));
    if (data) {
        CHECK(bytes == strlen(want));
        CHECK_TEXT(data, want);
    }
    free(data);
}

static void write_text(const char *text, bool replace)
{
    omma_file *f = NULL;

    CHECK_OK(omma_file_create(&f, path, replace));
    if (f) {
        omma_file_printf(f, "%s", text);
        CHECK_OK(omma_file_commit(&f));
    }
    CHECK(f == NULL);
}

static void a_file_appears_whole(void)
{
    omma_file *f = NULL;

    CHECK_OK(omma_file_create(&f, path, false));
    omma_file_write(f, "half ", 5);
    CHECK(access(path, F_OK) != 0); /* not before the commit */
    omma_file_printf(f, "and %s", "half");
    CHECK_OK(omma_file_commit(&f));
    check_holds("half and half");
    CHECK(files_in_folder() == 1);
    unlink(path);
}

static void the_umask_gives_its_mode(void)
{
    struct stat there = {0};
    mode_t before = umask(027);

    write_text("x", false);
    umask(before);
    CHECK(stat(path, &there) == 0);
    CHECK((there.st_mode & 0777) == 0640);
    unlink(path);
}

static void replacing_is_asked_for(void)
{
    omma_file *f = NULL;

    write_text("old", false);
    CHECK(omma_file_create(&f, path, false) == OMMA_EXISTS);
    CHECK(f == NULL);
    check_holds("old");
    write_text("new", true);
    check_holds("new");
    CHECK(files_in_folder() == 1);
    unlink(path);
}

static void a_file_that_came_in_between_stays(void)
{
    omma_file *ours = NULL;

    CHECK_OK(omma_file_create(&ours, path, false));
    omma_file_printf(ours, "ours");
    write_text("theirs", false);
    CHECK(omma_file_commit(&ours) == OMMA_EXISTS);
    check_holds("theirs");
    CHECK(files_in_folder() == 1);
    unlink(path);
}

static void abort_leaves_no_trace(void)
{
    omma_file *f = NULL;

    CHECK_OK(omma_file_create(&f, path, true));
    omma_file_printf(f, "never");
    omma_file_abort(&f);
    omma_file_abort(&f);
    omma_file_abort(NULL);
    CHECK(files_in_folder() == 0);
}

static void large_writes_keep_their_order(void)
{
    enum { N = 300000 };
    uint8_t *want = omma_new_array(uint8_t, N);
    uint64_t seed = 5;
    omma_file *f = NULL;
    char *data = NULL;
    size_t bytes = 0;

    for (size_t i = 0; i < N; i++)
        want[i] = (uint8_t)omma_random_u64(&seed);
    CHECK_OK(omma_file_create(&f, path, false));
    for (size_t at = 0, n; at < N; at += n) { /* shorter and longer than the buffer, in turns */
        n = omma_random_below(&seed, 4) ? omma_random_below(&seed, 5000)
                                        : omma_random_below(&seed, 150000);
        n = n < N - at ? n : N - at;
        omma_file_write(f, want + at, n);
    }
    CHECK_OK(omma_file_commit(&f));
    CHECK_OK(omma_file_read(path, N, &data, &bytes));
    CHECK(bytes == N && memcmp(data, want, N) == 0);
    free(data);
    CHECK(omma_file_read(path, N - 1, &data, &bytes) == OMMA_FORMAT);
    free(want);
    unlink(path);
}

static void a_long_line_is_not_cut(void)
{
    omma_file *f = NULL;
    char *data = NULL;
    size_t bytes = 0;

    CHECK_OK(omma_file_create(&f, path, false));
    omma_file_printf(f, "%5000d", 1);
    CHECK_OK(omma_file_commit(&f));
    CHECK_OK(omma_file_read(path, 1 << 20, &data, &bytes));
    CHECK(bytes == 5000 && data[4999] == '1');
    free(data);
    unlink(path);
}

/* /dev/full cannot be renamed over; a limit on the file size fails in the same write(). */
static void a_failed_write_sticks(void)
{
    struct rlimit before, small;
    uint8_t bytes[100000] = {0};
    omma_file *f = NULL;

    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 5000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK_OK(omma_file_create(&f, path, false));
    omma_file_write(f, bytes, sizeof(bytes));
    setrlimit(RLIMIT_FSIZE, &before);
    omma_file_printf(f, "this would fit again");
    omma_fail(OMMA_IO, "another reason");
    CHECK(omma_file_commit(&f) == OMMA_FULL);
    CHECK(strstr(omma_why(), path) != NULL);
    CHECK(files_in_folder() == 0);
}

static void impossible_places_are_refused_at_once(void)
{
    omma_file *f = NULL;
    char *there = omma_text("%s/none/a.txt", folder);

    CHECK(omma_file_create(&f, there, true) == OMMA_NOT_FOUND);
    CHECK(omma_file_create(&f, folder, true) == OMMA_INVALID);
    CHECK(omma_file_create(&f, "/dev/null", true) == OMMA_INVALID); /* it stays a device */
    CHECK(omma_file_create(&f, "", true) == OMMA_INVALID);
    CHECK(f == NULL);
    free(there);
}

static void reading_says_what_is_wrong(void)
{
    char *data = NULL;
    size_t bytes = 0;

    CHECK(omma_file_read(path, 100, &data, &bytes) == OMMA_NOT_FOUND);
    CHECK(omma_file_read(folder, 100, &data, &bytes) == OMMA_FORMAT);
    CHECK(data == NULL);
    CHECK_OK(omma_file_read("/proc/self/status", 1 << 20, &data, &bytes)); /* has no size */
    CHECK(bytes > 500 && strlen(data) == bytes);
    free(data);
}

static void folders_are_made_with_their_parents(void)
{
    char *deep = omma_text("%s/a//b/c/", folder), *below_file = omma_text("%s/d", path);

    CHECK_OK(omma_make_folder(deep));
    CHECK_OK(omma_make_folder(deep));
    CHECK_OK(omma_make_folder("/"));
    CHECK(access(deep, F_OK) == 0);
    write_text("x", false);
    CHECK(omma_make_folder(path) == OMMA_EXISTS);
    CHECK(omma_make_folder(below_file) == OMMA_EXISTS);
    unlink(path);
    for (char *end = deep + strlen(deep); end > deep + strlen(folder); end--)
        if (*end == '/' || *end == 0) {
            *end = 0;
            rmdir(deep);
        }
    CHECK(files_in_folder() == 0);
    free(below_file);
    free(deep);
}

static void a_nameless_file_is_nowhere(void)
{
    char text[5] = "";
    setenv("TMPDIR", folder, 1);
    const int there = files_in_folder(), fd = omma_file_nameless();
    CHECK(fd >= 0 && files_in_folder() == there);
    CHECK(pwrite(fd, "here", 4, 0) == 4 && pread(fd, text, 4, 0) == 4);
    CHECK(strcmp(text, "here") == 0);
    close(fd);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    CHECK(omma_file_nameless() < 0 && strstr(omma_why(), "/nowhere/at/all"));
    unsetenv("TMPDIR");
}

int main(void)
{
    if (!mkdtemp(folder))
        SKIP("no temporary folder");
    snprintf(path, sizeof(path), "%s/out.txt", folder);
    TEST(a_file_appears_whole);
    TEST(the_umask_gives_its_mode);
    TEST(replacing_is_asked_for);
    TEST(a_file_that_came_in_between_stays);
    TEST(abort_leaves_no_trace);
    TEST(large_writes_keep_their_order);
    TEST(a_long_line_is_not_cut);
    TEST(a_failed_write_sticks);
    TEST(impossible_places_are_refused_at_once);
    TEST(reading_says_what_is_wrong);
    TEST(a_nameless_file_is_nowhere);
    TEST(folders_are_made_with_their_parents);
    rmdir(folder);
    return check_done();
}
