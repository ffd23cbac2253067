"""A report in a browser: on a phone and on a wide screen, in light and in dark."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)

pytest_plugins = ["report_runs"]  # its runs are made once for all tests
pytestmark = [
    pytest.mark.xdist_group("report"),
    # `make` can bring Python packages, but no browser. GitHub's machines have one, so that no change gets by without these.
    pytest.mark.skipif(
        BROWSER is None and "GITHUB_ACTIONS" not in os.environ,
        reason="there is no Chromium or Chrome here, and `make` installs Python packages only: that the report can be "
        "sorted, filtered, read at the width of a phone, and read by all is not tested (what it says is); to test that too, "
        "put chromium, chromium-browser or google-chrome on the PATH",
    ),
]

SCHEMES = {"dark": 0, "light": 1}
"""The colours that a reader likes, as the browser's engine numbers them."""

# The policy forbids all that the page could fetch, and the browser reports what was forbidden.
LOOK = """<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<script>
const errors = [], fetched = [];
addEventListener("securitypolicyviolation", (event) => fetched.push(event.blockedURI));
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
    errors, fetched, up: sorted(), down: sorted(),
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
    assert BROWSER, "there is no chromium, chromium-browser or google-chrome on the PATH"
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
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
        "--allow-file-access-from-files", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
        f"--window-size={width + 100},2200", "--virtual-time-budget=60000", "--dump-dom", (folder / "page.html").as_uri(),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(html.unescape(re.findall(r"<body>(.*?)</body>", done.stdout, re.DOTALL)[0]))
    assert found["dark"] == (scheme == "dark")
    return found


def test_a_browser_shows_it(seen: dict[str, Any]) -> None:
    """No script error, nothing fetched, no sideways scrolling of the page, with all that folds folded or open."""
    assert (seen["errors"], seen["fetched"], seen["overflow"]) == ([], [], 0)


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
