/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three points at unknown distances d along unit rays y: |d_i y_i - d_j y_j|^2 = a_ij are three
 * quadrics d' M_ij d = a_ij. Two homogeneous combinations D1, D2 of them are conics whose common
 * points are sought; a degenerate conic D1 + g D2 of their pencil is a pair of lines, and a line
 * meets a conic in a quadratic. Source: Persson, Nordberg, "Lambda twist: an accurate fast robust
 * perspective three point (P3P) solver", ECCV 2018; how the pencil's root is chosen and the pose
 * made is ours.
 */
#include "p3p.h"

#include "matrix.h"
#include "polynomial.h"

#include <math.h>
#include <string.h>

typedef struct triangle {
    double cosine[3]; /* between rays 01, 02, 12 */
    double side2[3];  /* between points 01, 02, 12 */
} triangle;

static const unsigned char ends[3][2] = {{0, 1}, {0, 2}, {1, 2}};

/* M_ij: symmetric with 1, 1 on the diagonal and -cosine beside it. */
static void add_quadric(const triangle *t, int k, double factor, double M[9])
{
    int i = ends[k][0], j = ends[k][1];
    M[4 * i] += factor;
    M[4 * j] += factor;
    M[3 * i + j] -= factor * t->cosine[k];
    M[3 * j + i] -= factor * t->cosine[k];
}

static double form(const double M[9], const double a[3], const double b[3])
{
    double Mb[3];
    mat3_apply(M, b, Mb);
    return vec3_dot(a, Mb);
}

/* The normals of the two planes that a singular symmetric matrix with eigenvalues of both signs is.
 * Returns a measure of how well they are determined, 0 when there are none. */
static double split_conic(const double M[9], double planes[2][3])
{
    double A[9], values[3], vectors[9];
    memcpy(A, M, sizeof(A));
    matrix_symmetric_eigen(3, A, values, vectors);
    if (!(values[0] < 0) || !(values[2] > 0))
        return 0;
    double size = fmax(-values[0], values[2]);
    for (int i = 0; i < 3; i++) {
        double low = sqrt(-values[0] / size) * vectors[i];
        double high = sqrt(values[2] / size) * vectors[6 + i];
        planes[0][i] = high + low;
        planes[1][i] = high - low;
    }
    return -values[0] * values[2] / (size * size);
}

/* Newton on the three equations, which takes away what the chain of roots has lost. */
static void polish(const triangle *t, double d[3])
{
    for (int round = 0; round < 3; round++) {
        double J[9] = {0}, r[3];
        for (int k = 0; k < 3; k++) {
            int i = ends[k][0], j = ends[k][1];
            r[k] = t->side2[k] - (d[i] * d[i] + d[j] * d[j] - 2 * t->cosine[k] * d[i] * d[j]);
            J[3 * k + i] = 2 * (d[i] - t->cosine[k] * d[j]);
            J[3 * k + j] = 2 * (d[j] - t->cosine[k] * d[i]);
        }
        if (!matrix_gauss_solve(J, 3, r, 1))
            return;
        for (int k = 0; k < 3; k++)
            d[k] += r[k];
    }
}

/* Where a plane meets the cone d' M d = 0: at most two distances, scaled by the sides. */
static int meet(const triangle *t, const double plane[3], const double D1[9], const double D2[9],
                double distances[2][3])
{
    double n[3], p[3], q[3], norm = vec3_norm(plane);
    for (int i = 0; i < 3; i++)
        n[i] = plane[i] / norm;
    vec3_complete(n, p, q);
    /* On the plane both forms are the same but for a factor: take the larger. */
    double f[2][3];
    for (int k = 0; k < 2; k++) {
        const double *D = k ? D2 : D1;
        f[k][0] = form(D, p, p);
        f[k][1] = form(D, p, q);
        f[k][2] = form(D, q, q);
    }
    const double *g = vec3_dot(f[0], f[0]) > vec3_dot(f[1], f[1]) ? f[0] : f[1];
    double discriminant = g[1] * g[1] - g[0] * g[2];
    if (!(discriminant >= 0))
        return 0;
    /* g0 u^2 + 2 g1 u v + g2 v^2 = 0 */
    double h = -(g[1] + copysign(sqrt(discriminant), g[1]));
    const double uv[2][2] = {{h, g[0]}, {g[2], h}};
    double all[9] = {0}, sides = 0;
    int count = 0;
    for (int k = 0; k < 3; k++) {
        add_quadric(t, k, 1, all);
        sides += t->side2[k];
    }
    for (int k = 0; k < 2; k++) {
        double *d = distances[count];
        for (int i = 0; i < 3; i++)
            d[i] = uv[k][0] * p[i] + uv[k][1] * q[i];
        double scale = copysign(sqrt(sides / form(all, d, d)), d[0]);
        for (int i = 0; i < 3; i++)
            d[i] *= scale;
        if (d[0] > 0 && d[1] > 0 && d[2] > 0 && isfinite(scale))
            count++;
    }
    return count;
}

