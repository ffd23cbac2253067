"""What a report shows of the code: the parts that are named, with their lines counted right, and all of it as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from conftest import ROOT
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pages import OBEYED, Page
from small_runs import made_up_record

from bench.derive.excerpts import Excerpt, counted, excerpts, pipeline_files, pipeline_lines
from bench.plan.about import About
from bench.report.highlighting import highlighted
from bench.store.folder import RunFolder
from bench.store.records import RunRecord


def record(excerpts_of: Mapping[str, dict[str, list[str]]]) -> RunRecord:
    """Return the record of a run of these tools."""
    tools = {tool: About(excerpts=parts) for tool, parts in excerpts_of.items()}
    return made_up_record(orchestrators=list(excerpts_of), tools=tools)


def keep(folder: Path, sources: Mapping[str, str]) -> RunFolder:
    """Return a run that has kept these sources."""
    for name, text in sources.items():
        file = folder / "code" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return RunFolder(folder)


def shown(folder: Path, source: str, *names: str) -> Excerpt:
    """Return what a report shows of the named parts of one source."""
    (found,) = excerpts(keep(folder, {"tool/a.py": source}), record({"tool": {"some": list(names)}}), "some")
    return found


def rendered(found: Iterable[Excerpt]) -> str:
    """Return what the template makes of it."""
    templates = FileSystemLoader(ROOT / "bench" / "report" / "templates")
    environment = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)
    environment.filters["highlighted"] = highlighted
    return environment.from_string('{% from "_code.html" import code %}{{ code(found, []) }}').render(found=found)


# Counting and finding --------------------------------------------------------------------------------------------------

SOURCE = '''"""A module."""

import os
from typing import (
    Any,
)

# Why it is
# so many.
COUNT = 1
"""A docstring of a value."""

OTHER = [
    1,

    2,  # the last
]


@decorated(
    times=2,
)
# between
@again
def function(argument: str) -> str:
    """A docstring

    of three lines.
    """
    # a comment

    text = """a string that is
no docstring

