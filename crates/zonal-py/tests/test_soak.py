"""The short form of `cargo xtask soak`, in a process of its own: other tests have other memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Memory is still settling in some seconds; a run that left its table or its network would pass this many times over.
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import soak
soak.MOST_GROWTH = 0.06
looks = soak.soak(12, settled=4)
print(soak.table(looks))
sys.exit("; ".join(soak.complaints(looks)) or None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_handles_and_threads_do_not_grow(root):
    done = subprocess.run([sys.executable, "-c", SCRIPT, root / "crates/zonal-py"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_growth_is_seen():
    sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[1]))
    soak = __import__("soak")
    calm = [soak.Look(300, 10, 110_000, 100_000, 5, 4), soak.Look(600, 20, 150_000, 101_000, 5, 4)]
    assert soak.complaints(calm) == []
    leaking = [*calm, soak.Look(900, 30, 103_000, 103_000, 6, 5)]
    assert [c.split(" grew")[0] for c in soak.complaints(leaking)] == ["memory", "handles", "threads"]