/* Rows: the orthonormal frame of a triangle. */
static bool frame_of(const double *a, const double *b, const double *c, double frame[9])
{
    double ab[3], ac[3];
    for (int i = 0; i < 3; i++) {
        ab[i] = b[i] - a[i];
        ac[i] = c[i] - a[i];
    }
    vec3_cross(ab, ac, frame + 6);
    double length = vec3_norm(ab), area = vec3_norm(frame + 6);
    if (!(area > 1e-10 * length * vec3_norm(ac)))
        return false;
    for (int i = 0; i < 3; i++) {
        frame[i] = ab[i] / length;
        frame[6 + i] /= area;
    }
    vec3_cross(frame + 6, frame, frame + 3);
    return true;
}

static bool pose_from_distances(const double world[9], const double rays[9], const double d[3],
                                omma_se3 *camera_from_world)
{
    double p[9], camera_frame[9], world_frame[9], camera_columns[9], moved[3];
    for (int i = 0; i < 9; i++)
        p[i] = d[i / 3] * rays[i];
    if (!frame_of(p, p + 3, p + 6, camera_frame) ||
        !frame_of(world, world + 3, world + 6, world_frame))
        return false;
    mat3_transpose(camera_frame, camera_columns);
    mat3_mul(camera_columns, world_frame, camera_from_world->R);
    mat3_apply(camera_from_world->R, world, moved);
    for (int i = 0; i < 3; i++)
        camera_from_world->t[i] = p[i] - moved[i];
    return true;
}

int p3p_solve(const double world[9], const double x[6], omma_se3 camera_from_world[4])
{
    triangle t;
    double rays[9], D1[9] = {0}, D2[9] = {0}, cubic[4], roots[3], planes[2][3], best = 0;
    for (int i = 0; i < 3; i++) {
        double n = sqrt(1 + x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1]);
        rays[3 * i] = x[2 * i] / n;
        rays[3 * i + 1] = x[2 * i + 1] / n;
        rays[3 * i + 2] = 1 / n;
    }
    double largest = 0;
    for (int k = 0; k < 3; k++) {
        const double *a = world + 3 * ends[k][0], *b = world + 3 * ends[k][1];
        double ab[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
        t.cosine[k] = vec3_dot(rays + 3 * ends[k][0], rays + 3 * ends[k][1]);
        t.side2[k] = vec3_dot(ab, ab);
        largest = fmax(largest, t.side2[k]);
    }
    if (!(largest > 0) || !isfinite(largest))
        return 0;
    add_quadric(&t, 0, t.side2[2] / largest, D1);
    add_quadric(&t, 2, -t.side2[0] / largest, D1);
    add_quadric(&t, 1, t.side2[2] / largest, D2);
    add_quadric(&t, 2, -t.side2[1] / largest, D2);
    mat3_pencil_cubic(D1, D2, cubic);
    int n = polynomial_real_roots(cubic, 3, roots), count = 0;
    for (int i = 0; i < n; i++) {
        double conic[9], candidate[2][3];
        for (int j = 0; j < 9; j++)
            conic[j] = D1[j] + roots[i] * D2[j];
        double quality = split_conic(conic, candidate);
        if (quality > best) {
            best = quality;
            memcpy(planes, candidate, sizeof(planes));
        }
    }
    for (int i = 0; i < 2 && best > 0; i++) {
        double d[2][3];
        int found = meet(&t, planes[i], D1, D2, d);
        for (int j = 0; j < found; j++) {
            polish(&t, d[j]);
            if (d[j][0] > 0 && d[j][1] > 0 && d[j][2] > 0)
                count += pose_from_distances(world, rays, d[j], &camera_from_world[count]);
        }
    }
    return count;
}
