/* SPDX-License-Identifier: Apache-2.0 */
/* Rigid motions and rotations. Closed forms as in Barfoot, "State estimation for robotics", 2017,
 * section 7.1; each is written so that nothing cancels near 0 or near pi. */
#include <omma/geometry.h>

#include "matrix.h"

#include <math.h>
#include <string.h>

omma_se3 omma_se3_identity(void)
{
    return (omma_se3){.R = {1, 0, 0, 0, 1, 0, 0, 0, 1}};
}

omma_se3 omma_se3_mul(const omma_se3 *c_from_b, const omma_se3 *b_from_a)
{
    omma_se3 out;
    mat3_mul(c_from_b->R, b_from_a->R, out.R);
    omma_se3_apply(c_from_b, b_from_a->t, out.t);
    return out;
}

omma_se3 omma_se3_inverse(const omma_se3 *b_from_a)
{
    omma_se3 out;
    mat3_transpose(b_from_a->R, out.R);
    mat3_apply(out.R, b_from_a->t, out.t);
    for (int i = 0; i < 3; i++)
        out.t[i] = -out.t[i];
    return out;
}

void omma_se3_apply(const omma_se3 *b_from_a, const double x[3], double out[3])
{
    mat3_apply(b_from_a->R, x, out);
    for (int i = 0; i < 3; i++)
        out[i] += b_from_a->t[i];
}

/* out = I + a [phi]x + b [phi]x^2 */
static void identity_plus_skew(const double phi[3], double a, double b, double out[9])
{
    double theta2 = vec3_dot(phi, phi);
    mat3_skew(phi, out);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = a * out[3 * i + j] + b * phi[i] * phi[j];
        out[4 * i] += 1 - b * theta2;
    }
}

/* sin x / x */
static double sinc(double x)
{
    return fabs(x) < 1e-8 ? 1 : sin(x) / x;
}

/* (1 - cos x) / x^2, which as it stands loses half of the digits near 0. */
static double cosc(double x)
{
    double s = sinc(0.5 * x);
    return 0.5 * s * s;
}

void omma_so3_exp(const double phi[3], double R[9])
{
    double theta = vec3_norm(phi);
    identity_plus_skew(phi, sinc(theta), cosc(theta), R);
}

/* Shepperd's choice of the largest component: each division is by at least 1/2.
 * Source: Shepperd, "Quaternion from rotation matrix", J. Guidance and Control 1978. */
static void quaternion_from_rotation(const double R[9], double q[4])
{
    double trace = R[0] + R[4] + R[8];
    int i = R[4] > R[0] ? 1 : 0;
    if (R[8] > R[4 * i])
        i = 2;
    if (trace >= R[4 * i]) {
        double w = sqrt(fmax(1 + trace, 0)) / 2;
        double k = 0.25 / w;
        q[0] = (R[7] - R[5]) * k;
        q[1] = (R[2] - R[6]) * k;
        q[2] = (R[3] - R[1]) * k;
        q[3] = w;
    } else {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        double v = sqrt(fmax(1 + R[4 * i] - R[4 * j] - R[4 * k], 0)) / 2;
        double d = 0.25 / v;
        q[i] = v;
        q[j] = (R[3 * j + i] + R[3 * i + j]) * d;
        q[k] = (R[3 * k + i] + R[3 * i + k]) * d;
        q[3] = (R[3 * k + j] - R[3 * j + k]) * d;
    }
    if (q[3] < 0) {
        for (int a = 0; a < 4; a++)
            q[a] = -q[a];
    }
}

void omma_so3_log(const double R[9], double phi[3])
{
    double q[4];
    quaternion_from_rotation(R, q);
    double n = vec3_norm(q);
    /* atan2 is exact near pi, where w is 0, and does not need |q| = 1. */
    double k = n < 1e-8 ? 2 / q[3] : 2 * atan2(n, q[3]) / n;
    for (int i = 0; i < 3; i++)
        phi[i] = k * q[i];
}

double omma_so3_angle(const double Ra[9], const double Rb[9])
{
    double Rat[9], R[9], q[4];
    mat3_transpose(Ra, Rat);
    mat3_mul(Rat, Rb, R);
    quaternion_from_rotation(R, q);
    return 2 * atan2(vec3_norm(q), q[3]);
}

/* (x - sin x) / x^3 */
static double sin_remainder(double x)
{
    double u = x * x;
    if (u > 0.1)
        return (1 - sin(x) / x) / u;
    return 1. / 6 - u * (1. / 120 - u * (1. / 5040 - u * (1. / 362880 - u / 39916800)));
}

/* (1 - (x/2) cot(x/2)) / x^2 for x in [0, 2 pi) */
static double cot_remainder(double x)
{
    double u = x * x;
    if (u > 0.04)
        return (1 - 0.5 * x * cos(0.5 * x) / sin(0.5 * x)) / u;
    return 1. / 12 + u * (1. / 720 + u * (1. / 30240 + u * (1. / 1209600 + u / 47900160)));
}

omma_se3 omma_se3_exp(const double xi[6])
{
    omma_se3 out;
    double V[9], theta = vec3_norm(xi + 3);
    omma_so3_exp(xi + 3, out.R);
    identity_plus_skew(xi + 3, cosc(theta), sin_remainder(theta), V);
    mat3_apply(V, xi, out.t);
    return out;
}

void omma_se3_log(const omma_se3 *T, double xi[6])
{
    double V_inverse[9], phi[3];
    omma_so3_log(T->R, phi);
    identity_plus_skew(phi, -0.5, cot_remainder(vec3_norm(phi)), V_inverse);
    mat3_apply(V_inverse, T->t, xi);
    memcpy(xi + 3, phi, sizeof(phi));
}

omma_se3 omma_se3_from_quaternion(const double q[4], const double t[3])
{
    omma_se3 out = omma_se3_identity();
    memcpy(out.t, t, sizeof(out.t));
    double n2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (!(n2 > 0))
        return out; /* no direction at all: no rotation */
    double k = 2 / n2, x = q[0], y = q[1], z = q[2], w = q[3];
    /* clang-format off */
    const double R[9] = {
        1 - k * (y * y + z * z), k * (x * y - z * w),     k * (x * z + y * w),
        k * (x * y + z * w),     1 - k * (x * x + z * z), k * (y * z - x * w),
        k * (x * z - y * w),     k * (y * z + x * w),     1 - k * (x * x + y * y)};
    /* clang-format on */
    memcpy(out.R, R, sizeof(R));
    return out;
}

void omma_se3_to_quaternion(const omma_se3 *T, double q[4])
{
    quaternion_from_rotation(T->R, q);
    double n = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    for (int i = 0; i < 4; i++)
        q[i] /= n;
}

void omma_se3_normalize(omma_se3 *T)
{
    double R[9];
    mat3_nearest_rotation(T->R, R);
    memcpy(T->R, R, sizeof(R));
}
