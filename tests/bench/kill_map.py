#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills omma map at random moments and opens what is left.

    tests/bench/kill_map.py build/omma [TIMES] [SECONDS] [WORDS OF omma map ...]

Prints for each: when it was killed, how long before that the journal was last written to, and what
omma info finds in it. The journal is written to after every picture, so what is missing is the
picture under way, however long that takes on a busy machine. Ends with 1 when one does not open.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time


def kill_once(omma, folder, words, seconds):
    p = subprocess.Popen([omma, "map", *words, "-o", folder, "-q"])
    journal = os.path.join(folder, "map.omma.partial")
    while not os.path.exists(journal) and p.poll() is None:
        time.sleep(0.001)
    wait = random.uniform(0, seconds)
    time.sleep(wait)
    assert p.poll() is None, "it ended by itself: give it more to do"
    now = time.time()
    p.kill()
    p.wait()
    since = now - os.path.getmtime(journal)
    r = subprocess.run([omma, "info", folder, "--json"], capture_output=True, text=True)
    shutil.rmtree(folder, ignore_errors=True)
    return wait, since, r.returncode, json.loads(r.stdout)


def main():
    omma, times, seconds = sys.argv[1], int((sys.argv[2:] + [20])[0]), float((sys.argv[3:] + [10])[0])
    words = sys.argv[4:] or ["synthetic:room?frames=100000&size=320x240"]
    worst, failed = 0, 0
    with tempfile.TemporaryDirectory() as home:
        for i in range(times):
            wait, since, code, info = kill_once(omma, os.path.join(home, "map"), words, seconds)
            worst, failed = max(worst, since), failed + (code != 0)
            told = " ".join(f"{k} {info.get(k)}" for k in ("frames", "posed", "keyframes", "depths", "points"))
            print(f"{i + 1:3} killed after {wait:6.3f} s, written {since:.3f} s before: {told if not code else info}")
    print(f"{times} times, {failed} did not open, {worst:.3f} s since the last picture at most")
    return 1 if failed else 0


sys.exit(main())
