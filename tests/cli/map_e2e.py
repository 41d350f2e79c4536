# SPDX-License-Identifier: Apache-2.0
"""omma map on embedded scenes, with the backend that hands on their truth."""
import hashlib
import json
import os
import struct
import subprocess

import harness
from harness import ROOM, Skip, no_leftovers, one_sentence, poses, run, run_json

SYNTHETIC = ["--backend", "synthetic"]
FILES = {"trajectory.txt", "cloud.ply", "colmap", "transforms.json", "images", "map.omma",
         "report.json"}


def digest(folder):
    out = {}
    for path, _, files in os.walk(folder):
        for name in files:
            full = os.path.join(path, name)
            with open(full, "rb") as f:
                out[os.path.relpath(full, folder)] = hashlib.sha256(f.read()).hexdigest()
    return out


def test_writes_every_file_and_they_agree():
    r = run_json("map", ROOM, *SYNTHETIC, "-o", "out")
    assert set(os.listdir("out")) == FILES, os.listdir("out")
    assert r["frames"] == r["posed"] == 24 and r["coverage"] == 1, r
    assert r["output"]["folder"] == "out" and set(r["output"]["files"]) == FILES
    assert len(poses("out/trajectory.txt")) == 24
    with open("out/report.json") as f:
        report = json.load(f)
    assert report["keyframes"] == r["keyframes"] == 3, report
    assert report["dense"]["depth_maps"] == 3 and report["dense"]["points"] > 1000, report["dense"]
    assert report["dense"]["voxel"] > 0
    with open("out/transforms.json") as f:
        frames = json.load(f)["frames"]
    assert len(frames) == 3
    for frame in frames:
        assert os.path.getsize(os.path.join("out", frame["file_path"])) > 500, frame
    for name in ("cameras", "images", "points3D"):
        assert os.path.getsize(f"out/colmap/{name}.bin") > 0
        assert os.path.getsize(f"out/colmap/{name}.txt") > 0
    no_leftovers()


def test_cloud_has_the_points_of_the_report():
    r = run_json("map", ROOM, *SYNTHETIC, "-o", "out", "--sparse")
    assert r["dense"] == {"depth_maps": 0, "points": 0, "voxel": 0}, r["dense"]
    with open("out/cloud.ply", "rb") as f:
        data = f.read()
    head, body = data.split(b"end_header\n", 1)
    count = int(head.split(b"element vertex ")[1].split()[0])
    assert count == r["points"] > 1000, (count, r["points"])
    assert len(body) == 15 * count
    x = [struct.unpack_from("<3f", body, 15 * i) for i in range(count)]
    assert all(abs(v) < 100 for p in x for v in p), "points far outside a room"


def test_sparse_points_are_bounded_too():
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--sparse", "--max-points", 1000)
    with open("out/cloud.ply", "rb") as f:
        head, body = f.read().split(b"end_header\n", 1)
    assert b"element vertex 1000\n" in head and len(body) == 15000


def test_trajectory_is_in_tum_format_with_unit_quaternions():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    rows = poses("out/trajectory.txt")
    for row in rows:
        assert len(row) == 8 and row[7] >= 0
        assert abs(sum(q * q for q in row[4:]) - 1) < 1e-6
    times = [row[0] for row in rows]
    assert times == sorted(set(times))


def test_same_input_gives_the_same_bytes():
    run("map", ROOM, *SYNTHETIC, "-o", "a")
    run("map", ROOM, *SYNTHETIC, "-o", "b", "--threads", 1)
    a, b = digest("a"), digest("b")
    a.pop("report.json"), b.pop("report.json")  # has times in it
    assert a == b


def test_old_maps_are_kept_unless_forced():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    before = digest("out")
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", code=1)
    assert "--force" in one_sentence(r)
    assert digest("out") == before
    run("map", "synthetic:room?frames=11&size=160x120", *SYNTHETIC, "-o", "out", "--force")
    assert len(poses("out/trajectory.txt")) == 11
    no_leftovers()


def test_somebody_elses_pictures_are_never_replaced():
    os.makedirs("out/images")
    with open("out/images/000000.jpg", "w") as f:
        f.write("a holiday")
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", "--force", code=1)
    assert "images" in one_sentence(r)
    with open("out/images/000000.jpg") as f:
        assert f.read() == "a holiday"
    assert os.listdir("out") == ["images"]


