/* SPDX-License-Identifier: Apache-2.0 */
#include <omma/geometry.h>

#include <inttypes.h>
#include <math.h>

static void put_doubles(omma_byte_list *b, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        omma_bytes_f64(b, values[i]);
}

static void read_doubles(omma_byte_reader *r, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = omma_read_f64(r);
}

/* R R^T = 1 with determinant 1, but for rounding; t finite. */
static bool is_rigid(const double R[9], const double t[3])
{
    const double det = R[0] * (R[4] * R[8] - R[5] * R[7]) - R[1] * (R[3] * R[8] - R[5] * R[6]) +
                       R[2] * (R[3] * R[7] - R[4] * R[6]);

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            double dot =
                R[3 * i] * R[3 * k] + R[3 * i + 1] * R[3 * k + 1] + R[3 * i + 2] * R[3 * k + 2];

            if (!(fabs(dot - (i == k)) < 1e-6)) /* NaN too */
                return false;
        }
    return det > 0 && isfinite(t[0]) && isfinite(t[1]) && isfinite(t[2]);
}

void omma_se3_put(omma_byte_list *b, const omma_se3 *T)
{
    put_doubles(b, T->R, 9);
    put_doubles(b, T->t, 3);
}

bool omma_se3_take(omma_se3 *T, omma_byte_reader *r)
{
    read_doubles(r, T->R, 9);
    read_doubles(r, T->t, 3);
    return !r->bad && is_rigid(T->R, T->t);
}

void omma_sim3_put(omma_byte_list *b, const omma_sim3 *S)
{
    put_doubles(b, S->R, 9);
    put_doubles(b, S->t, 3);
    omma_bytes_f64(b, S->s);
}

bool omma_sim3_take(omma_sim3 *S, omma_byte_reader *r)
{
    read_doubles(r, S->R, 9);
    read_doubles(r, S->t, 3);
    S->s = omma_read_f64(r);
    return !r->bad && is_rigid(S->R, S->t) && isfinite(S->s) && S->s > 0;
}

void omma_camera_put(omma_byte_list *b, const omma_camera *c)
{
    omma_bytes_u32(b, (uint32_t)c->model);
    omma_bytes_u32(b, (uint32_t)c->width);
    omma_bytes_u32(b, (uint32_t)c->height);
    put_doubles(b, (double[]){c->fx, c->fy, c->cx, c->cy}, 4);
    put_doubles(b, c->k, 5);
}

omma_error omma_camera_take(omma_camera *c, omma_byte_reader *r)
{
    uint32_t model = omma_read_u32(r), width = omma_read_u32(r), height = omma_read_u32(r);
    double lens[4];

    *c = (omma_camera){.model = model == 0 ? OMMA_CAMERA_PINHOLE : OMMA_CAMERA_FISHEYE};
    c->width = (int)width;
    c->height = (int)height;
    read_doubles(r, lens, 4);
    read_doubles(r, c->k, 5);
    c->fx = lens[0];
    c->fy = lens[1];
    c->cx = lens[2];
    c->cy = lens[3];
    if (r->bad)
        return omma_fail(OMMA_FORMAT, "it ends within a camera");
    if (model > 1 || width > 1 << 20 || height > 1 << 20)
        return omma_fail(OMMA_FORMAT, "camera model %" PRIu32 " of %" PRIu32 " x %" PRIu32 " px",
                         model, width, height);
    return omma_camera_check(c) ? OMMA_FORMAT : OMMA_OK;
}
