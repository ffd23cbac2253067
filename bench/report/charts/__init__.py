"""Charts: dots with intervals, curves with lines, and timelines, each with a description in words."""

import contextlib
import os
import sys
from pathlib import Path

# The font cache of matplotlib belongs to this environment, not to the user's home; matplotlib looks for it when imported.
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix, "var", "matplotlib")))
# It then reads the settings in the folder where somebody stands, which may be a stranger's.
with contextlib.chdir(Path(__file__).parent):
    import matplotlib as mpl  # noqa: F401 - the settings are read now

from bench.report.charts.curves import Curve, Fit, Point, Scales, curves
from bench.report.charts.dots import Mark, Panel, dots
from bench.report.charts.drawing import Drawing
from bench.report.charts.gantt import Lane, Span, gantt
from bench.report.charts.theme import Look

__all__ = ["Curve", "Drawing", "Fit", "Lane", "Look", "Mark", "Panel", "Point", "Scales", "Span", "curves", "dots", "gantt"]
