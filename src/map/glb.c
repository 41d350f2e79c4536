/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glTF 2.0 in one binary file. Source: Khronos, "glTF 2.0 specification", sections 3 and 4.4.
 *
 * One root node turns our axes (y down, z forward) into glTF's (y up, z back); below it "points",
 * "mesh", "cameras" with one child for each keyframe, and "trajectory" can be switched by viewers.
 * A keyframe is a camera that one can look through and a frustum that shows it. Vertex colours are
 * linear in glTF, and they are what the camera saw, so no light is to fall on them
 * (KHR_materials_unlit, which viewers may ignore).
 */
#include "scene_files.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSIGNED_SHORT = 5123, UNSIGNED_INT = 5125, FLOAT = 5126 };
enum { ARRAY_BUFFER = 34962, ELEMENT_BUFFER = 34963 };
enum { DRAW_POINTS = 0, DRAW_LINES = 1, DRAW_LINE_STRIP = 3, DRAW_TRIANGLES = 4 };
enum { MATERIAL_COLORS = 0, MATERIAL_FRUSTUM = 1 };

#define CHUNK_JSON 0x4e4f534a
#define CHUNK_BIN  0x004e4942

/* A member of the JSON that is a list. */
typedef struct json_list {
    omma_byte_list text;
    unsigned count;
} json_list;

typedef struct glb {
    omma_byte_list bin;
    json_list views, accessors, meshes, cameras, nodes;
    uint16_t linear[256];
    bool too_large;
} glb;

OMMA_PRINTF(2, 3) static unsigned add(json_list *l, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (l->count > 0)
        omma_bytes_put(&l->text, ",", 1);
    omma_bytes_put(&l->text, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    return l->count++;
}

/* ------------------------------------------------------------------------------ numbers */

/* IEC 61966-2-1 backwards. */
static void fill_linear(uint16_t linear[256])
{
    for (int i = 0; i < 256; i++) {
        double s = i / 255.0;

        linear[i] =
            (uint16_t)lround(65535 * (s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4)));
    }
}

static void put_color(glb *g, const uint8_t rgb[3])
{
    for (int k = 0; k < 3; k++)
        omma_bytes_u16(&g->bin, g->linear[rgb[k]]);
    omma_bytes_u16(&g->bin, 65535);
}

static void put_vector(glb *g, const float v[3])
{
    for (int k = 0; k < 3; k++)
        omma_bytes_f32(&g->bin, v[k]);
}

/* Validators want length 1 to 5e-4; a normal that is none points at the first camera. */
static void put_normal(glb *g, const float n[3])
{
    double length = sqrt((double)n[0] * n[0] + (double)n[1] * n[1] + (double)n[2] * n[2]);
    float unit[3] = {0, 0, -1};

    for (int k = 0; k < 3 && length > 1e-6 && isfinite(length); k++)
        unit[k] = (float)(n[k] / length);
    put_vector(g, unit);
}

/* --------------------------------------------------------------------------- data in it */

/* What was put into the binary part since begin. */
static unsigned add_view(glb *g, size_t begin, int target)
{
    size_t length = g->bin.count - begin;

    if (g->bin.count > UINT32_MAX / 2)
        g->too_large = true;
    omma_bytes_pad(&g->bin, 4);
    return add(&g->views, "{\"buffer\":0,\"byteOffset\":%zu,\"byteLength\":%zu,\"target\":%d}",
               begin, length, target);
}

static unsigned add_vectors(glb *g, unsigned view, size_t first, size_t count)
{
    return add(&g->accessors,
               "{\"bufferView\":%u,\"byteOffset\":%zu,\"componentType\":%d,\"count\":%zu,"
               "\"type\":\"VEC3\"}",
               view, 12 * first, FLOAT, count);
}

