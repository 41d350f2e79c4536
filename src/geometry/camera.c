/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two camera models that share one idea: a radius (r = tan of the angle for the pinhole, the angle
 * itself for the fisheye) is stretched by an odd polynomial
 *     d(r) = r (1 + a0 u + a1 u^2 + a2 u^3 + a3 u^4),  u = r^2,
 * and is imaged only as far as d rises: beyond its first maximum the model folds over itself.
 * Sources: Brown, "Close-range camera calibration", 1971; Kannala, Brandt, "A generic camera model
 * and calibration method for conventional, wide-angle, and fish-eye lenses", PAMI 2006.
 */
#include <omma/geometry.h>

#include <float.h>
#include <math.h>
#include <string.h>

static void radial_coefficients(const omma_camera *c, double a[4])
{
    bool fisheye = c->model == OMMA_CAMERA_FISHEYE;
    a[0] = c->k[0];
    a[1] = c->k[1];
    a[2] = fisheye ? c->k[2] : c->k[4];
    a[3] = fisheye ? c->k[3] : 0;
}

/* d(r) / r */
static double stretch(const double a[4], double u)
{
    return 1 + u * (a[0] + u * (a[1] + u * (a[2] + u * a[3])));
}

/* d'(r) */
static double stretch_slope(const double a[4], double u)
{
    return 1 + u * (3 * a[0] + u * (5 * a[1] + u * (7 * a[2] + u * 9 * a[3])));
}

/* Is d' > 0 on all of [u0, u1]? Each term is bounded at the end where it is least; where that does
 * not decide, both halves are asked. For lenses that are not near their fold the first bound
 * decides. */
static bool rises(const double a[4], double u0, double u1, int depth)
{
    double bound = 1, p0 = u0, p1 = u1;
    for (int i = 0; i < 4; i++) {
        bound += (2 * i + 3) * a[i] * (a[i] > 0 ? p0 : p1);
        p0 *= u0;
        p1 *= u1;
    }
    if (bound > 0)
        return true;
    if (!(stretch_slope(a, u1) > 0) || depth == 0)
        return false;
    double middle = 0.5 * (u0 + u1);
    return rises(a, u0, middle, depth - 1) && rises(a, middle, u1, depth - 1);
}

static bool is_imaged(const double a[4], double r)
{
    return rises(a, 0, r * r, 12);
}

/* The r with d(r) = target, by Newton inside a bracket. Starting at r = target the steps approach
 * from one side for both barrel and pincushion, so the bracket acts for moustache lenses only. */
static bool invert_stretch(const double a[4], double target, double *r)
{
    double low = 0, high = INFINITY, x = target;
    for (int i = 0; i < 100; i++) {
        if (!is_imaged(a, x)) {
            high = x;
            x = 0.5 * (low + high);
            if (high - low <= 4 * DBL_EPSILON * high)
                return false; /* pressed against the fold */
            continue;
        }
        double u = x * x, residual = x * stretch(a, u) - target;
        if (residual > 0)
            high = x;
        else
            low = x;
        double next = x - residual / stretch_slope(a, u);
        if (!(next > low && next < high) && next != x)
            next = isfinite(high) ? 0.5 * (low + high) : 2 * x;
        if (fabs(next - x) <= 2 * DBL_EPSILON * x) {
            *r = next;
            return fabs(next * stretch(a, next * next) - target) <= 1e-12 * (1 + target);
        }
        x = next;
    }
    return false;
}

/* Brown's model on a normalised point; J (may be NULL): 2x2 derivative. */
static void distort_pinhole(const omma_camera *c, double x, double y, double out[2], double J[4])
{
    double p1 = c->k[2], p2 = c->k[3], a[4];
    radial_coefficients(c, a);
    double u = x * x + y * y, radial = stretch(a, u);
    out[0] = x * radial + 2 * p1 * x * y + p2 * (u + 2 * x * x);
    out[1] = y * radial + p1 * (u + 2 * y * y) + 2 * p2 * x * y;
    if (!J)
        return;
    double g = 2 * (a[0] + u * (2 * a[1] + u * 3 * a[2])); /* d radial / d u, times 2 */
    J[0] = radial + x * x * g + 2 * p1 * y + 6 * p2 * x;
    J[1] = J[2] = x * y * g + 2 * p1 * x + 2 * p2 * y;
    J[3] = radial + y * y * g + 6 * p1 * y + 2 * p2 * x;
}

static bool project_pinhole(const omma_camera *c, const double point[3], double px[2],
                            double jacobian[6])
{
    double a[4], J[4], d[2], inverse_z = 1 / point[2];
    double x = point[0] * inverse_z, y = point[1] * inverse_z;
    radial_coefficients(c, a);
    if (!is_imaged(a, sqrt(x * x + y * y)))
        return false;
    distort_pinhole(c, x, y, d, jacobian ? J : NULL);
    double u = c->fx * d[0] + c->cx, v = c->fy * d[1] + c->cy;
    if (!isfinite(u) || !isfinite(v))
        return false;
    px[0] = u;
    px[1] = v;
    for (int i = 0; jacobian && i < 2; i++) {
        double f = (i ? c->fy : c->fx) * inverse_z;
        jacobian[3 * i] = f * J[2 * i];
        jacobian[3 * i + 1] = f * J[2 * i + 1];
        jacobian[3 * i + 2] = -f * (J[2 * i] * x + J[2 * i + 1] * y);
    }
    return true;
}

