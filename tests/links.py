# SPDX-License-Identifier: Apache-2.0
"""Every link of the documents to a file of the project leads somewhere."""
import os
import re
import sys

root = sys.argv[1]
documents = ["README.md"] + ["docs/" + n for n in sorted(os.listdir(os.path.join(root, "docs"))) if n.endswith(".md")]
broken = checked = 0
for name in documents:
    with open(os.path.join(root, name), encoding="utf-8") as f:
        text = f.read()
    for target in re.findall(r"\]\(([^)\s#]+)", text):
        if "://" in target:
            continue
        checked += 1
        if not os.path.exists(os.path.join(root, os.path.dirname(name), target)):
            broken += 1
            print(f"{name}: no file {target}", file=sys.stderr)
print(f"{checked} links checked, {broken} broken", file=sys.stderr)
sys.exit(1 if broken or not checked else 0)
