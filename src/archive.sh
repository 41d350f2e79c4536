#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# archive.sh OUT LIBRARY... -- COMPILER...
#
# Makes one static library of several, in which only omma_* are global: what the modules call among
# themselves (track, follow ...) would otherwise be names that no program linked with it could have.
set -eu
out=$1
shift
libraries=
while [ "$1" != -- ]; do
    libraries="$libraries $1"
    shift
done
shift

object=${out%.a}.o
# shellcheck disable=SC2086 # words are meant; meson makes these paths, without spaces below the build folder
"$@" -r -nostdlib -o "$object" -Wl,--whole-archive $libraries -Wl,--no-whole-archive
objcopy --wildcard --keep-global-symbol='omma_*' "$object"
rm -f "$out"
ar rcs "$out" "$object"
rm "$object"
