#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install_as.sh FILE PLACE: installs a built file under another name, below meson's prefix.
set -eu
place=$MESON_INSTALL_DESTDIR_PREFIX/$2
mkdir -p "$(dirname "$place")"
install -m 644 "$1" "$place"
