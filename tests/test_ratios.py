"""What is divided by what."""

from __future__ import annotations

import pytest
from quantities import quantity, starts_of

from bench.derive.figures import Figure
from bench.derive.ratios import ratios
from bench.plan.setup import Setup
from bench.scenarios import METRICS
from bench.scenarios.kit.case import OWN_WIDTH, WIDTH, Axes


@pytest.mark.parametrize(("axes", "are_divided"), [({WIDTH: 2}, True), ({OWN_WIDTH: True}, False)])
def test_numbers_at_a_width_of_the_tools_own_are_divided_by_nothing(axes: Axes, *, are_divided: bool) -> None:
    """The widths differ on purpose; at the same width the same numbers have a ratio."""
    figures = [
        Figure(
            "parallelism",
            Setup(name, "service", "stock", "server", "a process per run", "sqlite", default=True),
            "many",
            METRICS["first_to_last_s"],
            quantity(starts_of(*values), name),
            axes=axes,
        )
        for name, values in (("airflow", (4.0, 4.1, 4.2)), ("dagster", (2.0, 2.1, 2.2)))
    ]
    keys = {figure.key for figure in figures}
    assert bool(list(ratios(figures, keys, keys, []))) == are_divided
