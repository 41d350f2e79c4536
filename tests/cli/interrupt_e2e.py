# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C keeps the map; twice keeps nothing; neither leaves anything half-written."""
import json
import os
import signal
import subprocess
import time

import harness
from harness import OMMA, no_leftovers, poses

# In real time, so that it lasts.
LONG = ["map", "synthetic:room?frames=3000&size=64x48", "--backend", "synthetic", "--realtime", "-o",
        "out"]


def tracking(p):
    """The decoder's thread runs: the input is there and tracking has begun."""
    names = []
    for task in os.listdir(f"/proc/{p.pid}/task"):
        try:
            with open(f"/proc/{p.pid}/task/{task}/comm") as f:
                names.append(f.read().strip())
        except FileNotFoundError:
            pass
    return "omma decoder" in names


def until_tracking(p):
    while p.poll() is None and not tracking(p):
        time.sleep(0.02)
    assert p.poll() is None, p.stderr.read()


def as_from_a_terminal():
    """Who runs the tests under nohup or in the background ignores signals, and so would the program."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def popen(*words):
    return subprocess.Popen([OMMA, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=as_from_a_terminal)


def start(*more):
    p = popen(*LONG, *more)
    until_tracking(p)
    time.sleep(4 if harness.SANITIZED else 1)
    assert p.poll() is None, p.stderr.read()
    return p


def stopped_by(number, code):
    p = start("--json")
    p.send_signal(number)
    out, err = p.communicate(timeout=60)
    assert p.returncode == code, (p.returncode, err)
    report = json.loads(out)
    assert 5 < report["frames"] < 3000, report["frames"]
    assert len(poses("out/trajectory.txt")) == report["posed"]
    assert os.path.exists("out/cloud.ply") and os.path.exists("out/report.json")
    no_leftovers()


def test_interrupt_writes_the_map_so_far():
    stopped_by(signal.SIGINT, 130)


def test_terminate_does_too():
    stopped_by(signal.SIGTERM, 143)


def test_a_closed_terminal_does_too():
    stopped_by(signal.SIGHUP, 129)


def test_second_interrupt_leaves_nothing():
    p = start()
    began = time.time()
    p.send_signal(signal.SIGINT)
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    assert p.returncode == 130
    assert time.time() - began < 10
    no_leftovers()
    if os.path.exists("out"):  # the first one had won: then all of it is there
        assert os.path.exists("out/report.json")


def test_interrupt_of_the_demo_while_rendering():
    p = popen("demo", "--frames", "5000")
    time.sleep(3 if harness.SANITIZED else 1)
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    assert p.returncode == 130
    no_leftovers()
    assert os.listdir(".") == []


def demo_interrupted_twice():
    """While it maps: the video is whole by then, and the map is far from it."""
    p = popen("demo", "--force", "--frames", "40" if harness.SANITIZED else "150")
    until_tracking(p)
    assert os.path.exists("omma-demo/demo.mp4")
    p.send_signal(signal.SIGINT)
    p.send_signal(signal.SIGTERM)  # another, for two alike that wait are one
    out, err = p.communicate(timeout=60)
    assert p.returncode in (130, 143), (p.returncode, err)
    assert b"map of" not in out, out


def test_second_interrupt_of_the_demo_leaves_nothing():
    demo_interrupted_twice()
    assert os.listdir(".") == []


def test_second_interrupt_of_the_demo_leaves_what_was_there():
    os.mkdir("omma-demo")
    for name in ("demo.mp4", "groundtruth.txt", "mine"):
        open(f"omma-demo/{name}", "w").close()
    demo_interrupted_twice()
    assert set(os.listdir("omma-demo")) == {"demo.mp4", "groundtruth.txt", "mine"}


def test_interrupt_while_the_input_is_opened():
    p = popen(*LONG)
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=120)
    assert p.returncode == 130
    no_leftovers()


harness.main(globals())
