/* SPDX-License-Identifier: Apache-2.0 */
/* The few facts of a JPEG's EXIF block that a source needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct exif_facts {
    bool has_time;
    int64_t time_ns;       /* DateTimeOriginal + SubSecTimeOriginal, as if it were UTC */
    double focal_35mm;     /* FocalLengthIn35mmFilm, mm; 0 = not said */
    int degrees_clockwise; /* Orientation: rotate by this to display; mirrors are ignored */
} exif_facts;

/** Reads what there is from the first bytes of a JPEG file. False and zeroes when it has no EXIF.
 */
bool exif_read(const uint8_t *data, size_t bytes, exif_facts *out);

/** Focal length in pixels: the 35 mm equivalent compares diagonals (CIPA DC-008,
 * FocalLengthIn35mmFilm); 0 when unknown. */
double exif_focal_px(const exif_facts *facts, int width, int height);
