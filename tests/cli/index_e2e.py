# SPDX-License-Identifier: Apache-2.0
"""omma index: vectors go in, the nearest come out, and neither crashes nor damage go unseen."""
import glob
import os
import random
import shutil
import signal
import struct
import subprocess
import time

import harness
from harness import OMMA, SANITIZED, Skip, no_leftovers, one_sentence, run, run_json

DIM = 16


def npy(path, rows, kind="<f4"):
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({len(rows)}, {len(rows[0])}), }}"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for row in rows:
            f.write(struct.pack(f"<{len(row)}{kind[1] if kind[2] == '4' else 'd'}", *row))


def vectors(count, seed=1):
    numbers = random.Random(seed)
    return [[numbers.gauss(0, 1) for _ in range(DIM)] for _ in range(count)]


def cosine(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    return dot / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def matches(*words):
    return run_json("index", "query", *words)["matches"]


def test_the_nearest_come_out():
    rows, queries = vectors(300), vectors(5, 2)
    npy("rows.npy", rows)
    npy("queries.npy", queries, "<f8")
    said = run_json("index", "build", "places", "rows.npy")
    assert (said["added"], said["vectors"], said["dim"]) == (300, 300, DIM)
    for query, found in zip(queries, matches("places", "queries.npy", "-k", "3")):
        truth = sorted(range(300), key=lambda i: -cosine(rows[i], query))[:3]
        assert [m["id"] for m in found] == truth
        for m in found:  # scores are rounded to floats
            assert abs(m["score"] - cosine(rows[m["id"]], query)) < 1e-5
    lines = run("index", "query", "places", "queries.npy", "-k", "2").stdout.splitlines()
    assert len(lines) == 10 and [x.split("\t")[:2] for x in lines[:3]] == [["0", "0"], ["0", "1"],
                                                                         ["1", "0"]]
    more = run_json("index", "query", "places", "queries.npy", "-k", "1000", "--exact")["matches"]
    assert all(len(x) == 300 for x in more)
    no_leftovers()


def test_rows_are_added_to_what_is_there():
    npy("a.npy", vectors(20))
    npy("b.npy", vectors(30, 2))
    run("index", "build", "places", "a.npy")
    assert "there already" in one_sentence(run("index", "build", "places", "b.npy", code=1))
    assert run_json("index", "verify", "places")["vectors"] == 20
    assert run_json("index", "build", "places", "b.npy", "--first-id", "20")["vectors"] == 50
    assert matches("places", "b.npy", "-k", "1")[7][0]["id"] == 27


def test_metrics():
    npy("rows.npy", [[1, 0], [3, 0], [0, 2]])
    npy("query.npy", [[2, 0.5]])
    first = {}
    for metric in ("cosine", "inner-product", "l2"):
        run("index", "build", metric, "rows.npy", "--metric", metric)
        first[metric] = matches(metric, "query.npy")[0][0]
    assert [first[m]["id"] for m in first] == [0, 1, 0]  # of equal ones the earlier
    assert abs(first["inner-product"]["score"] - 6) < 1e-5
    assert abs(first["l2"]["score"] + 1.25) < 1e-5
    assert "cosine" in one_sentence(run("index", "build", "cosine", "rows.npy", "--metric", "l2",
                                        "--first-id", "9", code=2))
    run("index", "build", "codes", "rows.npy", "--codes-only")
    assert abs(matches("codes", "query.npy")[0][0]["score"] - cosine([1, 0], [2, 0.5])) < 0.02


def test_wrong_vectors_are_refused():
    npy("rows.npy", vectors(10))
    run("index", "build", "places", "rows.npy")
    cases = {"nan": [[float("nan")] * DIM], "zero": [[0.0] * DIM], "short": [[1.0] * (DIM - 1)]}
    for name, rows in cases.items():
        npy(name + ".npy", [vectors(1, 5)[0], rows[0]] if name != "short" else rows)
        r = run("index", "build", "places", name + ".npy", "--first-id", "50", code=2)
        one_sentence(r)
        run("index", "query", "places", name + ".npy", code=2)
    assert run_json("index", "verify", "places")["vectors"] == 10
    with open("text.npy", "w") as f:
        f.write("no numbers")
    one_sentence(run("index", "build", "places", "text.npy", code=3))
    one_sentence(run("index", "query", "places", "gone.npy", code=3))
    one_sentence(run("index", "query", "nowhere", "rows.npy", code=3))
    assert not os.path.exists("nowhere")


def test_words():
    npy("rows.npy", vectors(3))
    assert "build, query, verify, bench" in one_sentence(run("index", "mend", "x", code=2))
    assert "VECTORS" in one_sentence(run("index", "build", "x", code=2))
    assert "--first-id" in run("index", "verify", "x", "--first-id", "3", code=2).stderr
    assert "peer" in one_sentence(run("index", "bench", "--peer", "../x", code=2))
    one_sentence(run("index", "build", "rows.npy", "rows.npy", code=2))


def test_damage_is_found():
    npy("rows.npy", vectors(200))
    run("index", "build", "places", "rows.npy")
    sound = run_json("index", "verify", "places", "--audit")
    assert sound["vectors"] == 200 and sound["changes"] == 0 and sound["torn_bytes"] == 0
    assert sound["recall"] > 0.99
    with open("places/checkpoint", "rb") as f:
        data = f.read()
    table = data.rindex(b"vectors\0")
    for place in [0, 9, 20, 4096, table - 5000, table, len(data) - 1]:
        with open("places/checkpoint", "wb") as f:
            f.write(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:])
        r = run("index", "verify", "places", code=3)
        assert "checkpoint" in one_sentence(r), (place, r.stderr)
    with open("places/checkpoint", "wb") as f:
        f.write(data[:5000])
    assert "cut" in one_sentence(run("index", "query", "places", "rows.npy", code=3))


