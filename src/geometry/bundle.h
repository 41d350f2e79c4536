/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of bundle adjustment: the model (bundle_model.c: what is seen where, and its derivatives),
 * the normal equations and their Schur complement (bundle_schur.c), the iteration (bundle.c).
 *
 * A point is d = R_a^T (m - rho t_a) in the world, times rho: m = (x, y, 1) is the ray of its
 * anchor a and rho its inverse depth, so that in camera t it stands at X = R_t d + rho t_t, and
 * neither rho = 0 nor rho < 0 is special. Pose increments are exp(xi) T from the left,
 * (translation, rotation); X and d change by dX / d xi_t = [rho I, -[X]x],   dX / d xi_a = R_t
 * R_a^T [-rho I, [m]x], dX / d rho  = t_t - R_t R_a^T t_a. The camera's parameters act on the
 * projection in t and, through m, on the ray of the anchor.
 */
#pragma once

#include <omma/geometry.h>

enum { BUNDLE_CAMERA_PARAMETERS = 6 }; /* ln f, cx, cy, k1, k2, k3: the order of the columns */
/* Where k1, k2 or k3 (column 3, 4 or 5) stands in omma_camera.k: the pinhole's p1 and p2 lie
 * between. */
static inline int bundle_place_of_k(const omma_camera *c, int column)
{
    return column == 5 && c->model == OMMA_CAMERA_PINHOLE ? 4 : column - 3;
}

/* What the solver moves. */
typedef struct bundle_state {
    omma_camera camera;
    omma_se3 *pose;
    double *rho;
    double *ray; /* point_count x 2: of the anchor's pixel; NaN = it has none in this camera */
    double radius2_max; /* pinhole: farthest squared normalised radius that is imaged */
} bundle_state;

/* A point in its anchor, and all that its observations share. */
typedef struct bundle_ray {
    double m[3], d[3], rho;
    const omma_se3 *anchor;
    double camera[2][BUNDLE_CAMERA_PARAMETERS]; /* d (x, y) / d camera */
} bundle_ray;

/* One observation: residual and derivatives, in sigmas. */
typedef struct bundle_view {
    double r[2];
    double target[2][6], anchor[2][6], camera[2][BUNDLE_CAMERA_PARAMETERS], rho[2];
} bundle_view;

enum {
    BUNDLE_WITH_ANCHOR = 1, /* fill in anchor */
    BUNDLE_WITH_CAMERA = 2, /* fill in camera; the ray must have its derivative */
};

/* radius2_max after a change of the camera. */
void bundle_state_update_reach(bundle_state *state);
/* The same and the rays of all anchors after a change of the camera. */
void bundle_state_update_rays(bundle_state *state, const omma_bundle_problem *problem);
/* A point at inverse depth rho along the ray (x, y, 1) of its anchor. false when it has no ray. */
bool bundle_ray_init(bundle_ray *ray, const omma_se3 *anchor, const double xy[2], double rho);
/* Fills in camera. */
bool bundle_ray_by_camera(bundle_ray *ray, const bundle_state *state);
/* false when the point is behind the camera or out of the model's reach. */
bool bundle_residual(const bundle_state *state, const bundle_ray *ray,
                     const omma_bundle_observation *observation, double r[2]);
bool bundle_linearize(const bundle_state *state, const bundle_ray *ray,
                      const omma_bundle_observation *observation, unsigned with, bundle_view *view);

/* Huber's loss of a squared residual, and the weight of its iterated least squares. */
static inline double bundle_loss(double e2, double huber, double *weight)
{
    if (e2 <= huber * huber) {
        *weight = 1;
        return e2;
    }
    const double e = __builtin_sqrt(e2);
    *weight = huber / e;
    return 2 * huber * e - huber * huber;
}

/* An observation behind its camera costs as much as one this many sigmas off: constant, so that it
 * pulls at nothing, and finite, so that one bad point cannot stop all others. */
#define BUNDLE_BEHIND_SIGMAS 200.0

/*
 * Normal equations. Free poses are blocks of 6 rows, in the order of the poses, the camera's free
 * parameters are the last rows, and rows of a unit diagonal pad the order n to whole tiles. A slot
 * is one (point, free pose) pair; a point's slots stand together, sorted by block.
 */
typedef struct bundle_system {
    const omma_bundle_problem *problem;
    double huber;
    bool points_fixed;
    double rho_scale; /* mean |rho| at the start: what is a large step */

    size_t blocks, n;
    int camera_count;
    int camera_parameter[BUNDLE_CAMERA_PARAMETERS]; /* which ones are free */
    double prior_mean[BUNDLE_CAMERA_PARAMETERS], prior_information[BUNDLE_CAMERA_PARAMETERS];

    int32_t *block;            /* of each pose; -1 = fixed */
    size_t *first_observation; /* of each point, and the end */
    size_t *first_slot;
    int32_t *slot_block;
    int32_t *target_slot; /* of each observation; -1 = fixed pose */
    int32_t *anchor_slot; /* of each point */

    double *H, *g;        /* camera part of J^T J (lower) and J^T r */
    double *W;            /* slots x 6: pose by inverse depth */
    double *Wc;           /* points x BUNDLE_CAMERA_PARAMETERS */
    double *h, *b;        /* points: J_rho^T J_rho, J_rho^T r */
    double *S, *x, *work; /* reduced system, its solution */
    double *step;         /* points: change of rho */
    uint32_t *first_tile; /* envelope of S */

    void *owned[32]; /* the arrays above, to be freed */
    int owned_count;
    bool no_memory;
} bundle_system;

omma_error bundle_system_init(bundle_system *s, const omma_bundle_problem *problem,
                              const omma_bundle_options *options);
void bundle_system_finish(bundle_system *s);
/* Zeroed array of n elements that the system frees; NULL (and s->no_memory) when there is none. */
void *bundle_system_array(bundle_system *s, size_t n, size_t size);

/* Robust cost of a state; error as in omma_bundle_adjust or NULL. */
double bundle_system_cost(const bundle_system *s, const bundle_state *state, double *error);
/* Fills H, g, W, h, b; returns the cost. *used counts observations before their cameras. */
double bundle_system_linearize(bundle_system *s, const bundle_state *state, size_t *used);
/* Eliminates the points and factors S, each diagonal raised by the share lambda. false = singular.
 */
bool bundle_system_factor(bundle_system *s, const bundle_state *state, double lambda);
/* Step of the cameras (x) and of the points (step); returns the decrease that the linear model
 * promises. After bundle_system_factor with the same lambda. */
double bundle_system_solve(bundle_system *s, const bundle_state *state, double lambda);
/* out = state moved by the step; arrays of out are the caller's. */
void bundle_system_move(const bundle_system *s, const bundle_state *state, bundle_state *out);
/* Cost of the camera's priors. */
double bundle_system_prior(const bundle_system *s, const omma_camera *camera, int i,
                           double *difference);
