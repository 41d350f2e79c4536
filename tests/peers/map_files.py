#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the files of one run against each other and with other people's readers.

usage: map_files.py FOLDER        for instance:

    apt-get install colmap python3-open3d python3-numpy
    build/omma map frames/ --camera camera.txt -o out && tests/peers/map_files.py out

FOLDER holds what `omma map` writes: trajectory.txt, cloud.ply, colmap/, transforms.json. Text and
binary COLMAP files must say the same; the poses in COLMAP's, nerfstudio's and TUM's conventions must
be the same cameras; points must project onto their observations. COLMAP itself (model_analyzer,
model_converter) and Open3D read the files too where they are installed; the mean reprojection error
that COLMAP finds must be below 1 px. Needs numpy.
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy as np

PARAMS = {1: 4, 2: 4, 3: 5, 4: 8, 5: 8, 6: 12}
NAMES = {1: "PINHOLE", 2: "SIMPLE_RADIAL", 3: "RADIAL", 4: "OPENCV", 5: "OPENCV_FISHEYE",
         6: "FULL_OPENCV"}
failures = 0


def check(holds, text):
    global failures
    print("%-5s %s" % ("ok" if holds else "FAIL", text))
    failures += not holds


class Binary:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data, self.at = f.read(), 0

    def get(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def text(self):
        end = self.data.index(b"\0", self.at)
        s, self.at = self.data[self.at:end].decode(), end + 1
        return s


def read_colmap_binary(folder):
    b = Binary(folder + "/cameras.bin")
    cameras = {}
    for _ in range(b.get("Q")):
        number, model, width, height = b.get("IiQQ")
        cameras[number] = (NAMES[model], width, height, np.array(b.get("%dd" % PARAMS[model])))
    check(b.at == len(b.data), "cameras.bin ends where it should")
    b = Binary(folder + "/images.bin")
    images = {}
    for _ in range(b.get("Q")):
        number, *pose, camera = b.get("I7dI")
        name, n = b.text(), b.get("Q")
        rows = np.frombuffer(b.data, "<f8,<f8,<i8", n, b.at)
        b.at += 24 * n
        xy = np.column_stack([rows["f0"], rows["f1"]])
        images[number] = (np.array(pose), camera, name, xy, np.array(rows["f2"]))
    check(b.at == len(b.data), "images.bin ends where it should")
    b = Binary(folder + "/points3D.bin")
    points = {}
    for _ in range(b.get("Q")):
        number, x, y, z, r, g, blue, error, n = b.get("Q3d3BdQ")
        track = np.frombuffer(b.data, "<u4", 2 * n, b.at).reshape(-1, 2)
        b.at += 8 * n
        points[number] = (np.array([x, y, z]), (r, g, blue), error, track)
    check(b.at == len(b.data), "points3D.bin ends where it should")
    return cameras, images, points


def data_lines(path, pairs=False):
    with open(path) as f:
        lines = [line.rstrip("\n") for line in f if not line.startswith("#")]
    if pairs:
        lines = [a + " | " + b for a, b in zip(lines[::2], lines[1::2])]
    return sorted(lines, key=lambda line: int(line.split()[0]))


def same_numbers(a, b, tolerance):
    words_a, words_b = a.split(), b.split()
    return len(words_a) == len(words_b) and all(
        p == q or (re.match(r"[-+.\d]", p) and abs(float(p) - float(q)) <= tolerance)
        for p, q in zip(words_a, words_b))


def quaternion_matrix(w, x, y, z):
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                     [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                     [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])


def world_from_camera(pose):
    rotation = quaternion_matrix(*pose[:4]).T
    return rotation, -rotation @ pose[4:]


def project(model, p, x):
    """COLMAP's camera models, written down from its documentation."""
    u, v = x[:, 0] / x[:, 2], x[:, 1] / x[:, 2]
    if model in ("SIMPLE_RADIAL", "RADIAL"):
        f, cx, cy, k = p[0], p[1], p[2], list(p[3:]) + [0]
        r2 = u * u + v * v
        d = 1 + k[0] * r2 + k[1] * r2 * r2
        return np.column_stack([f * u * d + cx, f * v * d + cy])
    fx, fy, cx, cy = p[:4]
    if model == "OPENCV_FISHEYE":
        r = np.maximum(np.hypot(u, v), 1e-12)
        t = np.arctan(r)
        d = t * (1 + sum(p[4 + i] * t ** (2 * i + 2) for i in range(4))) / r
        return np.column_stack([fx * u * d + cx, fy * v * d + cy])
    if model in ("OPENCV", "FULL_OPENCV"):
        k1, k2, p1, p2 = p[4:8]
        k3 = p[8] if model == "FULL_OPENCV" else 0
        r2 = u * u + v * v
        d = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        u, v = (u * d + 2 * p1 * u * v + p2 * (r2 + 2 * u * u),
                v * d + p1 * (r2 + 2 * v * v) + 2 * p2 * u * v)
    return np.column_stack([fx * u + cx, fy * v + cy])


def check_colmap(folder):
    cameras, images, points = read_colmap_binary(folder)
    residuals, tied = [], True
    for number, (pose, camera, _, xy, ids) in images.items():
        seen = np.flatnonzero(ids >= 0)
        tied &= all((points[i][3] == (number, k)).all(1).any() for i, k in zip(ids[seen], seen))
        if len(seen) == 0:
            continue
        rotation, centre = world_from_camera(pose)
        x = (np.array([points[i][0] for i in ids[seen]]) - centre) @ rotation
        pixel = project(cameras[camera][0], cameras[camera][3], x)
        residuals.append(np.linalg.norm(pixel - xy[seen], axis=1))
    check(tied and sum(len(r) for r in residuals) == sum(len(p[3]) for p in points.values()),
          "observations and tracks name each other")
    if residuals:
        median = float(np.median(np.concatenate(residuals)))
        check(median < 4, "points project onto their observations: median %.3f px" % median)
    return images


def check_colmap_text(folder, other, what, tolerance):
    for name in ("cameras", "images", "points3D"):
        a = data_lines("%s/%s.txt" % (folder, name), name == "images")
        b = data_lines("%s/%s.txt" % (other, name), name == "images")
        check(len(a) == len(b) and all(same_numbers(p, q, tolerance) for p, q in zip(a, b)),
              "%s.txt is %s (%d lines)" % (name, what, len(a)))


def check_with_colmap(folder, image_count):
    if not shutil.which("colmap"):
        print("skip  colmap is not installed")
        return
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    with tempfile.TemporaryDirectory() as work:
        for kind in ("bin", "txt"):
            os.mkdir(work + "/" + kind)
            for name in ("cameras", "images", "points3D"):
                shutil.copy("%s/%s.%s" % (folder, name, kind), work + "/" + kind)
            said = subprocess.run(["colmap", "model_analyzer", "--path", work + "/" + kind],
                                  env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False).stdout
            check("Registered images: %d\n" % image_count in said,
                  "colmap model_analyzer reads the %s files" % kind)
            error = re.search(r"Mean reprojection error: ([\d.]+)px", said)
            check(error and float(error.group(1)) < 1,
                  "and finds a mean reprojection error of %s px" % (error.group(1) if error else "?"))
        os.mkdir(work + "/converted")
        subprocess.run(["colmap", "model_converter", "--input_path", work + "/bin",
                        "--output_path", work + "/converted", "--output_type", "TXT"],
                       env=environment, stdout=subprocess.DEVNULL, check=True)
        # COLMAP normalises quaternions once more, which may move their last digit
        check_colmap_text(folder, work + "/converted", "what colmap model_converter writes", 1e-15)


def check_poses(folder, images):
    by_name = {image[2]: world_from_camera(image[0]) for image in images.values()}
    with open(folder + "/transforms.json") as f:
        transforms = json.load(f)
    frames = transforms["frames"]
    check({f["file_path"] for f in frames} == {"images/" + n for n in by_name},
          "transforms.json and COLMAP name the same %d pictures" % len(by_name))
    poses = np.loadtxt(folder + "/trajectory.txt", ndmin=2)
    worst = [0.0, 0.0, 0.0]
    for frame in frames:
        rotation, centre = by_name[frame["file_path"][len("images/"):]]
        matrix = np.array(frame["transform_matrix"])
        worst[0] = max(worst[0], np.abs(matrix[:3, 3] - centre).max(),
                       np.abs(matrix[:3, :3] * [1, -1, -1] - rotation).max())
        row = poses[np.argmin(np.abs(poses[:, 0] - frame["time_s"]))]
        worst[1] = max(worst[1], np.abs(row[1:4] - centre).max() / max(1, np.abs(centre).max()))
        x, y, z, w = row[4:]
        worst[2] = max(worst[2], np.abs(quaternion_matrix(w, x, y, z) - rotation).max())
    check(worst[0] < 1e-9, "transforms.json and COLMAP hold the same poses: %.1e" % worst[0])
    check(max(worst[1:]) < 1e-7, "so does trajectory.txt: %.1e" % max(worst[1:]))
    check((np.diff(poses[:, 0]) > 0).all(), "trajectory.txt: times increase")


def check_cloud(path):
    with open(path, "rb") as f:
        data = f.read()
    end = data.index(b"end_header\n") + len(b"end_header\n")
    n = int(re.search(rb"element vertex (\d+)", data[:end]).group(1))
    check(len(data) == end + 15 * n, "cloud.ply holds the %d points it announces" % n)
    check(b"comment unit" in data[:end] and b"comment axes" in data[:end], "and says axes and unit")
    rows = np.frombuffer(data, [("x", "<f4", 3), ("rgb", "u1", 3)], n, end)
    check(bool(np.isfinite(rows["x"]).all()), "cloud.ply: all points are finite")
    try:
        import open3d
    except ImportError:
        print("skip  open3d is not installed")
        return
    cloud = open3d.io.read_point_cloud(path)
    check(np.array_equal(np.asarray(cloud.points), rows["x"].astype(float)) and
          np.allclose(np.asarray(cloud.colors) * 255, rows["rgb"], atol=1e-9),
          "open3d reads the same points and colours")


def main():
    folder = sys.argv[1]
    images = check_colmap(folder + "/colmap")
    check_with_colmap(folder + "/colmap", len(images))
    check_poses(folder, images)
    check_cloud(folder + "/cloud.ply")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) == 2 else __doc__)
