"""Compares the reference tables with checksums.txt, so that no table is edited by hand."""

import hashlib
import pathlib
import sys

here = pathlib.Path(__file__).parent
wrong = []
for line in (here / "checksums.txt").read_text().splitlines():
    expected, name = line.split()
    found = hashlib.sha256((here / name.lstrip("*")).read_bytes()).hexdigest()
    if found != expected:
        wrong.append(name)
if wrong:
    sys.exit("changed since they were generated: " + ", ".join(wrong))
print("all tables have their checksums")
