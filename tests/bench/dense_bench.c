/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dense depth of single frames of a recording, with the poses of a map made before:
 *
 *   omma map URL --camera FILE -o MAP
 *   dense_bench URL MAP OUT [every [apart [readout_ms [neighbours [passes [cut]]]]]]
 *
 * writes OUT/depth/NNNNNN.npy and OUT/error/NNNNNN.npy for every N-th frame (default 10).
 * Neighbours come from the map's keyframes and, with apart > 0, from every apart-th frame. Says the
 * CPU time by stages, and for scenes that know their depth the errors. OMMA_CPU chooses the
 * kernels.
 */
#include <omma/map.h>
#include <omma/media.h>

#include "dense.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FRAMES = 20000 };

typedef struct image {
    bool posed, kept, keyframe;
    omma_se3 camera_from_world;
    double turn[3];
    omma_pyramid pyramid;
    float *truth;
} image;

typedef struct point {
    double x[3];
    int *seen; /* frame numbers of keyframes */
    int count;
} point;

typedef struct bench {
    omma_camera camera;
    image *image;
    int images;
    point *points;
    size_t point_count;
    double readout;
    int every, neighbours, passes, cut;
    const char *out;
    double stage_s[16];
    const char *stage_name[16];
    float *ratio, *error; /* estimate / truth */
    size_t ratios, ratio_capacity, error_capacity, truth_pixels;
    int estimated;
} bench;

static void die(const char *what)
{
    fprintf(stderr, "dense_bench: %s: %s\n", what, omma_why());
    exit(1);
}

/* Keyframe ids and their frame numbers, from the names in images.txt. */
static int read_images(bench *b, const char *map, int *frame_of, int most)
{
    char *path = omma_text("%s/colmap/images.txt", map), *line = NULL;
    FILE *f = fopen(path, "r");
    size_t room = 0;
    int count = 0;
    if (!f)
        die(path);
    while (getline(&line, &room, f) > 0) {
        int id;
        char name[256];
        if (line[0] == '#')
            continue;
        if (sscanf(line, "%d %*f %*f %*f %*f %*f %*f %*f %*d %255s", &id, name) == 2 && id < most) {
            frame_of[id] = atoi(name);
            if (frame_of[id] < MAX_FRAMES)
                b->image[frame_of[id]].keyframe = true;
            count++;
        }
        if (getline(&line, &room, f) < 0)
            break;
    }
    free(line);
    free(path);
    fclose(f);
    return count;
}

static void read_points(bench *b, const char *map, const int *frame_of, int most)
{
    char *path = omma_text("%s/colmap/points3D.txt", map), *line = NULL;
    FILE *f = fopen(path, "r");
    size_t room = 0, capacity = 0;
    if (!f)
        die(path);
    while (getline(&line, &room, f) > 0) {
        point p = {0};
        int used = 0, id, index;
        double error;
        if (line[0] == '#' || sscanf(line, "%*d %lf %lf %lf %*d %*d %*d %lf%n", &p.x[0], &p.x[1],
                                     &p.x[2], &error, &used) < 4)
            continue;
        p.seen = omma_new_array(int, strlen(line) / 4 + 1);
        for (char *at = line + used; sscanf(at, "%d %d%n", &id, &index, &used) == 2; at += used)
            if (id > 0 && id < most)
                p.seen[p.count++] = frame_of[id];
        omma_grow((void **)&b->points, &capacity, b->point_count + 1, sizeof(point));
        b->points[b->point_count++] = p;
    }
    free(line);
    free(path);
    fclose(f);
}

static void read_frames(bench *b, const char *url, const omma_trajectory *t, int apart)
{
    omma_source *s = NULL;
    omma_frame *f = NULL;
    if (omma_source_open(&s, url, NULL, NULL))
        die(url);
    size_t at = 0;
    while (b->images < MAX_FRAMES && !omma_source_read(s, &f)) {
        image *m = &b->image[b->images];
        const double time = (double)f->time_ns * 1e-9;
        while (at < t->count && t->poses[at].time_s < time - 1e-3)
            at++;
        m->posed = at < t->count && fabs(t->poses[at].time_s - time) < 1e-3;
        if (m->posed) {
            const size_t a = at > 0 ? at - 1 : at, c = at + 1 < t->count ? at + 1 : at;
            const omma_se3 A = omma_se3_inverse(&t->poses[a].world_from_camera);
            const omma_se3 c_from_a = omma_se3_mul(&A, &t->poses[c].world_from_camera);
            double phi[3];
            m->camera_from_world = omma_se3_inverse(&t->poses[at].world_from_camera);
            omma_so3_log(c_from_a.R, phi); /* a_from_c: directions turn the other way */
            for (int i = 0; i < 3 && c > a; i++)
                m->turn[i] = -phi[i] / (t->poses[c].time_s - t->poses[a].time_s);
            m->kept =
                m->keyframe || b->images % b->every == 0 || (apart > 0 && b->images % apart == 0);
        }
        if (m->kept && omma_pyramid_build(&m->pyramid, f, 4))
            die("pyramid");
        if (m->kept && f->truth && f->truth->depth && b->images % b->every == 0) {
            m->truth = omma_new_array(float, f->truth->depth->bytes / sizeof(float));
            memcpy(m->truth, f->truth->depth->data, f->truth->depth->bytes);
        }
        omma_frame_unref(&f);
        b->images++;
    }
    omma_source_close(&s);
}