static float float_in(const glb *g, size_t at)
{
    uint32_t bits = (uint32_t)g->bin.at[at] | (uint32_t)g->bin.at[at + 1] << 8 |
                    (uint32_t)g->bin.at[at + 2] << 16 | (uint32_t)g->bin.at[at + 3] << 24;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Positions must tell their box, to the last bit; begin: of the view. */
static unsigned add_positions(glb *g, unsigned view, size_t begin, size_t first, size_t count)
{
    double low[3] = {INFINITY, INFINITY, INFINITY}, high[3] = {-INFINITY, -INFINITY, -INFINITY};

    for (size_t i = 0; i < 3 * count; i++) {
        double x = float_in(g, begin + 12 * first + 4 * i);

        low[i % 3] = fmin(low[i % 3], x);
        high[i % 3] = fmax(high[i % 3], x);
    }
    return add(&g->accessors,
               "{\"bufferView\":%u,\"byteOffset\":%zu,\"componentType\":%d,\"count\":%zu,"
               "\"type\":\"VEC3\",\"min\":[%.17g,%.17g,%.17g],\"max\":[%.17g,%.17g,%.17g]}",
               view, 12 * first, FLOAT, count, low[0], low[1], low[2], high[0], high[1], high[2]);
}

static unsigned add_colors(glb *g, unsigned view, size_t first, size_t count)
{
    return add(&g->accessors,
               "{\"bufferView\":%u,\"byteOffset\":%zu,\"componentType\":%d,\"normalized\":true,"
               "\"count\":%zu,\"type\":\"VEC4\"}",
               view, 8 * first, UNSIGNED_SHORT, count);
}

static unsigned add_indices(glb *g, unsigned view, size_t count)
{
    return add(&g->accessors,
               "{\"bufferView\":%u,\"componentType\":%d,\"count\":%zu,\"type\":\"SCALAR\"}", view,
               UNSIGNED_INT, count);
}

static unsigned add_node_of_mesh(glb *g, const char *name, unsigned mesh)
{
    return add(&g->nodes, "{\"name\":\"%s\",\"mesh\":%u}", name, mesh);
}

/* -------------------------------------------------------------------------------- parts */

static unsigned add_points(glb *g, const omma_scene *s)
{
    const omma_cloud *c = s->cloud;
    size_t n = scene_count_points(s), begin = g->bin.count;
    char normals[32] = "";

    for (size_t i = 0; i < c->count; i++)
        if (scene_point_is_finite(&c->points[i]))
            put_vector(g, c->points[i].world);
    unsigned positions = add_positions(g, add_view(g, begin, ARRAY_BUFFER), begin, 0, n);

    if (scene_has_normals(s)) {
        begin = g->bin.count;
        for (size_t i = 0; i < c->count; i++)
            if (scene_point_is_finite(&c->points[i]))
                put_normal(g, c->points[i].normal);
        snprintf(normals, sizeof normals, ",\"NORMAL\":%u",
                 add_vectors(g, add_view(g, begin, ARRAY_BUFFER), 0, n));
    }
    begin = g->bin.count;
    for (size_t i = 0; i < c->count; i++)
        if (scene_point_is_finite(&c->points[i]))
            put_color(g, c->points[i].rgb);
    unsigned colors = add_colors(g, add_view(g, begin, ARRAY_BUFFER), 0, n);
    unsigned mesh = add(&g->meshes,
                        "{\"name\":\"points\",\"primitives\":[{\"mode\":%d,\"material\":%d,"
                        "\"attributes\":{\"POSITION\":%u,\"COLOR_0\":%u%s}}]}",
                        DRAW_POINTS, MATERIAL_COLORS, positions, colors, normals);

    return add_node_of_mesh(g, "points", mesh);
}

static unsigned add_mesh(glb *g, const omma_mesh *m)
{
    size_t n = m->vertex_count, begin = g->bin.count;

    for (size_t i = 0; i < n; i++)
        put_vector(g, m->positions + 3 * i);
    unsigned positions = add_positions(g, add_view(g, begin, ARRAY_BUFFER), begin, 0, n);

    begin = g->bin.count;
    for (size_t i = 0; i < n; i++)
        put_normal(g, m->normals + 3 * i);
    unsigned normals = add_vectors(g, add_view(g, begin, ARRAY_BUFFER), 0, n);

    begin = g->bin.count;
    for (size_t i = 0; i < n; i++)
        put_color(g, m->rgb + 3 * i);
    unsigned colors = add_colors(g, add_view(g, begin, ARRAY_BUFFER), 0, n);

    begin = g->bin.count;
    for (size_t i = 0; i < 3 * m->triangle_count; i++)
        omma_bytes_u32(&g->bin, m->triangles[i]);
    unsigned indices = add_indices(g, add_view(g, begin, ELEMENT_BUFFER), 3 * m->triangle_count);
    unsigned mesh =
        add(&g->meshes,
            "{\"name\":\"mesh\",\"primitives\":[{\"mode\":%d,\"material\":%d,\"indices\":%u,"
            "\"attributes\":{\"POSITION\":%u,\"NORMAL\":%u,\"COLOR_0\":%u}}]}",
            DRAW_TRIANGLES, MATERIAL_COLORS, indices, positions, normals, colors);

    return add_node_of_mesh(g, "mesh", mesh);
}

/* In glTF's axes of a camera: y up, z back. */
static unsigned add_frustum(glb *g, const omma_camera *camera, double depth)
{
    static const uint8_t edges[16] = {0, 1, 0, 2, 0, 3, 0, 4, 1, 2, 2, 3, 3, 4, 4, 1};
    double corners[4][3];
    size_t begin = g->bin.count;

    scene_frustum(camera, depth, corners);
    put_vector(g, (float[3]){0, 0, 0});
    for (int i = 0; i < 4; i++)
        put_vector(g,
                   (float[3]){(float)corners[i][0], -(float)corners[i][1], -(float)corners[i][2]});
    unsigned positions = add_positions(g, add_view(g, begin, ARRAY_BUFFER), begin, 0, 5);

    begin = g->bin.count;
    for (int i = 0; i < 16; i++)
        omma_bytes_u32(&g->bin, edges[i]);
    unsigned indices = add_indices(g, add_view(g, begin, ELEMENT_BUFFER), 16);

    return add(&g->meshes,
               "{\"name\":\"frustum\",\"primitives\":[{\"mode\":%d,\"material\":%d,"
               "\"indices\":%u,\"attributes\":{\"POSITION\":%u}}]}",
               DRAW_LINES, MATERIAL_FRUSTUM, indices, positions);
}

static bool is_same_camera(const omma_camera *a, const omma_camera *b)
{
    return a->model == b->model && a->width == b->width && a->height == b->height &&
           a->fx == b->fx && a->fy == b->fy && a->cx == b->cx && a->cy == b->cy &&
           memcmp(a->k, b->k, sizeof a->k) == 0;
}

/* glTF knows pinholes whose axis goes through the middle. */
static void add_camera(glb *g, const omma_camera *c, double depth)
{
    double fov = 2 * atan(0.5 * c->height / c->fy);

    add(&g->cameras,
        "{\"type\":\"perspective\",\"perspective\":{\"yfov\":%.9g,\"aspectRatio\":%.9g,"
        "\"znear\":%.9g}}",
        fov, c->width / c->fx * c->fy / c->height, 0.01 * depth);
}

/* world_from_keyframe with the camera's axes turned into glTF's. */
static unsigned add_keyframe(glb *g, const omma_map_keyframe *k, unsigned frustum)
{
    omma_se3 T;
    double q[4];

    memcpy(T.R, k->world_from_keyframe.R, sizeof T.R);
    memcpy(T.t, k->world_from_keyframe.t, sizeof T.t);
    for (int i = 0; i < 9; i++)
        if (i % 3 > 0)
            T.R[i] = -T.R[i];
    omma_se3_to_quaternion(&T, q);
    return add(&g->nodes,
               "{\"name\":\"keyframe %06" PRIu64 "\",\"mesh\":%u,\"camera\":%u,"
               "\"translation\":[%.9g,%.9g,%.9g],\"rotation\":[%.9g,%.9g,%.9g,%.9g],"
               "\"extras\":{\"keyframe\":%" PRIu32 ",\"frame\":%" PRIu64 ",\"time_s\":%.9f}}",
               k->frame_index, frustum, g->cameras.count - 1, T.t[0], T.t[1], T.t[2], q[0], q[1],
               q[2], q[3], k->id, k->frame_index, (double)k->time_ns * 1e-9);
}

/* Nodes name their children by number: these follow each other. */
static void add_numbers(omma_byte_list *b, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char text[16];
        int n = snprintf(text, sizeof text, "%s%u", i ? "," : "", first + i);

        omma_bytes_put(b, text, (size_t)n);
    }
}

