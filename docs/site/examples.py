"""The examples of pages, run: `python docs/site/examples.py [--write] PROGRAM [PAGE ..]`.

Blocks marked `console` hold commands (`$ ..`) and their output, in which `[..]` stands for anything. Blocks marked `python` are run
in the order of the page, those with `>>>` compared with their output. Blocks marked `sh` are not run: they install something.
Long numbers are compared to ten digits, since processors round differently. After the comment `NUMBERS_VARY` numbers are not
compared, since another processor grows other units. `--write` replaces the output of commands that print something else, unless it
contains `[..]`. `cargo xtask examples [--write]` calls this script with the package `zonal` installed.
"""

import doctest
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/tutorials").glob("*.md")), *sorted((ROOT / "docs/how-to").glob("*.md"))]
NUMBERS_VARY = "<!-- numbers vary -->\n"
BLOCK = re.compile(rf"^({NUMBERS_VARY})?```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d.]*(e[-+]?\d+)?")
LONG = re.compile(r"\d+\.\d{6,}(e[-+]?\d+)?")
# Names of run folders and files are checked, times are not.
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with its output."""
    found: list[tuple[str, str]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and line.startswith("> ") and not found[-1][1]:
            found[-1] = (found[-1][0] + "\n" + line[2:], "")
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def matches(expected: str, found: str, numbers: bool) -> bool:
    """Whether output is the expected one, but for spaces, what `[..]` stands for, rounding and, unless they count, numbers."""
    expected, found = (LONG.sub(lambda number: f"{float(number[0]):.10g}", text) for text in (expected, found))
    if not numbers:
        expected, found = (NUMBER.sub("0", text) for text in (expected, found))
    tidy = lambda text: "\n".join(" ".join(line.split()) for line in text.strip().splitlines())  # noqa: E731
    parts = [re.escape(part) for part in tidy(expected).split("[..]")]
    return re.fullmatch(".*".join(parts), tidy(found), re.DOTALL) is not None


def console(block: str, folder: Path, environment: dict[str, str], page: Path, numbers: bool, write: bool) -> list[str]:
    """Run the commands of a block; a message for each that fails or prints something else."""
    wrong = []
    for command, expected in commands(block):
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            wrong.append(f"$ {command}\nexit code {done.returncode}: {done.stderr}")
        elif not matches(expected, done.stdout, numbers) and write and "[..]" not in expected:
            shown = command.replace("\n", "\n> ")
            text = page.read_text()
            page.write_text(text.replace(f"$ {shown}\n{expected}", f"$ {shown}\n{done.stdout.rstrip()}\n".lstrip("\n")))
        elif not matches(expected, done.stdout, numbers):
            wrong.append(f"$ {command}\nexpected:\n{expected}\nfound:\n{done.stdout}")
    return wrong


def python(block: str, names: dict, page: str) -> list[str]:
    """Run a block in the names of its page; a message if it fails."""
    messages: list[str] = []
    if block.startswith(">>> "):
        test = doctest.DocTestParser().get_doctest(block, names, page, page, 0)
        runner = doctest.DocTestRunner(optionflags=OPTIONS)
        runner.run(test, out=messages.append, clear_globs=False)
        names.update(test.globs)
        return ["".join(messages)] if runner.failures else []
    try:
        exec(compile(block, page, "exec"), names)
    except Exception as error:
        return [f"{block}\n{type(error).__name__}: {error}"]
    return []


def main() -> None:
    """Run all pages, or those named."""
    write = "--write" in sys.argv
    first, *rest = (Path(p).resolve() for p in sys.argv[1:] if p != "--write")
    program, pages = first, rest or PAGES
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
    count, wrong = {"console": 0, "python": 0}, []
    for page in pages:
        name = str(page.relative_to(ROOT))
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "examples").symlink_to(ROOT / "examples")
            os.chdir(place)
            names: dict = {"__name__": name}
            for vary, kind, block in BLOCK.findall(page.read_text()):
                count[kind] += 1
                is_console = kind == "console"
                found = (
                    console(block, place, environment, page, not vary, write) if is_console else python(block, names, name)
                )
                wrong += [f"{name}: " + "\n".join(found)] if found else []
            os.chdir(ROOT)
    total = sum(count.values())
    print("\n\n".join(wrong))
    print(f"{total - len(wrong)} of {total} examples hold: {count['console']} console, {count['python']} Python")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