static dense_view view_of(const bench *b, int i)
{
    const image *m = &b->image[i];
    return (dense_view){.picture = &m->pyramid,
                        .camera = b->camera,
                        .camera_from_world = m->camera_from_world,
                        .turn = {m->turn[0], m->turn[1], m->turn[2]},
                        .readout = b->readout};
}

/* Points in front of frame i; those that keyframes close in time saw say where the pixel is. */
static size_t seeds_of(const bench *b, int i, dense_seed *seeds)
{
    const omma_se3 *T = &b->image[i].camera_from_world;
    size_t n = 0;
    int before = i, after = i;
    while (before > 0 && !b->image[before].keyframe)
        before--;
    while (after + 1 < b->images && !b->image[after].keyframe)
        after++;
    for (size_t j = 0; j < b->point_count; j++) {
        const point *p = &b->points[j];
        double c[3], px[2];
        bool near = false;
        for (int k = 0; k < p->count; k++)
            near |= p->seen[k] == before || p->seen[k] == after;
        if (!near)
            continue;
        omma_se3_apply(T, p->x, c);
        if (c[2] > 0 && omma_camera_project(&b->camera, c, px, NULL) && px[0] >= 0 && px[1] >= 0 &&
            px[0] < b->camera.width && px[1] < b->camera.height)
            seeds[n++] = (dense_seed){(float)(c[0] / c[2]), (float)(c[1] / c[2]), (float)(1 / c[2]),
                                      (float)(0.02 / c[2])};
    }
    return n;
}

static void write_npy(const char *folder, const char *kind, int i, const float *data, int w, int h)
{
    char header[129], *path = omma_text("%s/%s/%06d.npy", folder, kind, i);
    FILE *f = fopen(path, "wb");
    if (!f)
        die(path);
    int n =
        snprintf(header, sizeof header,
                 "\x93NUMPY%c%c%c%c{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
                 1, 'X', 118, 'X', h, w);
    memset(header + n, ' ', (size_t)(127 - n));
    header[7] = header[9] = 0;
    header[127] = '\n';
    fwrite(header, 1, 128, f);
    fwrite(data, sizeof *data, (size_t)w * (size_t)h, f);
    fclose(f);
    free(path);
}

