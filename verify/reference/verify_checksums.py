"""Compares the reference tables with checksums.txt, so that no table is edited by hand."""

import hashlib
import pathlib
import sys

here = pathlib.Path(__file__).parent
wrong = []
lines = [line for list in sorted(here.glob("checksums*.txt")) for line in list.read_text().splitlines()]
for line in lines:
    expected, name = line.split()
    found = hashlib.sha256((here / name.lstrip("*")).read_bytes()).hexdigest()
    if found != expected:
        wrong.append(name)
if wrong:
    sys.exit("changed since they were generated: " + ", ".join(wrong))
print("all tables have their checksums")
