/* SPDX-License-Identifier: Apache-2.0 */
#include "index_measure.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLICES = 20, /* ours and the peer add so many slices in turn */
    ROUNDS = 3,
    BLOCK = 50, /* queries asked in a row */
    TAIL = 60,  /* changes that opening has to make again */
    MOST_LATENCIES = 1 << 20,
};

const uint32_t measure_efs[MEASURE_EFS] = {16, 32, 64, 128, 256};

static const float *vector_at(const measure *m, size_t i)
{
    return m->data->vectors + i * m->data->dim;
}

static const float *query_at(const measure *m, size_t i)
{
    return m->data->queries + i * m->data->dim;
}

omma_error measure_begin(measure *m, const index_data *data, const omma_index_options *options,
                         const index_peer *peer, const char *parent)
{
    *m = (measure){.data = data, .options = *options, .peer = peer};
    m->folder = omma_text("%s/omma-index-XXXXXX", parent);
    m->truth = omma_new_array(uint64_t, data->query_count * MEASURE_K);
    if (!mkdtemp(m->folder)) {
        omma_error err = omma_fail_errno("cannot make a folder in %s", parent);
        free(m->folder);
        m->folder = NULL;
        return err;
    }
    if (peer)
        m->peer_index = peer->create(data->dim, data->count);
    return omma_index_open(&m->index, m->folder, options);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void measure_finish(measure *m)
{
    omma_index_close(&m->index);
    if (m->peer_index)
        m->peer->destroy(m->peer_index);
    if (m->folder)
        nftw(m->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(m->folder);
    free(m->truth);
}

/* ---------------------------------------------------------------------------------------- truth */

static float product(const float *a, const float *b, size_t n)
{
    float lane[16] = {0}, sum = 0;
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        for (size_t k = 0; k < 16; k++)
            lane[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (size_t k = 0; k < 16; k++)
        sum += lane[k];
    return sum;
}

void measure_truth(measure *m)
{
    for (size_t q = 0; q < m->data->query_count; q++) {
        uint64_t *truth = m->truth + q * MEASURE_K;
        float scores[MEASURE_K];
        size_t found = 0;

        for (size_t i = 0; i < m->data->count; i++) {
            float score = product(query_at(m, q), vector_at(m, i), m->data->dim);

            if (found == MEASURE_K && score <= scores[MEASURE_K - 1])
                continue;
            size_t at = found < MEASURE_K ? found++ : MEASURE_K - 1;
            for (; at > 0 && score > scores[at - 1]; at--) {
                scores[at] = scores[at - 1];
                truth[at] = truth[at - 1];
            }
            scores[at] = score;
            truth[at] = i;
        }
    }
}

static uint32_t hits(const measure *m, size_t query, const uint64_t *ids, uint32_t n)
{
    const uint64_t *truth = m->truth + query * MEASURE_K;
    uint32_t count = 0;

    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < MEASURE_K; k++)
            count += ids[i] == truth[k];
    return count;
}

/* -------------------------------------------------------------------------------------- inserts */

static omma_error add(measure *m, size_t i)
{
    const omma_index_entry entry = {.id = i, .frame = i};

    return omma_index_add(m->index, vector_at(m, i), m->data->dim, &entry);
}

static omma_error add_slice(measure *m, size_t from, size_t to, double *ours_s, double *peers_s)
{
    omma_error err = OMMA_OK;
    int64_t began = omma_clock_cpu_ns();

    for (size_t i = from; i < to && !err; i++)
        err = add(m, i);
    int64_t between = omma_clock_cpu_ns();
    for (size_t i = from; i < to && m->peer; i++)
        m->peer->add(m->peer_index, vector_at(m, i), i);
    *ours_s += (double)(between - began) * 1e-9;
    *peers_s += (double)(omma_clock_cpu_ns() - between) * 1e-9;
    return err;
}

omma_error measure_inserts(measure *m)
{
    double ours_s = 0, peers_s = 0;
    omma_index_stats stats;
    omma_error err = OMMA_OK;

    for (size_t s = 0; s < SLICES && !err; s++)
        err = add_slice(m, m->data->count * s / SLICES, m->data->count * (s + 1) / SLICES, &ours_s,
                        &peers_s);
    if (err)
        return err;
    omma_index_get_stats(m->index, &stats);
    m->ours.inserts_per_s = (double)m->data->count / ours_s;
    m->ours.bytes_each = stats.bytes_each;
    if (m->peer) {
        m->peers.inserts_per_s = (double)m->data->count / peers_s;
        m->peers.bytes_each = (double)m->peer->bytes(m->peer_index) / (double)m->data->count;
    }
    return OMMA_OK;
}

/* -------------------------------------------------------------------------------------- queries */

typedef struct asking {
    measure *m;
    omma_index_reader *reader; /* NULL: the peer */
    uint32_t ef;
} asking;

static uint32_t ask(const asking *a, size_t query, uint64_t ids[MEASURE_K])
{
    const measure *m = a->m;
    const omma_index_search search = {.k = MEASURE_K, .ef = a->ef};
    omma_index_match matches[MEASURE_K];
    uint32_t n = 0;

    if (!a->reader)
        return m->peer->query(m->peer_index, query_at(m, query), MEASURE_K, a->ef, ids);
    if (omma_index_query(a->reader, query_at(m, query), m->data->dim, &search, matches, &n))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        ids[i] = matches[i].entry.id;
    return n;
}

/* Asks queries from to to; adds what they found to figures. @return seconds. */
static double ask_block(const asking *a, size_t from, size_t to, query_figures *figures)
{
    uint64_t ids[BLOCK][MEASURE_K];
    uint32_t found[BLOCK];
    int64_t began = omma_clock_thread_ns();

    for (size_t i = from; i < to; i++)
        found[i - from] = ask(a, i, ids[i - from]);
    double s = (double)(omma_clock_thread_ns() - began) * 1e-9;
    for (size_t i = from; i < to; i++) {
        uint32_t h = hits(a->m, i, ids[i - from], found[i - from]);
        figures->recall += h;
        figures->zero_hit += h == 0;
    }
    return s;
}

/* One round over all queries, ours and the peer's in turn. */
static void ask_round(asking sides[2], size_t count, double s[2], query_figures *figures[2])
{
    s[0] = s[1] = 0;
    for (int side = 0; side < 2; side++)
        *figures[side] = (query_figures){0};
    for (size_t from = 0; from < count; from += BLOCK) {
        size_t to = from + BLOCK < count ? from + BLOCK : count;
        for (int side = 0; side < 2; side++)
            if (sides[side].reader || sides[side].m->peer)
                s[side] += ask_block(&sides[side], from, to, figures[side]);
    }
}

static void measure_ef(measure *m, omma_index_reader *reader, int which)
{
    asking sides[2] = {{m, reader, measure_efs[which]}, {m, NULL, measure_efs[which]}};
    query_figures *figures[2] = {&m->ours.queries[which], &m->peers.queries[which]};
    double s[2], times[2][ROUNDS], count = (double)m->data->query_count;

    for (int round = 0; round < ROUNDS; round++) {
        ask_round(sides, m->data->query_count, s, figures);
        for (int side = 0; side < 2; side++)
            times[side][round] = s[side];
    }
    for (int side = 0; side < 2; side++) {
        figures[side]->us = omma_median(times[side], ROUNDS) * 1e6 / count;
        figures[side]->recall /= count * MEASURE_K;
        figures[side]->zero_hit /= count;
    }
}

omma_error measure_queries(measure *m)
{
    omma_index_reader *reader = NULL;
    omma_error err = omma_index_reader_create(&reader, m->index);

    for (int i = 0; i < MEASURE_EFS && !err; i++)
        measure_ef(m, reader, i);
    omma_index_reader_destroy(&reader);
    return err;
}

/* -------------------------------------------------------------------------------------- opening */

/* A checkpoint, a log of a few changes behind it, and both from the disk. */
omma_error measure_open(measure *m)
{
    omma_index_reader *reader = NULL;
    query_figures ignored = {0};
    int64_t began = omma_clock_now_ns();
    omma_error err = omma_index_checkpoint(m->index);

    m->checkpoint_s = (double)(omma_clock_now_ns() - began) * 1e-9;
    for (size_t i = 0; i < TAIL && !err; i++)
        err = omma_index_update(m->index, &(omma_index_entry){.id = i, .frame = i});
    m->open_changes = TAIL;
    omma_index_close(&m->index);
    began = omma_clock_now_ns();
    int64_t began_cpu = omma_clock_cpu_ns();
    if (!err)
        err = omma_index_open(&m->index, m->folder, &m->options);
    m->open_s = (double)(omma_clock_now_ns() - began) * 1e-9;
    m->open_cpu_s = (double)(omma_clock_cpu_ns() - began_cpu) * 1e-9;
    if (!err)
        err = omma_index_reader_create(&reader, m->index);
    if (err)
        return err;
    double s = 0;
    for (size_t from = 0; from < m->data->query_count; from += BLOCK) {
        size_t to = from + BLOCK < m->data->query_count ? from + BLOCK : m->data->query_count;
        s += ask_block(&(asking){m, reader, measure_efs[0]}, from, to, &ignored);
    }
    m->reopened_us = s * 1e6 / (double)m->data->query_count;
    omma_index_reader_destroy(&reader);
    return OMMA_OK;
}

/* --------------------------------------------------------------------- a writer beside a reader */

typedef struct reading {
    measure *m;
    omma_index_reader *reader;
    _Atomic bool stop;
    double *us; /* MOST_LATENCIES */
    size_t count;
} reading;

static void run_reader(void *user)
{
    reading *r = user;
    uint64_t ids[MEASURE_K];
    const asking a = {r->m, r->reader, measure_efs[2]};

    while (!r->stop && r->count < MOST_LATENCIES) {
        int64_t began = omma_clock_now_ns();

        ask(&a, r->count % r->m->data->query_count, ids);
        r->us[r->count++] = (double)(omma_clock_now_ns() - began) * 1e-3;
    }
}

/* Additions per second of this thread. */
static omma_error add_some(measure *m, size_t from, size_t to, double *per_s)
{
    omma_error err = OMMA_OK;
    int64_t began = omma_clock_thread_ns();

    for (size_t i = from; i < to && !err; i++)
        err = add(m, i);
    *per_s = (double)(to - from) / ((double)(omma_clock_thread_ns() - began) * 1e-9);
    return err;
}

omma_error measure_beside(measure *m)
{
    size_t count = m->data->count, end = count + m->data->extra, half = count + m->data->extra / 2;
    reading r = {.m = m, .us = omma_new_array(double, MOST_LATENCIES)};
    omma_thread *thread = NULL;
    omma_error err = add_some(m, count, half, &m->alone_inserts_per_s);

    if (!err)
        err = omma_index_reader_create(&r.reader, m->index);
    if (!err)
        err = omma_thread_start(&thread, "reader", run_reader, &r);
    if (!err)
        err = add_some(m, half, end, &m->beside_inserts_per_s);
    r.stop = true;
    omma_thread_join(&thread);
    omma_index_reader_destroy(&r.reader);
    if (r.count) {
        omma_sort(r.us, r.count);
        m->beside_p50_us = r.us[r.count / 2];
        m->beside_p99_us = r.us[r.count * 99 / 100];
    }
    free(r.us);
    return err;
}
