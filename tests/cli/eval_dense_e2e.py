# SPDX-License-Identifier: Apache-2.0
"""omma eval --depth and --cloud against numbers known by construction, and against independent scripts
when they are there."""
import json
import math
import os
import random
import struct
import subprocess
import zlib

import harness
from harness import ROOT, Skip, one_sentence, run, run_json

PEERS = os.path.join(ROOT, "..", "shared", "tools")


def write_npy(path, rows):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    head += " " * (117 - len(head)) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for r in rows:
            f.write(struct.pack("<%df" % len(r), *r))


def write_png(path, rows, bits=16):
    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    raw = b"".join(b"\0" + struct.pack(">%d%s" % (len(r), "H" if bits == 16 else "B"), *r) for r in rows)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), bits, 0, 0, 0, 0)))
        f.write(part(b"IDAT", zlib.compress(raw)) + part(b"IEND", b""))


def write_ply(path, points, form="binary_little_endian"):
    order = ">" if "big" in form else "<"
    with open(path, "wb") as f:
        f.write(("ply\nformat %s 1.0\ncomment made up\nelement vertex %d\nproperty float x\nproperty uchar red\n"
                 "property float y\nproperty double z\nend_header\n" % (form, len(points))).encode())
        for x, y, z in points:
            f.write(b"%.9g 7 %.9g %.17g\n" % (x, y, z) if form == "ascii" else
                    struct.pack(order + "fBfd", x, 7, y, z))


def write_poses(path, rows):
    with open(path, "w") as f:
        for r in rows:
            f.write(" ".join("%.12g" % x for x in r) + "\n")


def scene(frames, width=32, height=24):
    """Truth in steps of 1/5000 m, with holes."""
    rng = random.Random(3)
    out = {}
    for n in frames:
        out[n] = [[rng.choice([0, 65535]) if rng.random() < 0.05 else rng.randrange(400, 30000)
                   for _ in range(width)] for _ in range(height)]
    return out


def make_depth(factor=1.0, noise=0.0, holes=0.0, truths=(1, 2, 5, 7), estimates=(2, 5, 7, 9)):
    os.makedirs("truth", exist_ok=True)
    os.makedirs("estimate", exist_ok=True)
    rng = random.Random(4)
    frames = scene(truths)
    for n, rows in frames.items():
        write_png("truth/frame-12.%04d.png" % n, rows)
    for n in estimates:
        rows = frames.get(n, next(iter(frames.values())))
        write_npy("estimate/%06d.npy" % n,
                  [[rng.choice([0, -1, math.nan, math.inf]) if rng.random() < holes or v in (0, 65535) else
                    v / 5000 * factor * math.exp(rng.gauss(0, noise)) for v in r] for r in rows])


def test_perfect_depth_has_no_error():
    make_depth()
    r = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000)
    assert (r["frames"], r["truth_frames"], r["estimated_frames"]) == (3, 4, 4)
    assert r["coverage"] == 1 and r["scale"] == 1 and r["ok5"] == 1 and r["d1.01"] == 1
    assert r["abs_rel_mean"] < 1e-6 and r["rmse"] < 1e-6


def test_a_factor_is_an_error_until_it_is_sought():
    make_depth(factor=1.1)
    r = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000)
    assert abs(r["abs_rel_median"] - 0.1) < 1e-6 and abs(r["bias_median"] - 0.1) < 1e-6
    assert r["d1.05"] == 0 and r["d1.25"] == 1 and r["ok5"] == 0
    r = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000, "--scale")
    assert abs(r["scale"] - 1 / 1.1) < 1e-6 and r["abs_rel_mean"] < 1e-6


def test_frames_that_were_asked_for_count():
    make_depth()
    with open("frames.txt", "w") as f:
        f.write("1 2\n5 7\n")
    r = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000, "--frames", "frames.txt")
    assert r["frames"] == 4 and 0.7 < r["coverage"] < 0.8 and r["ok5"] == r["coverage"] and r["d1.01"] == 1
    with open("frames.txt", "w") as f:
        f.write("1 two\n")
    assert "two" in one_sentence(run("eval", "--depth", "estimate", "truth", "--frames", "frames.txt", code=3))


