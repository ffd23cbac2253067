"""A service that is killed and started again: whether the engine serves another run, and still knows the one before."""

from __future__ import annotations

import time

from bench.run.channel import UnsupportedWork
from bench.run.procedures.scene import Scene
from bench.scenarios.kit.procedures import KillAndRestart


def carry_out(scene: Scene, asked: KillAndRestart) -> None:
    """See a run through, kill the service, start it again, and see another run through."""
    scene.check_supported()
    if asked.service not in (services := scene.engine.services()):
        raise UnsupportedWork(f"it has no service {asked.service!r}; it has {', '.join(services) or 'none'}")
    scene.wait_for_phase()
    first = scene.submit("1")
    scene.see_through(first, "1")
    before = time.monotonic()
    scene.engine.kill_service(asked.service)
    scene.engine.restart_service(asked.service)
    scene.facts["ready_again_s"] = time.monotonic() - before
    scene.facts["known_afterwards"] = first.state()
    scene.see_through(scene.submit("2"), "2")
