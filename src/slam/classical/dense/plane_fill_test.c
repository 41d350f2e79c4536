/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/base.h>

#include "check.h"
#include "plane_fill.h"

enum { WIDTH = 90, HEIGHT = 71 };

typedef struct sheet {
    float value[WIDTH * HEIGHT], weight[WIDTH * HEIGHT], out[WIDTH * HEIGHT], error[WIDTH * HEIGHT];
    uint8_t guide[WIDTH * HEIGHT];
} sheet;

static void fill(sheet *s)
{
    void *work = omma_new_bytes(1, plane_fill_bytes(WIDTH, HEIGHT));
    plane_fill(s->value, s->weight, s->guide, WIDTH, HEIGHT, s->out, s->error, work);
    free(work);
}

static float wall(int x, int y)
{
    return 20 + 0.3f * (float)x - 0.1f * (float)y;
}

static void a_wall_known_at_its_border_is_filled_as_a_plane(void)
{
    static sheet s;
    memset(&s, 0, sizeof s);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const int i = y * WIDTH + x;
            const bool border = x < 6 || y < 6 || x >= WIDTH - 6 || y >= HEIGHT - 6;
            s.value[i] = border ? wall(x, y) : 77;
            s.weight[i] = border;
        }
    fill(&s);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            CHECK_CLOSE(s.out[y * WIDTH + x], wall(x, y), .abs = 0.02); /* worst seen: see float */
    CHECK(s.error[3 * WIDTH + 3] < 0.3f);
    CHECK(s.error[(HEIGHT / 2) * WIDTH + WIDTH / 2] >= s.error[3 * WIDTH + 3]);
}

static void a_surface_ends_where_the_picture_changes(void)
{
    static sheet s;
    memset(&s, 0, sizeof s);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const int i = y * WIDTH + x;
            s.guide[i] = x < 48 ? 40 : 200;
            s.value[i] = x < 48 ? 10 : 30;
            s.weight[i] = x < 44 || x > 51;
        }
    fill(&s);
    CHECK_CLOSE(s.out[30 * WIDTH + 30], 10, .abs = 0.1);
    CHECK_CLOSE(s.out[30 * WIDTH + 70], 30, .abs = 0.1);
    CHECK(s.out[30 * WIDTH + 46] < 14 && s.out[30 * WIDTH + 49] > 26);
}

static void nothing_known_is_nothing_sure(void)
{
    static sheet s;
    memset(&s, 0, sizeof s);
    fill(&s);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        CHECK(isfinite(s.out[i]) && s.error[i] > 100);
}

int main(void)
{
    TEST(a_wall_known_at_its_border_is_filled_as_a_plane);
    TEST(a_surface_ends_where_the_picture_changes);
    TEST(nothing_known_is_nothing_sure);
    return check_done();
}
