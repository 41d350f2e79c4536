# SPDX-License-Identifier: Apache-2.0
"""The dense map as a user gets it, of an embedded scene whose depth is known."""
import array
import json
import math
import os
import shutil
import statistics
import struct
import sys
import tempfile
import zlib

import harness
from harness import no_leftovers, one_sentence, poses, run, run_json

FRAMES, WIDTH, HEIGHT, EVERY = 60, 320, 240, 10
SCENE = f"synthetic:room?frames={FRAMES}&size={WIDTH}x{HEIGHT}"
SHOP = tempfile.mkdtemp(prefix="omma-dense-")  # maps that several tests look at
made = {}


def a_map(name, *options, code=0, scene=SCENE):
    """The folder of a map and its report; made once."""
    if name not in made:
        folder = os.path.join(SHOP, name)
        made[name] = folder, run_json("map", scene, "-o", folder, *options, code=code)
    return made[name]


def whole_map():
    return a_map("whole", "--write-depth", "--depth-every", EVERY, "--mesh")


def truth():
    return a_map("truth", "--backend", "synthetic", "--write-depth", "--depth-every", 1)[0]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def read_npy(path):
    """Shape and values of a file of float32, by the NPY specification."""
    data = read(path)
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    size, = struct.unpack_from("<H", data, 8)
    head = data[10:10 + size].decode()
    assert "'<f4'" in head and "'fortran_order': False" in head, head
    shape = tuple(int(x) for x in head.split("(")[1].split(")")[0].split(","))
    values = array.array("f", data[10 + size:])
    if sys.byteorder == "big":
        values.byteswap()
    assert len(values) == shape[0] * shape[1]
    return shape, values


class Ply:
    def __init__(self, path):
        head, self.body = read(path).split(b"end_header\n", 1)
        assert head.startswith(b"ply\nformat binary_little_endian 1.0\n")
        self.head = head.decode()
        self.names, self.form, self.count = [], "<", 0
        for words in (line.split() for line in self.head.splitlines()):
            if words[0] == "element" and words[1] != "vertex":
                break
            if words[0] == "element":
                self.count = int(words[2])
            if words[0] == "property":
                self.names.append(words[2])
                self.form += {"float": "f", "uchar": "B", "ushort": "H"}[words[1]]

    def vertices(self, step=1):
        size = struct.calcsize(self.form)
        assert len(self.body) >= size * self.count
        for i in range(0, self.count, step):
            yield dict(zip(self.names, struct.unpack_from(self.form, self.body, i * size)))


def depth_ratios(folder, step=7):
    """truth / estimate, and the share of pixels that have one; every step-th pixel of all frames."""
    ratios, seen = [], 0
    for name in sorted(os.listdir(os.path.join(folder, "depth"))):
        _, got = read_npy(os.path.join(folder, "depth", name))
        _, want = read_npy(os.path.join(truth(), "depth", name))
        seen += len(got[::step])
        ratios += [w / g for g, w in zip(got[::step], want[::step]) if g > 0 and w > 0]
    return ratios, len(ratios) / seen


def path_length(folder):
    at = [row[1:4] for row in poses(os.path.join(folder, "trajectory.txt"))]
    return sum(math.dist(a, b) for a, b in zip(at, at[1:]))


def keyframe_frames(folder):
    """Numbers of the keyframes' frames; pictures are named by them."""
    return {int(name.split(".")[0]) for name in os.listdir(os.path.join(folder, "images"))}


def test_the_cloud_is_dense_and_has_normals():
    folder, report = whole_map()
    cloud = Ply(os.path.join(folder, "cloud.ply"))
    assert cloud.names[:6] == ["x", "y", "z", "nx", "ny", "nz"] and "error" in cloud.names
    assert cloud.count == report["dense"]["points"] > 10000, report["dense"]
    assert report["dense"]["depth_maps"] >= 4 and report["dense"]["voxel"] > 0
    for v in cloud.vertices(97):
        assert abs(math.hypot(v["nx"], v["ny"], v["nz"]) - 1) < 1e-3, v
        assert all(math.isfinite(v[name]) and abs(v[name]) < 100 for name in "xyz"), v
        assert v["error"] >= 0
    no_leftovers(folder)


def test_every_keyframe_and_every_tenth_frame_has_its_depth():
    folder, report = whole_map()
    names = os.listdir(os.path.join(folder, "depth"))
    wanted = keyframe_frames(folder) | set(range(0, FRAMES, EVERY))
    there = {int(name.split(".")[0]) for name in names}
    assert there <= wanted and wanted - there <= set(range(FRAMES - 3, FRAMES)), (there, wanted)
    assert len(keyframe_frames(folder)) == report["keyframes"]
    for name in names:
        assert name == f"{int(name.split('.')[0]):06}.npy"
        assert read_npy(os.path.join(folder, "depth", name))[0] == (HEIGHT, WIDTH)


