"""Runs that are asked for at once, each with a separate timeline."""

from __future__ import annotations

import time

from bench.run.footprint import cpu_s
from bench.run.procedures.once import bring_about
from bench.run.procedures.scene import Scene
from bench.scenarios.kit.procedures import Before, SeveralAtOnce


def carry_out(scene: Scene, asked: SeveralAtOnce) -> None:
    """Ask for all of them, see each through, and note the CPU time that the engine took until the last one was over.

    At once is one right after another: the adapter asks for a run when the tool has taken the one before. Ten requests at
    one moment would measure SQLite (docs/scenarios/load.md). How long the tool took to take all is noted too, because a look
    of the engine may come between two of them.
    """
    scene.check_supported(asked.runs)
    bring_about(scene, Before())
    scene.wait_for_phase()
    meet = {asked.meet: asked.runs} if asked.meet else {}
    names = [str(number) for number in range(1, asked.runs + 1)]
    before, began = cpu_s(scene.engine), time.monotonic()
    runs = [scene.submit(name, meet, among_others=True) for name in names]
    for run in runs:
        scene.accepted(run)
    scene.facts["taken_s"] = time.monotonic() - began
    for run in runs:
        scene.end(run)
    scene.facts["cpu_s"] = cpu_s(scene.engine) - before
    # Only now: to ask for the records of one run would disturb those that still go on.
    for name, run in zip(names, runs, strict=True):
        scene.see_through(run, name)
