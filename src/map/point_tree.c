/* SPDX-License-Identifier: Apache-2.0 */
#include "point_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAF 8 /* points that are looked at one by one */

static void swap_points(double a[3], double b[3])
{
    double kept[3];

    memcpy(kept, a, sizeof kept);
    memmove(a, b, sizeof kept); /* they may be one */
    memcpy(b, kept, sizeof kept);
}

/* The n-th smallest along the axis gets to its place, smaller ones before it, larger ones behind.
 * Source: Hoare, "Algorithm 65: find", CACM 1961. */
static void put_nth(double (*p)[3], ptrdiff_t low, ptrdiff_t high, ptrdiff_t n, int axis)
{
    while (low < high) {
        double pivot = p[low + (high - low) / 2][axis];
        ptrdiff_t i = low, j = high;

        while (i <= j) {
            while (p[i][axis] < pivot)
                i++;
            while (p[j][axis] > pivot)
                j--;
            if (i <= j)
                swap_points(p[i++], p[j--]);
        }
        if (n <= j)
            high = j;
        else if (n >= i)
            low = i;
        else
            return;
    }
}

static int widest_axis(double (*p)[3], size_t low, size_t high)
{
    double least[3], most[3];
    int widest = 0;

    memcpy(least, p[low], sizeof least);
    memcpy(most, p[low], sizeof most);
    for (size_t i = low + 1; i < high; i++)
        for (int k = 0; k < 3; k++) {
            least[k] = fmin(least[k], p[i][k]);
            most[k] = fmax(most[k], p[i][k]);
        }
    for (int k = 1; k < 3; k++)
        if (most[k] - least[k] > most[widest] - least[widest])
            widest = k;
    return widest;
}

static void build(point_tree *t, size_t low, size_t high)
{
    while (high - low > LEAF) {
        size_t middle = low + (high - low) / 2;
        int axis = widest_axis(t->points, low, high);

        put_nth(t->points, (ptrdiff_t)low, (ptrdiff_t)high - 1, (ptrdiff_t)middle, axis);
        t->axis[middle] = (uint8_t)axis;
        build(t, low, middle);
        low = middle + 1;
    }
}

omma_error point_tree_build(point_tree *t, double (*points)[3], size_t count)
{
    *t = (point_tree){.points = points, .count = count, .axis = malloc(count ? count : 1)};
    if (!t->axis)
        return omma_fail(OMMA_NO_MEMORY, "no memory to search among %zu points", count);
    build(t, 0, count);
    return OMMA_OK;
}

void point_tree_finish(point_tree *t)
{
    free(t->axis);
    *t = (point_tree){0};
}

static double squared(const double a[3], const double b[3])
{
    double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];

    return x * x + y * y + z * z;
}

/* The side that holds the place first; the other one only if it can be nearer. */
static double search(const point_tree *t, size_t low, size_t high, const double from[3],
                     double best)
{
    if (high - low <= LEAF) {
        for (size_t i = low; i < high; i++)
            best = fmin(best, squared(t->points[i], from));
        return best;
    }
    size_t middle = low + (high - low) / 2;
    int axis = t->axis[middle];
    double side = from[axis] - t->points[middle][axis];

    best = fmin(best, squared(t->points[middle], from));
    best = side < 0 ? search(t, low, middle, from, best) : search(t, middle + 1, high, from, best);
    if (side * side < best)
        best =
            side < 0 ? search(t, middle + 1, high, from, best) : search(t, low, middle, from, best);
    return best;
}

double point_tree_distance(const point_tree *t, const double from[3])
{
    return sqrt(search(t, 0, t->count, from, INFINITY));
}
