#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# example_index.sh PROGRAM: the example says what it should, twice: the second time from the disk.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
want='place 0, cosine 0.995
place 2, cosine 0.856
place 1, cosine 0.100'
for turn in 1 2; do
    got=$("$1" "$folder/places")
    if [ "$got" != "$want" ]; then
        printf 'turn %s: got\n%s\n' "$turn" "$got" >&2
        exit 1
    fi
done
