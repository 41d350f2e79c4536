# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: run the program in a fresh folder, and say what did not hold.

A test file defines functions whose names begin with test_, and ends with `harness.main(globals())`.
It is called with the path of the program. Each function runs in an empty folder of its own.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

OMMA = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "omma"
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SANITIZED = "san" in os.path.basename(os.path.dirname(OMMA))
ROOM = "synthetic:room?frames=24&size=160x120"


class Skip(Exception):
    pass


def run(*words, code=0, timeout=300, **options):
    """Runs omma and checks its exit code; None: any."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if "input" in options:
        del options["stdin"]
    text_errors = options.pop("text_errors", "replace")
    r = subprocess.run([OMMA, *map(str, words)], timeout=timeout, **options)
    r.stdout = (r.stdout or b"").decode("utf-8", text_errors)
    r.stderr = (r.stderr or b"").decode("utf-8", "replace")
    assert code is None or r.returncode == code, (
        f"omma {' '.join(map(str, words))}: ended with {r.returncode}, not {code}\n"
        f"stdout: {r.stdout[-2000:]}\nstderr: {r.stderr[-3000:]}")
    return r


def run_json(*words, **options):
    """Standard output must be one JSON object and nothing else."""
    r = run(*words, "--json", **options)
    value = json.loads(r.stdout)
    assert isinstance(value, dict), r.stdout
    return value


def one_sentence(r):
    """An error is one line on standard error that says what and why."""
    lines = [x for x in r.stderr.splitlines() if x.startswith("omma: ")]
    errors = [x for x in lines if "error: " in x] or lines
    assert len(errors) == 1, f"not one sentence: {r.stderr!r}"
    assert len(errors[0]) > 25, f"says too little: {errors[0]!r}"
    assert "\x1b" not in r.stderr, "colours without a terminal"
    return errors[0]


def no_leftovers(folder="."):
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            assert ".part" not in name, f"half-written {os.path.join(path, name)} stays"


def poses(path):
    with open(path) as f:
        return [[float(x) for x in line.split()] for line in f if line.strip() and line[0] != "#"]


def main(names):
    failed = skipped = passed = 0
    for name, function in list(names.items()):
        if not name.startswith("test_"):
            continue
        home, folder = os.getcwd(), tempfile.mkdtemp(prefix="omma-test-")
        os.chdir(folder)
        try:
            function()
            passed += 1
        except Skip as why:
            skipped += 1
            print(f"{name}: skipped: {why}", file=sys.stderr)
        except Exception:  # noqa: BLE001 a failed check or a broken test: both count
            failed += 1
            print(f"{name}: FAILED", file=sys.stderr)
            traceback.print_exc()
        finally:
            os.chdir(home)
            subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", file=sys.stderr)
    sys.exit(1 if failed else 77 if skipped and not passed else 0)


def commands():
    """Names of the commands, from the help."""
    text = run("help").stdout.split("commands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+)", text, re.M)
