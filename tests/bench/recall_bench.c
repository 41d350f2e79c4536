/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How well places are recognised: recall.h and other ways, over a recording as it comes.
 *
 *   recall_bench [-b] URL [every [apart_s [distance [focal_px [TRUTH]]]]]
 *
 * -b: brute force as well, which takes minutes. Every N-th frame (default 5) is asked for among
 * those at least apart_s (5) before it. With truth (a TUM file, or a synthetic scene's own) two
 * frames are a revisit when they share half of what they show at about `distance` (2, in the
 * truth's unit), and no revisit below a tenth. Without truth the best hits count when 40 corners
 * agree on a motion between the two.
 *
 *   top k       frames that have a revisit and are told a frame that shares at least 0.3 among k
 *   no false    the same for the best hit alone, if nothing is believed that scores less than the
 *               highest best hit that is no revisit
 *   true, false scores of pairs: the lowest tenth and the median, the median, 99 % and the highest
 */
#include "recall.h"
#include "recall_rivals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SCORE (-1e9f)
static const double REVISIT = 0.5, ENOUGH = 0.3, STRANGE = 0.1;
enum { AGREEING = 40, TOP = 10, CANDIDATES = 12 };
static const float LIKELY = 0.02f; /* what the loop thread compares in full: loop_memory.c */

typedef struct bench {
    looks looks;
    double apart_s;
    float *overlap; /* n x n, j before i */
    float *scores;  /* of the way that is measured */
} bench;

static bool counts(const bench *b, size_t i, size_t j)
{
    return 1e-9 * (double)(b->looks.item[i].time_ns - b->looks.item[j].time_ns) >= b->apart_s;
}

/* The frames that score best, the best first. @return how many there are. */
static size_t best_hits(const bench *b, size_t i, size_t most, size_t *hits)
{
    const float *s = b->scores + i * b->looks.n;
    size_t n = 0;

    for (size_t j = 0; j < i && counts(b, i, j); j++) {
        size_t at = n < most ? n++ : most;
        for (; at > 0 && s[hits[at - 1]] < s[j]; at--)
            if (at < most)
                hits[at] = hits[at - 1];
        if (at < most && s[j] > NO_SCORE)
            hits[at] = j;
        else if (at < most)
            n--;
    }
    return n;
}

static bool has_revisit(const bench *b, size_t i)
{
    for (size_t j = 0; j < i && counts(b, i, j); j++)
        if (b->overlap[i * b->looks.n + j] >= REVISIT)
            return true;
    return false;
}

static double part(double *values, size_t n, double share)
{
    return n ? values[(size_t)(share * (double)(n - 1))] : NAN;
}

static void print_pairs(const bench *b)
{
    const size_t n = b->looks.n;
    double *yes = omma_new_array(double, n *n), *no = omma_new_array(double, n *n);
    size_t y = 0, m = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i && counts(b, i, j); j++) {
            const float o = b->overlap[i * n + j], s = b->scores[i * n + j];
            if (s > NO_SCORE && o >= REVISIT)
                yes[y++] = s;
            if (s > NO_SCORE && o < STRANGE)
                no[m++] = s;
        }
    omma_sort(yes, y);
    omma_sort(no, m);
    printf(" %.3g / %.3g | %.3g / %.3g / %.3g |\n", part(yes, y, 0.1), part(yes, y, 0.5),
           part(no, m, 0.5), part(no, m, 0.99), part(no, m, 1));
    free(yes);
    free(no);
}

static void judge(const bench *b, const char *name)
{
    const size_t n = b->looks.n;
    size_t asked = 0, top[TOP] = {0}, sure = 0;
    float highest_false = NO_SCORE;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++) {
            size_t hits[TOP], found = best_hits(b, i, TOP, hits), k = 0;
            const float *o = b->overlap + i * n, *s = b->scores + i * n;
            if (!pass && found && o[hits[0]] < STRANGE)
                highest_false = fmaxf(highest_false, s[hits[0]]);
            if (!pass || !has_revisit(b, i))
                continue;
            asked++;
            while (k < found && o[hits[k]] < ENOUGH)
                k++;
            sure += found && k == 0 && s[hits[0]] > highest_false;
            for (size_t t = k; k < found && t < TOP; t++)
                top[t]++;
        }
    printf("| %s | %.3f | %.3f | %.3f | %.3f |", name, (double)top[0] / (double)asked,
           (double)top[4] / (double)asked, (double)top[9] / (double)asked,
           (double)sure / (double)asked);
    print_pairs(b);
}

/* What the loop thread would compare, and how often a revisit is in it. */
static void count_candidates(const bench *b)
{
    size_t asked = 0, found = 0, others = 0, compared = 0;

    for (size_t i = 0; i < b->looks.n; i++) {
        const float *o = b->overlap + i * b->looks.n, *s = b->scores + i * b->looks.n;
        size_t hits[CANDIDATES], n = best_hits(b, i, CANDIDATES, hits), k = 0;
        bool shown = false;
        for (; k < n && s[hits[k]] >= LIKELY; k++)
            shown |= o[hits[k]] >= ENOUGH;
        if (has_revisit(b, i)) {
            asked++;
            found += shown;
        } else if (i && counts(b, i, 0)) {
            others++;
            compared += k;
        }
    }
    printf("\nat most %d that score %.2f: %.3f of the revisits are among them, %.1f for each other "
           "frame"
           "\n\n",
           CANDIDATES, LIKELY, (double)found / (double)asked,
           others ? (double)compared / (double)others : 0);
}

