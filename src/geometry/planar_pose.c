/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plane's points (p, q) are imaged by the homography (r1 r2 t) of Zhang, "A flexible new
 * technique for camera calibration", PAMI 2000. From far away the plane tilted the other way looks
 * the same: the second pose, as in Schweighofer, Pinz, "Robust pose estimation from a planar
 * target", PAMI 2006.
 */
#include "planar_pose.h"

#include "matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Plane by principal axes: rows of axes are two directions in it, then its normal. */
static bool fit_plane(const double *world, size_t n, double mean[3], double axes[9])
{
    double covariance[9] = {0}, values[3], vectors[9];
    mean[0] = mean[1] = mean[2] = 0;
    for (size_t i = 0; i < 3 * n; i++)
        mean[i % 3] += world[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        double d[3] = {world[3 * i] - mean[0], world[3 * i + 1] - mean[1],
                       world[3 * i + 2] - mean[2]};
        for (int j = 0; j < 9; j++)
            covariance[j] += d[j / 3] * d[j % 3];
    }
    matrix_symmetric_eigen(3, covariance, values, vectors);
    memcpy(axes, vectors + 6, 3 * sizeof(double));
    memcpy(axes + 3, vectors + 3, 3 * sizeof(double));
    vec3_cross(axes, axes + 3, axes + 6);
    return values[1] > 1e-12 * values[2] && values[0] < 0.01 * values[1];
}

static void rotate_half_turn(const double axis[3], double R[9])
{
    double n2 = vec3_dot(axis, axis);
    for (int i = 0; i < 9; i++)
        R[i] = 2 * axis[i / 3] * axis[i % 3] / n2 - (i % 4 == 0);
}

/* camera_from_plane, with the plane's frame at its mean. */
static bool pose_from_homography(const double H[9], omma_se3 *T)
{
    double A[9], columns[9], scale, sign = H[8] < 0 ? -1 : 1;
    for (int i = 0; i < 9; i++)
        columns[3 * (i % 3) + i / 3] = sign * H[i];
    scale = 0.5 * (vec3_norm(columns) + vec3_norm(columns + 3));
    if (!(scale > 0))
        return false;
    for (int j = 0; j < 2; j++) {
        double norm = vec3_norm(columns + 3 * j);
        for (int i = 0; i < 3; i++)
            columns[3 * j + i] /= norm;
    }
    for (int i = 0; i < 3; i++)
        T->t[i] = columns[6 + i] / scale;
    vec3_cross(columns, columns + 3, columns + 6);
    mat3_transpose(columns, A);
    mat3_nearest_rotation(A, T->R);
    return true;
}

int planar_pose_solve(const double *world, const double *x, size_t n, omma_se3 camera_from_world[2])
{
    double H[9];
    omma_se3 plane_from_world, camera_from_plane, mirrored;
    if (!fit_plane(world, n, mirrored.t, plane_from_world.R))
        return 0;
    mat3_apply(plane_from_world.R, mirrored.t, plane_from_world.t);
    for (int i = 0; i < 3; i++)
        plane_from_world.t[i] = -plane_from_world.t[i];
    double *flat = malloc(2 * n * sizeof(*flat));
    if (!flat)
        return 0;
    for (size_t i = 0; i < n; i++) {
        double p[3];
        omma_se3_apply(&plane_from_world, world + 3 * i, p);
        memcpy(flat + 2 * i, p, 2 * sizeof(double));
    }
    omma_error err = omma_homography_fit(flat, x, n, H);
    free(flat);
    if (err || !pose_from_homography(H, &camera_from_plane))
        return 0;
    /* Half a turn about the line of sight reverses the tilt, half a turn in the plane undoes the
     * rest. */
    double sight[9], M[9];
    const double in_plane[9] = {-1, 0, 0, 0, -1, 0, 0, 0, 1};
    rotate_half_turn(camera_from_plane.t, sight);
    mirrored = camera_from_plane;
    mat3_mul(sight, camera_from_plane.R, M);
    mat3_mul(M, in_plane, mirrored.R);
    camera_from_world[0] = omma_se3_mul(&camera_from_plane, &plane_from_world);
    camera_from_world[1] = omma_se3_mul(&mirrored, &plane_from_world);
    return 2;
}
