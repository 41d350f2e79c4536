/* SPDX-License-Identifier: Apache-2.0 */
/* One picture file to one frame, with the decoder kept open between pictures of the same kind. */
#pragma once

#include <omma/frame.h>

#include "exif.h"

typedef struct still_decoder still_decoder;

still_decoder *still_create(void);
void still_destroy(still_decoder **d);

/** Reads and decodes a whole file; rotated as EXIF says.
 *  @return OMMA_OK (*out given); OMMA_NOT_FOUND, OMMA_DENIED, OMMA_IO, OMMA_FORMAT (damaged or
 *          not a picture), OMMA_UNSUPPORTED, OMMA_NO_MEMORY. */
omma_error still_decode(still_decoder *d, omma_frame **out, const char *path);

/** The same from memory; name is for messages. */
omma_error still_decode_bytes(still_decoder *d, omma_frame **out, const void *data, size_t bytes,
                              const char *name);

/** EXIF of the picture decoded last; borrowed. */
const exif_facts *still_exif(const still_decoder *d);
/** "JPEG"; static. What the picture decoded last was; "" before the first. */
const char *still_kind(const still_decoder *d);

/** EXIF of a file, from its first 64 KiB; false when it has none. */
bool still_read_exif(const char *path, exif_facts *out);
