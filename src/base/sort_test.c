/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"

static void values_ascend(void)
{
    enum { N = 1000 };
    double x[N], sum = 0, after = 0;
    uint64_t seed = 1;
    for (int i = 0; i < N; i++)
        sum += x[i] = (double)omma_random_below(&seed, 100) - 50; /* many of them equal */
    omma_sort(x, N);
    for (int i = 0; i < N; i++)
        after += x[i];
    for (int i = 1; i < N; i++)
        CHECK(x[i - 1] <= x[i]);
    CHECK(after == sum);
}

static void the_median_is_one_of_the_values(void)
{
    double odd[] = {3, -1, 7}, even[] = {8, 2, 6, 4}, one[] = {-5};
    CHECK(omma_median(odd, 3) == 3);
    CHECK(omma_median(even, 4) == 6); /* the upper of the two in the middle */
    CHECK(even[0] == 2 && even[3] == 8);
    CHECK(omma_median(one, 1) == -5);
    CHECK(omma_median(NULL, 0) == 0);
}

int main(void)
{
    TEST(values_ascend);
    TEST(the_median_is_one_of_the_values);
    return check_done();
}