static bool project_fisheye(const omma_camera *c, const double point[3], double px[2],
                            double jacobian[6])
{
    double a[4], X = point[0], Y = point[1], Z = point[2];
    radial_coefficients(c, a);
    double r = hypot(X, Y), angle = atan2(r, Z);
    if (!is_imaged(a, angle))
        return false;
    double norm2 = r * r + Z * Z, slope = stretch_slope(a, angle * angle);
    bool central = r < 1e-8 * Z; /* where r / r needs its limit */
    double s = central ? 1 / Z : angle * stretch(a, angle * angle) / r;
    double u = c->fx * s * X + c->cx, v = c->fy * s * Y + c->cy;
    if (!isfinite(u) || !isfinite(v))
        return false;
    px[0] = u;
    px[1] = v;
    if (jacobian) {
        /* s = d(angle) / r, so ds/dr = (d' Z / norm2 - s) / r and ds/dZ = -d' / norm2. */
        double g = central ? 2 * (a[0] - 1. / 3) / (Z * Z * Z) : (slope * Z / norm2 - s) / (r * r);
        double dz = -slope / norm2;
        jacobian[0] = c->fx * (s + g * X * X);
        jacobian[1] = c->fx * g * X * Y;
        jacobian[2] = c->fx * dz * X;
        jacobian[3] = c->fy * g * X * Y;
        jacobian[4] = c->fy * (s + g * Y * Y);
        jacobian[5] = c->fy * dz * Y;
    }
    return true;
}

bool omma_camera_project(const omma_camera *c, const double point[3], double px[2],
                         double jacobian[6])
{
    if (!(point[2] > 0))
        return false;
    if (c->model == OMMA_CAMERA_FISHEYE)
        return project_fisheye(c, point, px, jacobian);
    return project_pinhole(c, point, px, jacobian);
}

/* From the purely radial solution, Newton for the tangential rest. */
static bool undistort_tangential(const omma_camera *c, const double target[2], double x[2])
{
    for (int i = 0; i < 50; i++) {
        double d[2], J[4];
        distort_pinhole(c, x[0], x[1], d, J);
        double e0 = d[0] - target[0], e1 = d[1] - target[1], det = J[0] * J[3] - J[1] * J[2];
        if (!(det > 0))
            return false;
        double s0 = (J[3] * e0 - J[1] * e1) / det, s1 = (J[0] * e1 - J[2] * e0) / det;
        x[0] -= s0;
        x[1] -= s1;
        if (!(fabs(s0) + fabs(s1) > 1e-14 * (1 + fabs(x[0]) + fabs(x[1])))) {
            double a[4];
            radial_coefficients(c, a);
            return isfinite(x[0]) && isfinite(x[1]) && is_imaged(a, hypot(x[0], x[1]));
        }
    }
    return false;
}

bool omma_camera_unproject(const omma_camera *c, const double px[2], double normalized[2])
{
    double a[4], target[2] = {(px[0] - c->cx) / c->fx, (px[1] - c->cy) / c->fy};
    double radius = hypot(target[0], target[1]), r = radius, x[2];
    bool fisheye = c->model == OMMA_CAMERA_FISHEYE;
    bool tangential = !fisheye && (c->k[2] != 0 || c->k[3] != 0);
    if (!isfinite(radius))
        return false;
    radial_coefficients(c, a);
    bool radial = a[0] != 0 || a[1] != 0 || a[2] != 0 || a[3] != 0;
    if (radial && radius > 0 && !invert_stretch(a, radius, &r)) {
        if (!tangential)
            return false;
        r = radius; /* the tangential part may still bring it inside */
    }
    if (fisheye && !(r < M_PI_2 - 1e-9))
        return false;
    double k = !(radius > 0) ? 1 : fisheye ? tan(r) / radius : r / radius;
    x[0] = k * target[0];
    x[1] = k * target[1];
    if (tangential && !undistort_tangential(c, target, x))
        return false;
    memcpy(normalized, x, sizeof(x));
    return true;
}

