# SPDX-License-Identifier: Apache-2.0
"""The promise of the README: one command, offline, a right map of an ordinary video."""
import os

import harness
from harness import no_leftovers, one_sentence, run, run_json


def test_demo():
    r = run_json("demo")
    folder = r["output"]["folder"]
    for name in ("demo.mp4", "groundtruth.txt", "trajectory.txt", "cloud.ply", "top.png",
                 "cloud.png", "report.json", "colmap", "transforms.json", "images"):
        assert os.path.exists(os.path.join(folder, name)), name
    assert set(r["output"]["files"]) == set(os.listdir(folder)), r["output"]
    assert r["camera"]["source"] == "found"
    assert r["truth"]["coverage"] > 0.95, r["truth"]
    assert r["truth"]["ate_percent_of_path"] < 2, r["truth"]
    no_leftovers()
    one_sentence(run("demo", code=1))


def test_failed_demo_leaves_nothing():
    run("demo", "--frames", 2, code=None)
    left = os.listdir(".")
    assert left == [] or os.path.exists("omma-demo/report.json"), left


harness.main(globals())
