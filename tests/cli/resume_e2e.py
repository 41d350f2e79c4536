# SPDX-License-Identifier: Apache-2.0
"""A map of one clip, gone on in with another; and single pictures found in it, or not."""
import atexit
import json
import os
import shutil
import tempfile

import harness
from harness import no_leftovers, one_sentence, poses, run, run_json

SCENE = "synthetic:room?frames=100&size=320x240"
HALF = 50


def evaluate(trajectory, expected):
    return run_json("eval", trajectory, "truth/trajectory.txt", "--expected", expected)


KEPT = tempfile.mkdtemp(prefix="omma-test-")
atexit.register(shutil.rmtree, KEPT, True)


def make(name, *words):
    """A map that several tests begin with is made once."""
    if not os.path.exists(f"{KEPT}/{name}"):
        run("map", *words, "--sparse", "-o", f"{KEPT}/{name}", "-q")
    shutil.copytree(f"{KEPT}/{name}", name)


def make_truth():
    make("truth", SCENE, "--backend", "synthetic")


def make_first():
    make("first", SCENE, "--limit", HALF)


def make_strange(name, frames):
    make(name, f"synthetic:{name}?frames={frames}&size=320x240", "--backend", "synthetic")


def test_second_half_goes_on_in_the_map_of_the_first():
    make_truth()
    make_first()
    r = run_json("map", SCENE, "--sparse", "--skip", HALF, "--resume", "first", "-o", "both")
    assert r["frames"] == r["posed"] == r["posed_in_main_submap"] == 2 * HALF, r
    assert r["resumed"]["frames"] == r["resumed"]["posed"] == HALF, r["resumed"]
    assert r["submaps"] == 1 and r["relocalisations"] >= 1 and not r["warnings"], r
    with open("first/report.json") as f:
        first = json.load(f)
    assert r["points"] > first["points"] and r["keyframes"] > first["keyframes"]
    whole, half = evaluate("both/trajectory.txt", 2 * HALF), evaluate("first/trajectory.txt", HALF)
    assert whole["ate_rmse"] < 0.01 * whole["path_length"], whole  # measured 0.2 %
    assert abs(whole["scale"] / half["scale"] - 1) < 0.03, "the unit has changed"  # measured 0.4 %
    a, b = poses("first/trajectory.txt"), poses("both/trajectory.txt")
    moved = max(abs(p[k] - q[k]) for p, q in zip(a, b) for k in (1, 2, 3))
    assert moved < 0.02, f"the old map has moved by {moved}"
    info = run_json("info", "both/map.omma")
    assert info["frames"] == 2 * HALF and info["pictures"] == info["keyframes"] == r["keyframes"]
    # and once more, in the folder of the map itself
    before = os.path.getsize("both/map.omma")
    again = run_json("map", SCENE, "--sparse", "--limit", 10, "--resume", "both", "-o", "both", "--force")
    assert again["frames"] == 2 * HALF + 10 and again["submaps"] == 1
    assert os.path.getsize("both/map.omma") > before * 0.9
    times = [p[0] for p in poses("both/trajectory.txt")]
    assert times == sorted(set(times)) and len(times) == again["posed"]
    no_leftovers()


def test_a_clip_that_arrives_later_is_joined():
    """It begins where the old map has never been; the pictures before recognition come back in the end."""
    run("map", SCENE, "--sparse", "--skip", HALF - 10, "-o", "first", "-q")
    r = run_json("map", SCENE, "--sparse", "--limit", HALF, "--resume", "first", "-o", "both", "-q")
    assert r["submaps"] == 1 and r["posed_in_main_submap"] > 0.9 * r["frames"], r


def test_depth_and_metres_are_kept():
    run("map", SCENE, "--limit", 24, "-o", "first", "-q", "--scale", 2.5, "--no-colmap", "--camera",
        "251.15,251.15,159.5,119.5")
    r = run_json("map", SCENE, "--skip", 24, "--limit", 12, "--resume", "first/map.omma", "-o", "both")
    assert r["unit"] == "m" and r["dense"]["depth_maps"] > 3, r
    assert r["camera"]["source"] == "given" and r["camera"]["fx"] == 251.15, r["camera"]
    info = run_json("info", "both/map.omma")
    assert info["depths"] == r["dense"]["depth_maps"]
    a, b = poses("first/trajectory.txt"), poses("both/trajectory.txt")
    assert max(abs(p[k] - q[k]) for p, q in zip(a, b) for k in (1, 2, 3)) < 0.05
    r = run("map", SCENE, "--resume", "first", "--scale", 2, "-o", "c", code=2)
    assert "metres already" in one_sentence(r)


