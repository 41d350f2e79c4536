/* SPDX-License-Identifier: Apache-2.0 */
#include "eval_dense.h"

#include <cjson/cJSON.h>

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LIST_BYTES (16u << 20)

/* What is wrong with the arguments, with the files, and with what they hold. */
static exit_code code_of(omma_error err)
{
    return err == OMMA_INVALID                               ? CODE_USAGE
           : err == OMMA_DEGENERATE || err == OMMA_NO_MEMORY ? CODE_FAILED
                                                             : CODE_INPUT;
}

static void add_count(cJSON *o, const char *name, uint64_t n)
{
    cJSON_AddNumberToObject(o, name, (double)n);
}

/* ------------------------------------------------------------------------------------- depth */

/* Whole numbers between blanks. */
static omma_error parse_frames(const char *text, const char *path, uint64_t **out, size_t *count)
{
    uint64_t *frames = omma_new_array(uint64_t, strlen(text) / 2 + 1);
    size_t n = 0;

    for (const char *at = text; at += strspn(at, " \t\r\n"), *at;) {
        char *end = NULL;

        errno = 0;
        frames[n] = isdigit((unsigned char)*at) ? strtoull(at, &end, 10) : 0;
        if (!end || errno || (*end && !isspace((unsigned char)*end))) {
            free(frames);
            return omma_fail(OMMA_FORMAT, "%s: \"%.20s\" is no number of a frame", path, at);
        }
        at = end;
        n++;
    }
    *out = frames;
    *count = n;
    return OMMA_OK;
}

static omma_error read_frames(const char *path, uint64_t **out, size_t *count)
{
    char *text = NULL;
    size_t bytes = 0;
    omma_error err = omma_file_read(path, MOST_LIST_BYTES, &text, &bytes);

    if (!err)
        err = parse_frames(text, path, out, count);
    free(text);
    return err;
}

static void print_depth_json(const omma_depth_evaluation *e)
{
    cJSON *o = cJSON_CreateObject();
    char name[16];

    add_count(o, "frames", e->frames);
    add_count(o, "truth_frames", e->truth_frames);
    add_count(o, "estimated_frames", e->estimated_frames);
    add_count(o, "truth_pixels", e->truth_pixels);
    add_count(o, "covered_pixels", e->covered_pixels);
    cJSON_AddNumberToObject(o, "coverage", e->coverage);
    cJSON_AddNumberToObject(o, "scale", e->scale);
    cJSON_AddNumberToObject(o, "abs_rel_median", e->abs_rel_median);
    cJSON_AddNumberToObject(o, "abs_rel_mean", e->abs_rel_mean);
    cJSON_AddNumberToObject(o, "bias_median", e->bias_median);
    cJSON_AddNumberToObject(o, "rmse", e->rmse);
    cJSON_AddNumberToObject(o, "mae", e->mae);
    for (int i = 0; i < OMMA_DEPTH_RATIOS; i++) {
        snprintf(name, sizeof(name), "d%.2f", omma_depth_ratios[i]);
        cJSON_AddNumberToObject(o, name, e->within[i]);
    }
    cJSON_AddNumberToObject(o, "ok5", e->ok5);
    console_print(o);
    cJSON_Delete(o);
}

static void print_depth_table(const omma_depth_evaluation *e)
{
    printf("frames              %zu (%zu estimated, %zu true)\n", e->frames, e->estimated_frames,
           e->truth_frames);
    printf("coverage            %.2f %% of %llu true pixels\n", 100 * e->coverage,
           (unsigned long long)e->truth_pixels);
    printf("relative error      median %.3f %%, mean %.3f %%, bias %+.3f %%\n",
           100 * e->abs_rel_median, 100 * e->abs_rel_mean, 100 * e->bias_median);
    printf("error               rmse %.6g, mean %.6g\n", e->rmse, e->mae);
    printf("off by less than   ");
    for (int i = 0; i < OMMA_DEPTH_RATIOS; i++)
        printf("%s %.0f %%: %.2f %%", i ? "," : "", 100 * omma_depth_ratios[i] - 100,
               100 * e->within[i]);
    printf("\nright within 5 %%    %.2f %% of all true pixels\n", 100 * e->ok5);
    printf("scale               %.6g\n", e->scale);
}

int eval_depth(console *c, const eval_values *v, const char *estimate, const char *truth)
{
    omma_depth_evaluation e;
    uint64_t *frames = NULL;
    size_t count = 0;
    omma_error err = v->frames ? read_frames(v->frames, &frames, &count) : OMMA_OK;

    if (!err)
        err = omma_depth_evaluate(estimate, truth,
                                  &(omma_depth_evaluate_options){
                                      .truth_unit = v->truth_unit,
                                      .estimate_unit = v->estimate_unit,
                                      .scale = v->scale,
                                      .min_depth = v->min_depth,
                                      .max_depth = v->max_depth,
                                      .frames = frames,
                                      .frame_count = count,
                                  },
                                  &e);
    free(frames);
    if (err)
        return console_fail(c, code_of(err), NULL);
    if (v->json)
        print_depth_json(&e);
    else
        print_depth_table(&e);
    return CODE_DONE;
}

/* ------------------------------------------------------------------------------------ clouds */