static unsigned add_parent(glb *g, const char *begin, unsigned first, unsigned count)
{
    unsigned node = add(&g->nodes, "%s\"children\":[", begin);

    add_numbers(&g->nodes.text, first, count);
    omma_bytes_put(&g->nodes.text, "]}", 2);
    return node;
}

static unsigned add_keyframes(glb *g, const omma_scene *s, const scene_lines *l)
{
    unsigned first = g->nodes.count, frustum = 0;
    omma_camera last = {0};

    for (size_t i = 0; i < l->keyframe_count; i++) {
        omma_map_keyframe k = omma_map_get_keyframe(s->map, l->keyframes[i]);

        if (i == 0 || !is_same_camera(&last, &k.camera)) {
            last = k.camera;
            frustum = add_frustum(g, &last, l->depth);
            add_camera(g, &last, l->depth);
        }
        add_keyframe(g, &k, frustum);
    }
    return add_parent(g, "{\"name\":\"cameras\",", first, (unsigned)l->keyframe_count);
}

/* From blue at the start to red at the end; a strip for each run of frames with a pose. */
static unsigned add_path(glb *g, const scene_lines *l)
{
    size_t n = l->path_count, begin = g->bin.count;
    json_list strips = {0};

    for (size_t i = 0; i < n; i++)
        put_vector(g, l->path[i]);
    unsigned positions = add_view(g, begin, ARRAY_BUFFER);
    size_t positions_at = begin;

    begin = g->bin.count;
    for (size_t i = 0; i < n; i++) {
        uint8_t red = (uint8_t)(255 * i / n);

        put_color(g, (uint8_t[3]){red, 64, (uint8_t)(255 - red)});
    }
    unsigned colors = add_view(g, begin, ARRAY_BUFFER);

    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && l->joined[end];)
            end++;
        if (end - first > 1)
            add(&strips,
                "{\"mode\":%d,\"material\":%d,\"attributes\":{\"POSITION\":%u,\"COLOR_0\":%u}}",
                DRAW_LINE_STRIP, MATERIAL_COLORS,
                add_positions(g, positions, positions_at, first, end - first),
                add_colors(g, colors, first, end - first));
    }
    unsigned mesh = add(&g->meshes, "{\"name\":\"trajectory\",\"primitives\":[");

    omma_bytes_put(&g->meshes.text, strips.text.at, strips.text.count);
    omma_bytes_put(&g->meshes.text, "]}", 2);
    omma_bytes_finish(&strips.text);
    return add_node_of_mesh(g, "trajectory", mesh);
}