def test_the_inputs_own_pictures_are_never_replaced():
    run("map", ROOM, *SYNTHETIC, "-o", "a")
    for there in ("{}", '{"format": "omma-report"}'):  # a report that tells of no pictures
        os.makedirs("b")
        os.rename("a/images", "b/images")
        with open("b/report.json", "w") as f:
            f.write(there)
        before = digest("b")
        for source in ("b/images", "b/images/", os.path.abspath("b/images"), "b/images/*.jpg",
                       "b/i*/0*.jpg", "file:b/images/000000.jpg"):
            for force in ([], ["--force"]):
                r = run("map", source, "-o", "b", *force, code=2)
                assert "the input is in b/images" in one_sentence(r)
        r = run("map", "a", "-o", "b", "--force", code=1)
        assert "not from an earlier map" in one_sentence(r)
        assert digest("b") == before
        os.rename("b/images", "a/images")
        os.remove("b/report.json")
        os.rmdir("b")
    before = digest("a/images")
    run("map", "a/images", "-o", "a", "--force", code=2)  # of an earlier map, and the input
    os.symlink("a", "link")
    run("map", "a/images", "-o", "link", "--force", code=2)
    run("map", "a/images", "-o", "a", "--force", "--no-pictures", code=None)
    assert digest("a/images") == before


def test_force_leaves_nothing_of_the_old_map():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    with open("out/images/mine.txt", "w") as f:
        f.write("mine")
    run("map", "synthetic:room?frames=2&size=160x120", *SYNTHETIC, "-o", "new")
    run("map", "synthetic:room?frames=2&size=160x120", *SYNTHETIC, "-o", "out", "--force")
    assert set(digest("out")) - set(digest("new")) == {"images/mine.txt"}
    os.remove("out/images/mine.txt")
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--force", "--no-colmap", "--no-pictures")
    assert set(os.listdir("out")) == {"trajectory.txt", "cloud.ply", "map.omma", "report.json"}


def test_force_takes_all_that_was_asked_for_once():
    more = ("--write-depth", "--depth-every", 4, "--mesh", "--colmap-dense")
    run("map", ROOM, *SYNTHETIC, "-o", "out", *more)
    names = set(digest("out"))
    assert {"mesh.ply", "depth/000004.npy", "depth/000010.npy"} <= names, names
    assert any(name.startswith("colmap/stereo/depth_maps/") for name in names), names
    with open("out/depth/mine.txt", "w") as f:
        f.write("mine")
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--force")
    assert set(os.listdir("out")) == FILES | {"depth"}
    assert os.listdir("out/depth") == ["mine.txt"] and "stereo" not in os.listdir("out/colmap")
    os.remove("out/depth/mine.txt")
    os.rmdir("out/depth")
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--force", "--no-pictures", "--no-colmap")
    assert set(os.listdir("out")) == FILES - {"colmap", "images", "transforms.json"}


def test_force_does_not_replace_a_picture_put_beside():
    run("map", "synthetic:room?frames=2&size=160x120", *SYNTHETIC, "-o", "out")
    with open("out/images/000010.jpg", "w") as f:
        f.write("a holiday")
    before = digest("out")
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", "--force", code=1)
    assert "images/000010.jpg" in one_sentence(r)
    assert digest("out") == before, "the old map is not as it was"
    no_leftovers()


def test_files_that_are_not_wanted_may_be_there():
    os.makedirs("out/images")
    os.makedirs("out/colmap")
    for name in ("images/a.jpg", "colmap/b", "transforms.json"):
        open(f"out/{name}", "w").close()
    r = run_json("map", ROOM, *SYNTHETIC, "-o", "out", "--no-pictures", "--no-colmap")
    assert sorted(r["output"]["files"]) == ["cloud.ply", "map.omma", "report.json", "trajectory.txt"], r
    with open("out/report.json") as f:
        outputs = json.load(f)["outputs"]
    assert outputs["pictures"] == 0 and set(outputs["files"]) == set(r["output"]["files"])
    assert "images/a.jpg" in digest("out")


def test_other_files_in_the_folder_stay():
    os.mkdir("out")
    with open("out/notes.txt", "w") as f:
        f.write("mine")
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    assert set(os.listdir("out")) == FILES | {"notes.txt"}


def test_stale_submaps_go_with_force():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    open("out/trajectory-submap7.txt", "w").close()
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--force")
    assert not os.path.exists("out/trajectory-submap7.txt")


def test_unwanted_files_are_left_out():
    run("map", ROOM, *SYNTHETIC, "-o", "out", "--no-pictures", "--no-colmap")
    assert set(os.listdir("out")) == {"trajectory.txt", "cloud.ply", "map.omma", "report.json"}


