# SPDX-License-Identifier: Apache-2.0
"""omma export and what omma info says of a map file; every file is read again by its specification."""
import json
import os
import shutil
import struct
import zipfile

import harness
from harness import no_leftovers, one_sentence, run, run_json

ROOM = "synthetic:room?frames=16&size=160x120"


def made():
    """One map for all: it is copied into each test's folder."""
    global kept
    if "kept" not in globals():
        run("map", ROOM, "--backend", "synthetic", "-o", "out")
        with open("out/report.json") as f:
            json.load(f)
        kept = {}
        for path, _, files in os.walk("out"):
            for name in files:
                full = os.path.join(path, name)
                with open(full, "rb") as f:
                    kept[full] = f.read()
    for full, data in kept.items():
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(data)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def test_glb_has_points_and_cameras():
    made()
    r = run_json("export", "out", "-o", "x.glb")
    data = read("x.glb")
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version, length) == (b"glTF", 2, len(data))
    n, kind = struct.unpack_from("<I4s", data, 12)
    g = json.loads(data[20:20 + n])
    assert kind == b"JSON" and "extensionsRequired" not in g
    names = [node["name"] for node in g["nodes"]]
    assert {"map", "points", "cameras", "trajectory"} <= set(names), names
    assert sum(name.startswith("keyframe ") for name in names) == 2
    points = g["meshes"][0]["primitives"][0]
    assert g["accessors"][points["attributes"]["POSITION"]]["count"] == r["points"] > 1000
    assert g["asset"]["extras"]["unit"] == "m"
    r = run_json("export", "out/map.omma", "-o", "y.glb", "--no-cameras", "--max-points", 500)
    assert r["points"] <= 500 and b'"cameras"' not in read("y.glb")
    no_leftovers()


def test_mesh_obj_las_and_ply():
    made()
    r = run_json("export", "out", "-o", "x.obj", "--mesh")
    lines = read("x.obj").decode().splitlines()
    assert sum(x.startswith("f ") for x in lines) == r["triangles"] > 100
    assert sum(x.startswith("p ") for x in lines) == r["points"]
    r = run_json("export", "out", "-o", "x.las")
    data = read("x.las")
    assert data[:4] == b"LASF" and data[24:26] == b"\1\2"
    assert struct.unpack_from("<I", data, 107)[0] == r["points"] == (len(data) - 227) / 26
    r = run_json("export", "out", "-o", "x.ply")
    assert run_json("info", "x.ply")["vertices"] == r["points"]
    r = run_json("export", "out", "-o", "mesh.ply", "--mesh")
    assert run_json("info", "mesh.ply")["faces"] == r["triangles"] and r["points"] == 0


def test_zip_has_every_file():
    made()
    r = run_json("export", "out", "-o", "x.zip")
    with zipfile.ZipFile("x.zip") as z:
        assert z.testzip() is None
        names = z.namelist()
        assert len(names) == r["files"]
        for name in names:
            assert z.read(name) == read("out/" + name), name
    with open("out/report.json") as f:
        assert set(json.load(f)["outputs"]["files"]) == set(names)
    os.remove("out/trajectory.txt")
    assert "trajectory.txt" in one_sentence(run("export", "out", "-o", "y.zip", code=1))
    os.mkdir("alone")
    shutil.copy("out/map.omma", "alone")
    one_sentence(run("export", "alone", "-o", "z.zip", code=1))
    assert not os.path.exists("y.zip") and not os.path.exists("z.zip")


def test_files_that_are_there_stay():
    made()
    with open("x.las", "w") as f:
        f.write("mine")
    assert "--force" in one_sentence(run("export", "out", "-o", "x.las", code=1))
    assert read("x.las") == b"mine"
    run("export", "out", "-o", "x.las", "--force")
    assert read("x.las")[:4] == b"LASF"


def test_wrong_words():
    made()
    one_sentence(run("export", "out", code=2))
    assert ".glb" in one_sentence(run("export", "out", "-o", "x.stl", code=2))
    one_sentence(run("export", "out", "-o", "x.las", "--mesh", code=2))
    one_sentence(run("export", "nosuch", "-o", "x.las", code=3))
    one_sentence(run("export", "out/report.json", "-o", "x.las", code=3))
    assert run_json("export", "out", "-o", "/nosuch/x.las", code=1)["exit"] == 1


