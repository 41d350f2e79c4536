#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""arrows.py sees each kind of breach, and nothing in a house that stands."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import arrows  # noqa: E402

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
HOUSE = {
    "include/omma/base.h": "#pragma once\n#include <stdint.h>\n",
    "include/omma/frame.h": "#include <omma/base.h>\n",
    "include/omma/omma.h": "#include <omma/base.h>\n#include <omma/frame.h>\n",
    "src/frame/frame.c": '#include <omma/frame.h>\n#include "planes.h"\n#include <string.h>\n',
    "src/frame/planes.h": "#include <omma/base.h>\n",
    "src/frame/frame_test.c": '#include "frame_fixture.h"\n',
    "src/frame/frame_fixture.h": '#include "check.h"\n',
    "src/slam/fast/corner.c": '#include <omma/frame.h>\n#include "track.h"\n',
    "src/slam/track.h": "",
    "src/pipeline/pipeline.c": "#include <omma/slam.h>\n",
    "cli/main.c": "#include <omma/omma.h>\n#include <omma/pipeline.h>\n",
    "tests/check.h": "",
}
BREACHES = {
    "up": ("src/frame/a.c", "#include <omma/slam.h>\n"),
    "sideways on the first floor": ("src/frame/a.c", "#include <omma/geometry.h>\n"),
    "sideways on the second floor": ("src/slam/a.c", "# include <omma/map.h>\n"),
    "a public header that looks up": ("include/omma/wire.h", "#include <omma/hub.h>\n"),
    "another module's inside": ("src/slam/a.c", '#include "planes.h"\n'),
    "another module's inside by its way": ("src/slam/a.c", '#include "../frame/planes.h"\n'),
    "a module's inside from the cli": ("cli/a.c", '#include "track.h"\n'),
    "everything at once in the library": ("src/slam/a.c", "#include <omma/omma.h>\n"),
    "quotes in a public header": ("include/omma/map.h", '#include "base.h"\n'),
    "a header of no module": ("src/slam/a.c", "#include <omma/nothing.h>\n"),
    "a module on no floor": ("src/attic/a.c", "#include <omma/base.h>\n"),
    "a hidden name": ("src/slam/a.c", "#include HEADER\n"),
    "a test header in the library": ("src/slam/a.c", '#include "check.h"\n'),
    "a fixture in the library": ("src/frame/a.c", '#include "frame_fixture.h"\n'),
    "two files of one name": ("src/slam/frame.c", "#include <omma/base.h>\n"),
}


def found_in(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return [(str(path), line) for path, line, _ in arrows.breaches(root)]


class Arrows(unittest.TestCase):
    def setUp(self):
        self.house = {name: SPDX + text for name, text in HOUSE.items()}

    def test_a_standing_house_has_no_breach(self):
        self.assertEqual(found_in(self.house), [])

    def test_each_breach_is_found(self):
        for what, (name, text) in BREACHES.items():
            with self.subTest(what):
                found = found_in({**self.house, name: SPDX + text})
                self.assertEqual([path for path, _ in found], [name])

    def test_a_breach_has_its_line(self):
        house = {**self.house, "src/map/a.c": SPDX + "\n#include <omma/slam.h>\n"}
        self.assertEqual(found_in(house), [("src/map/a.c", 3)])

    def test_a_source_without_licence_is_found(self):
        for name in ["src/frame/a.c", "src/frame/meson.build", "tests/a.py"]:
            self.assertEqual(found_in({**self.house, name: "x\n"}), [(name, 1)])
        shell = "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
        self.assertEqual(found_in({**self.house, "tests/a.sh": shell}), [])


if __name__ == "__main__":
    unittest.main()
