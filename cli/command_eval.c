/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "console.h"
#include "eval_dense.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>

#define ROW(field) .offset = offsetof(eval_values, field)
static const option_row rows[] = {
    {0, "depth", OPTION_FLAG, .help = "both are folders with the depth of a frame in each file",
     ROW(depth), .excludes = "cloud"},
    {0, "cloud", OPTION_FLAG, .help = "both are clouds, PLY files", ROW(cloud)},
    {'a', "align", OPTION_CHOICE, NULL,
     "what may be moved before comparing: sim3 = position, rotation and scale, se3 = not the scale",
     ROW(align), "sim3|se3|none", .excludes = "depth"},
    {0, "max-dt", OPTION_REAL, "S",
     "poses further apart in time are no pair; otherwise half the spacing of the ground truth",
     ROW(max_dt), .excludes = "depth"},
    {0, "expected", OPTION_UNSIGNED, "N",
     "frames of the input, so that lost ones count against the coverage; otherwise the poses of "
     "the "
     "ground truth",
     ROW(expected), .excludes = "depth"},
    {0, "scale", OPTION_FLAG,
     .help = "multiply all estimated depth by the median of truth / estimate, for a map without a "
             "true scale",
     ROW(scale), .needs = "depth"},
    {0, "truth-unit", OPTION_REAL, "N", "steps per metre of .png files of the true depth",
     ROW(truth_unit), .needs = "depth"},
    {0, "estimate-unit", OPTION_REAL, "N", "the same of the estimated depth", ROW(estimate_unit),
     .needs = "depth"},
    {0, "min-depth", OPTION_REAL, "M", "nearer true depth does not count; otherwise 0.1",
     ROW(min_depth), .needs = "depth"},
    {0, "max-depth", OPTION_REAL, "M", "farther true depth does not count", ROW(max_depth),
     .needs = "depth"},
    {0, "frames", OPTION_FILE, "FILE",
     "numbers of the frames that had to be estimated: those without an estimate are not covered; "
     "otherwise the frames with both",
     ROW(frames), .needs = "depth"},
    {0, "trajectory", OPTION_FILE, "FILE",
     "the estimated cloud lives in the frame of this trajectory, which is moved onto --groundtruth "
     "as --align says, and the cloud with it",
     ROW(trajectory), .needs = "groundtruth"},
    {0, "groundtruth", OPTION_FILE, "FILE", "trajectory in the frame of the true cloud",
     ROW(groundtruth), .needs = "cloud"},
    {0, "thresholds", OPTION_TEXT, "M,M",
     "distances within which points count as right; otherwise 0.01,0.02,0.05", ROW(thresholds),
     .needs = "cloud"},
    {0, "voxel", OPTION_REAL, "M",
     "both clouds are thinned to a point in each cube of this edge; otherwise 0.005", ROW(voxel),
     .needs = "cloud"},
    {0, "clip", OPTION_REAL, "M", "larger distances count as this much in the means; otherwise 0.5",
     ROW(clip), .needs = "cloud"},
    {0, "json", OPTION_FLAG, .help = "print one JSON object", ROW(json)},
    {0},
};

static const char *const align_names[] = {"sim3", "se3", "none"};

static void print_json(const omma_evaluation *e, const eval_values *v)
{
    cJSON *o = cJSON_CreateObject();
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"pairs", (double)e->pairs},
        {"truth_poses", (double)e->truth_poses},
        {"estimated_poses", (double)e->estimated_poses},
        {"coverage", e->coverage},
        {"ate_rmse", e->ate_rmse},
        {"ate_mean", e->ate_mean},
        {"ate_median", e->ate_median},
        {"ate_max", e->ate_max},
        {"ate_percent_of_path", e->path_length > 0 ? 100 * e->ate_rmse / e->path_length : 0},
        {"scale", e->scale},
        {"path_length", e->path_length},
        {"extent", e->extent},
        {"rotation_rmse_deg", e->rotation_rmse_deg},
        {"rotation_rmse_own_deg", e->rotation_rmse_own_deg},
        {"rpe_translation_rmse", e->rpe_translation_rmse},
        {"rpe_rotation_rmse_deg", e->rpe_rotation_rmse_deg},
    };

    cJSON_AddStringToObject(o, "align", align_names[v->align]);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        cJSON_AddNumberToObject(o, numbers[i].name, numbers[i].value);
    console_print(o);
    cJSON_Delete(o);
}

