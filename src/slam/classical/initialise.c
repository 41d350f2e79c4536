/* SPDX-License-Identifier: Apache-2.0 */
#define OMMA_MODULE "slam"
#include "initialise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_MATCHES = 50,
    MAX_BETWEEN = 6, /* frames between start and end that join the verification */
    MAX_POSES = MAX_BETWEEN + 2,
};

typedef struct pair_set {
    uint32_t start; /* keyframe */
    size_t n;
    uint32_t *feature;    /* n */
    double *a, *b;        /* n x 2 px: in the start keyframe, now */
    float *inverse_sigma; /* n, of the newest sight */
    double readout;       /* for which the pixels are unrolled */
    double roll;          /* mean px per s by which the two sights of a pair roll apart */
} pair_set;

/* Where start keyframe k saw a feature, and how that rolls. */
static bool start_sight(const feature *f, uint32_t k, observation *out)
{
    if (f->anchor == k) {
        *out = (observation){k, f->x, f->y, f->roll_x, f->roll_y, 0};
        return true;
    }
    for (uint32_t i = f->seen_count; i-- > 0;)
        if (f->seen[i].keyframe == k) {
            *out = f->seen[i];
            return true;
        }
    return false;
}

static pair_set pairs_make(const world *w, uint32_t start, const record *now, double readout)
{
    const double change = readout - w->readout;
    size_t n = now->sight_count;
    pair_set p = {.start = start,
                  .readout = readout,
                  .feature = omma_new_array(uint32_t, n + 1),
                  .a = omma_new_array(double, 4 * n + 1),
                  .inverse_sigma = omma_new_array(float, n + 1)};
    p.b = p.a + 2 * n;
    for (size_t i = 0; i < n; i++) {
        const sight *s = &now->sights[i];
        observation a;
        if (w->features[s->feature].state == FEATURE_DEAD ||
            !start_sight(&w->features[s->feature], start, &a))
            continue;
        p.feature[p.n] = s->feature;
        p.a[2 * p.n] = a.x + change * a.roll_x;
        p.a[2 * p.n + 1] = a.y + change * a.roll_y;
        p.b[2 * p.n] = s->ux + change * s->roll_x;
        p.b[2 * p.n + 1] = s->uy + change * s->roll_y;
        p.roll += hypot(s->roll_x - a.roll_x, s->roll_y - a.roll_y) / (double)n;
        p.inverse_sigma[p.n] = s->inverse_sigma;
        p.n++;
    }
    return p;
}

static void pairs_free(pair_set *p)
{
    free(p->feature);
    free(p->a);
    free(p->inverse_sigma);
}

static void normalize(const omma_camera *c, const double *px, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        if (!omma_camera_unproject(c, px + 2 * i, x + 2 * i))
            x[2 * i] = x[2 * i + 1] = 0;
}

/* Rays of b against rays of a turned by the rotation that fits them best; median angle left, rad.
 */
