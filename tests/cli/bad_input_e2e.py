# SPDX-License-Identifier: Apache-2.0
"""Whatever the input, omma map ends with the documented code, one sentence, and nothing half-written."""
import os
import resource
import shutil
import struct
import subprocess
import zlib

import harness
from harness import OMMA, ROOM, Skip, no_leftovers, one_sentence, run, run_json

SYNTHETIC = ["--backend", "synthetic"]


def refuse(*words, code):
    r = run("map", *words, "-o", "out", code=code)
    assert r.stdout == ""
    no_leftovers()
    assert not os.path.exists("out"), "a folder was made"
    return one_sentence(r)


def png(path, width, height, pixel):
    """Grey PNG from pixel(x, y)."""
    rows = b"".join(b"\0" + bytes(pixel(x, y) & 255 for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def texture(x, y):
    return (x // 5 * 7919 ^ y // 5 * 104729) * 2654435761 >> 13


def video(path="clip.mp4"):
    """An H.264 file: the demo's, long enough to be mapped (a demo that fails keeps nothing)."""
    run("demo", "-o", "demo", "--frames", 30 if harness.SANITIZED else 60)
    shutil.copy("demo/demo.mp4", path)
    shutil.rmtree("demo")


def test_missing_file():
    assert "nosuch.mp4" in refuse("nosuch.mp4", code=3)


def test_unreadable_file():
    open("clip.mp4", "wb").write(b"x" * 1000)
    os.chmod("clip.mp4", 0)
    if os.getuid() != 0:
        refuse("clip.mp4", code=3)
        return
    if not shutil.which("setpriv"):
        raise Skip("root reads everything, and there is no setpriv")
    os.chmod(".", 0o777)
    r = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", OMMA, "map",
                        "clip.mp4", "-o", "out"], capture_output=True)
    if r.returncode in (126, 127):
        raise Skip("nobody cannot run the program where it is")
    assert r.returncode == 3 and b"ermission" in r.stderr, r


def test_empty_file():
    open("clip.mp4", "w").close()
    refuse("clip.mp4", code=3)


def test_text_called_mp4():
    with open("clip.mp4", "w") as f:
        f.write("This is not a video at all.\n" * 50)
    refuse("clip.mp4", code=3)


def test_random_bytes():
    with open("clip.mkv", "wb") as f:
        f.write(bytes((i * 7919 ^ i >> 3) & 255 for i in range(100000)))
    refuse("clip.mkv", code=3)


def test_truncated_file_ends_cleanly():
    video()
    size = os.path.getsize("clip.mp4")
    for share in (0.02, 0.3, 0.7, 0.99):
        with open("clip.mp4", "rb") as f, open("cut.mp4", "wb") as g:
            g.write(f.read(int(size * share)))
        r = run("map", "cut.mp4", "-o", "out", code=None)
        assert r.returncode in (0, 3, 4), (share, r.returncode, r.stderr)
        assert os.path.isdir("out") == (r.returncode == 0 or os.path.isdir("out")), r.stderr
        no_leftovers()
        shutil.rmtree("out", ignore_errors=True)


def test_damaged_file_ends_cleanly():
    video()
    data = bytearray(open("clip.mp4", "rb").read())
    for i in range(len(data) // 3, len(data), 97):
        data[i] ^= 0x5A
    open("bad.mp4", "wb").write(bytes(data))
    r = run("map", "bad.mp4", "-o", "out", code=None)
    assert r.returncode in (0, 3, 4), (r.returncode, r.stderr)
    no_leftovers()


def boxes(data):
    """The top boxes of an MP4 by their names."""
    out, at = {}, 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        out[kind] = data[at:at + size]
        at += size
    return out


def test_index_behind_the_pictures_in_a_pipe():
    video()
    with open("clip.mp4", "rb") as f:
        box = boxes(f.read())
    data = box[b"ftyp"] + box[b"mdat"] + box[b"moov"]
    r = run("map", "-", "-o", "out", input=data, code=3)
    said = one_sentence(r)
    assert "moov" in said and "+faststart" in said and "damaged" not in r.stderr, r.stderr
    assert not os.path.exists("out")
    # It is known when the pictures begin: nobody has to wait for the end of a long download.
    p = subprocess.Popen([OMMA, "map", "-", "-o", "out"], stdin=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    try:
        p.stdin.write(data[:100000])
        p.stdin.flush()
    except BrokenPipeError:  # it had read enough
        pass
    assert p.wait(timeout=100) == 3
    try:
        p.communicate()
    except BrokenPipeError:
        pass


def test_empty_folder():
    os.mkdir("frames")
    refuse("frames", code=3)


def test_pattern_without_pictures():
    os.mkdir("frames")
    refuse("frames/*.jpg", code=3)


def test_one_picture():
    png("one.png", 160, 120, texture)
    assert "1 picture" in refuse("one.png", code=4)


def test_static_video():
    os.mkdir("frames")
    for i in range(12):
        png(f"frames/{i:03}.png", 160, 120, texture)
    assert "move" in refuse("frames", code=4)


def test_blank_video():
    os.mkdir("frames")
    for i in range(12):
        png(f"frames/{i:03}.png", 160, 120, lambda x, y: 90)
    refuse("frames", code=4)


def test_tiny_pictures():
    os.mkdir("frames")
    for i in range(5):
        png(f"frames/{i}.png", 8, 8, lambda x, y: x * y)
    assert "8 x 8" in refuse("frames", code=4)


def test_unknown_scene_and_option():
    refuse("synthetic:nosuch", code=2)
    refuse("synthetic:room?nosuch=1", code=2)
    refuse("synthetic:room?frames=x", code=2)


def test_device_and_network():
    refuse("/dev/video97", code=6)
    refuse("http://127.0.0.1:9/clip.mp4", code=7)


def test_camera_nonsense():
    for camera in ("1,2,3", "nan,1,2,3", "0,0,1,1", "-500,500,320,240", "a,b,c,d", "1,2,3,4,5,6,7",
                   "500,500,80,60,inf,0,0,0", "500,500,80,60,-9,0,0,0", "nosuch.txt",
                   "500,500,80,60,0,0"):
        assert "camera" in refuse(ROOM, *SYNTHETIC, "--camera", camera, code=2).lower() or \
            camera == "nosuch.txt", camera
    with open("camera.txt", "w") as f:
        f.write("the camera is a good one\n")
    assert "camera.txt" in refuse(ROOM, *SYNTHETIC, "--camera", "camera.txt", code=2)


def test_a_centre_far_away_is_told_as_one():
    for camera in ("500,500,99999,240", "500,500,320,-700"):
        said = refuse(ROOM, *SYNTHETIC, "--camera", camera, code=2)
        assert "principal point" in said and " x " not in said, said


def test_a_folder_in_the_place_of_a_camera():
    os.mkdir("folder")
    assert "a file is expected" in refuse(ROOM, *SYNTHETIC, "--camera", "folder", code=2)


def test_output_folder_that_cannot_be():
    open("file", "w").close()
    r = run("map", ROOM, *SYNTHETIC, "-o", "file", code=1)
    assert "not a folder" in one_sentence(r)
    r = run("map", ROOM, *SYNTHETIC, "-o", "file/below", code=1)
    one_sentence(r)
    r = run("map", ROOM, *SYNTHETIC, "-o", "/proc/omma", code=1)
    one_sentence(r)


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_files_that_may_not_grow():
    r = run("map", ROOM, *SYNTHETIC, "-o", "out", code=1, preexec_fn=limit_files)
    one_sentence(r)
    assert not os.path.exists("out")
    no_leftovers()


def test_full_disk():
    os.mkdir("disk")
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", "disk"],
                                          stderr=subprocess.DEVNULL).returncode:
        raise Skip("no small disk can be mounted here")
    try:
        r = run("map", ROOM, *SYNTHETIC, "-o", "disk/out", code=1)
        assert "space" in one_sentence(r)
        assert os.listdir("disk") == []
    finally:
        subprocess.run(["umount", "disk"], check=True)


def test_errors_are_json_too():
    r = run_json("map", "nosuch.mp4", code=3)
    assert r["exit"] == 3 and "nosuch.mp4" in r["error"]


harness.main(globals())