def test_what_does_not_fit_is_refused():
    make_first()
    for more, code, word in (
            (["--camera", "200,200,159.5,119.5"], 2, "together"), (["--fov", 60], 2, "together"),
            (["--backend", "synthetic"], 2, "backend")):
        r = run("map", SCENE, "--resume", "first", "-o", "out", *more, code=code)
        assert word in one_sentence(r), r.stderr
    other = run("map", "synthetic:room?frames=9&size=160x120", "--resume", "first", "-o", "out", code=2)
    assert "320 x 240" in one_sentence(other) and "160 x 120" in other.stderr
    make_truth()
    r = run("map", SCENE, "--resume", "truth", "-o", "out", code=3)
    assert "cannot be gone on from" in one_sentence(r)
    assert "No such file" in one_sentence(run("map", SCENE, "--resume", "nothing", "-o", "out", code=3))
    assert not os.path.exists("out")


def test_another_place_is_a_part_of_its_own():
    make_first()
    r = run_json("map", "synthetic:corridor?frames=30&size=320x240", "--sparse", "--resume", "first",
                 "-o", "both", code=None)
    if "error" in r:  # no map of its own could begin
        assert r["exit"] == 4 and not os.path.exists("both")
    else:
        assert r["submaps"] == 2 and any("not recognised" in w for w in r["warnings"]), r


def test_pictures_are_located():
    make_truth()
    make_first()
    files = sorted(os.listdir("truth/images"))[:4]
    r = run_json("locate", *(f"truth/images/{name}" for name in files), "first")
    known = {round(p[0] * 30): p for p in poses("first/trajectory.txt")}
    assert r["unit"] == "units" and len(r["pictures"]) == 4
    for picture in r["pictures"]:
        frame = int(os.path.basename(picture["name"])[:6])
        assert picture["found"] and picture["inliers"] >= 25, picture
        assert max(abs(a - b) for a, b in zip(picture["translation"], known[frame][1:4])) < 0.02, picture
    r = run("locate", *(f"truth/images/{name}" for name in files[:2]), "first/map.omma")
    lines = [x for x in r.stdout.splitlines() if not x.startswith("#")]
    assert len(lines) == 2 and all(len(x.split()) == 8 for x in lines), r.stdout
    with open("located.txt", "w") as f:
        f.write(r.stdout)
    assert run_json("info", "located.txt")["poses"] == 2


def test_other_places_are_not_known():
    make_first()
    for scene in ("corridor", "loop"):
        make_strange(scene, 11)
        files = [f"{scene}/images/{name}" for name in os.listdir(f"{scene}/images")]
        r = run("locate", *files, "first", code=8)
        assert r.stdout.count("not known here") == len(files) and r.stderr == "", (r.stdout, r.stderr)


def test_pictures_of_another_camera():
    make_first()
    run("map", "synthetic:room?frames=11&size=480x270&fov=75", "--backend", "synthetic", "--sparse",
        "-o", "wide", "-q")
    r = run("locate", "wide/images/000010.jpg", "first", code=2)
    assert "--camera" in one_sentence(r)
    r = run_json("locate", "wide/images/000010.jpg", "first", "--camera", "wide/report.json")
    near = poses("first/trajectory.txt")[10]
    place = r["pictures"][0]
    assert max(abs(a - b) for a, b in zip(place["translation"], near[1:4])) < 0.03, (place, near)
    with open("text.jpg", "w") as f:
        f.write("no picture")
    one_sentence(run("locate", "text.jpg", "first", code=3))
    one_sentence(run("locate", "nothing.jpg", "first", code=3))
    shutil.copy("wide/images/000000.jpg", "first/x.jpg")
    one_sentence(run("locate", "first/x.jpg", "wide", code=3))  # its backend remembers nothing


harness.main(globals())
