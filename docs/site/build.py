"""The documentation site: pages of the tree, references generated from the program and the sources, formulas, checks.

    python docs/site/build.py PROGRAM TARGET

builds TARGET/site with MkDocs, from a copy of the pages in TARGET/site-pages. `cargo xtask site` calls it.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import links

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KATEX = "katex@0.19.1"
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
PACKAGE = ROOT / "crates/zonal-py/python/zonal"
# Modules of the Python package in the order of its reference, with their titles; others follow.
MODULES = {
    "training": "Training and analysis",
    "theory": "Spectra and plans",
    "studies": "Sweeps, claims, repetitions",
    "sq": "Statistical queries",
    "energies": "Energies of any function",
    "network": "Networks",
    "estimator": "Estimator for scikit-learn",
    "statistics": "Tables in shards",
    "dask": "Dask",
    "errors": "Errors",
    "results": "Results",
}
# The text of a section in the navigation: either a page, or (title, pages).
NAVIGATION = [
    ("Start", ["README.md", "docs/README.md"]),
    ("Tutorials", ["docs/tutorials", "docs/guide"]),
    ("How-to", ["docs/how-to"]),
    ("Reference", ["docs/reference", "docs/claims.md", "docs/conventions.md", "docs/benchmarks.md", "docs/reliability.md"]),
    ("Theory", ["docs/theory"]),
    ("Project", ["ARCHITECTURE.md", "docs/decisions", "CHANGELOG.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"]),
]


def copy_pages(pages: Path) -> None:
    """Copy what readers see. Paths stay as they are, so that links between pages do."""
    shutil.rmtree(pages, ignore_errors=True)
    for folder in ("docs", "examples"):
        shutil.copytree(
            ROOT / folder, pages / folder, ignore=shutil.ignore_patterns("site", "requirements.txt", "__pycache__")
        )
    for path in [*ROOT.glob("*.md"), *ROOT.glob("LICENSE-*"), ROOT / "CITATION.cff"]:
        shutil.copy(path, pages)
    shutil.copy(HERE / "site.css", pages)


def help_of(program: Path, command: list[str]) -> list[tuple[list[str], str]]:
    """The help of a command and of all below it."""
    text = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout.rstrip()
    section = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.MULTILINE)
    names = re.findall(r"^  (\w[\w-]*)", section[1], re.MULTILINE) if section else []
    below = [entry for name in names if name != "help" for entry in help_of(program, [*command, name])]
    return [(command, text), *below]


def program_page(program: Path) -> str:
    """The reference of the program."""
    parts = ["# The program\n\n*Reference. Assumes nothing. Generated from the help of every command.*\n"]
    commands = help_of(program, [])
    if len(commands) < 2:
        sys.exit("the help of the program has no section 'Commands:' from which its commands could be read")
    for command, text in commands:
        parts.append(f"## {' '.join(['zonal', *command])}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def python_page() -> str:
    """The reference of the Python package, as directives that mkdocstrings replaces by the docstrings."""
    text = "# The Python package\n\n*Reference. Assumes that the package is installed ([guide](../guide/README.md)). "
    text += "Generated from the docstrings.*\n"
    public = {path.stem for path in PACKAGE.glob("[!_]*.py")}
    for name in [*MODULES, *sorted(public - set(MODULES))]:
        title = MODULES.get(name, name.capitalize())
        text += f"\n## {title}\n\n::: zonal.{name}\n"
        text += "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
    return text


def type_of(schema: dict) -> str:
    """A short name for the type of a JSON value."""
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    if "anyOf" in schema or "oneOf" in schema:
        return " or ".join(dict.fromkeys(type_of(s) for s in schema.get("anyOf", schema.get("oneOf"))))
    kind = schema.get("type", "any")
    kinds = [kind] if isinstance(kind, str) else kind
    if "array" in kinds:
        return " or ".join(f"array of {type_of(schema.get('items', {}))}" if k == "array" else k for k in kinds)
    return " or ".join(kinds)


def schema_section(title: str, schema: dict) -> str:
    """A table of the properties of an object."""

    def escape(text: str) -> str:
        return " ".join(text.split()).replace("|", "\\|")

    rows = [
        f"| `{name}` | {escape(type_of(value))} | {escape(value.get('description', ''))} |"
        for name, value in schema.get("properties", {}).items()
    ]
    table = "\n".join(["| key | type | meaning |", "| --- | --- | --- |", *rows]) + "\n" if rows else ""
    return f"{title}\n\n{schema.get('description', '')}\n\n{table}"


def schemas_page(schemas: Path) -> str:
    """The reference of all documents, from their JSON Schemas."""
    text = (
        "# JSON documents\n\n*Reference. Assumes JSON. Generated from the schemas, which are linked at each document.*\n\n"
    )
    text += "`--format json` prints these documents; `run.json` and `metrics.jsonl` hold some of them "
    text += "([file formats](file-formats.md)).\n"
    for path in sorted(schemas.glob("*.json")):
        schema = json.loads(path.read_text())
        name = path.name.removesuffix(".schema.json")
        text += "\n" + schema_section(f"## {name}", schema)
        text += f"\n[JSON Schema](../schema/{path.name})\n"
        for title, part in sorted(schema.get("$defs", {}).items()):
            if part.get("properties"):
                text += "\n" + schema_section(f"### {title} ({name})", part)
    return text


def script_page(script: Path) -> str:
    """A script with cells as a page: text cells as they are, code cells as blocks."""
    parts = []
    for cell in re.split(r"^# %%", script.read_text(), flags=re.MULTILINE)[1:]:
        head, body = cell.split("\n", 1)
        if "[markdown]" in head:
            parts.append(re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip())
        else:
            parts.append(f"```python\n{body.strip()}\n```")
    title, rest = parts[0].split("\n", 1) if "\n" in parts[0] else (parts[0], "")
    kind = "*Tutorial. Assumes that the Python package is installed. The tests run this script:* "
    parts[0] = f"{title}\n\n{kind}[`{script.name}`]({script.name}).\n{rest}"
    return "\n\n".join(parts) + "\n"


def add_generated(pages: Path, program: Path) -> None:
    """Write the pages that the tree does not have."""
    reference = pages / "docs/reference"
    (reference / "program.md").write_text(program_page(program))
    (reference / "python.md").write_text(python_page())
    (reference / "schemas.md").write_text(schemas_page(pages / "docs/schema"))
    guide = pages / "docs/guide/README.md"
    for script in sorted(guide.parent.glob("*.py")):
        script.with_suffix(".md").write_text(script_page(script))
        guide.write_text(guide.read_text().replace(f"]({script.name})", f"]({script.stem}.md)"))
    index = pages / "docs/README.md"
    extra = "program.md", "python.md", "schemas.md"
    missing = [name for name in extra if f"`{name}`" not in index.read_text()]
    if missing:
        sys.exit(f"docs/README.md does not name the generated pages {missing}")
    index.write_text(re.sub(r"`(program|python|schemas)\.md`", r"[\1](reference/\1.md)", index.read_text()))


def add_picture(pages: Path, program: Path, target: Path) -> str:
    """A picture of a report page where the tutorial has room for it, if a browser is installed."""
    browser = next((b for b in BROWSERS if shutil.which(b)), None)
    if browser is None:
        return "no picture of a report: Chromium is not installed"
    run = target / "site-run"
    shutil.rmtree(run, ignore_errors=True)
    data = ["examples/data/diabetes.csv", "--label", "progression"]
    subprocess.run([program, "--quiet", "train", *data, "--out", run], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
    options += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    options += [f"--user-data-dir={target / 'site-browser'}", "--window-size=1100,1350"]
    picture = pages / "docs/figures/report.png"
    shot = [browser, *options, f"--screenshot={picture}", (run / "report.html").as_uri()]
    try:
        subprocess.run(shot, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        return f"no picture of a report: {error}"
    page = pages / "docs/tutorials/train-on-a-table.md"
    place = "<!-- picture of the report -->"
    if place not in page.read_text():
        sys.exit(f"{page.name} has no place for the picture: {place}")
    page.write_text(page.read_text().replace(place, "![The report page of this training](../figures/report.png)"))
    return "picture of a report page"


def navigation(pages: Path) -> list:
    """The navigation: a folder is its index and then its pages, in the order of their names."""

    def entries(path: str) -> list:
        if path.endswith(".md"):
            return [path]
        found = [str(p.relative_to(pages)) for p in (pages / path).glob("*.md")]
        return sorted(found, key=lambda p: (not p.endswith("README.md"), p))

    sections = []
    for title, paths in NAVIGATION:
        parts = []
        for path in paths:
            found = entries(path)
            # A folder with an index is a subsection, whose title is that of the index.
            if found[0].endswith("README.md") and len(paths) > 1 and not path.endswith(".md"):
                parts.append({(pages / found[0]).read_text().splitlines()[0].removeprefix("# "): found})
            else:
                parts.extend(found)
        sections.append({title: parts})
    return sections


def katex(target: Path) -> Path:
    """The folder of KaTeX, from the npm registry."""
    folder = target / "katex"
    package = folder / "node_modules/katex"
    if not package.is_dir():
        if shutil.which("npm") is None:
            sys.exit("npm was not found; formulas need KaTeX from the npm registry: install Node.js with npm")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, KATEX], check=True)
    return package


def main() -> None:
    """Build and check."""
    program, target = (Path(a).resolve() for a in sys.argv[1:])
    pages, site = target / "site-pages", target / "site"
    copy_pages(pages)
    add_generated(pages, program)
    print(add_picture(pages, program, target))
    config = (HERE / "mkdocs.yml").read_text()
    config = config.replace("        python:\n", f"        python:\n          paths: [{ROOT}/crates/zonal-py/python]\n")
    paths = {"docs_dir": str(pages), "site_dir": str(site), "nav": navigation(pages)}
    config += "".join(f"{key}: {json.dumps(value)}\n" for key, value in paths.items())
    # The style sheet of KaTeX is copied after the build.
    (pages / "katex").mkdir()
    (pages / "katex/katex.min.css").touch()
    (target / "mkdocs.yml").write_text(config)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", target / "mkdocs.yml"], check=True)
    subprocess.run(["node", HERE / "formulas.mjs", katex(target), site], check=True)
    count, wrong = links.check(site)
    if wrong:
        sys.exit("\n".join([*wrong, f"{len(wrong)} of {count} links are wrong"]))
    print(f"{count} links and anchors lead somewhere; {len(list(site.rglob('*.html')))} pages in {site}")


if __name__ == "__main__":
    main()
