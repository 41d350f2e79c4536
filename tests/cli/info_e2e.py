# SPDX-License-Identifier: Apache-2.0
"""omma info, doctor and bench."""
import json
import os

import harness
from harness import ROOM, one_sentence, run, run_json


def made():
    run("map", ROOM, "--backend", "synthetic", "-o", "out")


def test_info_knows_what_map_writes():
    made()
    t = run_json("info", "out/trajectory.txt")
    assert t["poses"] == 24 and t["path_length"] > 0 and len(t["extent"]) == 3
    ply = run_json("info", "out/cloud.ply")
    assert ply["vertices"] > 1000 and ply["properties"].startswith("x y z"), ply
    report = run_json("info", "out/report.json")
    assert report["frames"] == 24 and report["kind"].startswith("report")
    folder = run_json("info", "out")
    assert folder["frames"] == 24
    assert "24 of 24" in run("info", "out").stdout
    assert run_json("info", "out/transforms.json")["pictures"] == 3
    picture = run_json("info", "out/images/" + sorted(os.listdir("out/images"))[0])
    assert picture["width"] == 160


def test_info_knows_scenes_and_cameras():
    scene = run_json("info", ROOM)
    assert (scene["width"], scene["height"], scene["frames"]) == (160, 120, 24)
    with open("camera.txt", "w") as f:
        f.write("# fx fy cx cy w h k1 k2 p1 p2\n500 500 320 240 640 480 0.1 0 0 0\n")
    camera = run_json("info", "camera.txt")
    assert camera["fx"] == 500 and camera["width"] == 640 and camera["k"][0] == 0.1
    assert abs(camera["fov_degrees"] - 65.2) < 0.1
    assert "fov_degrees" in run("info", "camera.txt").stdout


def test_info_refuses_the_rest():
    one_sentence(run("info", "nosuch", code=3))
    with open("cut.json", "w") as f:
        f.write('{"format": "omma-report", "frames"')
    one_sentence(run("info", "cut.json", code=3))
    with open("cut.ply", "w") as f:
        f.write("ply\nformat ascii 1.0\n")
    one_sentence(run("info", "cut.ply", code=3))
    with open("words.txt", "w") as f:
        f.write("hello\n")
    assert run_json("info", "words.txt", code=3)["exit"] == 3


def test_doctor_finds_this_machine_healthy():
    r = run_json("doctor")
    names = {f["name"]: f["state"] for f in r["findings"]}
    assert r["healthy"] and names["h264 decoder"] == "ok" and names["processor"], names
    assert "h264 encoder" in run("doctor").stdout


def test_bench_tells_ratios():
    r = run_json("bench", "--frames", 4)
    results = {x["name"]: x for x in r["results"]}
    assert results["copy (the floor)"]["times_floor"] == 1
    assert results["pyramid"]["cpu_s"] > 0 and "tracking room" in results, list(results)


harness.main(globals())
