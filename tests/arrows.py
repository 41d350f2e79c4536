#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the house together (docs/design.md): an include goes down a floor, never sideways, never up,
and into another module only through <omma/module.h>. Also: C file names are unique in the repository,
and every source opens with its SPDX line.

    tests/arrows.py [ROOT]      prints each breach as file:line: reason; exit 1 when there is one
"""
import pathlib
import re
import sys

FLOORS = [
    ["base"],
    ["frame", "geometry", "index", "nn", "wire"],
    ["media", "gpu", "slam", "map", "hub"],
    ["pipeline"],
]
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
BESIDE = ["cli", "python"]  # they stand outside and see the public headers only
FOLDERS = ["include", "src", "cli", "python", "tests", "examples", "tools", "web"]
SOURCES = {".c", ".h", ".py", ".sh", ".build", ".hlsl", ".cu", ".ts"}
TEST_HEADERS = {"check.h", "scratch.h"}  # what tests may use besides their module
TEST_FILE = re.compile(r".*_(test\.[ch]|fixture\.[ch]|fuzz\.c)")
INCLUDE = re.compile(r'\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)"|(\S+))')
SPDX = "SPDX-License-Identifier: Apache-2.0"


def sources(root):
    """Every source of the repository, as a path relative to its root."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            hidden = {"__pycache__", "node_modules"} & set(path.parts)
            if path.suffix in SOURCES or path.name == "meson.build":
                if path.is_file() and not hidden:
                    yield path.relative_to(root)


def owner(path):
    """The module a file belongs to: a name of FLOOR or BESIDE, "omma" for omma.h, or None."""
    parts = path.parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ("include", "omma"):
        return path.stem
    return parts[0] if parts[0] in BESIDE else None


def module_folder(path):
    return pathlib.Path(*path.parts[:2]) if path.parts[0] == "src" else pathlib.Path(path.parts[0])


def judge_public(path, target):
    """What is wrong with #include <omma/target.h> in path, or None."""
    module = owner(path)
    if target == "omma":
        return None if module in BESIDE else "<omma/omma.h> is for those outside the library"
    if target not in FLOOR:
        return f"<omma/{target}.h> belongs to no module"
    if module == "omma" or module in BESIDE or module == target:
        return None
    if FLOOR[target] < FLOOR[module]:
        return None
    way = "up" if FLOOR[target] > FLOOR[module] else "sideways"
    return f"{module} includes {target}: the arrow goes {way}"


def judge_private(root, path, name):
    """What is wrong with #include "name" in path, or None."""
    if path.parts[0] == "include":
        return f'"{name}": a public header includes with <> only'
    test = TEST_FILE.fullmatch(path.name)
    if test and name in TEST_HEADERS:
        return None
    if not test and TEST_FILE.fullmatch(name):
        return f'"{name}" is for tests'
    folder = root / module_folder(path)
    if (root / path.parent / name).exists():  # inside the module, not ../ out of it
        inside = folder.resolve() in (root / path.parent / name).resolve().parents
        return None if inside else f'"{name}" is in another module'
    if any(found.is_file() for found in folder.rglob(name) if ".." not in name):
        return None
    return f'"{name}" is not in {module_folder(path)}'


def judge_include(root, path, system, private, macro):
    if macro:
        return f"#include {macro}: say the name, so that the arrow can be read"
    if private:
        return judge_private(root, path, private)
    if system.startswith("omma/"):
        return judge_public(path, system[len("omma/"):].removesuffix(".h"))
    return None


def check_includes(root, path, lines):
    module = owner(path)
    if module is None:
        return
    if module not in FLOOR and module not in BESIDE and module != "omma":
        yield path, 1, f"module {module} stands on no floor (FLOORS in tests/arrows.py)"
        return
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            reason = judge_include(root, path, *match.groups())
            if reason:
                yield path, number, reason


def breaches(root):
    first_of = {}
    for path in sources(root):
        lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        opening = lines[:2] if lines and lines[0].startswith("#!") else lines[:1]
        if not any(SPDX in line for line in opening):
            yield path, 1, f"does not open with {SPDX}"
        if path.suffix in {".c", ".h"}:
            twin = first_of.setdefault(path.name, path)
            if twin != path:
                yield path, 1, f"{twin} has the same name"
            yield from check_includes(root, path, lines)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(breaches(root))
    for path, line, reason in found:
        print(f"{path}:{line}: {reason}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