/* Without truth: best hits by score, and what two-view geometry says to them. */
static void confirm(const bench *b)
{
    static const float steps[] = {-1, 0.05f, 0.1f, 0.15f, 0.2f, 0.3f, 2};
    enum { STEPS = sizeof(steps) / sizeof(*steps) - 1 };
    size_t all[STEPS] = {0}, good[STEPS] = {0};

    for (size_t i = 0; i < b->looks.n; i++) {
        size_t hits[5], found = best_hits(b, i, 5, hits);
        for (size_t k = 0; k < found; k++) {
            const float s = b->scores[i * b->looks.n + hits[k]];
            const bool agree = looks_agreeing(&b->looks, i, hits[k]) >= AGREEING;
            for (int t = 0; t < STEPS; t++)
                if (s >= steps[t] && s < steps[t + 1]) {
                    all[t]++;
                    good[t] += agree;
                }
        }
    }
    printf("| score of the best five hits | hits | confirmed |\n|---|---|---|\n");
    for (int t = 0; t < STEPS; t++)
        printf("| %.2f to %.2f | %zu | %zu |\n", steps[t], steps[t + 1], all[t], good[t]);
}

static void measure_cost(const looks *l)
{
    recall *r = NULL;
    recall_hit hits[TOP];
    size_t found;
    int64_t add = 0, query = 0, most = 0;

    if (recall_create(&r, &(recall_options){.seed = 1}))
        exit(1);
    for (size_t i = 0; i < l->n; i++) {
        const described *d = &l->item[i].corners;
        const recall_place place = {(uint32_t)i, l->item[i].time_ns, omma_sim3_identity()};
        const int64_t start = omma_clock_thread_ns();
        if (recall_add(r, &place, d->descriptors, d->n))
            exit(1);
        const int64_t middle = omma_clock_thread_ns();
        if (recall_query_keyframe(r, place.keyframe, &(recall_search){.k = TOP}, hits, &found))
            exit(1);
        query += omma_clock_thread_ns() - middle;
        add += middle - start;
        most = middle - start > most ? middle - start : most;
    }
    printf("%.0f corners each, found in %.2f ms; add %.3f ms (most, with a lesson: %.1f), query "
           "%.3f ms of CPU\n\n",
           l->corners_each, l->ms_each, 1e-6 * (double)add / (double)l->n, 1e-6 * (double)most,
           1e-6 * (double)query / (double)l->n);
    recall_destroy(&r);
}

static void fill(bench *b, const rival *r)
{
    for (size_t i = 0; i < b->looks.n * b->looks.n; i++)
        b->scores[i] = NO_SCORE;
    r->fill(&b->looks, b->scores);
}

static void compare(bench *b, double distance, bool brute_force)
{
    const size_t n = b->looks.n;
    size_t asked = 0, pairs = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            b->overlap[i * n + j] = (float)looks_overlap(&b->looks, i, j, distance);
            pairs += counts(b, i, j) && b->overlap[i * n + j] >= REVISIT;
        }
    for (size_t i = 0; i < n; i++)
        asked += has_revisit(b, i);
    printf("%zu frames, %zu with a revisit, %zu pairs that are one\n\n", n, asked, pairs);
    printf(
        "| way | top 1 | top 5 | top 10 | no false | true | false |\n|---|---|---|---|---|---|---"
        "|\n");
    for (const rival *r = rivals; asked && r->name; r++) {
        if (r->brute_force && !brute_force)
            continue;
        fill(b, r);
        judge(b, r->name);
    }
    fill(b, &rivals[0]);
    if (asked)
        count_candidates(b);
}

int main(int argc, char **argv)
{
    const bool brute_force = argc > 1 && !strcmp(argv[1], "-b");

    argc -= brute_force;
    argv += brute_force;
    if (argc < 2) {
        fprintf(stderr, "recall_bench [-b] URL [every [apart_s [distance [focal_px [TRUTH]]]]]\n");
        return 2;
    }
    const double distance = argc > 4 ? atof(argv[4]) : 2;
    bench b = {.apart_s = argc > 3 ? atof(argv[3]) : 5};
    const looks_options o = {.every = argc > 2 ? strtoull(argv[2], NULL, 10) : 5,
                             .focal_px = argc > 5 ? atof(argv[5]) : 0,
                             .truth = argc > 6 ? argv[6] : NULL};

    b.looks = looks_read(argv[1], &o);
    b.overlap = omma_new_array(float, b.looks.n *b.looks.n);
    b.scores = omma_new_array(float, b.looks.n *b.looks.n);
    measure_cost(&b.looks);
    if (b.looks.truth) {
        compare(&b, distance, brute_force);
    } else {
        fill(&b, &rivals[0]);
        confirm(&b);
    }
    free(b.overlap);
    free(b.scores);
    looks_finish(&b.looks);
    return 0;
}