def test_depth_of_keyframes_only():
    folder, _ = a_map("keyframes", "--write-depth", "--no-colmap")
    there = {int(name.split(".")[0]) for name in os.listdir(os.path.join(folder, "depth"))}
    assert there and there <= keyframe_frames(folder), there


def test_depth_is_right_up_to_one_scale():
    ratios, coverage = depth_ratios(whole_map()[0])
    scale = statistics.median(ratios)
    error = statistics.median(abs(r / scale - 1) for r in ratios)
    print(f"depth: median error {100 * error:.2f} % on {100 * coverage:.0f} %", file=sys.stderr)
    assert error <= 0.05, error
    assert coverage > 0.5, coverage


def check_metres(folder, report):
    assert report["unit"] == "m"
    assert "unit: m\n" in Ply(os.path.join(folder, "cloud.ply")).head
    assert run_json("info", os.path.join(folder, "map.omma"))["unit"] == "m"
    # of the scene's exact path and depth
    assert abs(path_length(folder) / path_length(truth()) - 1) < 0.05
    ratios, _ = depth_ratios(folder)
    assert abs(statistics.median(ratios) - 1) < 0.05, statistics.median(ratios)


def test_a_known_distance_makes_metres():
    at = {i: row[1:4] for i, row in enumerate(poses(os.path.join(truth(), "trajectory.txt")))}
    metres = math.dist(at[0], at[50])
    check_metres(*a_map("metres", "--known-distance", f"0,50,{metres}", "--write-depth",
                        "--depth-every", EVERY))


def test_a_scale_makes_metres():
    ratios, _ = depth_ratios(whole_map()[0])
    check_metres(*a_map("scaled", "--scale", statistics.median(ratios), "--write-depth"))


def test_a_distance_that_cannot_be_used_is_said():
    for wrong in ("0,50", "0,0,1", "0,50,-1", "0,50,0", "a,b,c", "0,50,1x", "0,50,nan"):
        r = run("map", SCENE, "-o", "out", "--known-distance", wrong, code=2)
        assert "--known-distance" in one_sentence(r), wrong
    r = run("map", "synthetic:room?frames=12&size=160x120", "--backend", "synthetic", "-o", "out",
            "--known-distance", "0,50,1")
    assert "frame 50 has no pose" in r.stderr, r.stderr
    with open("out/report.json") as f:
        report = json.load(f)
    assert len(report["warnings"]) == 1 and report["warnings"][0] in r.stderr, report["warnings"]
    settings = report["settings"]
    assert settings["known_distance"] == {"from_frame": 0, "to_frame": 50, "metres": 1}, settings
    assert settings["scaled_by"] == 0 and settings["scale"] == 0
    assert settings["sparse"] is False and settings["depth_every"] == 0
    run("map", "synthetic:room?frames=12&size=160x120", "--backend", "synthetic", "-o", "scaled",
        "--scale", 2.5, "--sparse")
    with open("scaled/report.json") as f:
        settings = json.load(f)["settings"]
    assert settings["scale"] == settings["scaled_by"] == 2.5 and settings["sparse"] is True
    assert settings["known_distance"] is None
    assert "--no-colmap" in one_sentence(run("map", SCENE, "--no-colmap", "--colmap-dense", code=2))


def count_points(*options, **environment):
    run("map", "synthetic:room?frames=24&size=160x120", "--backend", "synthetic", "-o", "out",
        "--force", "--no-pictures", "--no-colmap", *options, env={**os.environ, **environment})
    return Ply("out/cloud.ply").count


def test_points_are_bounded():
    assert count_points() > 3000
    assert 500 < count_points("--max-points", 1000) <= 1000
    assert 500 < count_points(SLAM3R_MAX_POINTCLOUD_SIZE="1000") <= 1000
    assert count_points("--max-points", 300, SLAM3R_MAX_POINTCLOUD_SIZE="1000") <= 300
    for few in (1, 2, 5):
        assert count_points("--max-points", few) == few
        assert "nx" in Ply("out/cloud.ply").names, "few, but dense"
        with open("out/report.json") as f:
            report = json.load(f)
        assert report["dense"]["points"] == few and 0 < report["dense"]["voxel"] < 10, report["dense"]
        assert report["settings"]["max_points"] == few
    for nonsense in ("many", "-5", "0", "1e3", "99999999999999999999"):
        r = run("map", SCENE, "-o", "never", code=2,
                env={**os.environ, "SLAM3R_MAX_POINTCLOUD_SIZE": nonsense})
        assert "SLAM3R_MAX_POINTCLOUD_SIZE" in one_sentence(r), nonsense
        assert not os.path.exists("never")