def test_a_folder_that_cannot_be_written():
    if os.geteuid() == 0:
        raise Skip("root may write everywhere")
    npy("rows.npy", vectors(5))
    run("index", "build", "places", "rows.npy")
    os.chmod("places", 0o500)
    one_sentence(run("index", "build", "places", "rows.npy", "--first-id", "5", code=1))
    assert len(matches("places", "rows.npy")) == 5


def test_bench_measures():
    small = ["index", "bench", "-n", "1500", "--dim", "24", "--queries", "40", "--folder", "."]
    said = run_json(*small)
    assert said["data"]["kind"] == "trajectory" and len(said["index"]["queries"]) == 5
    assert said["index"]["queries"][4]["recall_at_10"] > 0.99
    assert said["disk"]["replayed"] > 0 and os.listdir(".") == []
    said = run_json(*small, "--kind", "uniform", "--order", "shuffled", "--mode", "scan")
    assert said["mode"] == "scan" and said["index"]["queries"][0]["recall_at_10"] > 0.99


def test_bench_beside_a_peer():
    if not glob.glob(os.path.join(os.path.dirname(OMMA), "tests", "bench", "peer_hnswlib.so")):
        raise Skip("hnswlib is not there")
    said = run_json("index", "bench", "-n", "1500", "--dim", "24", "--queries", "40", "--peer",
                    "hnswlib")
    assert said["peer"]["name"].startswith("hnswlib") and len(said["peer"]["queries"]) == 5
    assert said["peer"]["queries"][4]["recall_at_10"] > 0.95
    assert said["peer"]["inserts_per_cpu_s"] > 0 and said["peer"]["bytes_per_vector"] > 96


def killed_build(folder, rows, delay):
    p = subprocess.Popen([OMMA, "index", "build", folder, rows], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    time.sleep(delay)
    p.send_signal(signal.SIGKILL)
    return p.wait()


def test_killed_while_it_adds():
    """At a random moment: what is there is sound, a first part of the rows, and can be added to."""
    rows, numbers = vectors(3000, 4), random.Random(7)
    npy("rows.npy", rows)
    npy("more.npy", vectors(10, 9))
    for turn in range(4):
        shutil.rmtree("places", ignore_errors=True)
        killed_build("places", "rows.npy", numbers.uniform(0.005, 1 if SANITIZED else 0.2))
        began = glob.glob("places/log-????????") or os.path.exists("places/checkpoint")
        there = run_json("index", "verify", "places")["vectors"] if began else 0
        assert 0 <= there <= 3000
        if there:
            npy("last.npy", [rows[there - 1]])
            assert matches("places", "last.npy", "-k", "1")[0][0]["id"] == there - 1
        run("index", "build", "places", "more.npy", "--first-id", "5000")
        assert run_json("index", "verify", "places")["vectors"] == there + 10
        no_leftovers("places")


harness.main(globals())
