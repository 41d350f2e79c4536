/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <math.h>

/* A ray further off the axis than 84 degrees is noise to a flat picture. */
static const double pinhole_radius2_max = 100;

/*
 * Squared radius up to which the radial distortion still grows outwards; beyond it a point would be
 * imaged a second time, inside the picture.
 */
static double pinhole_reach(const omma_camera *c)
{
    const double step = 0.02;
    for (double r = step; r * r < pinhole_radius2_max; r += step) {
        const double s = r * r;
        if (!(1 + s * (3 * c->k[0] + s * (5 * c->k[1] + s * 7 * c->k[4])) > 0))
            return (r - step) * (r - step);
    }
    return pinhole_radius2_max;
}

void bundle_state_update_reach(bundle_state *state)
{
    state->radius2_max = pinhole_reach(&state->camera);
}

void bundle_state_update_rays(bundle_state *state, const omma_bundle_problem *problem)
{
    bundle_state_update_reach(state);
    for (size_t i = 0; i < problem->point_count; i++) {
        double *ray = state->ray + 2 * i;
        if (!omma_camera_unproject(&state->camera, problem->points[i].anchor_px, ray))
            ray[0] = ray[1] = NAN;
    }
}

/* omma_camera_project with the derivatives that are asked for: J = d px / d X (2x3), P = d px /
 * d camera (2x6). X may be scaled: only its direction matters. */
static inline __attribute__((always_inline)) bool
project_pinhole(const bundle_state *state, const double X[3], double px[2], double *J, double *P)
{
    const omma_camera *c = &state->camera;
    if (!(X[2] > 1e-9))
        return false;
    const double iz = 1 / X[2], x = X[0] * iz, y = X[1] * iz, xx = x * x, yy = y * y, xy = x * y;
    const double s = xx + yy;
    if (!(s < state->radius2_max))
        return false;
    const double *k = c->k; /* k1 k2 p1 p2 k3 */
    const double radial = 1 + s * (k[0] + s * (k[1] + s * k[4]));
    const double xd = x * radial + 2 * k[2] * xy + k[3] * (s + 2 * xx);
    const double yd = y * radial + k[2] * (s + 2 * yy) + 2 * k[3] * xy;
    px[0] = c->fx * xd + c->cx;
    px[1] = c->fy * yd + c->cy;
    if (J) {
        const double slope = 2 * (k[0] + s * (2 * k[1] + s * 3 * k[4])); /* d radial / d s * 2 */
        const double cross = slope * xy + 2 * (k[2] * x + k[3] * y);
        const double a = c->fx * (radial + slope * xx + 2 * k[2] * y + 6 * k[3] * x) * iz;
        const double b = c->fx * cross * iz, d = c->fy * cross * iz;
        const double e = c->fy * (radial + slope * yy + 6 * k[2] * y + 2 * k[3] * x) * iz;
        J[0] = a, J[1] = b, J[2] = -(a * x + b * y);
        J[3] = d, J[4] = e, J[5] = -(d * x + e * y);
    }
    if (P) {
        P[0] = c->fx * xd, P[1] = 1, P[2] = 0;
        P[3] = c->fx * x * s, P[4] = P[3] * s, P[5] = P[4] * s;
        P[6] = c->fy * yd, P[7] = 0, P[8] = 1;
        P[9] = c->fy * y * s, P[10] = P[9] * s, P[11] = P[10] * s;
    }
    return true;
}

static bool project_any(const bundle_state *state, const double X[3], double px[2], double *J,
                        double *P)
{
    const omma_camera *c = &state->camera;
    if (!omma_camera_project(c, X, px, J))
        return false;
    if (P) {
        omma_camera_parameter_jacobian(c, X, P);
        P[0] *= c->fx; /* by ln f; fy follows fx */
        P[6] *= c->fx;
    }
    return true;
}

static inline __attribute__((always_inline)) bool
project(const bundle_state *state, const double X[3], double px[2], double *J, double *P)
{
    if (state->camera.model == OMMA_CAMERA_PINHOLE)
        return project_pinhole(state, X, px, J, P);
    return project_any(state, X, px, J, P);
}

/* The pixel stays while the camera changes: 0 = J dm + P dc, so dm / dc = -J^-1 P. */
bool bundle_ray_by_camera(bundle_ray *ray, const bundle_state *state)
{
    double px[2], J[6], P[12];
    if (!project(state, ray->m, px, J, P))
        return false;
    const double det = J[0] * J[4] - J[1] * J[3];
    if (!(fabs(det) > 0))
        return false;
    for (int i = 0; i < BUNDLE_CAMERA_PARAMETERS; i++) {
        ray->camera[0][i] = -(J[4] * P[i] - J[1] * P[6 + i]) / det;
        ray->camera[1][i] = -(J[0] * P[6 + i] - J[3] * P[i]) / det;
    }
    return true;
}