def test_few_points_and_options_that_leave_none():
    made()
    for few in (1, 2, 5):
        r = run_json("export", "out", "-o", "x.ply", "--max-points", few, "--force")
        assert r["points"] == few and not r["sparse"], r
    os.environ["SLAM3R_MAX_POINTCLOUD_SIZE"] = "100"
    try:
        r = run_json("export", "out", "-o", "x.ply", "--force")
    finally:
        del os.environ["SLAM3R_MAX_POINTCLOUD_SIZE"]
    assert 20 < r["points"] <= 100 and not r["sparse"], r
    for voxel in ("1e-9", "1e9"):
        r = run_json("export", "out", "-o", "y.ply", "--voxel", voxel, code=2)
        assert "--voxel" in r["error"], r
    assert not os.path.exists("y.ply")
    run("map", ROOM, "--backend", "synthetic", "--sparse", "-o", "sparse")
    r = run_json("export", "sparse", "-o", "y.ply")
    assert r["sparse"] and r["points"] > 100
    assert "the map has no depth" in run("export", "sparse", "-o", "y.ply", "--force").stderr


def test_damaged_maps_are_refused_or_salvaged():
    made()
    data = read("out/map.omma")
    whole = run_json("info", "out/map.omma")
    assert whole["kind"] == "map" and whole["damaged_parts"] == 0 and whole["unit"] == "m"
    assert whole["frames"] == whole["posed"] == 16 and whole["keyframes"] == whole["depths"] == 2
    assert whole["written_by"] and whole["points"] > 1000
    at = data.index(b"OmPtdept")
    with open("flip.omma", "wb") as f:
        f.write(data[:at + 100] + bytes([data[at + 100] ^ 1]) + data[at + 101:])
    why = one_sentence(run("export", "flip.omma", "-o", "x.glb", code=3))
    assert "depth of keyframe" in why and "--salvage" in why, why
    assert not os.path.exists("x.glb")
    r = run_json("export", "flip.omma", "-o", "x.glb", "--salvage")
    assert r["damaged_parts"] == 1 and r["points"] > 0
    assert "damaged" in run("export", "flip.omma", "-o", "x.glb", "--salvage", "--force").stderr
    left = run_json("info", "flip.omma")
    assert left["damaged_parts"] == 1 and left["depths"] == 1 and left["frames"] == 16
    at = data.index(b"OmPtkeyf")  # stands twice: nothing is lost
    with open("flip.omma", "wb") as f:
        f.write(data[:at + 50] + bytes([data[at + 50] ^ 1]) + data[at + 51:])
    dense = run_json("export", "out", "-o", "whole.ply")
    r = run_json("export", "flip.omma", "-o", "flip.ply", "--salvage")
    assert r["damaged_parts"] == 1 and not r["sparse"] and r["points"] == dense["points"]
    assert read("flip.ply") == read("whole.ply")
    also = data.index(b"OmPtkey2")  # and now all are lost, with two pictures and two depths
    both = bytearray(read("flip.omma"))
    both[also + 50] ^= 1
    with open("both.omma", "wb") as f:
        f.write(both)
    left = run_json("info", "both.omma")
    assert left["damaged_parts"] == 2 and left["orphaned_parts"] == 4 and left["keyframes"] == 0
    told = run("export", "both.omma", "-o", "both.ply", "--salvage").stderr
    assert "4 intact pictures and depths" in told, told
    with open("cut.omma", "wb") as f:
        f.write(data[:len(data) // 2])
    one_sentence(run("export", "cut.omma", "-o", "cut.las", code=3))
    assert run_json("info", "cut.omma")["damaged_parts"] >= 1
    assert "damaged_parts" in run("info", "cut.omma").stdout


def test_info_of_a_folder_tells_its_map():
    made()
    assert run_json("info", "out")["map"]["frames"] == 16
    os.remove("out/report.json")
    assert run_json("info", "out")["kind"] == "map"


harness.main(globals())
