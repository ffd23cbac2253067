"""Charts: dots with their intervals, curves with their lines, and timelines, each with the words that stand for it."""

from bench.report.charts.curves import Curve, curves
from bench.report.charts.dots import Mark, Panel, dots
from bench.report.charts.drawing import Drawing
from bench.report.charts.gantt import Lane, Span, gantt

__all__ = ["Curve", "Drawing", "Lane", "Mark", "Panel", "Span", "curves", "dots", "gantt"]
