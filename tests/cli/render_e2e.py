# SPDX-License-Identifier: Apache-2.0
"""Videos and pictures of a map, as a user makes them and looks at them."""
import json
import os
import shutil
import signal
import statistics
import struct
import subprocess
import time
import zlib

import harness
from harness import OMMA, no_leftovers, one_sentence, run, run_json

SIZE = ("--size", "192x108")


def make_map():
    run("map", "synthetic:room?frames=60&size=160x120", "--backend", "synthetic", "-o", "m",
        "--no-colmap")


def read_png(path):
    """Width, height and rows of RGB bytes, by the PNG specification."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            assert (depth, color) == (8, 2), "not RGB"
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, rows, before = zlib.decompress(packed), [], bytearray(3 * width)
    for y in range(height):
        kind, row = raw[y * (3 * width + 1)], bytearray(
            raw[y * (3 * width + 1) + 1:(y + 1) * (3 * width + 1)])
        for i in range(3 * width):
            left, up = (row[i - 3] if i > 2 else 0), before[i]
            corner = before[i - 3] if i > 2 else 0
            p = left + up - corner
            nearest = min((abs(p - left), 0, left), (abs(p - up), 1, up),
                          (abs(p - corner), 2, corner))[2]
            row[i] = (row[i] + (0, left, up, (left + up) // 2, nearest)[kind]) & 255
        rows.append(bytes(row))
        before = row
    return width, height, rows


def check_picture(path, size=(192, 108)):
    width, height, rows = read_png(path)
    assert (width, height) == size, (width, height)
    values = [v for row in rows for v in row]
    assert 20 < statistics.mean(values) < 230, statistics.mean(values)
    assert statistics.pstdev(values) > 20, "one grey"
    return rows


def probe(path):
    if not shutil.which("ffprobe"):
        return None
    r = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json",
                        path], capture_output=True, text=True, check=True)
    assert r.stderr == "", r.stderr
    return json.loads(r.stdout)["streams"][0]


def test_video():
    make_map()
    r = run_json("render", "m", "-o", "orbit.mp4", "--seconds", 0.5, "--fps", 24, *SIZE)
    assert r["pictures"] == 12 and (r["width"], r["height"]) == (192, 108) and r["points"] > 1000, r
    with open("orbit.mp4", "rb") as f:
        data = f.read()
    assert data.index(b"moov") < data.index(b"mdat"), "cannot be played while it is loaded"
    s = probe("orbit.mp4")
    if s:
        assert s["codec_name"] == "h264" and s["pix_fmt"] == "yuv420p", s
        assert (s["width"], s["height"], s["nb_read_frames"]) == (192, 108, "12"), s
        assert s["r_frame_rate"] == "24/1", s
    one_sentence(run("render", "m", "-o", "orbit.mp4", "--seconds", 0.5, *SIZE, code=1))
    run("render", "m/map.omma", "-o", "orbit.mp4", "--seconds", 0.1, "--force", *SIZE)
    no_leftovers()


def test_pictures():
    make_map()
    for path in ("orbit", "follow", "top"):
        run("render", "m", "--path", path, "-o", path + ".png", *SIZE)
        check_picture(path + ".png")
    run("render", "m", "-o", "frames-%04d.png", "--seconds", 0.1, "--draft", *SIZE)
    assert sorted(x for x in os.listdir(".") if x.startswith("frames")) == [
        f"frames-000{i}.png" for i in range(3)]
    first = check_picture("frames-0000.png")
    assert first != check_picture("frames-0001.png"), "the camera does not move"
    one_sentence(run("render", "m", "-o", "frames-%04d.png", "--seconds", 0.1, *SIZE, code=1))
    no_leftovers()


def test_options_show():
    make_map()

    def picture(name, *words):
        run("render", "m", "-o", name + ".png", *SIZE, *words)
        return read_png(name + ".png")[2]

    plain = picture("plain")
    assert picture("again", "--threads", 3) == plain
    assert picture("at", "--at", 0.5) != plain
    assert picture("bare", "--no-frusta", "--no-trajectory") != plain
    assert picture("fov", "--fov", 60) != plain
    assert picture("large", "--point-size", 0.2) != plain
    white = picture("white", "--background", "ffffff")
    assert white[0][:3] == b"\xff\xff\xff", white[0][:3]
    assert picture("mesh", "--mesh") != plain
    check_picture("mesh.png")


def test_wrong_words():
    make_map()
    for words in (["--size", "0x0"], ["--size", "12"], ["--background", "red"], ["-o", "x.gif"],
                  ["-o", "x-%s.png"], ["-o", "%d/x.png"], ["--path", "moon"], ["--fov", "200"],
                  ["--size", "101x99", "-o", "odd.mp4"], ["--at", "2"]):
        one_sentence(run("render", "m", *words, code=2))
    one_sentence(run("render", "nowhere", code=3))
    with open("noise.omma", "wb") as f:
        f.write(b"no map " * 100)
    one_sentence(run("render", "noise.omma", code=3))
    one_sentence(run("render", "/dev/null", code=3))
    one_sentence(run("render", "m", "-o", "no/such/folder/x.png", *SIZE, code=1))
    r = run("render", "m", "-o", "nodir/f-%04d.png", *SIZE, code=1)
    assert "nodir" in one_sentence(r) and "part" not in r.stderr and "fusing" not in r.stderr
    assert sorted(os.listdir(".")) == ["m", "noise.omma"], os.listdir(".")


def test_interrupt_leaves_nothing():
    make_map()
    for output in ("orbit.mp4", "frames-%03d.png"):
        p = subprocess.Popen([OMMA, "render", "m", "-o", output, "--seconds", "3600", *SIZE],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(600):
            if any(".part" in x for x in os.listdir(".")):
                break
            time.sleep(0.05)
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=60)
        assert p.returncode == 130, p.returncode
        assert os.listdir(".") == ["m"], os.listdir(".")


harness.main(globals())