static double median_parallax(const double *xa, const double *xb, size_t n)
{
    double R[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    double *angle = omma_new_array(double, 2 * n + 1), *sorted = angle + n, median = 0;

    for (int round = 0; round < 6; round++) {
        double H[9] = {0}, g[3] = {0};
        double scale = round ? fmax(median, 1e-4) : 1;
        for (size_t i = 0; i < n; i++) {
            double a[3] = {xa[2 * i], xa[2 * i + 1], 1}, b[3] = {xb[2 * i], xb[2 * i + 1], 1}, p[3];
            double na = sqrt(a[0] * a[0] + a[1] * a[1] + 1),
                   nb = sqrt(b[0] * b[0] + b[1] * b[1] + 1);
            for (int k = 0; k < 3; k++)
                p[k] = (R[3 * k] * a[0] + R[3 * k + 1] * a[1] + R[3 * k + 2] * a[2]) / na;
            double e[3] = {b[0] / nb - p[0], b[1] / nb - p[1], b[2] / nb - p[2]};
            angle[i] = sqrt(e[0] * e[0] + e[1] * e[1] + e[2] * e[2]);
            double weight = 1 / (1 + angle[i] * angle[i] / (scale * scale));
            /* e = phi x p: normal equations of phi */
            double c[3] = {p[1] * e[2] - p[2] * e[1], p[2] * e[0] - p[0] * e[2],
                           p[0] * e[1] - p[1] * e[0]};
            for (int r = 0; r < 3; r++) {
                g[r] += weight * c[r];
                for (int s = 0; s < 3; s++)
                    H[3 * r + s] += weight * ((r == s) - p[r] * p[s]);
            }
        }
        memcpy(sorted, angle, n * sizeof(double));
        median = omma_median(sorted, n);
        double det = H[0] * (H[4] * H[8] - H[5] * H[7]) - H[1] * (H[3] * H[8] - H[5] * H[6]) +
                     H[2] * (H[3] * H[7] - H[4] * H[6]);
        if (!(fabs(det) > 1e-9))
            break;
        double phi[3] = {
            (g[0] * (H[4] * H[8] - H[5] * H[7]) + g[1] * (H[2] * H[7] - H[1] * H[8]) +
             g[2] * (H[1] * H[5] - H[2] * H[4])) /
                det,
            (g[0] * (H[5] * H[6] - H[3] * H[8]) + g[1] * (H[0] * H[8] - H[2] * H[6]) +
             g[2] * (H[2] * H[3] - H[0] * H[5])) /
                det,
            (g[0] * (H[3] * H[7] - H[4] * H[6]) + g[1] * (H[1] * H[6] - H[0] * H[7]) +
             g[2] * (H[0] * H[4] - H[1] * H[3])) /
                det,
        };
        double turn[9], next[9];
        omma_so3_exp(phi, turn);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++)
                next[3 * r + c] =
                    turn[3 * r] * R[c] + turn[3 * r + 1] * R[3 + c] + turn[3 * r + 2] * R[6 + c];
        memcpy(R, next, sizeof(R));
    }
    free(angle);
    return median;
}

/* A motion and what became of it in the bundle adjustment. */
typedef struct hypothesis {
    omma_camera camera;
    omma_se3 pose[MAX_POSES]; /* camera_from_start; start first, the newest frame last */
    int poses;
    double *rho;     /* per pair; 0 = rejected */
    double *quality; /* per pair: sigma of rho / rho */
    size_t good;
    double rms, median_quality, parallax, focal_sigma;
} hypothesis;

static void hypothesis_free(hypothesis *h)
{
    free(h->rho);
    free(h->quality);
    h->rho = h->quality = NULL;
}

/* Sights of the pairs in a record, px; weight 0 = not seen. */
static void sights_of_pairs(const pair_set *p, const record *r, const uint32_t *slot, double *px,
                            uint8_t *seen)
{
    memset(seen, 0, p->n);
    for (uint32_t i = 0; i < r->sight_count; i++) {
        uint32_t k = slot[r->sights[i].feature];
        if (k == UINT32_MAX)
            continue;
        seen[k] = 1;
        const sight *s = &r->sights[i];
        px[2 * k] = s->x + p->readout * s->roll_x;
        px[2 * k + 1] = s->y + p->readout * s->roll_y;
    }
}

static bool pose_between(const hypothesis *h, const pair_set *p, const double *px,
                         const uint8_t *seen, const double *xa, omma_se3 *pose)
{
    double *point = omma_new_array(double, 5 * p->n + 1), *image = point + 3 * p->n;
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (!seen[i] || !(h->rho[i] > 0))
            continue;
        point[3 * n] = xa[2 * i] / h->rho[i];
        point[3 * n + 1] = xa[2 * i + 1] / h->rho[i];
        point[3 * n + 2] = 1 / h->rho[i];
        image[2 * n] = px[2 * i];
        image[2 * n + 1] = px[2 * i + 1];
        n++;
    }
    omma_error err = n < 12 ? OMMA_INVALID
                            : omma_pose_refine(point, image, n, &h->camera,
                                               &(omma_pose_options){.iterations = 15}, pose, NULL);
    free(point);
    return !err;
}

