"""How each procedure of `bench.scenarios.kit.procedures` is carried out: composed of small calls of an engine."""

from __future__ import annotations

from bench.run.procedures import cancel_in_the_middle, kill_and_restart, once, several_at_once
from bench.run.procedures.scene import Scene, TooLong
from bench.scenarios.kit.procedures import CancelInTheMiddle, KillAndRestart, Once, SeveralAtOnce

__all__ = ["Scene", "TooLong", "carry_out"]


def carry_out(scene: Scene) -> None:
    """Do with the engine what the case asks for; the scene keeps what came of it."""
    match scene.case.procedure:
        case Once() as asked:
            once.carry_out(scene, asked)
        case SeveralAtOnce() as asked:
            several_at_once.carry_out(scene, asked)
        case CancelInTheMiddle() as asked:
            cancel_in_the_middle.carry_out(scene, asked)
        case KillAndRestart() as asked:
            kill_and_restart.carry_out(scene, asked)