def test_sparse_is_sparse_and_tracks_the_same():
    folder, report = a_map("sparse", "--sparse")
    assert report["dense"]["depth_maps"] == report["dense"]["points"] == 0, report["dense"]
    assert "depth" not in os.listdir(folder)
    assert "nx" not in Ply(os.path.join(folder, "cloud.ply")).names
    assert read(os.path.join(folder, "trajectory.txt")) == \
        read(os.path.join(whole_map()[0], "trajectory.txt"))
    assert "--sparse" in one_sentence(run("map", SCENE, "--sparse", "--write-depth", code=2))


def test_the_same_input_gives_the_same_bytes():
    folder, _ = whole_map()
    names = ["cloud.ply", "mesh.ply", "map.omma"]
    names += [os.path.join("depth", x) for x in os.listdir(os.path.join(folder, "depth"))]
    for threads in (1, 2):
        again, _ = a_map(f"threads{threads}", "-j", threads, "--write-depth", "--depth-every",
                         EVERY, "--mesh")
        for name in names:
            assert read(os.path.join(again, name)) == read(os.path.join(folder, name)), \
                (name, threads)


def test_there_is_a_mesh():
    folder, _ = whole_map()
    mesh = Ply(os.path.join(folder, "mesh.ply"))
    faces = int(mesh.head.split("element face ")[1].split()[0])
    assert mesh.count > 1000 and faces > 1000, (mesh.count, faces)


def test_the_map_file_is_opened_by_the_others():
    folder, report = whole_map()
    file = os.path.join(folder, "map.omma")
    told = run_json("info", file)
    assert told["kind"] == "map" and told["keyframes"] == report["keyframes"], told
    run("export", file, "-o", "x.ply")
    assert Ply("x.ply").count == report["dense"]["points"]
    run("render", file, "-o", "still.png", "--size", "160x90", "--draft")
    assert read("still.png")[:4] == b"\x89PNG"


def test_without_a_place_for_depth_it_says_so():
    r = run("map", SCENE, "--write-depth", "-o", "out", code=1,
            env={**os.environ, "TMPDIR": "/nonexistent"})
    assert "TMPDIR" in one_sentence(r) and not os.path.exists("out")


def test_colmap_gets_depth_when_asked():
    folder, report = a_map("colmap", "--colmap-dense")
    maps = os.path.join(folder, "colmap", "stereo", "depth_maps")
    names = os.listdir(maps)
    assert 0 < len(names) <= report["keyframes"]
    for name in names:
        assert name.endswith(".geometric.bin")
        assert read(os.path.join(maps, name)).startswith(b"%d&%d&1&" % (WIDTH, HEIGHT))


# ------------------------------------------------------------------------------ no parallax


def grey_png(path, width, height, pixels):
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" +
                chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def sphere(yaw, pitch):
    """Grey of a far away sphere: two octaves of patches with soft edges."""
    grey = 128.0
    for cells, swing in ((15, 60), (41, 40)):
        u, v = yaw * cells, pitch * cells
        i, j = math.floor(u), math.floor(v)
        fu, fv = min(1.0, 3 * (u - i)), min(1.0, 3 * (v - j))
        h = [((i + a) * 73856093 ^ (j + b) * 19349663 ^ cells) * 2654435761 >> 7 & 255
             for b in (0, 1) for a in (0, 1)]
        top, low = h[0] + fu * (h[1] - h[0]), h[2] + fu * (h[3] - h[2])
        grey += swing * ((top + fv * (low - top)) / 127.5 - 1)
    return max(0, min(255, int(grey)))


def turning_clip(frames, width=160, height=120, turn=0.012):
    os.mkdir("frames")
    rays = [((x - (width - 1) / 2) / 140, (y - (height - 1) / 2) / 140)
            for y in range(height) for x in range(width)]
    for k in range(frames):
        pixels = bytes(sphere(math.atan2(x, 1) + k * turn, math.atan2(y, math.hypot(x, 1)))
                       for x, y in rays)
        grey_png(f"frames/{k:04}.png", width, height, pixels)


def check_nothing_is_invented():
    """No map at all; or, if the pictures were placed somehow, none of it has depth."""
    r = run("map", "frames", "-o", "out", "--write-depth", "--camera", "140,140,79.5,59.5", code=None)
    assert r.returncode in (0, 4), r.stderr
    if r.returncode == 4:
        assert not os.path.exists("out"), os.listdir("out")
        return
    with open("out/report.json") as f:
        assert json.load(f)["dense"]["points"] == 0
    assert not os.path.isdir("out/depth") or not os.listdir("out/depth")


def test_a_camera_that_only_turns_invents_no_depth():
    turning_clip(30)
    check_nothing_is_invented()


def test_a_still_camera_invents_no_depth():
    turning_clip(1)
    for k in range(1, 30):
        shutil.copy("frames/0000.png", f"frames/{k:04}.png")
    check_nothing_is_invented()


try:
    harness.main(globals())
finally:
    shutil.rmtree(SHOP, ignore_errors=True)