def test_depth_in_words():
    make_depth(noise=0.02)
    text = run("eval", "--depth", "estimate", "truth", "--truth-unit", 5000).stdout
    assert "coverage" in text and "relative error" in text and "nan" not in text, text


def depth_fails(says, code, *words):
    r = run("eval", "--depth", *words, code=code)
    assert r.stdout == "" and says in one_sentence(r), r.stderr


def test_wrong_depth():
    make_depth()
    depth_fails("truth unit", 2, "estimate", "truth")
    depth_fails("nosuch", 3, "nosuch", "truth", "--truth-unit", 5000)
    os.mkdir("empty")
    depth_fails("no .npy", 3, "empty", "truth", "--truth-unit", 5000)
    os.mkdir("others")
    write_npy("others/77.npy", [[1.0]])
    depth_fails("77", 1, "others", "truth", "--truth-unit", 5000)
    write_npy("others/a77.npy", [[1.0]])
    depth_fails("both of frame 77", 3, "others", "truth", "--truth-unit", 5000)
    os.mkdir("bytes")
    write_png("bytes/2.png", [[1, 2]], bits=8)
    depth_fails("8 bits", 3, "bytes", "truth", "--truth-unit", 5000, "--estimate-unit", 1)
    os.truncate("estimate/000005.npy", 300)
    depth_fails("000005.npy", 3, "estimate", "truth", "--truth-unit", 5000)
    depth_fails("together", 2, "--cloud", "estimate", "truth")
    depth_fails("between", 2, "estimate", "truth", "--min-depth", 3, "--max-depth", 2)
    r = run("eval", "--scale", "a", "b", code=2)
    assert "--depth" in r.stderr, r.stderr


def sheet(n, noise, seed, step=0.02):
    rng = random.Random(seed)
    return [(i * step + rng.gauss(0, noise), j * step + rng.gauss(0, noise), rng.gauss(0, noise))
            for i in range(n) for j in range(n)]


def f32(points):
    """As it comes out of a float in a file."""
    return [tuple(struct.unpack("3f", struct.pack("3f", *p))) for p in points]


def test_a_shifted_cloud_is_off_by_the_shift():
    points = f32(sheet(20, 0, 1, 1 / 64))
    write_ply("truth.ply", points)
    for form in ("ascii", "binary_little_endian", "binary_big_endian"):
        write_ply("estimate.ply", [(x, y, z + 0.015625) for x, y, z in points], form)
        r = run_json("eval", "--cloud", "estimate.ply", "truth.ply", "--thresholds", "0.01,0.02")
        assert abs(r["accuracy_mean"] - 0.015625) < 1e-9 and abs(r["completeness_median"] - 0.015625) < 1e-9, r
        assert [s["f"] for s in r["scores"]] == [0, 1] and r["points"] == r["points_thinned"] == 400


def test_half_a_cloud_is_accurate_and_not_complete():
    points = sheet(20, 0, 1, 0.1)
    write_ply("truth.ply", points)
    write_ply("estimate.ply", points[:200])
    r = run_json("eval", "--cloud", "estimate.ply", "truth.ply")
    assert r["accuracy_mean"] == 0 and r["scores"][0]["precision"] == 1 and r["scores"][0]["recall"] == 0.5
    assert abs(r["scores"][0]["f"] - 2 / 3) < 1e-12


def walk(n=60):
    return [[i / 30, math.sin(i / 20), math.cos(i / 30), i / 60, 0, 0, 0, 1] for i in range(n)]


def moved(p, back=False):
    """truth = 2 Rz(90 deg) estimate + (1, 2, 3)"""
    x, y, z = p
    return (-2 * y + 1, 2 * x + 2, 2 * z + 3) if not back else ((y - 2) / 2, -(x - 1) / 2, (z - 3) / 2)


