# SPDX-License-Identifier: Apache-2.0
"""omma export and what omma info says of a map file; every file is read again by its specification."""
import json
import os
import shutil
import signal
import struct
import subprocess
import time
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


def read_npy(path):
    data = read(path)
    assert data[:8] == b"\x93NUMPY\x01\x00"
    head = data[10:10 + data[8] + 256 * data[9]].decode()
    assert "'<f4'" in head and "(120, 160)" in head, head
    return struct.unpack("<19200f", data[10 + len(head):])


def test_depth_of_a_saved_map():
    run("map", ROOM, "--backend", "synthetic", "--write-depth", "-o", "out", "--depth-format", "both")
    names = sorted(os.listdir("out/depth"))
    assert [x[-3:] for x in names] == ["npy", "png", "npy", "png", "txt"], names
    r = run_json("export", "out", "--depth", "-o", "deep")
    assert r["depths"] == 2 and sorted(os.listdir("deep")) == [x for x in names if x[-3:] == "npy"]
    for name in os.listdir("deep"):
        a, b = read_npy(f"out/depth/{name}"), read_npy(f"deep/{name}")
        assert all(abs(x - y) <= 2e-3 * x for x, y in zip(a, b)) and min(a) > 0.1
    assert "--force" in one_sentence(run("export", "out", "--depth", "-o", "deep", code=1))
    run("export", "out", "--depth", "--depth-format", "png16", "-o", "deep", "--force")
    assert sorted(os.listdir("deep")) == names
    run("export", "out", "--depth", "--depth-format", "png16", "-o", "pictures/")
    assert sorted(os.listdir("pictures")) == [x for x in names if x[-3:] != "npy"]
    one_sentence(run("export", "out", "--depth-format", "png16", "-o", "x.ply", code=2))
    one_sentence(run("export", "out", "--depth", "--mesh", "-o", "x", code=2))
    one_sentence(run("export", "out", "--depth", "-o", "no/where", code=1))
    one_sentence(run("map", ROOM, "--depth-format", "png16", "-o", "never", code=2))
    run("map", ROOM, "--backend", "synthetic", "--sparse", "-o", "sparse")
    assert "no depth" in one_sentence(run("export", "sparse", "--depth", "-o", "x", code=4))
    assert sorted(os.listdir(".")) == ["deep", "out", "pictures", "sparse"], os.listdir(".")


def test_interrupt_leaves_nothing():
    run("map", ROOM, "--backend", "synthetic", "-o", "out")
    for words in (["export", "out", "-o", "x.glb", "--voxel", "0.001"],
                  ["mesh", "out", "-o", "x.ply", "--voxel", "0.004"],
                  ["render", "out", "-o", "x.mp4", "--seconds", "3600"]):
        p = subprocess.Popen([harness.OMMA, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=60)
        if p.returncode != 0:  # else it had ended before
            assert p.returncode in (130, -signal.SIGINT), (words, p.returncode)
            assert os.listdir(".") == ["out"], os.listdir(".")
        for name in os.listdir("."):
            if name != "out":
                os.remove(name)


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