static bool has_strip(const scene_lines *l)
{
    for (size_t i = 0; i < l->path_count; i++)
        if (l->joined[i])
            return true;
    return false;
}

/* --------------------------------------------------------------------------------- file */

static void add_scene(glb *g, const omma_scene *s)
{
    unsigned child[4], n = 0;
    scene_lines l;

    scene_lines_init(&l, s);
    if (s->cloud)
        child[n++] = add_points(g, s);
    if (s->mesh)
        child[n++] = add_mesh(g, s->mesh);
    if (l.keyframe_count > 0)
        child[n++] = add_keyframes(g, s, &l);
    if (has_strip(&l))
        child[n++] = add_path(g, &l);
    scene_lines_finish(&l);
    add(&g->nodes, "{\"name\":\"map\",\"rotation\":[1,0,0,0],\"children\":[");
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            omma_bytes_put(&g->nodes.text, ",", 1);
        add_numbers(&g->nodes.text, child[i], 1);
    }
    omma_bytes_put(&g->nodes.text, "]}", 2);
}

static void put_text(omma_byte_list *b, const char *text)
{
    omma_bytes_put(b, text, strlen(text));
}

static void put_list(omma_byte_list *b, const char *name, const json_list *l)
{
    if (l->count == 0)
        return;
    put_text(b, ",\"");
    put_text(b, name);
    put_text(b, "\":[");
    omma_bytes_put(b, l->text.at, l->text.count);
    put_text(b, "]");
}