def make_moved():
    points = sheet(20, 0.003, 2, 0.05)
    write_ply("truth.ply", points)
    write_ply("estimate.ply", [moved(p, back=True) for p in points])
    write_poses("groundtruth.txt", walk())
    write_poses("trajectory.txt", [[r[0], *moved(r[1:4], back=True), 0, 0, 0, 1] for r in walk()])


def test_a_cloud_moves_with_its_trajectory():
    make_moved()
    words = ("eval", "--cloud", "estimate.ply", "truth.ply", "--trajectory", "trajectory.txt",
             "--groundtruth", "groundtruth.txt")
    r = run_json(*words)
    assert abs(r["scale"] - 2) < 1e-9 and r["accuracy_mean"] < 1e-5, r
    assert run_json(*words, "--align", "se3")["accuracy_mean"] > 0.05
    text = run(*words).stdout
    assert "accuracy" in text and "F 100.00 %" in text, text


def cloud_fails(says, code, *words):
    r = run("eval", "--cloud", *words, code=code)
    assert r.stdout == "" and says in one_sentence(r), r.stderr


def test_wrong_clouds():
    points = sheet(5, 0, 1)
    write_ply("truth.ply", points)
    write_ply("nan.ply", [*points, (math.nan, 0, 0), (0, math.inf, 0)])
    r = run("eval", "--cloud", "nan.ply", "truth.ply", "--json")
    assert json.loads(r.stdout)["points"] == 25 and "2 points left out" in r.stderr, r.stderr
    write_ply("empty.ply", [])
    cloud_fails("empty", 1, "empty.ply", "truth.ply")
    with open("text.ply", "w") as f:
        f.write("not a cloud at all\n")
    cloud_fails("text.ply: this is not a PLY", 3, "text.ply", "truth.ply")
    write_ply("cut.ply", points)
    os.truncate("cut.ply", os.path.getsize("cut.ply") - 3)
    cloud_fails("24 of 25", 3, "cut.ply", "truth.ply")
    cloud_fails("nosuch.ply", 3, "truth.ply", "nosuch.ply")
    cloud_fails("--thresholds", 2, "truth.ply", "truth.ply", "--thresholds", "0.1,no")
    cloud_fails("--groundtruth", 2, "truth.ply", "truth.ply", "--trajectory", "a.txt")
    cloud_fails("--trajectory", 2, "truth.ply", "truth.ply", "--groundtruth", "a.txt")
    cloud_fails("too far", 2, "truth.ply", "truth.ply", "--voxel", "1e-12")
    assert run_json("eval", "--cloud", "text.ply", "truth.ply", code=3)["exit"] == 3


def peer(script, *words):
    path = os.path.join(PEERS, script)
    if not os.path.exists(path):
        raise Skip("the script is not here")
    r = subprocess.run(["/usr/bin/python3", path, *map(str, words)], capture_output=True, text=True)
    if "No module" in r.stderr:
        raise Skip("no numpy, scipy or OpenCV")
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


def same(name, ours, theirs, rel, least=1e-9):
    assert abs(ours - theirs) <= least + rel * abs(theirs), f"{name}: {ours}, the other says {theirs}"


def test_depth_agrees_with_an_independent_script():
    # Its means are sums of single precision, ours of double; its bias is the ratio - 1, ours is not.
    cases = [(1.3, 0.04, 0.2, ["--scale"]), (1.0, 0.02, 0.0, []), (0.9, 0.3, 0.5, ["--max-depth", "3", "--min-depth", "1"])]
    with open("frames.txt", "w") as f:
        f.write("1\n2\n7\n")
    for factor, noise, holes, words in [*cases, (1.1, 0.1, 0.1, ["--frames", "frames.txt", "--scale"])]:
        make_depth(factor, noise, holes)
        a = peer("depth_eval.py", "truth", 5000, "estimate", *words)
        b = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000, *words)
        for theirs in ("abs_rel_median", "abs_rel_mean", "bias_median", "rmse_m", "mae_m", "scale"):
            same(theirs, b[theirs.replace("_m", "") if theirs[0] in "rm" else theirs], a[theirs], 3e-6, 2 ** -23)
        for both in ("truth_pixels", "covered_pixels", "coverage", "d1.01", "d1.02", "d1.05", "d1.25", "ok5"):
            same(both, b[both], a[both], 1e-12)
        assert b["frames"] == a["frames_scored"]


