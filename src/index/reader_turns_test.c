/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "reader_turns.h"

static void count_release(void *what)
{
    ++*(int *)what;
}

static void nothing_is_released_under_a_reader(void)
{
    reader_list l;
    reader_turn r = {0};
    int released = 0;

    reader_list_init(&l);
    reader_list_join(&l, &r);
    reader_enter(&r);
    reader_list_retire(&l, &released, count_release);
    CHECK(reader_list_turn(&l));  /* nobody was waited for; from now on r is */
    CHECK(!reader_list_turn(&l)); /* it is inside still */
    CHECK(released == 0);
    reader_leave(&r);
    reader_enter(&r); /* another query: it cannot have what was taken away before */
    CHECK(reader_list_turn(&l));
    CHECK(released == 1);
    reader_leave(&r);
    reader_list_leave(&l, &r);
    reader_list_finish(&l);
}

static void what_is_retired_during_a_wait_waits_for_the_next(void)
{
    reader_list l;
    reader_turn first = {0}, second = {0};
    int early = 0, late = 0;

    reader_list_init(&l);
    reader_list_join(&l, &first);
    reader_list_join(&l, &second);
    reader_enter(&first);
    reader_list_retire(&l, &early, count_release);
    reader_list_turn(&l);
    reader_enter(&second);
    reader_list_retire(&l, &late, count_release);
    reader_leave(&first);
    CHECK(reader_list_turn(&l));
    CHECK(early == 1 && late == 0);
    CHECK(!reader_list_turn(&l)); /* the second reader may have it */
    reader_leave(&second);
    CHECK(reader_list_turn(&l));
    CHECK(late == 1);
    reader_list_leave(&l, &first);
    reader_list_leave(&l, &second);
    reader_list_finish(&l);
}

static void a_reader_that_left_is_not_waited_for(void)
{
    reader_list l;
    reader_turn r = {0};
    int released = 0;

    reader_list_init(&l);
    reader_list_join(&l, &r);
    reader_enter(&r);
    reader_list_retire(&l, &released, count_release);
    reader_list_turn(&l);
    reader_leave(&r);
    reader_list_leave(&l, &r);
    CHECK(reader_list_turn(&l));
    CHECK(released == 1);
    reader_list_finish(&l);
}

static void the_end_releases_all(void)
{
    reader_list l;
    int released = 0;

    reader_list_init(&l);
    reader_list_retire(&l, &released, count_release);
    reader_list_turn(&l);
    reader_list_retire(&l, &released, count_release);
    reader_list_retire(&l, NULL, count_release);
    reader_list_finish(&l);
    CHECK(released == 2);
}

int main(void)
{
    TEST(nothing_is_released_under_a_reader);
    TEST(what_is_retired_during_a_wait_waits_for_the_next);
    TEST(a_reader_that_left_is_not_waited_for);
    TEST(the_end_releases_all);
    return check_done();
}
