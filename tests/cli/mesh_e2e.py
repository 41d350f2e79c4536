# SPDX-License-Identifier: Apache-2.0
"""omma mesh: the surface of a map with exact depth."""
import json
import math
import os
import re
import struct
import subprocess

import harness
from harness import ROOT, Skip, no_leftovers, one_sentence, run, run_json

PEER = os.path.join(ROOT, "tests", "peers", "mesh_files.py")
ROOM = "synthetic:room?frames=30&size=160x120"


def made():
    run("map", ROOM, "--backend", "synthetic", "-o", "out", "--no-colmap", "--no-pictures")


def read_ply(path):
    with open(path, "rb") as f:
        data = f.read()
    body = data.index(b"end_header\n") + 11
    head = data[:body].decode()
    vertices, faces = (int(re.search(r"element %s (\d+)" % name, head).group(1))
                       for name in ("vertex", "face"))
    assert len(data) == body + 27 * vertices + 13 * faces
    points = [struct.unpack_from("<3f", data, body + 27 * i) for i in range(vertices)]
    start = body + 27 * vertices
    triangles = [struct.unpack_from("<B3i", data, start + 13 * i) for i in range(faces)]
    assert all(t[0] == 3 and 0 <= min(t[1:]) and max(t[1:]) < vertices for t in triangles)
    return head, points, [t[1:] for t in triangles]


def test_the_surface_is_the_room():
    made()
    said = run_json("mesh", "out", "-o", "room.ply")
    head, points, triangles = read_ply("room.ply")
    assert said["file"] == "room.ply" and said["unit"] == "m"
    assert (said["triangles"], said["vertices"]) == (len(triangles), len(points))
    assert len(triangles) > 5000 and "comment unit: m" in head
    # the scene is 6 m long and 5 m wide; nothing hangs outside its walls
    assert max(abs(p[0]) for p in points) < 3.03 and max(abs(p[2]) for p in points) < 2.53
    assert max(p[0] for p in points) > 2 or min(p[0] for p in points) < -2
    run("mesh", "out/map.omma", "-o", "again.ply")
    with open("room.ply", "rb") as a, open("again.ply", "rb") as b:
        assert a.read() == b.read(), "the same map gives the same bytes"
    no_leftovers()


def test_options_do_what_they_say():
    made()
    whole = run_json("mesh", "out", "-o", "whole.ply", "--voxel", "0.1")
    light = run_json("mesh", "out", "-o", "light.ply", "--voxel", "0.1", "--max-triangles", "1000")
    assert whole["triangles"] > 2000 >= 2 * light["triangles"] > 1500
    fine = run_json("mesh", "out", "-o", "fine.ply", "--voxel", "0.05")
    assert fine["triangles"] > 3 * whole["triangles"]
    large = run_json("mesh", "out", "-o", "large.ply", "--voxel", "0.1", "--min-piece", "1000")
    assert large["triangles"] <= whole["triangles"]
    torn = run_json("mesh", "out", "-o", "torn.ply", "--voxel", "0.1", "--max-hole", "0.001")
    assert torn["vertices"] == whole["vertices"] and torn["triangles"] < whole["triangles"]


def test_other_formats():
    made()
    run("mesh", "out", "-o", "room.glb", "--voxel", "0.1")
    with open("room.glb", "rb") as f:
        magic, version, size, length, kind = struct.unpack("<4s4I", f.read(20))
        document = json.loads(f.read(length))
    assert magic == b"glTF" and version == 2 and size == os.path.getsize("room.glb")
    assert {n.get("name") for n in document["nodes"]} >= {"mesh"}
    assert "cameras" not in {n.get("name") for n in document["nodes"]}
    run("mesh", "out", "-o", "room.obj", "--voxel", "0.1", "--cameras")
    with open("room.obj") as f:
        lines = f.read().splitlines()
    assert sum(x.startswith("f ") for x in lines) > 1000
    assert any(x.startswith("l ") for x in lines)


def test_refusals():
    made()
    one_sentence(run("mesh", "out", code=2))
    one_sentence(run("mesh", "out", "-o", "room.las", code=2))
    one_sentence(run("mesh", "out", "-o", "room.ply", "--max-triangles", "0", code=2))
    one_sentence(run("mesh", "nosuch", "-o", "room.ply", code=3))
    run("mesh", "out", "-o", "room.ply", "--voxel", "0.2")
    before = os.path.getsize("room.ply")
    assert "--force" in one_sentence(run("mesh", "out", "-o", "room.ply", code=1))
    assert os.path.getsize("room.ply") == before
    run("mesh", "out", "-o", "room.ply", "--voxel", "0.1", "--force")
    assert os.path.getsize("room.ply") > before
    for words in (["--voxel", "1e-9"], ["--voxel", "1e9"], ["--max-error", "0.0001"],
                  ["--voxel", "0.2", "--min-piece", "1000000000"]):
        r = run_json("mesh", "out", "-o", "none.ply", *words, code=2)
        assert words[-2] in r["error"] and "no depth" not in r["error"], r
    r = run_json("mesh", "out", "-o", "none.ply", "--voxel", "0.0005", code=1)
    assert "MB are allowed" in r["error"] and "--max-memory" in r["error"], r
    need = float(re.search(r"(\d+) MB, and 2 MB", run_json(
        "mesh", "out", "-o", "none.ply", "--voxel", "0.05", "--max-memory", 2, code=1)["error"])[1])
    assert need > 2
    assert run_json("mesh", "out", "-o", "fit.ply", "--voxel", "0.05", "--max-memory",
                    math.ceil(need))["triangles"] > 5000
    assert not os.path.exists("none.ply")
    r = run_json("mesh", "out", "-o", "nowhere/room.ply", "--voxel", "0.2", code=1)
    assert r["exit"] == 1 and "nowhere" in r["error"]


def test_a_map_without_depth_has_no_surface():
    run("map", ROOM, "--backend", "synthetic", "--sparse", "-o", "flat", "--no-pictures")
    assert "no depth" in one_sentence(run("mesh", "flat", "-o", "flat.ply", code=4))
    assert not os.path.exists("flat.ply")


def test_others_can_read_it():
    made()
    run("mesh", "out", "-o", "room.ply", "--voxel", "0.06")
    run("mesh", "out", "-o", "light.ply", "--voxel", "0.06", "--max-triangles", "3000")
    try:
        r = subprocess.run(["/usr/bin/python3", PEER, "room.ply", "light.ply"], timeout=120,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError as e:
        raise Skip(f"no system Python: {e}") from e
    if r.returncode == 77:
        raise Skip("Open3D is not installed")
    assert r.returncode == 0, r.stdout.decode()


harness.main(globals())
