/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell of the view at depth d along its ray, X = d (x, y, 1), with the normal N of the surface
 * there. A neighbour with centre C sees the place at depth z and says that its surface is at z'.
 * To it the plane lies further by (z' / z - 1) (X - C) N, so this view's depth should become longer
 * by the factor 1 + delta with
 *
 *     delta = (z' / z - 1) g,    g = ((X - C) N) / (X N),
 *
 * and the neighbour's relative error e' counts as g e'. It confirms the cell when delta is
 * explained by both errors; it refutes it when it clearly looks through the place at something
 * behind. What is in front hides the place and says nothing. How far those that confirm it are
 * apart counts as an error too: what maps say of themselves is too little where all of them were
 * misled.
 */
#include "fuse_sights.h"

#include "fuse_workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GATE         1.f    /* expected errors within which two depths agree, */
#define GATE_MOST    0.03f  /* but never further apart than this */
#define THROUGH      1.5f   /* expected errors beyond which a sight passes through, */
#define THROUGH_MOST 0.025f /* or this */
#define REFUTES      0.25f  /* sights through the place for each that confirms it: no more */
#define UNSURE       2.f    /* largest error of who may confirm, for the largest of who may tell */
#define BLUR         1.25f  /* cells over which depth is smooth; */
#define BLUR_MOST    2.f    /* but exact depth is not, nor does coarse depth err by its cells */
#define AROUND       3.f    /* standard deviations between cells of one surface */
#define ROUNDING     0.002f /* relative error that poses and grids add to every comparison */
#define SLANT        0.3f   /* cells by which a sight may miss its place */
#define LEAST_COSINE 0.1f
#define BETTER       0.4f /* a neighbour that sees the place with less of our error tells it */
#define SHARED       0.3f /* of the least error is common to all views: it does not average out */
#define SUPPORT      5    /* cells around of the same surface that must hold too, of 24 */

enum { CELL_LEFT_OUT, CELL_HOLDS, CELL_TOLD };

typedef struct neighbour {
    fuse_view *view;
    float A[9], b[3]; /* neighbour_from_view: A X + b, in the neighbour's unit */
    float centre[3];  /* of the neighbour, in the view */
} neighbour;

typedef struct sights {
    const fuse_views *views;
    fuse_view *view;
    const fuse_rules *rules;
    neighbour neighbours[FUSE_NEIGHBOURS];
    unsigned count;
    omma_cloud_point *points; /* at their cells */
    uint8_t *state;           /* of the cells */
} sights;

static void set_neighbour(neighbour *n, fuse_view *view, fuse_view *other)
{
    omma_sim3 other_from_world = omma_sim3_inverse(&other->world_from_view);
    omma_sim3 S = omma_sim3_mul(&other_from_world, &view->world_from_view), back;

    n->view = other;
    back = omma_sim3_inverse(&S);
    for (int k = 0; k < 9; k++)
        n->A[k] = (float)(S.s * S.R[k]);
    for (int k = 0; k < 3; k++) {
        n->b[k] = (float)S.t[k];
        n->centre[k] = (float)back.t[k];
    }
}

/* ------------------------------------------------------------------------------ normals */

/* The plane whose inverse depth, a linear function of the ray, fits the cells around best.
 * Noisier depth asks for more cells. The normal points to the camera. */
static void find_normal(const sights *s, int x, int y, float error, float normal[3])
{
    const depth_grid *g = &s->view->grid;
    const float *rays = s->view->lens->ray;
    int r = error < 0.003f ? 2 : error < 0.01f ? 3 : 4, n = 0;
    size_t middle = (size_t)y * (size_t)g->width + (size_t)x;
    int code = g->code[middle];
    int most = (int)(DEPTH_CODE_STEPS * (0.03f * (float)r + AROUND * error));
    double u0 = rays[2 * middle], v0 = rays[2 * middle + 1];
    double uu = 0, uv = 0, vv = 0, su = 0, sv = 0, sq = 0, uq = 0, vq = 0;

    for (int j = y - r < 0 ? 0 : y - r; j <= y + r && j < g->height; j++)
        for (int i = x - r < 0 ? 0 : x - r; i <= x + r && i < g->width; i++) {
            size_t at = (size_t)j * (size_t)g->width + (size_t)i;
            int step = g->code[at] - code;

            if (g->code[at] == 0 || step > most || step < -most || isnan(rays[2 * at]))
                continue;
            double u = rays[2 * at] - u0, v = rays[2 * at + 1] - v0;
            double e = -step * (1. / DEPTH_CODE_STEPS), q = e * (1 + e * (0.5 + e / 6));

            n++; /* q = exp(e) - 1: inverse depth in units of the middle's, less 1 */
            su += u;
            sv += v;
            sq += q;
            uu += u * u;
            uv += u * v;
            vv += v * v;
            uq += u * q;
            vq += v * q;
        }
    double a = 0, b = 0, c = 1;

    if (n >= 5) {
        double m = 1. / n;

        uu -= su * su * m;
        uv -= su * sv * m;
        vv -= sv * sv * m;
        uq -= su * sq * m;
        vq -= sv * sq * m;
        double determinant = uu * vv - uv * uv;

        if (determinant > 1e-3 * uu * vv) {
            a = (vv * uq - uv * vq) / determinant;
            b = (uu * vq - uv * uq) / determinant;
            c = 1 - a * u0 - b * v0;
        }
    }
    double norm = sqrt(a * a + b * b + c * c);

    normal[0] = (float)(-a / norm);
    normal[1] = (float)(-b / norm);
    normal[2] = (float)(-c / norm);
}

/* ------------------------------------------------------------------------------- sights */

typedef struct place {
    float X[3], normal[3], length; /* of X */
    float cosine, tangent;         /* of the angle between the normal and the way to the camera */
    float error;                   /* relative */
    float expected;                /* what steepness adds is in it */
} place;

typedef struct sight {
    enum { SIGHT_NOTHING, SIGHT_CONFIRMS, SIGHT_THROUGH } says;
    float delta, error; /* of our depth, relative */
    float absolute;     /* what its own error means here */
    size_t cell;
} sight;

static float dot(const float a[3], const float b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Depth between four cells where they are one surface, else that of the nearest; *least is the
 * nearest depth of the four, 0 where one of them is unknown. */
static float depth_at(const sights *s, const depth_grid *g, const float cell[2], size_t nearest,
                      float *least)
{
    float z = g->nearest * s->views->scale[g->code[nearest]];
    int x = (int)floorf(cell[0]), y = (int)floorf(cell[1]), low = DEPTH_CODES, high = 0;

    *least = 0;
    if (x < 0 || y < 0 || x + 1 >= g->width || y + 1 >= g->height)
        return z;
    const uint16_t *c = g->code + (size_t)y * (size_t)g->width + (size_t)x;
    const uint16_t four[4] = {c[0], c[1], c[g->width], c[g->width + 1]};

    for (int k = 0; k < 4; k++) {
        low = four[k] < low ? four[k] : low;
        high = four[k] > high ? four[k] : high;
    }
    if (low == 0)
        return z;
    *least = g->nearest * s->views->scale[low];
    if (high - low > DEPTH_CODE_STEPS / 12)
        return z;
    float u = cell[0] - (float)x, v = cell[1] - (float)y;
    const float *scale = s->views->scale;
    float upper = scale[four[0]] + u * (scale[four[1]] - scale[four[0]]);
    float lower = scale[four[2]] + u * (scale[four[3]] - scale[four[2]]);

    return g->nearest * (upper + v * (lower - upper));
}

/* A depth map is smooth over about a cell, and the more its surface leans away, the more that is in
 * depth; what leans most is often no surface at all but a veil from one to the next. */
static float steep_error(const fuse_lens *lens, float error, float cosine)
{
    const float tangent = sqrtf(1 / (cosine * cosine) - 1);
    const float blur = fminf(BLUR * lens->pixel * tangent, BLUR_MOST * error);

    return sqrtf(error * error + blur * blur);
}

static sight look(const sights *s, const neighbour *n, const place *p)
{
    const depth_grid *g = &n->view->grid;
    const float *A = n->A, *X = p->X;
    float Y[3], cell[2], least, way[3];
    sight nothing = {.says = SIGHT_NOTHING};

    for (int k = 0; k < 3; k++) {
        Y[k] = A[3 * k] * X[0] + A[3 * k + 1] * X[1] + A[3 * k + 2] * X[2] + n->b[k];
        way[k] = X[k] - n->centre[k];
    }
    if (!(Y[2] > 0) || !fuse_lens_project(n->view->lens, Y, cell))
        return nothing;
    size_t at = (size_t)(cell[1] + 0.5f) * (size_t)g->width + (size_t)(cell[0] + 0.5f);
    float e = s->views->error_scale[g->error[at]];

    if (g->code[at] == 0 || e > UNSURE * s->rules->max_error)
        return nothing;
    float length = sqrtf(dot(way, way)), cosine = -dot(way, p->normal) / length;

    if (cosine < -0.3f) /* it sees the other side */
        return nothing;
    cosine = fmaxf(cosine, LEAST_COSINE);
    float turn = fminf(fmaxf(cosine / p->cosine, 1.f / 3), 3);
    float g_factor = length / p->length * turn, z = depth_at(s, g, cell, at, &least);
    float slant = SLANT * s->view->lens->pixel * p->tangent, own = p->error, other = e * g_factor;
    float expected = sqrtf(own * own + other * other + ROUNDING * ROUNDING + slant * slant);
    float delta = (z / Y[2] - 1) * g_factor;
    float steep = steep_error(n->view->lens, e, cosine);
    sight seen = {
        .delta = delta, .error = steep * g_factor, .absolute = steep * length, .cell = at};

    if (fabsf(delta) < fminf(GATE * expected, GATE_MOST))
        seen.says = SIGHT_CONFIRMS;
    else if ((least / Y[2] - 1) * g_factor > fminf(THROUGH * expected, THROUGH_MOST))
        seen.says = SIGHT_THROUGH;
    return seen;
}

static void add_color(const depth_grid *g, size_t cell, float weight, float sum[4])
{
    if (!g->rgb)
        return;
    for (int k = 0; k < 3; k++)
        sum[k] += weight * g->rgb[3 * cell + (size_t)k];
    sum[3] += weight;
}

static void tell(const sights *s, const place *p, float factor, float error, const float color[4],
                 uint32_t keyframe, unsigned seen, omma_cloud_point *out)
{
    const omma_sim3 *S = &s->view->world_from_view;
    double world[3];

    omma_sim3_apply(S, (double[]){p->X[0] * factor, p->X[1] * factor, p->X[2] * factor}, world);
    *out = (omma_cloud_point){.keyframe = keyframe,
                              .views = (uint8_t)(seen < 255 ? seen : 255),
                              .error = error * p->X[2] * (float)S->s};
    for (int k = 0; k < 3; k++) {
        out->world[k] = (float)world[k];
        out->normal[k] = (float)(S->R[3 * k] * p->normal[0] + S->R[3 * k + 1] * p->normal[1] +
                                 S->R[3 * k + 2] * p->normal[2]);
        out->rgb[k] = color[3] > 0 ? (uint8_t)(color[k] / color[3] + 0.5f) : 128;
    }
}

/* What a cell and those that confirm it say together. */
typedef struct opinion {
    sight confirmed[FUSE_NEIGHBOURS];
    unsigned by[FUSE_NEIGHBOURS], confirms, through;
    float sum, delta, spread; /* of the weights; mean; root mean square around it */
    float color[4];
    float least;       /* error of any of them, relative */
    float best;        /* the same as a length, */
    uint32_t keyframe; /* and whose */
} opinion;

static void ask_all(const sights *s, const place *p, opinion *o)
{
    for (unsigned k = 0; k < s->count; k++) {
        sight seen = look(s, &s->neighbours[k], p);

        o->through += seen.says == SIGHT_THROUGH;
        if (seen.says == SIGHT_CONFIRMS) {
            o->by[o->confirms] = k;
            o->confirmed[o->confirms++] = seen;
        }
    }
}

static void average(const sights *s, size_t cell, const place *p, opinion *o)
{
    float weight = 1 / (p->expected * p->expected), squares = 0;

    add_color(&s->view->grid, cell, weight, o->color);
    o->sum = weight;
    for (unsigned k = 0; k < o->confirms; k++) {
        const sight *c = &o->confirmed[k];
        const fuse_view *other = s->neighbours[o->by[k]].view;

        weight = 1 / (c->error * c->error);
        o->sum += weight;
        o->delta += weight * c->delta;
        squares += c->delta * c->delta;
        add_color(&other->grid, c->cell, weight, o->color);
        o->least = fminf(o->least, c->error);
        if (c->absolute < o->best) {
            o->best = c->absolute;
            o->keyframe = other->id;
        }
    }
    o->delta /= o->sum;
    for (unsigned k = 0; k < o->confirms; k++)
        squares += o->delta * (o->delta - 2 * o->confirmed[k].delta);
    squares += o->delta * o->delta; /* the view's own delta is 0 */
    o->spread = sqrtf(fmaxf(squares, 0) / (float)(o->confirms + 1));
}

/* The cells that a point speaks for from now on. */
static void take_cells(const sights *s, const opinion *o)
{
    for (unsigned k = 0; k < o->confirms; k++) {
        fuse_view *other = s->neighbours[o->by[k]].view;
        size_t at = o->confirmed[k].cell;

        if (other->taken)
            atomic_fetch_or_explicit(&other->taken[at / 32], UINT32_C(1) << at % 32,
                                     memory_order_relaxed);
    }
}

/* What is said of one cell. */
static int judge(const sights *s, size_t cell, const place *p, omma_cloud_point *out)
{
    const float own = p->expected * p->length, most = s->rules->max_error;
    opinion o = {.least = p->expected, .best = own, .keyframe = s->view->id};

    ask_all(s, p, &o);
    if (o.confirms + 1 < s->rules->min_views || (float)o.through > REFUTES * (float)o.confirms)
        return CELL_LEFT_OUT;
    average(s, cell, p, &o);
    if (p->expected * p->expected + o.spread * o.spread > most * most)
        return CELL_LEFT_OUT;
    if (o.best < BETTER * own)
        return CELL_HOLDS;
    take_cells(s, &o);
    tell(s, p, 1 + o.delta, sqrtf(1 / o.sum + SHARED * SHARED * o.least * o.least), o.color,
         o.keyframe, o.confirms + 1, out);
    return CELL_TOLD;
}

static void judge_row(void *user, size_t y)
{
    sights *s = user;
    const depth_grid *g = &s->view->grid;

    for (int x = 0; x < g->width; x++) {
        size_t cell = y * (size_t)g->width + (size_t)x;
        const float *ray = s->view->lens->ray + 2 * cell;
        float error = s->views->error_scale[g->error[cell]], d;
        uint32_t taken = atomic_load_explicit(&s->view->taken[cell / 32], memory_order_relaxed);
        place p = {.error = error};

        if (g->code[cell] == 0 || error > s->rules->max_error || isnan(ray[0]))
            continue;
        if (taken >> cell % 32 & 1) {
            s->state[cell] = CELL_HOLDS;
            continue;
        }
        d = g->nearest * s->views->scale[g->code[cell]];
        p.X[0] = ray[0] * d;
        p.X[1] = ray[1] * d;
        p.X[2] = d;
        p.length = sqrtf(dot(p.X, p.X));
        find_normal(s, x, (int)y, error, p.normal);
        p.cosine = fmaxf(-dot(p.X, p.normal) / p.length, LEAST_COSINE);
        p.tangent = sqrtf(1 - p.cosine * p.cosine) / p.cosine;
        p.expected = steep_error(s->view->lens, error, p.cosine);
        if (p.expected > s->rules->max_error)
            continue;
        s->state[cell] = (uint8_t)judge(s, cell, &p, &s->points[cell]);
    }
}

/* ------------------------------------------------------------------------------ support */

/* Cells around that hold too and are of the same surface. */
static bool is_supported(const sights *s, int x, int y)
{
    const depth_grid *g = &s->view->grid;
    size_t middle = (size_t)y * (size_t)g->width + (size_t)x;
    float error = s->views->error_scale[g->error[middle]];
    int code = g->code[middle], most = (int)(DEPTH_CODE_STEPS * (0.06f + AROUND * error)), n = 0;

    for (int j = y < 2 ? 0 : y - 2; j <= y + 2 && j < g->height; j++)
        for (int i = x < 2 ? 0 : x - 2; i <= x + 2 && i < g->width; i++) {
            size_t at = (size_t)j * (size_t)g->width + (size_t)i;

            n += s->state[at] != CELL_LEFT_OUT && abs(g->code[at] - code) <= most;
        }
    return n - 1 >= SUPPORT;
}

/* Moves the points that stay to the front. */
static size_t gather(sights *s)
{
    const depth_grid *g = &s->view->grid;
    size_t n = 0;

    for (int y = 0; y < g->height; y++)
        for (int x = 0; x < g->width; x++) {
            size_t cell = (size_t)y * (size_t)g->width + (size_t)x;

            if (s->state[cell] == CELL_TOLD && is_supported(s, x, y))
                s->points[n++] = s->points[cell];
        }
    return n;
}

omma_error fuse_sights(fuse_views *v, size_t i, const fuse_rules *rules, omma_cloud_point *points,
                       size_t *count)
{
    fuse_view *view = &v->views[i];
    sights s = {.views = v, .view = view, .rules = rules, .points = points};
    size_t cells = (size_t)view->grid.width * (size_t)view->grid.height;

    s.state = calloc(cells, 1);
    if (!s.state)
        return omma_fail(OMMA_NO_MEMORY, "no memory to fuse %zu cells", cells);
    for (unsigned k = 0; k < view->neighbours; k++)
        set_neighbour(&s.neighbours[s.count++], view, &v->views[view->neighbour[k]]);
    fuse_workers_run(rules->threads, (size_t)view->grid.height, judge_row, &s);
    *count = gather(&s);
    free(s.state);
    free(view->taken);
    view->taken = NULL;
    return OMMA_OK;
}