static omma_byte_list write_json(const glb *g, const char *unit)
{
    omma_byte_list b = {0};
    char *asset = omma_text(
        "{\"asset\":{\"version\":\"2.0\",\"generator\":\"omma %s\",\"extras\":{\"unit\":\"%s\","
        "\"axes\":\"below the node map: right-handed, x right, y down, z forward; that node turns "
        "them to y up\"}},\"extensionsUsed\":[\"KHR_materials_unlit\"],\"scene\":0,"
        "\"scenes\":[{\"nodes\":[%u]}],\"materials\":[",
        omma_version(), unit, g->nodes.count - 1);
    char *buffer = omma_text(",\"buffers\":[{\"byteLength\":%zu}]}", g->bin.count);

    put_text(&b, asset);
    put_text(&b, "{\"name\":\"colors\",\"doubleSided\":true,\"pbrMetallicRoughness\":"
                 "{\"metallicFactor\":0},\"extensions\":{\"KHR_materials_unlit\":{}}}");
    if (g->cameras.count > 0)
        put_text(&b, ",{\"name\":\"frustum\",\"pbrMetallicRoughness\":{\"metallicFactor\":0,"
                     "\"baseColorFactor\":[1,0.2,0,1]},"
                     "\"extensions\":{\"KHR_materials_unlit\":{}}}");
    put_text(&b, "]");
    put_list(&b, "nodes", &g->nodes);
    put_list(&b, "meshes", &g->meshes);
    put_list(&b, "cameras", &g->cameras);
    put_list(&b, "accessors", &g->accessors);
    put_list(&b, "bufferViews", &g->views);
    put_text(&b, buffer);
    while (b.count % 4)
        put_text(&b, " ");
    free(asset);
    free(buffer);
    return b;
}

static void write_file(omma_file *f, const omma_byte_list *json, const omma_byte_list *bin)
{
    omma_byte_list b = {0};

    omma_bytes_put(&b, "glTF", 4);
    omma_bytes_u32(&b, 2);
    omma_bytes_u32(&b, (uint32_t)(12 + 8 + json->count + 8 + bin->count));
    omma_bytes_u32(&b, (uint32_t)json->count);
    omma_bytes_u32(&b, CHUNK_JSON);
    omma_file_write(f, b.at, b.count);
    omma_file_write(f, json->at, json->count);
    b.count = 0;
    omma_bytes_u32(&b, (uint32_t)bin->count);
    omma_bytes_u32(&b, CHUNK_BIN);
    omma_file_write(f, b.at, b.count);
    omma_file_write(f, bin->at, bin->count);
    omma_bytes_finish(&b);
}

static void finish(glb *g)
{
    omma_bytes_finish(&g->bin);
    omma_bytes_finish(&g->views.text);
    omma_bytes_finish(&g->accessors.text);
    omma_bytes_finish(&g->meshes.text);
    omma_bytes_finish(&g->cameras.text);
    omma_bytes_finish(&g->nodes.text);
}

omma_error glb_write(const omma_scene *s, const char *path, bool replace)
{
    omma_file *f;
    omma_error err = omma_file_create(&f, path, replace);
    glb g = {0};

    if (err)
        return err;
    fill_linear(g.linear);
    add_scene(&g, s);
    if (g.too_large) {
        omma_file_abort(&f);
        err = omma_fail(OMMA_INVALID,
                        "%s: %zu bytes are more than viewers of GLB take; write "
                        "fewer points, or a PLY file",
                        path, g.bin.count);
    } else {
        omma_byte_list json = write_json(&g, s->map ? omma_map_unit(s->map) : "units");

        write_file(f, &json, &g.bin);
        omma_bytes_finish(&json);
        err = omma_file_commit(&f);
    }
    finish(&g);
    return err;
}