# nor a comment
"""
    return text + argument


class Class(Base):
    """A class."""

    field: int = 1
    """A docstring of a field."""

    # About the method.
    @property
    def method(self) -> int:
        return self.field


with opened() as handle:
    handle.read()

TEXT = r"""
# no comment"""
AFTER = [
]
'''


@pytest.mark.parametrize(
    ("name", "place", "lines"),
    [
        ("COUNT", "8-11", 1),
        ("OTHER", "13-17", 4),
        ("function", "20-37", 11),
        ("Class", "40-49", 5),
        ("Class.field", "43-44", 1),
        ("Class.method", "46-49", 3),
        ("handle", "52-53", 2),
        ("TEXT", "55-56", 2),
        ("AFTER", "57-58", 2),
    ],
)
def test_a_part_is_found_and_its_lines_of_code_are_counted(name: str, place: str, lines: int, tmp_path: Path) -> None:
    """Decorators and comments above belong to it; blank lines, comments and docstrings do not count, other strings do."""
    found = shown(tmp_path, SOURCE, f"a.py:{name}")
    first, last = map(int, place.split("-"))
    own = SOURCE.split("\n")[first - 1 : last]
    indent = len(own[0]) - len(own[0].lstrip())
    assert (found.places, found.lines) == ((f"a.py:{place}",), lines)
    assert found.text == "\n".join(line[indent:] for line in own)


def test_a_whole_module_is_shown_without_its_imports(tmp_path: Path) -> None:
    """All the rest is there, as it stands in the file."""
    found = shown(tmp_path, SOURCE, "a.py")
    imports = "import os\nfrom typing import (\n    Any,\n)\n\n"
    assert found.text == SOURCE.replace(imports, "").strip()
    assert found.lines == 1 + 4 + 11 + 5 + 2 + 2 + 2


def test_parts_are_joined_in_the_order_of_their_names(tmp_path: Path) -> None:
    """An empty line is between them, and each has its place."""
    found = shown(tmp_path, "def a():\n    pass\ndef b():\n    pass\n", "a.py:b", "a.py:a")
    assert found.text == "def b():\n    pass\n\ndef a():\n    pass"
    assert found.places == ("a.py:3-4", "a.py:1-2") and found.lines == 4


def test_names_words_strings_comments_and_numbers_are_told_apart(tmp_path: Path) -> None:
    """Each has the class that the style sheet has a colour for."""
    found = shown(tmp_path, "@cached\ndef double(x):\n    return 'two', 2 * x  # twice\n", "a.py:double")
    for span in ('n">@cached', 'k">def', 'n">double', 'k">return', 's">&#39;two&#39;', 'm">2', 'c"># twice'):
        assert f'<span class="{span}</span>' in highlighted(found.text)


ROOM = {
    "training.py": "from churn_tool.pipelines.common import a\nfrom churn.models import b\nb(a)\n",  # 3
    "inference.py": "import churn_tool.pipelines.common\n\n\ndef f():\n    from churn_tool.pipelines import late\n",  # 3
    "common.py": '"""Text."""\n\nfrom churn_tool.pipelines import late, training\n\na = late.x\n',  # 2
    "late.py": "x = 1\n",  # 1
    "models.py": "not = the core's\n",
    "deployment.py": (  # 3
        "from churn_tool.pipelines import training\nfrom churn_tool.pipelines.told import x\nprint(training)\n"
    ),
    "told.py": "x = 2\n",  # 1
    "other.py": "x = 3\n",
}
"""The pipelines of a tool, of which 13 lines count."""


def test_modules_are_followed_and_counted_once(tmp_path: Path) -> None:
    """What the pipelines and their deployment import counts once, and what nobody imports does not count."""
    folder = keep(
        tmp_path, {f"tool/pipelines/{name}": text for name, text in ROOM.items()} | {"half/training.py": "x = 3\n"}
    )
    run = record({"tool": {}, "half": {}, "lost": {}})
    names = ("training.py", "inference.py", "deployment.py", "common.py", "late.py", "told.py")
    assert pipeline_files(folder, run) == {"tool": tuple(f"pipelines/{name}" for name in names)}
    assert pipeline_lines(folder, run) == {"tool": 3 + 3 + 3 + 2 + 1 + 1}


def test_another_style_counts_its_own_modules_and_what_they_share(tmp_path: Path) -> None:
    """The modules that the tool names are followed; a tool that lacks one of them, or the style, has no count of it."""
    short = {"training_short.py": "from churn_tool.pipelines import late\nlate.x\n", "inference_short.py": "y = 2\n"}
    folder = keep(tmp_path, {f"tool/pipelines/{name}": text for name, text in (ROOM | short).items()})
    styles = {"short": [f"pipelines/{name}" for name in short], "lost": ["pipelines/training_short.py", "pipelines/lost.py"]}
    run = made_up_record(orchestrators=["tool", "other"], tools={"tool": About(styles=styles), "other": About()})
    assert pipeline_files(folder, run, "short") == {"tool": (*styles["short"], "pipelines/late.py")}
    assert pipeline_lines(folder, run, "short") == {"tool": 2 + 1 + 1}
    assert pipeline_lines(folder, run) == {"tool": 3 + 3 + 3 + 2 + 1 + 1}
    assert {row.scenario: row.lines for row in counted(folder, run)} == {"pipeline": 13, "pipeline_short": 4}


def test_pipelines_without_a_room_count_the_same(tmp_path: Path) -> None:
    """A run from before the rooms has kept its pipelines beside all its other sources."""
    folder = keep(tmp_path, {f"tool/{name}": text.replace(".pipelines", "") for name, text in ROOM.items()})
    run = record({"tool": {}})
    names = ("training.py", "inference.py", "deployment.py", "common.py", "late.py", "told.py")
    assert pipeline_files(folder, run) == {"tool": names}
    assert pipeline_lines(folder, run) == {"tool": 3 + 3 + 3 + 2 + 1 + 1}


# What goes wrong -------------------------------------------------------------------------------------------------------

HOSTILE = '''def attack():
    """</pre><script>alert(1)</script>"""
    # </code></pre><img src=x onerror=alert(2)>
    return "'\\"><svg/onload=alert(3)>&amp;" < x > y
