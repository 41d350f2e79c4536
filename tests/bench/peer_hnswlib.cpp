/* SPDX-License-Identifier: Apache-2.0 */
/* hnswlib (Malkov, Yashunin) as omma index bench --peer hnswlib measures it: one thread, M = 16,
 * efConstruction = 200, all that this machine's processor has. */
#include "index_peer.h"

#include <hnswlib/hnswlib.h>
#include <malloc.h>

namespace
{

size_t heap_bytes()
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

struct Index {
    size_t before = heap_bytes();
    hnswlib::InnerProductSpace space;
    hnswlib::HierarchicalNSW<float> graph;

    Index(uint32_t dim, size_t capacity) : space(dim), graph(&space, capacity, 16, 200)
    {
    }
};

void *create(uint32_t dim, size_t capacity)
{
    return new Index(dim, capacity);
}

void add(void *peer, const float *vector, uint64_t id)
{
    static_cast<Index *>(peer)->graph.addPoint(vector, id);
}

uint32_t query(void *peer, const float *vector, uint32_t k, uint32_t ef, uint64_t *ids)
{
    auto &graph = static_cast<Index *>(peer)->graph;
    uint32_t n = 0;

    graph.setEf(ef);
    for (auto found = graph.searchKnn(vector, k); !found.empty(); found.pop())
        ids[n++] = found.top().second;
    return n;
}

size_t bytes(void *peer)
{
    return heap_bytes() - static_cast<Index *>(peer)->before;
}

void destroy(void *peer)
{
    delete static_cast<Index *>(peer);
}

} // namespace

extern "C" const index_peer omma_index_peer_table;
extern "C" const index_peer omma_index_peer_table = {
    "hnswlib, M 16, efConstruction 200, one thread", create, add, query, bytes, destroy};
