"""Timelines: what is left out is said, and what happened can be told apart."""

from __future__ import annotations

from drawings import SVG, named, parsed, texts

from bench.report import charts
from bench.report.charts import Lane, Span


def test_a_timeline_says_what_it_leaves_out() -> None:
    """Of many lanes the first forty are drawn; the picture and the words say so."""
    lanes = [Lane(f"task {i:03}", [Span(i, i + 1, "running")]) for i in range(123)]
    drawing = charts.gantt("t", lanes)
    assert sum(text.startswith("task ") for text in texts(drawing)) == 40
    assert "The first 40 of 123 lanes." in texts(drawing) and "123 lanes" in drawing.alt and "first 40" in drawing.alt
    assert "The first" not in charts.gantt("t", lanes[:40]).alt


def test_kinds_of_spans_differ_by_more_than_colour() -> None:
    """What failed and what is under way are hatched, and the legend names what there is."""
    root = parsed(named(["a"])["gantt"])
    assert len(list(root.iter(f"{SVG}pattern"))) == 2
    assert {"running", "failed", "waiting", "transition"} <= set(texts(named(["a"])["gantt"]))
    only = charts.gantt("t", [Lane("a", [Span(0, 1, "running")]), Lane("b", [])])
    assert "waiting" not in texts(only) and "none" in texts(only)
