/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The folder a map goes to when nobody says: "clip-omma" for /videos/clip.mp4. Given: free(). */
char *output_name(const char *input);