typedef struct between {
    int count;
    double *px[MAX_BETWEEN];
    uint8_t *seen[MAX_BETWEEN];
} between;

/* Bundle adjustment of the two views and those between; fills the hypothesis' verdict. */
static bool verify(hypothesis *h, const pair_set *p, const between *middle, bool free_focal)
{
    double *xa = omma_new_array(double, 2 * p->n + 1);
    normalize(&h->camera, p->a, p->n, xa);
    omma_se3 now = h->pose[h->poses - 1];
    omma_se3 poses[MAX_POSES] = {h->pose[0]};
    int count = 1;
    uint8_t frame_of_pose[MAX_POSES] = {0};

    /* Frames between, each starting from the one before. */
    omma_se3 guess = h->pose[0];
    for (int i = 0; i < middle->count; i++) {
        omma_se3 T = guess;
        if (!pose_between(h, p, middle->px[i], middle->seen[i], xa, &T))
            continue;
        frame_of_pose[count] = (uint8_t)i;
        poses[count++] = guess = T;
    }
    poses[count++] = now;

    omma_bundle_point *points = omma_new_array(omma_bundle_point, p->n + 1);
    omma_bundle_observation *sights = omma_new_array(omma_bundle_observation, p->n * MAX_POSES + 1);
    uint32_t *pair_of_point = omma_new_array(uint32_t, p->n + 1);
    double *error = omma_new_array(double, p->n *MAX_POSES + 1);
    double *information = omma_new_array(double, p->n + 1);
    size_t point_count = 0, sight_count = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!(h->rho[i] > 0))
            continue;
        pair_of_point[point_count] = (uint32_t)i;
        points[point_count] = (omma_bundle_point){
            .anchor = 0, .anchor_px = {p->a[2 * i], p->a[2 * i + 1]}, .inverse_depth = h->rho[i]};
        for (int k = 1; k < count; k++) {
            const double *px = k == count - 1 ? p->b : middle->px[frame_of_pose[k]];
            if (k < count - 1 && !middle->seen[frame_of_pose[k]][i])
                continue;
            sights[sight_count++] =
                (omma_bundle_observation){(uint32_t)k,
                                          (uint32_t)point_count,
                                          {(float)px[2 * i], (float)px[2 * i + 1]},
                                          p->inverse_sigma[i]};
        }
        point_count++;
    }
    omma_bundle_problem problem = {.camera = &h->camera,
                                   .camera_from_world = poses,
                                   .pose_count = (size_t)count,
                                   .points = points,
                                   .point_count = point_count,
                                   .observations = sights,
                                   .observation_count = sight_count};
    omma_bundle_result result = {0};
    omma_error err = OMMA_INVALID;
    if (point_count >= 30)
        err = omma_bundle_adjust(&problem,
                                 &(omma_bundle_options){
                                     .iterations = free_focal ? 30 : 20,
                                     .huber = 1.5,
                                     .free_camera = free_focal ? OMMA_BUNDLE_FOCAL : 0,
                                     .focal_prior = h->camera.fx,
                                     .focal_prior_sigma = free_focal ? 0.2 : 0,
                                 },
                                 error, &result);
    h->good = 0;
    if (!err) {
        omma_bundle_point_information(&problem, information);
        double *sorted = omma_new_array(double, point_count + 1), squares = 0;
        size_t good_sights = 0;
        memset(h->rho, 0, p->n * sizeof(double));
        for (size_t i = 0, o = 0; i < point_count; i++) {
            double sum = 0;
            size_t first = o, bad = 0;
            for (; o < sight_count && sights[o].point == i; o++) {
                bad += error[o] > 9.2;
                sum += fmin(error[o], 20);
            }
            double rho = points[i].inverse_depth;
            if (bad * 4 > o - first || !(rho > 0) || !(information[i] > 0))
                continue;
            uint32_t k = pair_of_point[i];
            h->rho[k] = rho;
            h->quality[k] = 1 / (sqrt(information[i]) * rho);
            sorted[h->good++] = h->quality[k];
            squares += sum;
            good_sights += o - first;
        }
        h->median_quality = h->good ? omma_median(sorted, h->good) : 1e9;
        h->rms = good_sights ? sqrt(squares / (double)good_sights) : 1e9;
        h->focal_sigma = result.focal_sigma_px;
        h->poses = count;
        memcpy(h->pose, poses, sizeof(poses));
        free(sorted);
    }
    free(xa);
    free(points);
    free(sights);
    free(pair_of_point);
    free(error);
    free(information);
    return !err && h->good >= 30;
}