def test_skip_limit_and_step_choose_frames():
    r = run_json("map", ROOM, *SYNTHETIC, "-o", "out", "--skip", 4, "--limit", 5, "--step", 2)
    assert r["frames"] == 5, r["frames"]
    whole = run_json("map", ROOM, *SYNTHETIC, "-o", "whole")
    assert whole["frames"] == 24
    times = [row[0] for row in poses("whole/trajectory.txt")]
    assert [row[0] for row in poses("out/trajectory.txt")] == times[4:14:2]


def test_folder_is_named_after_the_input():
    run("map", ROOM, *SYNTHETIC)
    assert os.listdir(".") == ["room-omma"]


def test_quiet_is_silent():
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", "--quiet")
    assert r.stdout == "" and r.stderr == "", (r.stdout, r.stderr)


def test_camera_of_another_size_is_scaled_and_said_so():
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", "--camera", "200,200,159.5,119.5,320,240")
    assert "scaled" in r.stderr, r.stderr


def test_camera_of_another_shape_is_refused():
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", "--camera", "200,200,159.5,119.5,320,200", code=2)
    assert "320 x 200" in one_sentence(r)
    assert not os.path.exists("out")


def test_report_of_a_map_is_a_camera_file():
    run("map", ROOM, *SYNTHETIC, "-o", "a")
    r = run_json("map", ROOM, *SYNTHETIC, "-o", "b", "--camera", "a/report.json")
    assert r["camera"]["source"] == "given"


def test_realtime_keeps_up_with_the_clock():
    r = run_json("map", "synthetic:room?frames=30&size=64x48", *SYNTHETIC, "-o", "out", "--realtime")
    assert r["settings"]["mode"] == "realtime"
    assert r["frames"] + r["dropped"] == 30
    assert r["time"]["wall_s"] > 0.9, r["time"]  # 30 frames at 30 Hz


def test_full_standard_output_is_an_error():
    with open("/dev/full", "w") as full:
        run("map", ROOM, *SYNTHETIC, "-o", "out", "--json", stdout=full, code=1)


def broken_pipe():
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "w")


def test_a_reader_that_leaves_does_not_cost_the_map():
    """omma map clip.mp4 | head -1, and the same with 2>&1"""
    for name, options in (("out", {}), ("both", {"stderr": subprocess.STDOUT})):
        with broken_pipe() as pipe:
            r = run("map", ROOM, *SYNTHETIC, "-v", "-o", name, stdout=pipe, code=141, **options)
        assert set(os.listdir(name)) == FILES, os.listdir(name)
        assert "error" not in r.stderr and "cannot" not in r.stderr, r.stderr
    with broken_pipe() as pipe:  # messages only: the result is read, all is well
        r = run("map", ROOM, *SYNTHETIC, "-v", "-o", "quiet", "--json", stderr=pipe)
    assert json.loads(r.stdout)["posed"] == 24


def test_head_in_a_shell():
    command = f"'{harness.OMMA}' map '{ROOM}' --backend synthetic -v -v -o out 2>&1 | head -n 1"
    r = subprocess.run(["sh", "-c", command], capture_output=True, timeout=300)
    assert r.returncode == 0 and r.stdout.count(b"\n") == 1, r
    assert set(os.listdir("out")) == FILES, os.listdir("out")


def test_help_into_head_is_silent():
    with broken_pipe() as pipe:
        assert run("help", stdout=pipe, code=141).stderr == ""


def test_pictures_and_videos_are_inputs():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    r = run_json("info", "out/images")
    assert r["frames"] == 3 and r["width"] == 160, r


def test_synthetic_backend_needs_a_scene():
    run("map", ROOM, *SYNTHETIC, "-o", "out")
    r = run("map", "out/images", *SYNTHETIC, "-o", "b", code=2)
    assert "truth" in one_sentence(r)


def on_terminal(**environment):
    """What a person at a terminal sees on standard error."""
    import pty
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    try:
        master, slave = pty.openpty()
    except OSError:
        raise Skip("no terminal can be made here")
    run("map", "synthetic:room?frames=40&size=96x64", *SYNTHETIC, "-o", "out", "--force", "--realtime",
        stderr=slave, env={**plain, "TERM": "xterm", **environment})
    os.close(slave)
    seen = b""
    try:
        while True:
            more = os.read(master, 65536)
            if not more:
                break
            seen += more
    except OSError:
        pass
    os.close(master)
    return seen.decode()


def test_a_terminal_sees_progress():
    seen = on_terminal()
    assert "keyframes" in seen and "%" in seen and "\r\x1b[K" in seen, seen
    assert "\x1b[32mtracking" in seen
    assert seen.endswith("\r\x1b[K"), "the line of progress stays behind"


def test_no_color_means_no_color():
    seen = on_terminal(NO_COLOR="1")
    assert "keyframes" in seen and "\x1b[3" not in seen, seen


harness.main(globals())
