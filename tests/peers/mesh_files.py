#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a mesh with Open3D and checks that it is one that other programs can work with.

usage: mesh_files.py [--watertight] FILE.ply|glb|obj...

Every edge must have at most two triangles, every vertex one fan of them, all must agree on which
side is outside; normals must point there, and nothing may be degenerate. With --watertight there
may be no borders either. Ends with 77 where Open3D (python3-open3d) is not installed.
"""
import sys

failures = 0


def check(holds, text):
    global failures
    print("%-5s %s" % ("ok" if holds else "FAIL", text))
    failures += not holds


def check_mesh(path, watertight):
    mesh = open3d.io.read_triangle_mesh(path)
    points, triangles = np.asarray(mesh.vertices), np.asarray(mesh.triangles)
    check(len(triangles) > 0, "%s: %d triangles, %d vertices" % (path, len(triangles), len(points)))
    if not len(triangles):
        return
    check(bool(np.isfinite(points).all()) and triangles.max() < len(points), "all numbers are sound")
    check(len(np.unique(triangles)) == len(points), "every vertex is used")
    check(mesh.is_edge_manifold(allow_boundary_edges=not watertight), "edges are manifold")
    check(mesh.is_vertex_manifold(), "vertices are manifold")
    check(mesh.is_orientable(), "it is orientable")
    if watertight:
        check(mesh.is_watertight() and mesh.get_volume() > 0, "it is watertight, outside out")
    check(mesh.has_vertex_colors(), "it has colours")
    corners = points[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    check(float((np.linalg.norm(normal, axis=1) > 0).mean()) > 0.999, "triangles have an area")
    if mesh.has_vertex_normals():
        along = (normal * np.asarray(mesh.vertex_normals)[triangles].mean(1)).sum(1)
        check(float((along > 0).mean()) > 0.98,
              "normals agree with the triangles: %.2f %%" % (100 * (along > 0).mean()))


def main():
    names = [a for a in sys.argv[1:] if a != "--watertight"]
    for name in names:
        check_mesh(name, "--watertight" in sys.argv)
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        import numpy as np
        import open3d
    except ImportError:
        print("skip  open3d is not installed")
        sys.exit(77)
    sys.exit(main())
