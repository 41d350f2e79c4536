#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What omma export writes, read by other people's tools and by the specifications.

usage: scene_files.py OMMA [MAP]      MAP: map.omma or its folder; otherwise a small embedded scene

GLB goes through the Khronos validator (npm install gltf-validator, found by node in NODE_PATH or in
npm/node_modules beside OMMA), which must find no errors and no warnings; LAS through a reader written
from the specification alone; Open3D reads PLY, OBJ and GLB where it is installed. Points and surface
must be the same in every format. Ends with 77 when no validator is there.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

VALIDATE = """
const fs = require('fs'), v = require('gltf-validator');
v.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
    .then(r => console.log(JSON.stringify(r.issues)), e => { console.error(e); process.exit(2); });
"""
failures = 0
skipped = []


def check(holds, text):
    global failures
    print("%-5s %s" % ("ok" if holds else "FAIL", text))
    failures += not holds


def omma(program, *words):
    r = subprocess.run([program, *words, "--json"], capture_output=True, check=False)
    if r.returncode:
        sys.exit("omma %s: %s" % (" ".join(words), r.stderr.decode()))
    return json.loads(r.stdout)


def validate(program, path):
    near = os.path.join(os.path.dirname(os.path.abspath(program)), "npm", "node_modules")
    places = [p for p in (os.environ.get("NODE_PATH"), near) if p]
    if not shutil.which("node"):
        skipped.append("node")
        return
    r = subprocess.run(["node", "-e", VALIDATE, path], capture_output=True, check=False,
                       env=dict(os.environ, NODE_PATH=os.pathsep.join(places)))
    if b"Cannot find module" in r.stderr:
        skipped.append("gltf-validator")
        return
    issues = json.loads(r.stdout) if r.returncode == 0 else {}
    check(issues.get("numErrors") == 0 and issues.get("numWarnings") == 0,
          "the Khronos validator: %s" % (json.dumps(issues) or r.stderr.decode()))


def las_points(path):
    """ASPRS LAS 1.2, tables of the public header block and of point data record format 2."""
    with open(path, "rb") as f:
        data = f.read()
    (signature, _, encoding, _, major, minor, _, _, day, year, header, offset, records, form, length,
     count) = struct.unpack_from("<4sHH16sBB32s32sHHHIIBHI", data)
    returns = struct.unpack_from("<5I", data, 111)
    sx, sy, sz, ox, oy, oz, *box = struct.unpack_from("<12d", data, 131)
    check((signature, encoding, major, minor, header, form, length, records) ==
          (b"LASF", 0, 1, 2, 227, 2, 26, 0), "LAS: the header is one of 1.2 with format 2")
    check(len(data) == offset + 26 * count and sum(returns) == count, "LAS: %d points" % count)
    points = []
    for i in range(count):
        x, y, z, _, flags, _, _, _, _, *rgb = struct.unpack_from("<3iHBBbBH3H", data, offset + 26 * i)
        if flags & 7 != 1 or flags >> 3 & 7 != 1:
            check(False, "LAS: point %d is return 1 of 1" % i)
        points.append((x * sx + ox, y * sy + oy, z * sz + oz, *(c // 257 for c in rgb)))
    for k in range(3):
        values = [p[k] for p in points]
        check(abs(max(values) - box[2 * k]) < 1e-9 and abs(min(values) - box[2 * k + 1]) < 1e-9,
              "LAS: the header tells the box, axis %d" % k)
    check(max(sx, sy, sz) <= 1e-4, "LAS: steps of %g" % sx)
    return points


def ply_points(path):
    with open(path, "rb") as f:
        data = f.read()
    head, body = data.split(b"end_header\n", 1)
    lines = head.decode().splitlines()
    count = int(next(x for x in lines if x.startswith("element vertex")).split()[2])
    sizes = {"float": "f", "uchar": "B", "double": "d", "int": "i", "uint": "I", "ushort": "H"}
    names = [x.split()[2] for x in lines if x.startswith("property") and "list" not in x]
    form = "<" + "".join(sizes[x.split()[1]] for x in lines
                         if x.startswith("property") and "list" not in x)
    at = [names.index(n) for n in ("x", "y", "z", "red", "green", "blue")]
    size = struct.calcsize(form)
    rows = (struct.unpack_from(form, body, i * size) for i in range(count))
    return [tuple(row[i] for i in at) for row in rows]


def glb_points(path):
    with open(path, "rb") as f:
        data = f.read()
    n = struct.unpack_from("<I", data, 12)[0]
    g = json.loads(data[20:20 + n])
    node = next(x for x in g["nodes"] if x["name"] == "points")
    accessor = g["accessors"][g["meshes"][node["mesh"]]["primitives"][0]["attributes"]["POSITION"]]
    begin = 28 + n + g["bufferViews"][accessor["bufferView"]]["byteOffset"]
    return [struct.unpack_from("<3f", data, begin + 12 * i) for i in range(accessor["count"])]


def check_open3d(folder, triangles):
    try:
        import open3d
    except ImportError:
        print("skip  open3d is not installed")
        return
    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    for name in ("mesh.ply", "mesh.obj", "mesh.glb"):
        mesh = open3d.io.read_triangle_mesh(os.path.join(folder, name))
        check(len(mesh.triangles) == triangles, "open3d reads the %d triangles of %s" % (triangles, name))


def check_map(program, source, folder):
    def at(name):
        return os.path.join(folder, name)
    for name in ("points.glb", "points.las", "points.ply", "points.obj"):
        omma(program, "export", source, "-o", at(name))
    triangles = {omma(program, "export", source, "-o", at("mesh." + x), "--mesh")["triangles"]
                 for x in ("glb", "obj", "ply")}
    check(len(triangles) == 1, "every format has the same surface")
    validate(program, at("points.glb"))
    validate(program, at("mesh.glb"))
    ply, las, glb = ply_points(at("points.ply")), las_points(at("points.las")), glb_points(at("points.glb"))
    check(len(ply) == len(las) == len(glb) and [p[:3] for p in ply] == glb, "PLY and GLB: the same points")
    worst = max(max(abs(a[0] - b[0]), abs(a[1] + b[2]), abs(a[2] - b[1])) for a, b in zip(ply, las))
    check(worst <= 1e-4 and all(a[3:] == b[3:] for a, b in zip(ply, las)),
          "LAS: the same, turned to z up, within %.1e" % worst)
    with open(at("points.obj")) as f:
        vertices = [tuple(map(float, x.split()[1:4])) for x in f if x.startswith("v ")]
    check(all(struct.pack("<3f", *a) == struct.pack("<3f", *b[:3]) for a, b in zip(vertices, ply)),
          "OBJ: the same to the last bit")
    check_open3d(folder, triangles.pop())


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        source = sys.argv[2] if len(sys.argv) > 2 else os.path.join(folder, "map")
        if len(sys.argv) == 2:
            omma(program, "map", "synthetic:room?frames=16&size=160x120", "--backend", "synthetic",
                 "-o", source)
        check_map(program, source, folder)
    if failures:
        return 1
    if skipped:
        print("skip  %s is not installed" % skipped[0])
    return 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) in (2, 3) else __doc__)
