"""The short form of `cargo xtask soak`, in a process of its own: other tests have other memory."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

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


def soak():
    """The program beside the tests, as a module."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    return importlib.import_module("soak")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_handles_and_threads_do_not_grow(root):
    script = [sys.executable, "-c", SCRIPT, root / "crates/zonal-py"]
    environment = os.environ | soak().ENVIRONMENT
    done = subprocess.run(script, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_growth_is_seen():
    look, complaints = soak().Look, soak().complaints
    calm = [look(300, 10, 100_000, 5, 4), look(600, 20, 101_000, 5, 4)]
    assert complaints(calm) == []
    leaking = [*calm, look(900, 30, 103_000, 6, 5)]
    assert [c.split(" grew")[0] for c in complaints(leaking)] == ["memory", "handles", "threads"]
