#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the 256 comparisons of the binary descriptor and prints them as a C table.

usage: descriptor_learn.py PICTURE.pgm ... > src/slam/classical/descriptor_table.h

Turning every patch to its intensity centroid makes most random comparisons come out alike (the bright
side is always to the right). As in ORB (Rublee et al., ICCV 2011, section 4.3), of many random pairs
those are kept whose outcome is open (mean near 1/2) and which say little about one another.
Pictures used: synthetic:room, corridor and loop with blur=0.3&noise=2, every 25th frame.
Needs python3-numpy and python3-opencv.
"""
import sys

import cv2
import numpy as np

REACH, PAIRS, WANTED = 13.0, 6000, 256


def patches(paths, rng):
    """Gaussian-smoothed samples of turned patches: (n, side, side)."""
    side = int(REACH) * 2 + 1
    grid = np.arange(side) - side // 2
    gx, gy = np.meshgrid(grid, grid)
    disc = gx * gx + gy * gy <= 144
    out = []
    for path in paths:
        full = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        for scale in (1.0, 0.5):
            img = cv2.resize(full, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            smooth = cv2.GaussianBlur(img, (7, 7), 2)
            points = cv2.FastFeatureDetector_create(8).detect(img)
            points = [p.pt for p in points
                      if 20 < p.pt[0] < img.shape[1] - 20 and 20 < p.pt[1] < img.shape[0] - 20]
            rng.shuffle(points)
            for x, y in points[:150]:
                x, y = int(x), int(y)
                p = img[y - side // 2:y + side // 2 + 1, x - side // 2:x + side // 2 + 1].astype(float)
                angle = np.arctan2((p * gy * disc).sum(), (p * gx * disc).sum())
                c, s = np.cos(angle), np.sin(angle)
                u = np.rint(c * gx - s * gy).astype(int) + x
                v = np.rint(s * gx + c * gy).astype(int) + y
                out.append(smooth[v.clip(0, img.shape[0] - 1), u.clip(0, img.shape[1] - 1)])
    return np.array(out)


def main():
    rng = np.random.default_rng(7)
    p = patches(sorted(sys.argv[1:]), rng)
    side = p.shape[1]
    pairs = []
    while len(pairs) < PAIRS:
        q = rng.normal(0, 6.5, 4).round()
        if np.hypot(q[0], q[1]) <= REACH and np.hypot(q[2], q[3]) <= REACH and \
                np.hypot(q[0] - q[2], q[1] - q[3]) >= 3:
            pairs.append(q.astype(int))
    pairs = np.array(pairs)
    c = side // 2
    bits = (p[:, pairs[:, 1] + c, pairs[:, 0] + c] < p[:, pairs[:, 3] + c, pairs[:, 2] + c]).astype(np.float32)
    order = np.argsort(np.abs(bits.mean(0) - 0.5), kind="stable")
    centred = (bits - bits.mean(0)) / (bits.std(0) + 1e-6)
    limit = 0.15
    while True:
        chosen = []
        for i in order:
            if not chosen or np.abs(centred[:, chosen].T @ centred[:, i]).max() / len(p) < limit:
                chosen.append(i)
                if len(chosen) == WANTED:
                    break
        if len(chosen) == WANTED:
            break
        limit += 0.03
    print("%d patches, correlation below %.2f, means %.2f to %.2f" % (
        len(p), limit, bits[:, chosen].mean(0).min(), bits[:, chosen].mean(0).max()), file=sys.stderr)
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by tests/bench/descriptor_learn.py: xa, ya, xb, yb of each comparison, px. */")
    print("#pragma once\n\n#include <stdint.h>\n")
    print("/* clang-format off */\nstatic const int8_t descriptor_table[256][4] = {")
    for i in range(0, WANTED, 4):
        print("    " + " ".join("{%3d, %3d, %3d, %3d}," % tuple(pairs[j]) for j in chosen[i:i + 4]))
    print("};\n/* clang-format on */")


if __name__ == "__main__":
    main()