static void print_table(const omma_evaluation *e, const eval_values *v)
{
    printf("pairs               %zu (%zu estimated, %zu true; %.1f %% covered)\n", e->pairs,
           e->estimated_poses, e->truth_poses, 100 * e->coverage);
    printf("ATE rmse            %.6g (%.3f %% of the path; median %.6g, max %.6g)\n", e->ate_rmse,
           e->path_length > 0 ? 100 * e->ate_rmse / e->path_length : 0, e->ate_median, e->ate_max);
    printf("alignment           %s, scale %.6g\n", align_names[v->align], e->scale);
    printf("path, extent        %.6g, %.6g\n", e->path_length, e->extent);
    printf("rotation rmse       %.4g deg (%.4g after its own best rotation)\n",
           e->rotation_rmse_deg, e->rotation_rmse_own_deg);
    printf("relative, per s     %.6g, %.4g deg\n", e->rpe_translation_rmse,
           e->rpe_rotation_rmse_deg);
}

omma_error eval_read_poses(console *c, omma_trajectory *t, const char *path)
{
    omma_error err = omma_trajectory_read(t, path);
    if (!err && t->skipped_lines)
        console_say(c, "%s: %zu line%s left out: not eight numbers that are a pose", path,
                    t->skipped_lines, t->skipped_lines == 1 ? "" : "s");
    return err;
}

static int evaluate(console *c, const eval_values *v, const char *path, const char *truth_path)
{
    omma_trajectory estimate = {0}, truth = {0};
    omma_evaluation e = {0};
    omma_error err;
    int code = CODE_DONE;

    if (eval_read_poses(c, &estimate, path) || eval_read_poses(c, &truth, truth_path))
        code = console_fail(c, CODE_INPUT, NULL);
    else if ((err = omma_trajectory_evaluate(&estimate, &truth, (omma_alignment)v->align, v->max_dt,
                                             v->expected, &e)))
        code = console_fail(c, err == OMMA_INVALID ? CODE_USAGE : CODE_FAILED, NULL);
    else if (v->json)
        print_json(&e, v);
    else
        print_table(&e, v);
    omma_trajectory_finish(&estimate);
    omma_trajectory_finish(&truth);
    return code;
}

static int run(const invocation *call)
{
    const eval_values *v = call->values;
    console c;

    console_init(&c, call, v->json);
    const char *estimate = call->arguments[0], *truth = call->arguments[1];
    int code = v->depth   ? eval_depth(&c, v, estimate, truth)
               : v->cloud ? eval_cloud(&c, v, estimate, truth)
                          : evaluate(&c, v, estimate, truth);
    console_finish(&c);
    return code;
}

const command command_eval = {
    .name = "eval",
    .summary = "compare a trajectory, depth or a cloud with the truth",
    .arguments = "ESTIMATE GROUNDTRUTH",
    .completes = OPTION_FILE,
    .least = 2,
    .most = 2,
    .description =
        "Pairs the poses of two files by time, moves the first onto the second as well as --align "
        "allows, and tells the absolute trajectory error (ATE), rotation and relative errors. Both "
        "files hold lines \"timestamp tx ty tz qx qy qz qw\" (camera to world, TUM format); other "
        "lines are left out and counted.\n\n"
        "With --depth it compares folders of depth along the camera's axis, .npy (in metres) or "
        "grey .png of 16 bits, paired by the last number in their names. Each pixel has one vote; "
        "an estimate of another size is sampled at the nearest pixel. With --cloud it tells how "
        "far "
        "estimated points are from the nearest true one (accuracy), true points from the nearest "
        "estimated one (completeness), and the shares within each threshold (precision, recall, F) "
        "of two PLY files.",
    .options = rows,
    .examples =
        (const example_row[]){{"omma eval out/trajectory.txt groundtruth.txt --expected 1000",
                               "errors in the unit of the ground truth, after Sim(3)"},
                              {"omma eval --depth out/depth truth/depth --truth-unit 5000 --scale",
                               "depth against 16-bit pictures with 5000 steps per metre"},
                              {"omma eval --cloud cloud.ply truth.ply --trajectory "
                               "trajectory.txt --groundtruth truth.txt",
                               "a cloud that is moved as its trajectory fits the true one"},
                              {0}},
    .values_bytes = sizeof(eval_values),
    .run = run,
};