'''


def test_hostile_code_is_text(tmp_path: Path) -> None:
    """Markup in code, in names of files and in names of tools is shown, and does nothing."""
    tool = "<b onclick=alert(4)>"
    folder = keep(tmp_path, {f"{tool}/a.py": HOSTILE})
    found = excerpts(folder, record({tool: {"some": ["a.py:attack", "<i>.py:<u>"]}}), "some")
    page = Page(rendered(found))
    assert set(page.tags) == {"div", "section", "h4", "p", "pre", "code", "span"}
    assert HOSTILE.strip() in page.text and tool in page.text and "<i>.py:<u>" in page.text


def test_code_is_shown_as_python_has_it(tmp_path: Path) -> None:
    """No comment can look like code: what turns the direction or hides what follows is escaped. Layout stays layout."""
    source = 'def attack():\r\n\tx = "\x1b[8m"  # \u202e\u2066safe()\u2069\u2028\x9b\r\n\treturn x\r\n'
    folder = keep(tmp_path, {})
    (tmp_path / "code/tool").mkdir(parents=True)
    (tmp_path / "code/tool/a.py").write_bytes(source.encode())
    page = rendered(excerpts(folder, record({"tool": {"some": ["a.py:attack"]}}), "some"))
    assert not OBEYED.search(page)
    shown = r"""def attack():
        x = "\x1b[8m"  # \u202e\u2066safe()\u2069\u2028\x9b
        return x"""
    assert shown in Page(page).text


@pytest.mark.parametrize(
    "name",
    [
        "gone.py",
        "a.py:gone",
        "a.py:x.y",
        "broken.py",
        "broken.py:x",
        "empty.py",
        "../../secret.py",
        "shared/../../secret.py",
    ],
)
def test_what_is_missing_is_said(name: str, tmp_path: Path) -> None:
    """A part that is not there, cannot be read or is no part of the run is named, and the others are shown."""
    sources = {"tool/a.py": "x = 1\n", "tool/broken.py": "def (\n", "tool/empty.py": "import os\n", "shared/a.py": "x = 2\n"}
    folder = keep(tmp_path, sources)
    (tmp_path / "secret.py").write_text("secret = 1\n")
    (found,) = excerpts(folder, record({"tool": {"some": [name, "a.py:x"]}}), "some")
    assert (found.missing, found.places, found.text) == ((name,), ("a.py:1",), "x = 1")
    page = Page(rendered([found])).text
    assert name in page and "of code" not in page  # a count of what is left would be a wrong one


def test_a_graph_by_hand_is_told_from_what_was_measured(tmp_path: Path) -> None:
    """Where the code is a small graph by hand, the page says what built the measured ones; elsewhere it says nothing."""
    folder = keep(tmp_path, {"tool/adapter/by_hand.py": "x = 1\n\n\ny = 2\n", "tool/adapter/shapes.py": "x = 1\n"})
    parts = {"small": ["adapter/by_hand.py:x", "adapter/by_hand.py:y"], "other": ["adapter/shapes.py:x"]}
    small, other = (Page(rendered(excerpts(folder, record({"tool": parts}), each))).text for each in parts)
    assert "by_hand.py:1, 4" in small and "shapes.py" in small
    assert "shapes.py:1" in other and "by hand" not in other


def test_a_run_without_kept_code_has_none() -> None:
    """Older runs have not kept their sources, and are reported without them."""
    folder = RunFolder(ROOT / "reports" / "sample")
    assert excerpts(folder, folder.run(), "overhead") == []
    assert pipeline_lines(folder, folder.run()) == {}


def test_each_code_can_be_reached_and_is_named(tmp_path: Path) -> None:
    """What scrolls has a name of its own, and takes the focus."""
    folder = keep(tmp_path, {"one/a.py": "x = 1\n", "two/a.py": "x = 1\ny = [\n]\n"})
    run = record({tool: {"some": ["a.py"], "other": ["a.py"]} for tool in ("one", "two")})
    page = Page(rendered(excerpts(folder, run, "some")) + rendered(excerpts(folder, run, "other")))
    boxes = [attributes for tag, attributes in page.elements if tag == "pre"]
    assert [(each["tabindex"], each["role"]) for each in boxes] == [("0", "region")] * 4
    assert len({each["aria-label"] for each in boxes}) == 4
    assert "1 line of code" in page.text and "3 lines of code" in page.text
