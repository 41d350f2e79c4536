/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

#include <errno.h>

static void every_code_has_its_own_name_and_text(void)
{
    CHECK_TEXT(omma_error_name(OMMA_OK), "OMMA_OK");
    CHECK_TEXT(omma_error_name(OMMA_FORMAT), "OMMA_FORMAT");
    CHECK_TEXT(omma_error_text(OMMA_END), "end of stream");
    for (int i = OMMA_OK; i <= OMMA_BUSY; i++)
        for (int j = OMMA_OK; j < i; j++) {
            CHECK(strcmp(omma_error_name((omma_error)i), omma_error_name((omma_error)j)) != 0);
            CHECK(strcmp(omma_error_text((omma_error)i), omma_error_text((omma_error)j)) != 0);
        }
    CHECK_TEXT(omma_error_name((omma_error)99), "OMMA_?");
}

static void a_failure_keeps_its_reason(void)
{
    CHECK(omma_fail(OMMA_FORMAT, "header of %d bytes", 12) == OMMA_FORMAT);
    CHECK_TEXT(omma_why(), "header of 12 bytes");
}

static void a_reason_may_wrap_itself(void)
{
    omma_fail(OMMA_IO, "disk on fire");
    for (int i = 0; i < 3; i++)
        CHECK(omma_fail(OMMA_IO, "%d: %s", i, omma_why()) == OMMA_IO);
    CHECK_TEXT(omma_why(), "2: 1: 0: disk on fire");
}

static void a_long_reason_is_cut(void)
{
    char text[2000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    omma_fail(OMMA_IO, "%s", text);
    CHECK(strlen(omma_why()) == 511);
    errno = ENOENT;
    CHECK(omma_fail_errno("%s", text) == OMMA_NOT_FOUND);
    CHECK(strlen(omma_why()) == 511);
}

static void errno_chooses_the_code(void)
{
    static const struct {
        int number;
        omma_error err;
    } cases[] = {{ENOENT, OMMA_NOT_FOUND}, {EACCES, OMMA_DENIED}, {EEXIST, OMMA_EXISTS},
                 {ENOSPC, OMMA_FULL},      {EIO, OMMA_IO},        {ENOMEM, OMMA_NO_MEMORY}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        errno = cases[i].number;
        CHECK(omma_fail_errno("cannot do it") == cases[i].err);
    }
    errno = ENOSPC;
    omma_fail_errno("cannot write %s", "a.ply");
    CHECK_TEXT(omma_why(), "cannot write a.ply: No space left on device");
}

static void fail_on_another_thread(void *user)
{
    bool silent_before = omma_why()[0] == 0;
    omma_fail(OMMA_IO, "theirs");
    *(bool *)user = silent_before && strcmp(omma_why(), "theirs") == 0;
}

static void reasons_belong_to_their_thread(void)
{
    omma_thread *thread = NULL;
    bool its_own = false;

    omma_fail(OMMA_IO, "ours");
    CHECK_OK(omma_thread_start(&thread, "other", fail_on_another_thread, &its_own));
    omma_thread_join(&thread);
    CHECK(its_own);
    CHECK_TEXT(omma_why(), "ours");
}

static void the_version_is_the_build_s(void)
{
    CHECK_TEXT(omma_version(), BUILD_VERSION);
}

int main(void)
{
    TEST(every_code_has_its_own_name_and_text);
    TEST(a_failure_keeps_its_reason);
    TEST(a_reason_may_wrap_itself);
    TEST(a_long_reason_is_cut);
    TEST(errno_chooses_the_code);
    TEST(reasons_belong_to_their_thread);
    TEST(the_version_is_the_build_s);
    return check_done();
}
