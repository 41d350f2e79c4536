# SPDX-License-Identifier: Apache-2.0
"""omma eval against numbers known by construction, and against an independent script when it is there."""
import json
import math
import os
import random
import subprocess
import sys

import harness
from harness import ROOT, Skip, one_sentence, run, run_json

PEER = os.path.join(ROOT, "..", "shared", "tools", "ate.py")


def write(path, rows):
    with open(path, "w") as f:
        f.write("# timestamp tx ty tz qx qy qz qw\n")
        for r in rows:
            f.write(" ".join("%.12g" % x for x in r) + "\n")


def quaternion(axis, angle):
    n = math.sqrt(sum(a * a for a in axis))
    s = math.sin(angle / 2) / n
    return [a * s for a in axis] + [math.cos(angle / 2)]


def walk(n=200, seed=1):
    """A smooth path with turning."""
    rows = []
    for i in range(n):
        t = i / 30
        rows.append([t, 2 * math.sin(t), math.cos(0.7 * t), 0.3 * t, *quaternion([0.2, 1, 0.1], 0.4 * t)])
    return rows


def disturbed(rows, noise, seed):
    rng = random.Random(seed)
    return [[r[0], *(3 * x + rng.gauss(0, noise) for x in r[1:4]), *r[4:]] for r in rows]


def test_a_scaled_copy_has_no_error():
    write("truth.txt", walk())
    write("estimate.txt", disturbed(walk(), 0, 1))
    r = run_json("eval", "estimate.txt", "truth.txt")
    assert r["pairs"] == 200 and r["coverage"] == 1
    assert r["ate_rmse"] < 1e-6 and abs(r["scale"] - 1 / 3) < 1e-6
    assert r["rotation_rmse_deg"] < 1e-3
    none = run_json("eval", "estimate.txt", "truth.txt", "--align", "none")
    assert none["ate_rmse"] > 1


def test_noise_is_measured():
    write("truth.txt", walk())
    write("estimate.txt", disturbed(walk(), 0.03, 2))
    r = run_json("eval", "estimate.txt", "truth.txt")
    want = 0.01 * math.sqrt(3)  # 0.03 in the estimate's unit is 0.01 in the truth's
    assert abs(r["ate_rmse"] / want - 1) < 0.15, r


def test_lost_frames_count():
    write("truth.txt", walk())
    write("estimate.txt", walk()[::2])
    assert run_json("eval", "estimate.txt", "truth.txt")["coverage"] == 0.5
    assert run_json("eval", "estimate.txt", "truth.txt", "--expected", 400)["coverage"] == 0.25


def test_bad_lines_are_left_out_and_counted():
    rows = walk()
    write("estimate.txt", rows)
    with open("truth.txt", "w") as f:
        for i, r in enumerate(rows):
            f.write("%g nan nan nan 0 0 0 1\n" % r[0] if i % 10 == 3 else
                    " ".join("%.12g" % x for x in r) + "\n")
    r = run("eval", "estimate.txt", "truth.txt", "--json")
    assert json.loads(r.stdout)["pairs"] == 180
    assert "20 lines" in r.stderr, r.stderr


def test_errors():
    write("few.txt", walk(2))
    write("truth.txt", walk())
    with open("words.txt", "w") as f:
        f.write("nothing here\n")
    one_sentence(run("eval", "few.txt", "truth.txt", code=1))
    one_sentence(run("eval", "words.txt", "truth.txt", code=3))
    one_sentence(run("eval", "truth.txt", "nosuch.txt", code=3))
    assert run_json("eval", "truth.txt", "nosuch.txt", code=3)["exit"] == 3


def compare(estimate, truth, *more):
    words = list(more)
    r = subprocess.run(["/usr/bin/python3", PEER, truth, estimate, "--json", *words],
                       capture_output=True, text=True)
    if "No module" in r.stderr:
        raise Skip("no numpy")
    peer, ours = json.loads(r.stdout), run_json("eval", estimate, truth, *words)
    names = {"rmse": "ate_rmse", "mean": "ate_mean", "median": "ate_median", "max": "ate_max",
             "scale": "scale", "pairs": "pairs", "matched_fraction": "coverage",
             "path_length": "path_length", "extent": "extent", "rot_rmse_deg": "rotation_rmse_deg",
             "rot_rmse_own_deg": "rotation_rmse_own_deg", "rpe_trans_rmse": "rpe_translation_rmse",
             "rpe_rot_rmse_deg": "rpe_rotation_rmse_deg"}
    for theirs, name in names.items():
        a, b = peer.get(theirs), ours[name]
        if a is not None:
            # The script takes the angle from a cosine, which knows no angle below 1e-8 rad.
            assert abs(a - b) <= 5e-6 + 1e-5 * abs(a), f"{name}: {b}, the other says {a}"


def test_agrees_with_an_independent_script():
    if not os.path.exists(PEER):
        raise Skip("the script is not here")
    write("truth.txt", walk())
    for noise in (0, 0.01, 0.5):
        rng = random.Random(7)
        rows = [r for r in disturbed(walk(), noise, 3) if rng.random() < 0.8]
        rows = [[r[0] + rng.uniform(-0.004, 0.004), *r[1:]] for r in rows]
        write("estimate.txt", rows)
        for align in ("sim3", "se3", "none"):
            compare("estimate.txt", "truth.txt", "--align", align)
        compare("estimate.txt", "truth.txt", "--max-dt", "0.002", "--expected", "300")


def test_agrees_on_recorded_truth():
    data = os.path.join(ROOT, "..", "shared", "data")
    seen = 0
    for name in sorted(os.listdir(data)) if os.path.isdir(data) and os.path.exists(PEER) else []:
        truth = os.path.join(data, name, "groundtruth.txt")
        if not os.path.exists(truth):
            continue
        rows = harness.poses(truth)
        write("estimate.txt", disturbed(rows, 0.05, 5)[3::2])
        compare("estimate.txt", truth)
        seen += 1
    if not seen:
        raise Skip("no recordings here")


harness.main(globals())
