"""A report in a browser: on a phone and on a wide screen, in light and in dark."""

from __future__ import annotations

import html
import itertools
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from browsers import needs_a_browser, path_of_browser
from conftest import orchbench_in
from small_runs import edited

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = [
    pytest.mark.xdist_group("report"),
    needs_a_browser(
        "that the report can be sorted, filtered, and read on a phone and by all is not tested (what it says is)"
    ),
]

SCHEMES = {"dark": 0, "light": 1}
"""The colours that a reader likes, as the browser's engine numbers them."""

# The page's own policy forbids whatever it could fetch, and every script behind it; the browser reports what was forbidden.
LOOK = """<script>
const errors = [], forbidden = [];
addEventListener("securitypolicyviolation", (event) => forbidden.push([event.violatedDirective, event.blockedURI]));
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
addEventListener("load", async () => {
  const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const folded = overflow();
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const found = await axe.run(document, { resultTypes: ["violations"] });
  const table = document.getElementById("caching-library-all");
  const column = 3;
  const sorted = () => {
    table.tHead.rows[0].cells[column].querySelector("button").click();
    return [...table.tBodies[0].rows].map(({ cells }) => [cells[column].dataset.unit, Number(cells[column].dataset.sort)]);
  };
  const input = document.querySelector(`input[data-filters="${table.id}"]`);
  const seen = {
    errors, forbidden, up: sorted(), down: sorted(),
    overflow: Math.max(folded, overflow()),
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    checked: found.passes.map((each) => each.id),
    violations: found.violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map((each) => each.html) })),
  };
  input.value = "no such word";
  input.dispatchEvent(new Event("input"));
  seen.filtered = [...table.tBodies[0].rows].every((row) => row.hidden);
  parent.document.body.textContent = JSON.stringify(seen);
});
</script>"""


@pytest.fixture(scope="module", params=itertools.product((360, 1920), SCHEMES), ids=lambda its: f"{its[0]}-{its[1]}")
def seen(request: pytest.FixtureRequest, mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a browser of that width found on the page, in those colours."""
    width, scheme = request.param
    folder = tmp_path_factory.mktemp("browser")
    axe = (files("axe_playwright_python") / "axe.min.js").read_text().replace("</script", "<\\/script")
    text = (mixed / "report.html").read_text().replace("<head>", f"<head>{LOOK}<script>{axe}</script>", 1)
    (folder / "inner.html").write_text(text)
    # A browser's window is never as narrow as a phone; a frame in it is, and has the colours of the page around it.
    frame = (
        f'<meta name="color-scheme" content="light dark"><iframe src="inner.html" width="{width}" height="2000"></iframe>'
    )
    (folder / "page.html").write_text(frame)
    argv = [
        path_of_browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
        "--allow-file-access-from-files", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--window-size={width + 100},2200", "--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(html.unescape(re.findall(r"<body>(.*?)</body>", done.stdout, re.DOTALL)[0]))
    assert found["dark"] == (scheme == "dark")
    return found


def test_a_browser_shows_it(seen: dict[str, Any]) -> None:
    """No script error, nothing that its policy forbids, no sideways scrolling, with all that folds folded or open."""
    assert (seen["errors"], seen["forbidden"], seen["overflow"]) == ([], [], 0)


def test_tables_can_be_sorted_and_filtered(seen: dict[str, Any]) -> None:
    """By the numbers of each unit, up and down, and what has no number comes last; what does not match is hidden."""
    numbers = [each for each in seen["up"] if each[0]]
    assert len({unit for unit, _ in numbers}) > 1 and len(numbers) < len(seen["up"]) == len(seen["down"])
    assert seen["up"][: len(numbers)] == sorted(numbers)
    assert seen["down"][: len(numbers)] == sorted(numbers, key=lambda each: (each[0], -each[1]))
    assert seen["filtered"]


def test_it_can_be_read_by_all(seen: dict[str, Any]) -> None:
    """Of what axe finds without a person's judgement, such as too little contrast, nothing is serious."""
    assert {"color-contrast", "scrollable-region-focusable", "svg-img-alt"} <= set(seen["checked"])
    assert [each for each in seen["violations"] if each["impact"] in {"serious", "critical"}] == []


# What a page may do ----------------------------------------------------------------------------------------------------

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">\n')

WATCH = """<script>
const obeyed = [], forbidden = [];
addEventListener("securitypolicyviolation", (event) => forbidden.push(event.violatedDirective));
addEventListener("load", () => {
  document.getElementById("planted")?.click();
  const styled = document.getElementById("styled");
  if (styled && getComputedStyle(styled).order === "7") obeyed.push("style");
  const sorted = document.querySelectorAll("th button").length;
  // That a handler was forbidden is told after the page has loaded, since Chromium 150.
  setTimeout(() => { document.documentElement.textContent = JSON.stringify({ obeyed, forbidden, sorted }); }, 500);
});
</script>"""

PLANTED = """<script>obeyed.push("script")</script><script src="data:text/javascript,obeyed.push('file')"></script>
<img src="data:," onerror="obeyed.push('handler')"><a id="planted" onclick="obeyed.push('click')">x</a>
<style>#styled { order: 7 }</style><p id="styled">x</p>"""
"""What a stranger would like to have in a page, if the escaping of a name were forgotten one day."""


@pytest.fixture(scope="module")
def pages(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One of each kind of page."""
    folder = tmp_path_factory.mktemp("pages")
    later = shutil.copytree(mixed, folder / "later")
    with edited(later / "run.json") as record:
        record["id"], record["segments"][0]["began"] = "later", "2099-01-01T00:00:00+00:00"
    orchbench_in(folder, "trend", mixed, later, "--out", "trend.html")
    orchbench_in(folder, "compare", mixed, mixed, "--html", "compare.html")
    return {path.name: path.read_text() for path in (mixed / "report.html", *sorted(folder.glob("*.html")))}


def browsed(page: str, folder: Path) -> dict[str, Any]:
    """Return what a browser says of a page that is watched."""
    (folder / "page.html").write_text(page.replace("<head>", f"<head>{WATCH}", 1))
    argv = [
        path_of_browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
        "--virtual-time-budget=20000", "--dump-dom", (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(html.unescape(re.findall(r"\{.*\}", done.stdout)[0]))
    return found


@pytest.mark.parametrize("name", ["report.html", "compare.html", "trend.html"])
def test_a_page_does_what_its_policy_allows(name: str, pages: dict[str, str], tmp_path: Path) -> None:
    """Its own script sorts tables, and its own style applies; what somebody planted in it is not obeyed."""
    page = pages[name]
    planted = page.replace("</main>", f"{PLANTED}</main>", 1)
    seen = browsed(page, tmp_path)
    assert seen["obeyed"] == seen["forbidden"] == [] and seen["sorted"] > 0
    seen = browsed(planted, tmp_path)
    assert seen["obeyed"] == [] and seen["sorted"] > 0 and len(seen["forbidden"]) >= 4
    # The planted is as it would be obeyed.
    without = browsed(POLICY.sub("", planted), tmp_path)
    assert sorted(without["obeyed"]) == ["click", "file", "handler", "script", "style"]