def test_depth_of_another_size_agrees_too():
    make_depth()
    for n, size in ((2, (17, 11)), (5, (64, 48)), (7, (32, 24))):
        rng = random.Random(n)
        write_npy("estimate/%06d.npy" % n, [[rng.uniform(0.1, 6) for _ in range(size[0])] for _ in range(size[1])])
    a = peer("depth_eval.py", "truth", 5000, "estimate")
    b = run_json("eval", "--depth", "estimate", "truth", "--truth-unit", 5000)
    same("mean", b["abs_rel_mean"], a["abs_rel_mean"], 3e-6)
    same("d1.25", b["d1.25"], a["d1.25"], 1e-12)


def check_clouds(a, b, thresholds):
    for name in ("accuracy_mean", "accuracy_median", "completeness_mean", "completeness_median", "scale", "points",
                 "points_thinned", "truth_points"):
        same(name, b[name], a[name], 1e-9)
    same("floor", b["floor"], a["floor"]["accuracy_mean"], 1e-9)
    for t, s in zip(thresholds, b["scores"]):
        theirs = a["at_%gcm" % (100 * t)]
        for x, y in (("P", "precision"), ("R", "recall"), ("F", "f")):
            same(y, s[y], theirs[x], 1e-12)


def test_clouds_agree_with_an_independent_script():
    for noise, voxel, seed in ((0.004, 0.005, 1), (0.05, 0.03, 2), (0.5, 0.1, 3)):
        write_ply("truth.ply", sheet(50, noise, seed))
        write_ply("estimate.ply", sheet(40, 2 * noise, seed + 10))
        a = peer("cloud_eval.py", "truth.ply", "estimate.ply", "--voxel", voxel, "--clip", 0.2)
        b = run_json("eval", "--cloud", "estimate.ply", "truth.ply", "--voxel", voxel, "--clip", 0.2)
        check_clouds(a, b, (0.01, 0.02, 0.05))


def test_moved_clouds_agree_too():
    """The script takes the true trajectory from a recording, whose depth is its true cloud."""
    os.makedirs("rec/depth")
    make_moved()
    write_poses("rec/groundtruth.txt", walk())
    with open("rec/camera.txt", "w") as f:
        f.write("30 30 15.5 11.5 32 24\n")
    frames = scene(range(0, 60, 20))
    with open("rec/rgb.txt", "w") as f:
        for n, rows in frames.items():
            f.write("%.12g rgb/%04d.png\n" % (n / 30, n))
            write_png("rec/depth/%04d.png" % n, rows)
    points = []
    for n, rows in frames.items():
        t = walk()[n][1:4]
        for v, r in enumerate(rows):
            for u, d in enumerate(r):
                if 500 < d < 65535:
                    z = d / 5000
                    points.append(((u - 15.5) / 30 * z + t[0], (v - 11.5) / 30 * z + t[1], z + t[2]))
    write_ply("truth.ply", points, "ascii")
    a = peer("cloud_eval.py", "rec", "estimate.ply", "--unit", 5000, "--voxel", 0.02, "--align", "trajectory.txt")
    b = run_json("eval", "--cloud", "estimate.ply", "truth.ply", "--voxel", 0.02, "--trajectory", "trajectory.txt",
                 "--groundtruth", "rec/groundtruth.txt")
    # There each frame is thinned before all are, so the true clouds differ by a fraction of a voxel.
    same("scale", b["scale"], a["scale"], 1e-9)
    same("points_thinned", b["points_thinned"], a["points_thinned"], 1e-9)
    same("accuracy", b["accuracy_mean"], a["accuracy_mean"], 0.01)
    same("completeness", b["completeness_mean"], a["completeness_mean"], 0.01)


harness.main(globals())
