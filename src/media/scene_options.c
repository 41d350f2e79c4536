/* SPDX-License-Identifier: Apache-2.0 */
#include "scene_options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const scene_recipe recipes[] = {
    {"room", scene_build_room, scene_path_room, 300, 0.34},
    {"corridor", scene_build_corridor, scene_path_corridor, 600, 0.30},
    {"loop", scene_build_loop, scene_path_loop, 600, 0.32},
};
#define RECIPES (sizeof recipes / sizeof *recipes)

const char *const *omma_source_scenes(void)
{
    static const char *const names[] = {"room", "corridor", "loop", NULL};
    return names;
}

/* A word of the spec, not ended by 0. */
typedef struct word {
    const char *text;
    size_t length;
} word;

static bool is(word w, const char *text)
{
    return strlen(text) == w.length && memcmp(text, w.text, w.length) == 0;
}

static int shown(word w)
{
    return w.length < 40 ? (int)w.length : 40;
}

static bool to_number(word w, double low, double high, double *out)
{
    char text[40];
    if (w.length == 0 || w.length >= sizeof text || isspace((unsigned char)w.text[0]))
        return false;
    memcpy(text, w.text, w.length);
    text[w.length] = 0;
    char *end;
    double value = strtod(text, &end);
    if (*end || !(value >= low && value <= high)) /* not a number fails, too */
        return false;
    *out = value;
    return true;
}

static bool to_count(word w, uint64_t high, uint64_t *out)
{
    char text[24];
    if (w.length == 0 || w.length >= sizeof text || !isdigit((unsigned char)w.text[0]))
        return false;
    memcpy(text, w.text, w.length);
    text[w.length] = 0;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || errno || value > high)
        return false;
    *out = value;
    return true;
}

#define MIN_SIZE 16
#define MAX_SIZE 4096

static bool to_size(word w, int *width, int *height)
{
    const char *x = memchr(w.text, 'x', w.length);
    uint64_t a, b;
    if (!x)
        return false;
    word left = {w.text, (size_t)(x - w.text)}, right = {x + 1, w.length - left.length - 1};
    if (!to_count(left, MAX_SIZE, &a) || !to_count(right, MAX_SIZE, &b) || a < MIN_SIZE ||
        b < MIN_SIZE)
        return false;
    *width = (int)a;
    *height = (int)b;
    return true;
}

static bool set_option(scene_options *o, word name, word value, bool *known)
{
    *known = true;
    if (is(name, "seed"))
        return to_count(value, UINT64_MAX, &o->seed);
    if (is(name, "frames"))
        return to_count(value, 1000000000, &o->frames);
    if (is(name, "size"))
        return to_size(value, &o->width, &o->height);
    if (is(name, "rate"))
        return to_number(value, 0.1, 1000, &o->rate);
    if (is(name, "fov"))
        return to_number(value, 20, 120, &o->fov);
    if (is(name, "blur"))
        return to_number(value, 0, 1, &o->blur);
    if (is(name, "exposure"))
        return to_number(value, 0, 2, &o->exposure);
    if (is(name, "noise"))
        return to_number(value, 0, 50, &o->noise);
    *known = false;
    return false;
}

static omma_error parse_option(scene_options *o, word option)
{
    static const char *const there_is =
        "options are seed=N, frames=N (0: endless), size=WxH (16 to 4096), rate=0.1..1000, "
        "fov=20..120 (degrees), blur=0..1 (frames), exposure=0..2 (stops), noise=0..50 (levels)";
    const char *equals = memchr(option.text, '=', option.length);
    word name = {option.text, equals ? (size_t)(equals - option.text) : option.length};
    word value = {name.text + name.length, 0};
    bool known = false;
    if (equals)
        value = (word){equals + 1, option.length - name.length - 1};
    if (set_option(o, name, value, &known))
        return OMMA_OK;
    if (known)
        return omma_fail(OMMA_UNSUPPORTED, "synthetic: %.*s cannot be '%.*s'; %s", shown(name),
                         name.text, shown(value), value.text, there_is);
    return omma_fail(OMMA_UNSUPPORTED, "synthetic: no option is called '%.*s'; %s", shown(name),
                     name.text, there_is);
}

static const scene_recipe *find_recipe(word name)
{
    for (size_t i = 0; i < RECIPES; i++)
        if (is(name, recipes[i].name))
            return &recipes[i];
    return NULL;
}

static void set_defaults(scene_options *o, const scene_recipe *recipe,
                         const omma_source_options *wishes)
{
    *o = (scene_options){.recipe = recipe,
                         .frames = recipe->frames,
                         .width = 640,
                         .height = 480,
                         .rate = 30,
                         .fov = 65};
    if (!wishes)
        return;
    if (wishes->width >= MIN_SIZE && wishes->width <= MAX_SIZE && wishes->height >= MIN_SIZE &&
        wishes->height <= MAX_SIZE) {
        o->width = wishes->width;
        o->height = wishes->height;
    }
    if (wishes->rate >= 0.1 && wishes->rate <= 1000)
        o->rate = wishes->rate;
}

omma_error scene_options_parse(scene_options *out, const char *spec,
                               const omma_source_options *wishes)
{
    scene_options o;
    word name = {spec, strcspn(spec, "?")};
    const scene_recipe *recipe = find_recipe(name);
    if (!recipe)
        return omma_fail(OMMA_UNSUPPORTED,
                         "synthetic: no scene is called '%.*s'; there are room, corridor and loop",
                         shown(name), name.text);
    set_defaults(&o, recipe, wishes);

    const char *at = spec + name.length;
    while (*at) { /* on a ? or & */
        word option = {at + 1, strcspn(at + 1, "&")};
        at = option.text + option.length;
        if (option.length == 0 && *at == 0)
            break;
        omma_error err = parse_option(&o, option);
        if (err)
            return err;
    }
    *out = o;
    return OMMA_OK;
}
