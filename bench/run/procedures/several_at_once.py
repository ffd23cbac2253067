"""Runs that are asked for at the same moment, each with a separate timeline."""

from __future__ import annotations

import time

from bench.run.procedures.once import bring_about
from bench.run.procedures.scene import Scene
from bench.scenarios.kit.procedures import Before, SeveralAtOnce


def carry_out(scene: Scene, asked: SeveralAtOnce) -> None:
    """Ask for all of them, and see each through."""
    scene.check_supported(asked.runs)
    bring_about(scene, Before())
    time.sleep(scene.pause_s)
    meet = {asked.meet: asked.runs} if asked.meet else {}
    names = [str(number) for number in range(1, asked.runs + 1)]
    runs = [scene.submit(name, meet) for name in names]
    for run in runs:
        scene.end(run)
    # Only now: to ask for the records of one run would disturb those that still go on.
    for name, run in zip(names, runs, strict=True):
        scene.see_through(run, name)