/* Depths of the pairs for a motion, in the start camera. */
static void depths_of_motion(hypothesis *h, const pair_set *p, const double *xa, const double *xb,
                             const omma_se3 *motion)
{
    double *points = omma_new_array(double, 3 * p->n + 1);
    uint8_t *good = omma_new_array(uint8_t, p->n + 1);
    size_t count;

    omma_motion_choose(motion, 1, xa, xb, p->n, 3 / h->camera.fx, points, good, &count);
    for (size_t i = 0; i < p->n; i++)
        h->rho[i] = good[i] && points[3 * i + 2] > 1e-3 ? 1 / points[3 * i + 2] : 0;
    h->pose[0] = omma_se3_identity();
    h->pose[1] = *motion;
    h->poses = 2;
    free(points);
    free(good);
}

static bool is_better(const hypothesis *a, const hypothesis *b)
{
    double x = (double)a->good / (1 + a->rms * a->rms);
    double y = (double)b->good / (1 + b->rms * b->rms);
    return x > y;
}

/* All motions that one focal length allows; the best verified one replaces *best if better. */
static void try_camera(const omma_camera *camera, const pair_set *p, const between *middle,
                       bool free_focal, uint64_t seed, hypothesis *best)
{
    double *xa = omma_new_array(double, 4 * p->n + 1), *xb = xa + 2 * p->n;
    omma_se3 motion[8];
    int motions = 0;
    double model[9], normal[4][3];
    const omma_ransac_options ransac = {
        .threshold = 1.5 / camera->fx, .max_iterations = 200, .seed = seed};

    normalize(camera, p->a, p->n, xa);
    normalize(camera, p->b, p->n, xb);
    if (omma_essential_ransac(xa, xb, p->n, &ransac, model, NULL, NULL) == OMMA_OK) {
        omma_se3 four[4];
        size_t count;
        omma_essential_decompose(model, four);
        int i = omma_motion_choose(four, 4, xa, xb, p->n, 3 / camera->fx, NULL, NULL, &count);
        motion[motions++] = four[i];
    }
    const omma_ransac_options planar = {
        .threshold = 3 / camera->fx, .max_iterations = 200, .seed = seed};
    if (omma_homography_ransac(xa, xb, p->n, &planar, model, NULL, NULL) == OMMA_OK) {
        omma_se3 four[4];
        int n = omma_homography_decompose(model, four, normal);
        for (int i = 0; i < n; i++) {
            double length = sqrt(four[i].t[0] * four[i].t[0] + four[i].t[1] * four[i].t[1] +
                                 four[i].t[2] * four[i].t[2]);
            if (!(length > 1e-6))
                continue;
            for (int k = 0; k < 3; k++)
                four[i].t[k] /= length;
            motion[motions++] = four[i];
        }
    }
    for (int i = 0; i < motions; i++) {
        hypothesis h = {.camera = *camera,
                        .rho = omma_new_array(double, p->n + 1),
                        .quality = omma_new_array(double, p->n + 1)};
        depths_of_motion(&h, p, xa, xb, &motion[i]);
        /* Twice: the second time without what disagreed. */
        bool good = verify(&h, p, middle, free_focal) && verify(&h, p, middle, free_focal);
        if (good && is_better(&h, best)) {
            hypothesis_free(best);
            *best = h;
        } else {
            hypothesis_free(&h);
        }
    }
    free(xa);
}

