"""One run, from the submission to the end."""

from __future__ import annotations

import time
from pathlib import Path

from bench.run.footprint import sampled
from bench.run.procedures.scene import Scene
from bench.scenarios.kit.procedures import Before, Once

NO_RESULT = b"\0 this is not a result"


def carry_out(scene: Scene, asked: Once) -> None:
    """Bring about what the run is to meet, and see it through."""
    scene.check_supported()
    bring_about(scene, asked.before)
    scene.wait_for_phase()
    with sampled(scene.engine, scene.trial, wanted=asked.watched):
        run = scene.submit()
        scene.end(run)
    scene.see_through(run)  # outside: asking for the tool's own records takes memory too


def bring_about(scene: Scene, before: Before) -> None:
    """Do what is to be done before the run, in this order; none of it is timed."""
    if before.new_process:
        scene.engine.start_again(scene.works)
    time.sleep(before.wait_s)
    scene.engine.edit(before.editions)
    if before.spoil:
        kept = [Path(file) for file in scene.engine.kept()]
        for file in kept:
            file.unlink() if before.spoil == "delete" else file.write_bytes(NO_RESULT)
        if kept:
            scene.facts["spoiled"] = len(kept)