static void compare_truth(bench *b, const float *truth, const float *depth, const float *error)
{
    const size_t n = (size_t)b->camera.width * (size_t)b->camera.height;
    omma_grow((void **)&b->ratio, &b->ratio_capacity, b->ratios + n, sizeof(float));
    omma_grow((void **)&b->error, &b->error_capacity, b->ratios + n, sizeof(float));
    for (size_t i = 0; i < n; i++) {
        b->truth_pixels += truth[i] > 0;
        if (truth[i] > 0 && depth[i] > 0) {
            b->error[b->ratios] = error[i];
            b->ratio[b->ratios++] = depth[i] / truth[i];
        }
    }
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void leave_out(dense_map *m, int percent)
{
    const size_t n = (size_t)m->width * (size_t)m->height;
    float *sorted = omma_new_array(float, n);
    memcpy(sorted, m->error, n * sizeof(float));
    qsort(sorted, n, sizeof(float), compare_floats);
    const float most = sorted[n / 2] * (float)percent / 100;
    for (size_t i = 0; i < n && percent > 0; i++)
        if (m->error[i] > most)
            m->depth[i] = 0;
    free(sorted);
}

static void estimate(bench *b, dense *d, int i, const size_t *kept, size_t kept_count)
{
    omma_se3 *poses = omma_new_array(omma_se3, kept_count + 1);
    dense_seed *seeds = omma_new_array(dense_seed, b->point_count + 1);
    size_t chosen[DENSE_MAX_NEIGHBOURS];
    dense_view view = view_of(b, i), other[DENSE_MAX_NEIGHBOURS];
    dense_map m = {0};
    const size_t pixels = (size_t)b->camera.width * (size_t)b->camera.height;
    float *depth = omma_new_array(float, pixels), *error = omma_new_array(float, pixels);

    for (size_t j = 0; j < kept_count; j++)
        poses[j] = b->image[kept[j]].camera_from_world;
    const size_t seed_count = seeds_of(b, i, seeds);
    const int64_t start = omma_clock_thread_ns();
    const size_t n = dense_select(&view.camera_from_world, &b->camera, poses, kept_count, seeds,
                                  seed_count, (size_t)b->neighbours, chosen);
    const double select_s = (double)(omma_clock_thread_ns() - start) * 1e-9;
    if (getenv("VERBOSE")) {
        printf("frame %d, %zu seeds, neighbours", i, seed_count);
        for (size_t j = 0; j < n; j++)
            printf(" %zu", kept[chosen[j]]);
        printf("\n");
    }
    for (size_t j = 0; j < n; j++)
        other[j] = view_of(b, (int)kept[chosen[j]]);
    if (dense_estimate(d, &view, other, n, seeds, seed_count, &(dense_options){.passes = b->passes},
                       &m)) {
        fprintf(stderr, "frame %d: %s\n", i, omma_why());
    } else {
        leave_out(&m, b->cut);
        const int64_t before = omma_clock_thread_ns();
        if (dense_resample(&m, &view, b->camera.width, b->camera.height, depth, error))
            die("resample");
        int k = 0;
        b->stage_s[k] += select_s;
        b->stage_name[k++] = "select";
        b->stage_s[k] += (double)(omma_clock_thread_ns() - before) * 1e-9;
        b->stage_name[k++] = "resample";
        for (const dense_stage *s = dense_stages(d); s->name; s++) {
            b->stage_name[k] = s->name;
            b->stage_s[k++] += (double)s->cpu_ns * 1e-9;
        }
        b->estimated++;
        write_npy(b->out, "depth", i, depth, b->camera.width, b->camera.height);
        write_npy(b->out, "error", i, error, b->camera.width, b->camera.height);
        if (b->image[i].truth)
            compare_truth(b, b->image[i].truth, depth, error);
    }
    dense_map_finish(&m);
    free(poses);
    free(seeds);
    free(depth);
    free(error);
}

static void report(bench *b)
{
    double total = 0;
    for (int i = 0; b->stage_name[i]; i++) {
        printf("%s %.1f ms, ", b->stage_name[i], 1e3 * b->stage_s[i] / b->estimated);
        total += b->stage_s[i];
    }
    printf("all %.1f ms, %d frames\n", 1e3 * total / b->estimated, b->estimated);
    if (b->ratios == 0)
        return;
    qsort(b->ratio, b->ratios, sizeof(float), compare_floats);
    const float scale = b->ratio[b->ratios / 2];
    size_t good = 0;
    for (size_t i = 0; i < b->ratios; i++) {
        b->ratio[i] = fabsf(b->ratio[i] / scale - 1);
        good += b->ratio[i] < 0.05f;
    }
    qsort(b->ratio, b->ratios, sizeof(float), compare_floats);
    printf("median error %.2f %%, ok5 %.3f\n", 100 * (double)b->ratio[b->ratios / 2],
           (double)good / (double)b->truth_pixels);
}

static int number(int argc, char **argv, int i, int fallback)
{
    return argc > i ? atoi(argv[i]) : fallback;
}

int main(int argc, char **argv)
{
    static int frame_of[MAX_FRAMES];
    if (argc < 4) {
        fprintf(stderr, "usage: dense_bench URL MAP OUT [every [apart [readout_ms [neighbours "
                        "[passes [cut]]]]]]\n");
        return 2;
    }
    bench b = {.image = omma_new_array(image, MAX_FRAMES),
               .out = argv[3],
               .every = number(argc, argv, 4, 10),
               .readout = 1e-3 * number(argc, argv, 6, 0),
               .neighbours = number(argc, argv, 7, 5),
               .passes = number(argc, argv, 8, 0),
               .cut = number(argc, argv, 9, 0)};
    char *trajectory = omma_text("%s/trajectory.txt", argv[2]);
    char *camera = omma_text("%s/colmap/cameras.txt", argv[2]);
    char *depth = omma_text("%s/depth", b.out), *error = omma_text("%s/error", b.out);
    omma_trajectory t;
    mkdir(b.out, 0777);
    mkdir(depth, 0777);
    mkdir(error, 0777);
    if (omma_trajectory_read(&t, trajectory) || omma_camera_read(&b.camera, camera))
        die(argv[2]);
    read_images(&b, argv[2], frame_of, MAX_FRAMES);
    read_points(&b, argv[2], frame_of, MAX_FRAMES);
    const int apart = number(argc, argv, 5, 0);
    read_frames(&b, argv[1], &t, apart);

    size_t *kept = omma_new_array(size_t, MAX_FRAMES), kept_count = 0;
    for (int i = 0; i < b.images; i++)
        if (b.image[i].kept && (b.image[i].keyframe || (apart > 0 && i % apart == 0)))
            kept[kept_count++] = (size_t)i;
    dense *d = dense_create();
    for (int i = 0; i < b.images; i += b.every)
        if (b.image[i].posed)
            estimate(&b, d, i, kept, kept_count);
    report(&b);
    dense_destroy(&d);
    for (int i = 0; i < b.images; i++) {
        omma_pyramid_finish(&b.image[i].pyramid);
        free(b.image[i].truth);
    }
    for (size_t i = 0; i < b.point_count; i++)
        free(b.points[i].seen);
    omma_trajectory_finish(&t);
    free(trajectory), free(camera), free(depth), free(error);
    free(b.points), free(b.image), free(b.ratio), free(b.error), free(kept);
    return 0;
}