void omma_camera_parameter_jacobian(const omma_camera *c, const double point[3],
                                    double jacobian[12])
{
    double direction[2], d[2],
        u; /* d = distorted point; distortion adds direction * (k1 u + k2 u^2 + k3 u^3) */
    memset(jacobian, 0, 12 * sizeof(*jacobian));
    if (!(point[2] > 0))
        return;
    if (c->model == OMMA_CAMERA_FISHEYE) {
        double a[4], r = hypot(point[0], point[1]), angle = atan2(r, point[2]);
        radial_coefficients(c, a);
        u = angle * angle;
        for (int i = 0; i < 2; i++) {
            direction[i] = r > 0 ? angle * point[i] / r : 0;
            d[i] = direction[i] * stretch(a, u);
        }
    } else {
        direction[0] = point[0] / point[2];
        direction[1] = point[1] / point[2];
        u = direction[0] * direction[0] + direction[1] * direction[1];
        distort_pinhole(c, direction[0], direction[1], d, NULL);
    }
    jacobian[0] = d[0];
    jacobian[1] = 1;
    jacobian[3] = c->fx * direction[0] * u;
    jacobian[4] = c->fx * direction[0] * u * u;
    jacobian[5] = c->fx * direction[0] * u * u * u;
    jacobian[6] = d[1] * c->fy / c->fx;
    jacobian[8] = 1;
    jacobian[9] = c->fy * direction[1] * u;
    jacobian[10] = c->fy * direction[1] * u * u;
    jacobian[11] = c->fy * direction[1] * u * u * u;
}

/* A pinhole must reach the point. A fisheye need not (its corners are
 * often black), but may not fold before 90 degrees inside the picture. */
static bool covers(const omma_camera *c, const double px[2])
{
    double ray[2], a[4];
    if (omma_camera_unproject(c, px, ray))
        return true;
    if (c->model == OMMA_CAMERA_PINHOLE)
        return false;
    radial_coefficients(c, a);
    return is_imaged(a, M_PI_2);
}

/* From 174 degrees to half a degree over the picture, and an axis that is not far beside it. */
static omma_error check_proportions(const omma_camera *c)
{
    const double side = c->width > c->height ? c->width : c->height;
    const double least = 0.05 * side, most = 100 * side;
    if (!(c->fx > 0) || !(c->fy > 0))
        return omma_fail(OMMA_INVALID, "camera: focal lengths %g, %g px must be above 0", c->fx,
                         c->fy);
    if (c->fx < least || c->fx > most || c->fy < least || c->fy > most)
        return omma_fail(OMMA_INVALID,
                         "camera: focal lengths %g, %g px do not suit pictures of %d x %d px: "
                         "from %g to %g are possible",
                         c->fx, c->fy, c->width, c->height, least, most);
    if (c->cx < -c->width || c->cx > 2. * c->width || c->cy < -c->height || c->cy > 2. * c->height)
        return omma_fail(OMMA_INVALID,
                         "camera: the centre %g, %g px is far outside pictures of %d x %d px",
                         c->cx, c->cy, c->width, c->height);
    return OMMA_OK;
}

omma_error omma_camera_check(const omma_camera *c)
{
    double values[9] = {c->fx, c->fy, c->cx, c->cy};
    memcpy(values + 4, c->k, sizeof(c->k));
    for (int i = 0; i < 9; i++) {
        if (!isfinite(values[i]))
            return omma_fail(OMMA_INVALID, "camera: a parameter is not a finite number");
    }
    if (c->model != OMMA_CAMERA_PINHOLE && c->model != OMMA_CAMERA_FISHEYE)
        return omma_fail(OMMA_INVALID, "camera: unknown model %d", (int)c->model);
    if (c->width < 1 || c->height < 1)
        return omma_fail(OMMA_INVALID, "camera: size %d x %d px", c->width, c->height);
    omma_error err = check_proportions(c);
    if (err)
        return err;
    /* Calibrations that leave k3 out often fold in the corners and serve well elsewhere. */
    const double right = c->width - 1, bottom = c->height - 1;
    const double side[4][2] = {
        {right / 2, 0}, {right / 2, bottom}, {0, bottom / 2}, {right, bottom / 2}};
    for (int i = 0; i < 4; i++) {
        if (!covers(c, side[i]))
            return omma_fail(OMMA_INVALID,
                             "camera: the distortion folds the picture at pixel %.0f, %.0f",
                             side[i][0], side[i][1]);
    }
    return OMMA_OK;
}

/* Same shape: the height that the width asks for is right within a pixel of either size. */
static bool same_shape(const omma_camera *c, int width, int height)
{
    const double wanted = (double)c->height * width / c->width;
    const double slack = 1 + (double)width / c->width;
    return fabs(wanted - height) <= (slack < 2 ? slack : 2);
}

/* The picture at s times the size: pixel centres map to pixel centres. */
omma_error omma_camera_fit(omma_camera *c, int width, int height)
{
    if (c->width < 1 || c->height < 1 || width < 1 || height < 1 || !same_shape(c, width, height))
        return omma_fail(OMMA_INVALID,
                         "the camera is for %d x %d pictures, and one has %d x %d: another shape",
                         c->width, c->height, width, height);
    const double sx = (double)width / c->width, sy = (double)height / c->height;
    c->width = width;
    c->height = height;
    c->fx *= sx;
    c->fy *= sy;
    c->cx = (c->cx + 0.5) * sx - 0.5;
    c->cy = (c->cy + 0.5) * sy - 0.5;
    return OMMA_OK;
}
