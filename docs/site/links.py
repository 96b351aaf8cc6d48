"""Links and anchors of a built site: each must exist, and nothing is loaded from another server."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """The anchors of a page, and its links as (address, whether the browser loads it with the page)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {"", "top"}
        self.links: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {found[key] for key in ("id", "name") if found.get(key)}
        for key in ("href", "src"):
            if found.get(key):
                canonical = found.get("rel") in ("canonical", "prev", "next")
                self.links.append((found[key], (tag, key) in LOADED and not canonical))


def check(site: Path) -> tuple[int, list[str]]:
    """Return the number of local links, and a message for each that is dead or foreign."""
    pages = {path: Page(path.read_text()) for path in site.rglob("*.html")}
    count, wrong = 0, []
    for path, page in pages.items():
        for address, loaded in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if loaded and parts.scheme in ("http", "https", ""):
                    wrong.append(f"{path.relative_to(site)} loads {address}")
                continue
            count += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchors = pages[target].anchors if target in pages else {""}
            # The error page of a server has absolute addresses.
            if path.name != "404.html" and (not target.exists() or unquote(parts.fragment) not in anchors):
                wrong.append(f"{path.relative_to(site)}: dead link {address}")
    return count, wrong
