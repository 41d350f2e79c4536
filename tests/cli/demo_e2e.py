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


def too_short(*more):
    """The video is made, but two frames of it cannot become a map."""
    assert "none of the 2 frames" in one_sentence(run("demo", "--frames", 2, *more, code=4))


def test_failed_demo_leaves_nothing():
    too_short()
    assert os.listdir(".") == []


def test_failed_demo_leaves_what_was_there():
    os.mkdir("omma-demo")
    open("omma-demo/mine", "w").close()
    too_short()
    assert os.listdir("omma-demo") == ["mine"]
    for name in ("demo.mp4", "groundtruth.txt"):
        open(f"omma-demo/{name}", "w").close()
    too_short("--force")
    assert set(os.listdir("omma-demo")) == {"demo.mp4", "groundtruth.txt", "mine"}


harness.main(globals())
