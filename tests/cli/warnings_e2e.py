# SPDX-License-Identifier: Apache-2.0
"""A weak map says so, on standard error and in its report; a good one does not; and the report is JSON."""
import json
import os
import shutil

import harness
from harness import run

SIZE = "size=320x240"


def pictures(*parts):
    """The folder frames/: a scene's pictures for its name, that many white ones for a number."""
    count = 0
    os.mkdir("frames")
    for part in parts:
        if isinstance(part, int):
            for _ in range(part):
                with open(f"frames/{count:04}.pgm", "wb") as f:
                    f.write(b"P5 320 240 255\n" + b"\xff" * (320 * 240))
                count += 1
            continue
        run("map", f"synthetic:{part}&{SIZE}", "--backend", "synthetic", "-o", "scene", "--quiet")
        for name in sorted(os.listdir("scene/images")):  # every tenth frame
            shutil.copy(f"scene/images/{name}", f"frames/{count:04}.jpg")
            count += 1
        shutil.rmtree("scene")


def warnings(source):
    """Those of the report, which must be those on standard error and in what --json prints."""
    r = run("map", source, "-o", "out", "--json")
    said = [x.split("warning: ")[1] for x in r.stderr.splitlines() if "warning: " in x]
    with open("out/report.json", encoding="utf-8") as f:
        report = json.load(f)
    assert report["warnings"] == said == json.loads(r.stdout)["warnings"], (report["warnings"], r.stderr)
    return said


def test_a_good_map_has_none():
    pictures("room?frames=200")
    assert warnings("frames") == []


def test_a_map_of_few_frames():
    said = warnings(f"synthetic:room?frames=12&{SIZE}")
    assert any("rests on little, 2 keyframes" in x for x in said), said


def test_most_frames_without_a_pose():
    pictures("room?frames=200", 25)
    said = warnings("frames")
    assert len(said) == 1 and "only 20 of 45 frames" in said[0], said


def test_two_places_in_one_video():
    pictures("room?frames=200", 12, "corridor?frames=240")
    said = warnings("frames")
    assert len(said) == 1 and "2 parts" in said[0], said


def test_names_that_are_not_utf8_give_json_all_the_same():
    pictures("room?frames=200")
    os.rename(b"frames", b"gr\xfc\xdfe")
    r = run("map", os.fsdecode(b"gr\xfc\xdfe"), "-o", os.fsdecode(b"out\xff"), "--json",
            text_errors="strict")
    printed = json.loads(r.stdout)
    assert printed["input"] == "gr\ufffd\ufffde", printed["input"]
    assert printed["output"]["folder"] == "out\ufffd"
    with open(b"out\xff/report.json", "rb") as f:
        assert json.loads(f.read().decode("utf-8"))["input"] == "gr\ufffd\ufffde"
    r = run("map", os.fsdecode(b"nosuch\xff.mp4"), "--json", code=3, text_errors="strict")
    assert "nosuch\ufffd.mp4" in json.loads(r.stdout)["error"]


harness.main(globals())