/* Records between the two views that see most pairs, spread evenly. */
static between between_make(const world *w, const pair_set *p, uint32_t first, uint32_t last)
{
    between b = {0};
    uint32_t *slot = omma_new_array(uint32_t, w->feature_count + 1);

    memset(slot, 0xff, (w->feature_count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < p->n; i++)
        slot[p->feature[i]] = (uint32_t)i;
    uint32_t span = last > first ? last - first : 0;
    int wanted = span > MAX_BETWEEN ? MAX_BETWEEN : span > 1 ? (int)span - 1 : 0;
    for (int i = 0; i < wanted; i++) {
        uint32_t r =
            first + (uint32_t)((uint64_t)span * (uint64_t)(i + 1) / (uint64_t)(wanted + 1));
        if (r <= first || r >= last)
            continue;
        b.px[b.count] = omma_new_array(double, 2 * p->n + 1);
        b.seen[b.count] = omma_new_array(uint8_t, p->n + 1);
        sights_of_pairs(p, &w->records[r], slot, b.px[b.count], b.seen[b.count]);
        b.count++;
    }
    free(slot);
    return b;
}

static void between_free(between *b)
{
    for (int i = 0; i < b->count; i++) {
        free(b->px[i]);
        free(b->seen[i]);
    }
}

/* Focal lengths tried for an unknown camera, as shares of the picture's longer side. */
static const double focal_shares[] = {0.55, 0.7, 0.85, 1.05, 1.35};

static hypothesis best_hypothesis(const world *w, const pair_set *p, uint32_t now,
                                  const initialise_options *o)
{
    hypothesis best = {0};
    between middle = between_make(w, p, w->keyframes[p->start].frame, now);

    if (o->camera_known) {
        try_camera(&w->camera, p, &middle, false, o->seed, &best);
    } else {
        double side = w->camera.width > w->camera.height ? w->camera.width : w->camera.height;
        size_t n = sizeof(focal_shares) / sizeof(*focal_shares);
        for (size_t i = 0; i < n; i++) {
            omma_camera c = w->camera;
            c.fx = c.fy = o->focal_hint > 0 ? o->focal_hint * (0.8 + 0.1 * (double)i)
                                            : focal_shares[i] * side;
            try_camera(&c, p, &middle, true, o->seed, &best);
        }
    }
    between_free(&middle);
    return best;
}

/* The start keyframe's frame becomes the world's, one unit the median depth. */
static void apply(world *w, const pair_set *p, hypothesis *h, uint32_t now)
{
    double *sorted = omma_new_array(double, h->good + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (h->rho[i] > 0)
            sorted[n++] = h->rho[i];
    const double unit = omma_median(sorted, n); /* 1 / median depth */
    free(sorted);

    world_set_readout(w, p->readout);
    world_set_camera(w, &h->camera);
    keyframe *start = &w->keyframes[p->start];
    start->camera_from_world = omma_se3_identity();
    start->posed = true;
    omma_se3 pose = h->pose[h->poses - 1];
    for (int k = 0; k < 3; k++)
        pose.t[k] *= unit;
    world_set_record_pose(w, &w->records[start->frame], p->start, &start->camera_from_world);
    world_set_record_pose(w, &w->records[now], p->start, &pose);
    for (size_t i = 0; i < p->n; i++) {
        feature *f = &w->features[p->feature[i]];
        if (f->state == FEATURE_DEAD || !(h->rho[i] > 0))
            continue;
        /* Held by the start keyframe from now on: an earlier anchor has no pose yet. */
        if (!feature_hold_by(w, f, p->start)) {
            feature_kill(f);
            continue;
        }
        f->rho = h->rho[i] / unit;
        f->rho_sigma = f->rho * h->quality[i];
        f->state = f->rho_sigma < 0.35 * f->rho ? FEATURE_MATURE : FEATURE_IMMATURE;
    }
    /* What was lost before now is somewhere, not surely at infinity: it would hold the frames that
       saw it where they were not. */
    for (size_t i = 0; i < w->feature_count; i++) {
        feature *f = &w->features[i];
        if (f->state == FEATURE_IMMATURE && w->keyframes[f->anchor].submap == start->submap)
            f->rho = f->rho_sigma = 1;
    }
}

/* Readouts tried for a camera that turns fast: none, and what small rolling shutters have. */
static const double readouts[] = {0, 0.02};

static double pairs_parallax(const world *w, const pair_set *p)
{
    if (p->n < MIN_MATCHES)
        return 0;
    double *x = omma_new_array(double, 4 * p->n);
    normalize(&w->camera, p->a, p->n, x);
    normalize(&w->camera, p->b, p->n, x + 2 * p->n);
    double parallax = median_parallax(x, x + 2 * p->n, p->n);
    free(x);
    return parallax;
}

/* The best start keyframe k has to offer; pairs and hypothesis are given. */
static hypothesis try_start(const world *w, uint32_t k, uint32_t now, const initialise_options *o,
                            pair_set *pairs)
{
    hypothesis best = {0};

    /* What a rolling shutter may feign is no parallax: every readout must leave enough of it. */
    double parallax = INFINITY;
    for (size_t i = 0; i < sizeof(readouts) / sizeof(*readouts); i++) {
        pair_set p = pairs_make(w, k, &w->records[now], readouts[i]);
        parallax = fmin(parallax, pairs_parallax(w, &p));
        pairs_free(&p);
    }
    for (size_t i = 0; i < sizeof(readouts) / sizeof(*readouts); i++) {
        pair_set p = pairs_make(w, k, &w->records[now], readouts[i]);
        hypothesis h = {0};
        /* Half a pixel of difference cannot be told from noise. */
        if (p.n >= MIN_MATCHES && (i == 0 || p.roll * readouts[i] > 0.5)) {
            if (parallax > 0.012)
                h = best_hypothesis(w, &p, now, o);
            if (h.good)
                omma_debug(o->log,
                           "start %u, now %u, readout %.0f ms: %zu of %zu good, rms %.2f, depth "
                           "%.3f, focal %.1f +- %.1f, parallax %.2f deg",
                           w->keyframes[k].frame, now, 1e3 * p.readout, h.good, p.n, h.rms,
                           h.median_quality, h.camera.fx, h.focal_sigma, parallax * 57.3);
        }
        if (i == 0 || (h.good && is_better(&h, &best))) {
            if (i) {
                pairs_free(pairs);
                hypothesis_free(&best);
            }
            *pairs = p;
            best = h;
        } else {
            pairs_free(&p);
            hypothesis_free(&h);
        }
    }
    return best;
}

bool initialise(world *w, uint32_t first, uint32_t now, const initialise_options *o)
{
    bool done = false;

    /* From the oldest start on: it has seen most parallax, if it still shares enough. */
    for (uint32_t k = 0; k < w->keyframe_count && !done; k++) {
        const keyframe *start = &w->keyframes[k];
        if (start->culled || start->posed || start->frame < first || start->frame >= now)
            continue;
        pair_set p = {0};
        hypothesis best = try_start(w, k, now, o, &p);
        if (best.good >= 40 && best.good * 10 >= p.n * 6 && best.median_quality < 0.08 &&
            best.rms < 1.8) {
            apply(w, &p, &best, now);
            done = true;
        }
        hypothesis_free(&best);
        pairs_free(&p);
    }
    return done;
}
