# SPDX-License-Identifier: Apache-2.0
"""A mapping that is killed leaves a map; one that ends in order leaves no journal."""
import os
import random
import shutil
import signal
import subprocess
import time

import harness
from harness import OMMA, no_leftovers, one_sentence, poses, run, run_json

SCENE = "synthetic:room?frames=100000&size=320x240"
JOURNAL = "out/map.omma.partial"


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def kill_at(bytes_, *more):
    """kill -9 when the journal has so many bytes."""
    p = subprocess.Popen([OMMA, "map", SCENE, "-o", "out", "-q", *map(str, more)])
    until = time.time() + 120
    while size(JOURNAL) < bytes_ and p.poll() is None and time.time() < until:
        time.sleep(0.005)
    assert p.poll() is None, f"it ended with {p.returncode} before it could be killed"
    p.kill()
    p.wait()
    assert size(JOURNAL) >= bytes_, f"only {size(JOURNAL)} bytes of a journal after two minutes"


def test_a_killed_mapping_leaves_a_map():
    chance = random.Random(os.getpid())
    for _ in range(3):
        kill_at(chance.randrange(150000, 400000), "--sparse")
        assert os.listdir("out") == ["map.omma.partial"], os.listdir("out")
        info = run_json("info", "out")
        assert info["kind"] == "map, cut off while it was made" and not info["damaged_parts"], info
        assert 5 < info["posed"] <= info["frames"] and info["pictures"] == info["keyframes"] > 1, info
        if info["points"]:  # those of the last checkpoint, when there was one
            r = run("export", "out", "-o", "out.ply", "--force")
            assert "cut off" in r.stderr and size("out.ply") > 1000, r.stderr
        shutil.rmtree("out")


def test_a_journal_cut_anywhere_is_a_map_or_says_why_not():
    kill_at(300000, "--sparse")
    with open(JOURNAL, "rb") as f:
        data = f.read()
    frames = []
    for share in (0.2, 0.5, 0.8, 0.97, 1):
        with open("cut.omma", "wb") as f:
            f.write(data[:int(share * len(data))])
        frames.append(run_json("info", "cut.omma")["frames"])
    assert frames == sorted(frames) and frames[0] < frames[-1], frames
    with open("cut.omma", "wb") as f:
        f.write(data[:80])
    assert "cut off before" in one_sentence(run("info", "cut.omma", code=3))


def test_a_killed_mapping_can_be_gone_on_in():
    kill_at(1300000)
    before = run_json("info", "out")
    assert before["depths"] > 0, before
    r = run("map", SCENE, "--limit", 5, "-o", "out", code=1)
    assert "--resume" in one_sentence(r)
    shutil.copy(JOURNAL, "kept")
    r = run_json("map", SCENE, "--sparse", "--limit", 20, "--resume", "kept", "-o", "both")
    assert r["submaps"] == 1 and r["resumed"]["posed"] == 20, r
    assert 10 < r["resumed"]["frames"] <= before["frames"], (r["resumed"], before)
    assert r["dense"]["depth_maps"] > 0 and len(poses("both/trajectory.txt")) == r["posed"]
    run("locate", f"both/images/{sorted(os.listdir('both/images'))[0]}", "out")
    run("map", SCENE, "--sparse", "--limit", 20, "--resume", "out", "-o", "out", "--force", "-q")
    assert not os.path.exists(JOURNAL) and os.path.exists("out/map.omma")


def test_order_leaves_no_journal():
    short = "synthetic:room?frames=20&size=160x120"
    run("map", short, "--backend", "synthetic", "-o", "out", "-q")
    assert "map.omma" in os.listdir("out")
    no_leftovers()
    run("map", short, "--backend", "synthetic", "-o", "out", "--force", "-q")
    no_leftovers()
    run("map", "synthetic:room?frames=1&size=160x120", "-o", "none", code=4)
    assert not os.path.exists("none")
    p = subprocess.Popen([OMMA, "map", SCENE, "--sparse", "-o", "stopped", "-q"])
    while not size("stopped/map.omma.partial") > 150000:
        assert p.poll() is None
        time.sleep(0.02)
    p.send_signal(signal.SIGINT)
    assert p.wait(timeout=120) == 130 and os.path.exists("stopped/map.omma")
    no_leftovers()


def test_a_crash_beside_an_old_map_keeps_it():
    run("map", "synthetic:room?frames=20&size=320x240", "--backend", "synthetic", "--sparse", "-o", "out",
        "-q")
    kill_at(150000, "--sparse", "--force")
    assert run_json("info", "out")["frames"] == 20  # the old map
    assert run_json("info", JOURNAL)["kind"].startswith("map, cut off")


harness.main(globals())
