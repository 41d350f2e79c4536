/* SPDX-License-Identifier: Apache-2.0 */
#include "depth_files.h"

#include <check.h>
#include <inttypes.h>
#include <scratch.h>

/* By hand: four true pixels, of which one is not covered, and one unknown. */
static const float truth[] = {1, 2, 4, 8, 0}, estimate[] = {1.02f, 2, 5.2f, 0, 3};

static void write(const char *folder, const char *name, uint64_t frame, const float *depth)
{
    char *path = omma_text("%s/%s", folder, name);
    omma_camera camera = {.width = 5, .height = 1, .fx = 1, .fy = 1};
    float kept[5];

    memcpy(kept, depth, sizeof kept);
    CHECK_OK(omma_depth_write(&(omma_depth_map){.width = 5, .height = 1, .depth = kept}, &camera,
                              path, frame, OMMA_DEPTH_NPY, NULL));
    free(path);
}

static omma_error evaluate(const char *folder, const omma_depth_evaluate_options *o,
                           omma_depth_evaluation *out)
{
    char *e = omma_text("%s/e", folder), *t = omma_text("%s/t", folder);
    omma_error err = omma_depth_evaluate(e, t, o, out);

    free(e);
    free(t);
    return err;
}

static void figures_are_those_by_hand(void)
{
    char *folder = scratch_make();
    omma_depth_evaluation e;

    write(folder, "t", 3, truth);
    write(folder, "t", 4, truth);
    write(folder, "e", 3, estimate);
    CHECK_OK(evaluate(folder, NULL, &e));
    CHECK(e.frames == 1 && e.truth_frames == 2 && e.estimated_frames == 1);
    CHECK(e.truth_pixels == 4 && e.covered_pixels == 3 && e.coverage == 0.75);
    CHECK_CLOSE(e.abs_rel_median, 0.02, .abs = 1e-7); /* roundoff of a ratio near 1: 6e-8 */
    CHECK_CLOSE(e.abs_rel_mean, 0.32 / 3, .abs = 1e-7);
    CHECK_CLOSE(e.bias_median, 0.02, .abs = 1e-7);
    CHECK_CLOSE(e.mae, 1.22 / 3, .abs = 2e-7);
    CHECK_CLOSE(e.rmse, sqrt((0.02 * 0.02 + 1.2 * 1.2) / 3), .abs = 2e-7);
    CHECK_ARRAY_CLOSE(e.within, ((double[]){1.0 / 3, 1.0 / 3, 2.0 / 3, 2.0 / 3}), 4, .abs = 1e-15);
    CHECK(e.ok5 == 0.5);
    CHECK_OK(evaluate(folder, &(omma_depth_evaluate_options){.scale = true}, &e));
    CHECK_CLOSE(e.scale, 1 / 1.02, .rel = 1e-7);
    CHECK_OK(evaluate(folder, &(omma_depth_evaluate_options){.max_depth = 3}, &e));
    CHECK(e.truth_pixels == 2 && e.coverage == 1);
    CHECK_OK(evaluate(
        folder, &(omma_depth_evaluate_options){.frames = (uint64_t[]){3, 4}, .frame_count = 2},
        &e));
    CHECK(e.frames == 2 && e.coverage == 0.375);
    CHECK_OK(evaluate(
        folder, &(omma_depth_evaluate_options){.frames = (uint64_t[]){4}, .frame_count = 1}, &e));
    CHECK(e.coverage == 0 && e.ok5 == 0 && isnan(e.rmse) && isnan(e.abs_rel_median));
    scratch_remove(folder);
}

static void what_cannot_be_compared_is_refused(void)
{
    char *folder = scratch_make();
    omma_depth_evaluation e;

    CHECK(evaluate(folder, NULL, &e) == OMMA_NOT_FOUND);
    write(folder, "t", 3, truth);
    write(folder, "e", 5, estimate);
    CHECK(evaluate(folder, NULL, &e) == OMMA_DEGENERATE);
    write(folder, "e", 3, (float[5]){0});
    CHECK(evaluate(folder, &(omma_depth_evaluate_options){.scale = true}, &e) == OMMA_DEGENERATE);
    CHECK(evaluate(folder, &(omma_depth_evaluate_options){.min_depth = 9}, &e) == OMMA_DEGENERATE);
    CHECK(evaluate(folder, &(omma_depth_evaluate_options){.truth_unit = -1}, &e) == OMMA_INVALID);
    scratch_remove(folder);
}

int main(void)
{
    TEST(figures_are_those_by_hand);
    TEST(what_cannot_be_compared_is_refused);
    return check_done();
}