bool bundle_ray_init(bundle_ray *ray, const omma_se3 *anchor, const double xy[2], double rho)
{
    const double *R = anchor->R, *t = anchor->t;
    if (isnan(xy[0]))
        return false;
    ray->m[0] = xy[0], ray->m[1] = xy[1], ray->m[2] = 1;
    ray->rho = rho;
    ray->anchor = anchor;
    const double v[3] = {xy[0] - rho * t[0], xy[1] - rho * t[1], 1 - rho * t[2]};
    for (int i = 0; i < 3; i++)
        ray->d[i] = R[i] * v[0] + R[3 + i] * v[1] + R[6 + i] * v[2];
    return true;
}

static inline void to_target(const bundle_ray *ray, const omma_se3 *target, double X[3])
{
    const double *R = target->R, *d = ray->d;
    for (int i = 0; i < 3; i++)
        X[i] =
            R[3 * i] * d[0] + R[3 * i + 1] * d[1] + R[3 * i + 2] * d[2] + ray->rho * target->t[i];
}

bool bundle_residual(const bundle_state *state, const bundle_ray *ray,
                     const omma_bundle_observation *observation, double r[2])
{
    double X[3], px[2];
    to_target(ray, state->pose + observation->pose, X);
    if (!project(state, X, px, NULL, NULL))
        return false;
    r[0] = (px[0] - observation->px[0]) * observation->inverse_sigma;
    r[1] = (px[1] - observation->px[1]) * observation->inverse_sigma;
    return true;
}

bool bundle_linearize(const bundle_state *state, const bundle_ray *ray,
                      const omma_bundle_observation *observation, unsigned with, bundle_view *view)
{
    const omma_se3 *target = state->pose + observation->pose;
    double X[3], px[2], J[6], P[12];
    to_target(ray, target, X);
    if (!project(state, X, px, J, with & BUNDLE_WITH_CAMERA ? P : NULL))
        return false;
    const double sigma = observation->inverse_sigma, rho = ray->rho, *m = ray->m;
    for (int i = 0; i < 2; i++) {
        const double j[3] = {sigma * J[3 * i], sigma * J[3 * i + 1], sigma * J[3 * i + 2]};
        const double *R = target->R, *Q = ray->anchor->R, *t = target->t, *u = ray->anchor->t;
        double w[3], g[3]; /* rows of J R_t and G = J R_t R_a^T */
        for (int l = 0; l < 3; l++)
            w[l] = j[0] * R[l] + j[1] * R[3 + l] + j[2] * R[6 + l];
        for (int l = 0; l < 3; l++)
            g[l] = w[0] * Q[3 * l] + w[1] * Q[3 * l + 1] + w[2] * Q[3 * l + 2];
        view->r[i] = (px[i] - observation->px[i]) * sigma;
        view->rho[i] =
            j[0] * t[0] + j[1] * t[1] + j[2] * t[2] - (g[0] * u[0] + g[1] * u[1] + g[2] * u[2]);
        double *o = view->target[i]; /* j [rho I, -[X]x]: -j [X]x = X x j */
        o[0] = rho * j[0], o[1] = rho * j[1], o[2] = rho * j[2];
        o[3] = X[1] * j[2] - X[2] * j[1];
        o[4] = X[2] * j[0] - X[0] * j[2];
        o[5] = X[0] * j[1] - X[1] * j[0];
        if (with & BUNDLE_WITH_ANCHOR) {
            double *a = view->anchor[i]; /* g [-rho I, [m]x]: g [m]x = g x m */
            a[0] = -rho * g[0], a[1] = -rho * g[1], a[2] = -rho * g[2];
            a[3] = g[1] * m[2] - g[2] * m[1];
            a[4] = g[2] * m[0] - g[0] * m[2];
            a[5] = g[0] * m[1] - g[1] * m[0];
        }
        if (with & BUNDLE_WITH_CAMERA) {
            for (int l = 0; l < BUNDLE_CAMERA_PARAMETERS; l++)
                view->camera[i][l] =
                    sigma * P[6 * i + l] + g[0] * ray->camera[0][l] + g[1] * ray->camera[1][l];
        }
    }
    return true;
}
