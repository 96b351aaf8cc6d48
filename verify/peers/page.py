"""The page of benchmarks: each section replaces its own part and leaves the others."""

import os
import platform
import re
import time
from pathlib import Path

HEAD = (
    "# Benchmarks\n\n*Reference. Assumes nothing.*\n\nEach section is written by the command that it names or by `cargo xtask bench peers`; "
    "one section alone: `cargo xtask bench peers path`.\n"
    "The machines are shared and noisy: compare ratios within one run, not seconds between runs.\n"
)


def write(report: Path, title: str, body: list[str], *libraries) -> None:
    """Put a section into the page, with the versions of what it was measured with."""
    text = report.read_text() if report.exists() else HEAD
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{name} {m.__version__}" for name, m in libraries)])
    where = f"{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}, {versions}"
    part = f"## {title}\n\n" + "\n".join(body) + f"\n\n({where})\n"
    print(part, flush=True)
    old = re.compile(rf"## {re.escape(title)}\n.*?(?=\n## |\Z)", re.DOTALL)
    report.write_text(old.sub(lambda _: part, text) if old.search(text) else text.rstrip("\n") + "\n\n" + part)
