"""Pages of every kind in a headless browser: nothing fetched, nothing complained about, usable by all.

    python pages.py ZONAL CHROMIUM

ZONAL is the program, CHROMIUM the browser. Needs playwright and axe-playwright-python.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import axe_playwright_python
from playwright.sync_api import sync_playwright

ZONAL, CHROMIUM = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"
AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
ADDRESS = "http://page.test/report.html"
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "\u202e\u05e9\u05dc\u05d5\u05dd",
    "x" * 10_000,
]


def zonal(place, *arguments):
    done = subprocess.run([ZONAL, *arguments, "--quiet"], cwd=place, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"zonal {' '.join(arguments)[:300]} failed:\n{done.stderr}")


def make_pages(place):
    """Runs of every kind, and their pages."""
    zonal(place, "train", "--target", "0.7*harmonic(1) + 0.6*harmonic(2) + 0.4*harmonic(3)", "--dim", "6",
          "--width", "300", "--iterations", "1e6", "--out", "target")
    zonal(place, "train", str(EXAMPLES / "data" / "diabetes.csv"), "--label", "progression", "--width", "200",
          "--activation", "relu", "--iterations", "1e6", "--out", "table")
    zonal(place, "train", "--target", "neuron(tanh)", "--dim", "8", "--layers", "both", "--activation", "erf", "--width",
          "60", "--iterations", "200", "--out", "both")
    zonal(place, "report", "target", "table", "both", "--out", "comparison.html")
    (place / "grid.toml").write_text('target = "harmonic({degree})"\ndim = [4, 8]\ndegree = [1, 2]\nwidth = [4, "n", "n^2"]\nseeds = 2\n')
    zonal(place, "sweep", "grid.toml", "--out", "sweep")
    zonal(place, "reproduce", "--quick", "--claim", "relu,invisible,sq-upper-bound", "--out", "claims")
    zonal(place, "sq", "play", "--family", "monomials", "-n", "12", "-k", "3", "-t", ".25", "--out", "game")
    zonal(place, "report", "target", "sweep", "game", "claims", "--out", "mixed.html")
    quoted = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    rows = "".join(f"{i},{i * i % 7},{i % 3},{i * 5 % 13}\n" for i in range(80))
    (place / "<b>&'x.csv").write_text(",".join(quoted) + "\n" + rows)
    for i, name in enumerate(HOSTILE):
        zonal(place, "train", "<b>&'x.csv", "--label", name, "--width", "20", "--activation", "relu", "--out", f"hostile-{i}")
    zonal(place, "report", *(f"hostile-{i}" for i in range(len(HOSTILE))), "--out", "hostile.html")
    terms = " + ".join(f"{0.2 + 0.01 * k}*harmonic({k})" for k in range(20))
    at = sorted({int(1.38**i) for i in range(66)})[:60]
    zonal(place, "train", "--target", terms, "--dim", "3", "--width", "150", "--activation", "relu(t + 0.3)", "--at",
          ",".join(map(str, at)), "--out", "large")
    pages = {name: place / name / "report.html" for name in
             ["target", "table", "both", "sweep", "claims", "game", "hostile-0", "hostile-1", "hostile-2", "hostile-3", "large"]}
    pages |= {name: place / f"{name}.html" for name in ["comparison", "mixed", "hostile"]}
    return pages


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pages = make_pages(pathlib.Path(cls.folder.name))
        cls.playwright = sync_playwright().start()
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync"]
        cls.browser = cls.playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()
        cls.folder.cleanup()

    def open(self, name, width=1200, scheme="light", **options):
        """The page under a policy that forbids everything but what stands in it; the test fails if it asks for more."""
        context = self.browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **options)
        self.addCleanup(context.close)
        page = context.new_page()
        text = self.pages[name].read_text()
        asked, said = [], []

        def answer(route):
            asked.append(route.request.url)
            if route.request.url == ADDRESS:
                route.fulfill(body=text, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})
            else:
                route.abort()

        page.route("**/*", answer)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(ADDRESS)
        self.addCleanup(lambda: self.assertEqual(([ADDRESS], []), (asked, said), name))
        return page

    def test_pages_load_and_ask_for_nothing(self):
        for name in self.pages:
            with self.subTest(name):
                page = self.open(name)
                self.assertGreater(page.locator("h1").inner_text().strip(), "")
                figures = page.locator("figure svg").count()
                self.assertGreater(figures, 0)
                # As a file, too, which is how most people open it.
                context = self.browser.new_context()
                said = []
                file = context.new_page()
                file.on("console", lambda message: said.append(message.text))
                file.on("pageerror", lambda error: said.append(str(error)))
                file.goto(self.pages[name].as_uri())
                self.assertEqual(file.locator("figure svg").count(), figures)
                self.assertEqual(said, [])
                context.close()

    def test_nothing_overflows_on_a_telephone(self):
        for name in self.pages:
            with self.subTest(name):
                page = self.open(name, width=375)
                self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), 375)
                # Whatever is wider scrolls within a part of its own.
                wide = page.evaluate("""() => [...document.querySelectorAll("body *")]
                    .filter(e => e.getBoundingClientRect().right > 376 && !e.closest(".scroll"))
                    .map(e => e.outerHTML.slice(0, 80))""")
                self.assertEqual(wide, [])

    def test_pages_are_accessible(self):
        # The others are made of the same parts.
        for name in ["target", "table", "both", "comparison", "sweep", "claims", "game", "mixed", "hostile-3"]:
            for scheme in ["light", "dark"] if name in ["target", "claims", "game"] else ["light"]:
                with self.subTest(name, scheme=scheme):
                    page = self.open(name, scheme=scheme)
                    for folded in page.locator("details").all():
                        folded.evaluate("e => e.open = true")
                    page.evaluate(AXE)
                    # The dark page differs in its colours alone.
                    rules = "{}" if scheme == "light" else "{runOnly: ['color-contrast']}"
                    found = page.evaluate(f"axe.run({rules}).then(r => r.violations)")
                    faults = [(f["id"], f["impact"], f["nodes"][0]["html"][:200]) for f in found]
                    self.assertEqual(faults, [])

    def test_degrees_go_on_and_off(self):
        for name in ["target", "comparison", "sweep", "both", "large", "mixed"]:
            with self.subTest(name):
                page = self.open(name)
                box = page.locator(".toggle input").nth(1)
                key = box.get_attribute("value")
                drawn = f"""() => [...document.querySelectorAll('figure [data-toggle="{key}"]')]
                    .filter(e => e.getBoundingClientRect().width > 0).length"""
                before = page.evaluate(drawn)
                self.assertGreater(before, 0)
                # By keyboard, as by mouse.
                box.focus()
                page.keyboard.press("Space")
                self.assertEqual(page.evaluate(drawn), 0)
                # So do the values beside the slider and the rows of the tables.
                left = page.evaluate(f"""() => [...document.querySelectorAll('[data-toggle="{key}"]')]
                    .filter(e => getComputedStyle(e).display !== "none").length""")
                self.assertEqual(left, 0)
                box.click()
                self.assertEqual(page.evaluate(drawn), before)
                if page.locator("#none").count():
                    page.locator("#none").click()
                    self.assertEqual(page.locator(".toggle input:checked").count(), 0)
                    page.locator("#all").click()
                    self.assertEqual(page.evaluate(drawn), before)

    def test_the_slider_moves_what_is_drawn(self):
        state = """() => [document.getElementById("stop").textContent, document.querySelector(".readings").innerText,
            [...document.querySelectorAll(".cursor")].map(e => e.getAttribute("transform")).join()]"""
        for name in ["target", "table", "both", "comparison", "sweep", "game", "large", "mixed"]:
            with self.subTest(name):
                page = self.open(name)
                slider = page.locator("#slider")
                slider.focus()
                page.keyboard.press("End")
                end = page.evaluate(state)
                page.keyboard.press("Home")
                start = page.evaluate(state)
                for a, b in zip(start, end):
                    self.assertNotEqual(a, b)
                self.assertEqual(slider.get_attribute("aria-valuetext"), start[0])

    def test_bars_follow_the_slider(self):
        page = self.open("target")
        heights = """() => [...document.querySelectorAll("#left .moves rect")].map(e => Number(e.getAttribute("height")))"""
        page.locator("#slider").focus()
        page.keyboard.press("Home")
        start = page.evaluate(heights)
        outlines = page.evaluate("""() => [...document.querySelectorAll("#left rect[stroke]")]
            .map(e => Number(e.getAttribute("height")))""")
        page.keyboard.press("End")
        end = page.evaluate(heights)
        # Nothing is learned at the start; at the end what ReLU does not see is left.
        self.assertGreaterEqual(len(start), 3)
        for a, outline in zip(start, outlines):
            self.assertAlmostEqual(a, outline, delta=0.11)
        self.assertLess(end[0] + end[1], 0.2 * (start[0] + start[1]))
        self.assertGreater(end[2], 0.9 * start[2])

    def test_values_under_the_pointer(self):
        page = self.open("target")
        mark = page.locator("#degrees [data-name='degree 2'] circle").nth(2)
        box = mark.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tip = page.locator("#tip")
        self.assertTrue(tip.is_visible())
        self.assertRegex(tip.inner_text(), r"iterations [\d,]+: degree \d [-\d.e]+")
        page.mouse.move(2, 2)
        self.assertFalse(tip.is_visible())

    def test_light_and_dark(self):
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        light = self.open("target").evaluate(ground)
        page = self.open("target", scheme="dark")
        dark = page.evaluate(ground)
        self.assertNotEqual(light, dark)
        page.locator("#theme").click()
        self.assertEqual(page.evaluate(ground), light)
        page.locator("#theme").click()
        self.assertEqual(page.evaluate(ground), dark)

    def test_it_prints_and_works_without_scripts(self):
        page = self.open("target")
        page.locator("#theme").click()
        page.emulate_media(media="print")
        self.assertFalse(page.locator(".controls").is_visible())
        self.assertTrue(page.locator("#loss svg").is_visible())
        self.assertEqual(page.evaluate("getComputedStyle(document.documentElement).colorScheme"), "light")
        page = self.open("target", java_script_enabled=False)
        self.assertFalse(page.locator(".controls").is_visible())
        self.assertFalse(page.locator("#theme").is_visible())
        self.assertTrue(page.locator("#degrees svg").is_visible())

    def test_hostile_names_are_text(self):
        for i, name in enumerate(HOSTILE):
            with self.subTest(name[:30]):
                page = self.open(f"hostile-{i}")
                text = page.evaluate("document.body.textContent")
                shown = re.sub("[\u202a-\u202e]", "", name)
                self.assertIn(shown[:40], text)
                self.assertIn("<b>&'x.csv", text)
                self.assertEqual(page.locator("img, b > *, script:not([id]) ~ script").count(), 0)
                self.assertEqual(page.evaluate("document.scripts.length"), 2)

    def test_a_large_page_is_small_and_quick(self):
        size = self.pages["large"].stat().st_size
        self.assertLessEqual(size, 1_000_000)
        page = self.open("large")
        drawn = page.evaluate("""() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
            done(performance.now() - performance.getEntriesByType("navigation")[0].responseEnd))))""")
        points = page.locator("figure circle, figure rect, figure path").count()
        # A benchmark, not a test: machines are slow in their own ways.
        print(f"\n60 checkpoints, 20 degrees: {size} bytes, {points} marks, drawn {drawn:.0f} ms after it had arrived")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