static omma_error parse_thresholds(const char *text, double out[OMMA_CLOUD_THRESHOLDS])
{
    const char *at = text;

    for (int i = 0; at && i < OMMA_CLOUD_THRESHOLDS; i++) {
        char *end;

        out[i] = strtod(at, &end);
        if (end == at || (*end && *end != ',') || !(out[i] > 0) || !isfinite(out[i]))
            return omma_fail(OMMA_INVALID,
                             "--thresholds %.80s: it needs distances above 0, such as 0.01,0.05",
                             text);
        at = *end ? end + 1 : NULL;
    }
    return at ? omma_fail(OMMA_INVALID, "--thresholds %.80s: at most %d", text,
                          OMMA_CLOUD_THRESHOLDS)
              : OMMA_OK;
}

static void print_cloud_json(const omma_cloud_evaluation *e, double scale)
{
    cJSON *o = cJSON_CreateObject();

    add_count(o, "points", e->points);
    add_count(o, "points_thinned", e->points_thinned);
    add_count(o, "truth_points", e->truth_points);
    cJSON_AddNumberToObject(o, "scale", scale);
    cJSON_AddNumberToObject(o, "accuracy_mean", e->accuracy_mean);
    cJSON_AddNumberToObject(o, "accuracy_median", e->accuracy_median);
    cJSON_AddNumberToObject(o, "completeness_mean", e->completeness_mean);
    cJSON_AddNumberToObject(o, "completeness_median", e->completeness_median);
    cJSON_AddNumberToObject(o, "floor", e->floor);
    cJSON *scores = cJSON_AddArrayToObject(o, "scores");
    for (size_t i = 0; i < e->score_count; i++) {
        cJSON *s = cJSON_CreateObject();

        cJSON_AddNumberToObject(s, "threshold", e->scores[i].threshold);
        cJSON_AddNumberToObject(s, "precision", e->scores[i].precision);
        cJSON_AddNumberToObject(s, "recall", e->scores[i].recall);
        cJSON_AddNumberToObject(s, "f", e->scores[i].f);
        cJSON_AddItemToArray(scores, s);
    }
    console_print(o);
    cJSON_Delete(o);
}

static void print_cloud_table(const omma_cloud_evaluation *e, double scale)
{
    printf("points              %zu estimated, %zu when thinned; %zu true\n", e->points,
           e->points_thinned, e->truth_points);
    printf("accuracy            mean %.6g, median %.6g (the truth itself: mean %.6g)\n",
           e->accuracy_mean, e->accuracy_median, e->floor);
    printf("completeness        mean %.6g, median %.6g\n", e->completeness_mean,
           e->completeness_median);
    for (size_t i = 0; i < e->score_count; i++)
        printf("within %-12.6g precision %.2f %%, recall %.2f %%, F %.2f %%\n",
               e->scores[i].threshold, 100 * e->scores[i].precision, 100 * e->scores[i].recall,
               100 * e->scores[i].f);
    printf("scale               %.6g\n", scale);
}

static omma_error read_points(console *c, omma_points *p, const char *path)
{
    omma_error err = omma_ply_read(p, path);

    if (!err && p->skipped)
        console_say(c, "%s: %zu point%s left out: not three finite numbers", path, p->skipped,
                    p->skipped == 1 ? "" : "s");
    return err;
}

/* Only the alignment is asked for: how well it fits is what omma eval tells without --cloud. */
static omma_error find_alignment(console *c, const eval_values *v, omma_sim3 *out)
{
    omma_trajectory estimate = {0}, truth = {0};
    omma_evaluation e;
    omma_error err = OMMA_OK;

    if (v->trajectory)
        err = eval_read_poses(c, &estimate, v->trajectory);
    if (!err && v->trajectory)
        err = eval_read_poses(c, &truth, v->groundtruth);
    if (!err && v->trajectory)
        err = omma_trajectory_evaluate(&estimate, &truth, (omma_alignment)v->align, v->max_dt,
                                       v->expected, &e);
    *out = !err && v->trajectory ? e.truth_from_estimate : omma_sim3_identity();
    omma_trajectory_finish(&estimate);
    omma_trajectory_finish(&truth);
    return err;
}

int eval_cloud(console *c, const eval_values *v, const char *estimate, const char *truth)
{
    omma_cloud_evaluate_options o = {.voxel = v->voxel, .clip = v->clip};
    omma_points estimates = {0}, truths = {0};
    omma_cloud_evaluation e;
    omma_sim3 move;
    omma_error err = v->thresholds ? parse_thresholds(v->thresholds, o.thresholds) : OMMA_OK;

    if (v->groundtruth && !v->trajectory)
        err = omma_fail(OMMA_INVALID, "--groundtruth means nothing without --trajectory");
    if (!err)
        err = find_alignment(c, v, &move);
    if (!err && v->trajectory)
        o.truth_from_estimate = &move;
    if (!err)
        err = read_points(c, &estimates, estimate);
    if (!err)
        err = read_points(c, &truths, truth);
    if (!err)
        err = omma_cloud_evaluate(&estimates, &truths, &o, &e);
    omma_points_finish(&estimates);
    omma_points_finish(&truths);
    if (err)
        return console_fail(c, code_of(err), NULL);
    if (v->json)
        print_cloud_json(&e, move.s);
    else
        print_cloud_table(&e, move.s);
    return CODE_DONE;
}
