"""The plain adapter, and one variant of it for every way in which a tool can get a pattern wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from churn_plain.adapter import catalogue, shapes
from churn_plain.adapter.library import Threads
from contract import body
from contract.adapter import Adapter, Reported, Setup, Started
from contract.events import Trial
from contract.host import serve
from contract.workload import Node, Retry

Attempt = Callable[[Node, Trial, dict[str, str]], str]


def honest() -> None:
    """Plant nothing."""


# Retries


def retries_once_too_often() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        token = right(node, trial, inputs)
        return right(replace(node, fault=None), trial, inputs) if node.fault else token

    shapes.attempt = attempt


def does_not_wait() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        return right(replace(node, retry=Retry(node.retry.times, 0.0)) if node.retry else node, trial, inputs)

    shapes.attempt = attempt


def retries_what_is_final() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        try:
            return right(node, trial, inputs)
        except body.FinalFault:
            return right(node, trial, inputs)

    shapes.attempt = attempt


def runs_a_neighbour_again() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        if node.id == "beside":
            right(node, trial, inputs)
        return right(node, trial, inputs)

    shapes.attempt = attempt


def goes_on_below_a_failure() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        try:
            return right(node, trial, inputs)
        except body.PlannedFault:
            return node.token(inputs)

    shapes.attempt = attempt


def runs_twice_what_is_shared() -> None:
    def attempt(node: Node, trial: Trial, inputs: dict[str, str], right: Attempt = shapes.attempt) -> str:
        if node.id == "clean":
            right(node, trial, inputs)
        return right(node, trial, inputs)

    shapes.attempt = attempt


# Kept results: an edit of the author's own file, which is then deployed as it is


def _rewritten(old: str, new: str) -> None:
    right = catalogue.write_caching

    def write_caching(folder: Path, numbers: Mapping[str, int]) -> Path:
        file = right(folder, numbers)
        source = file.read_text()
        assert source.count(old) == 1, old
        file.write_text(source.replace(old, new))
        return file

    catalogue.write_caching = write_caching


def keeps_nothing() -> None:
    _rewritten("use(kept(compute, *arguments))", "use(compute(*arguments))")


def looks_at_the_code_alone() -> None:
    _rewritten("key.encode() + Path(__file__).read_bytes()", "Path(__file__).read_bytes()")


def does_not_look_at_the_code() -> None:
    _rewritten("key.encode() + Path(__file__).read_bytes()", "key.encode()")


def looks_at_the_body_alone() -> None:
    _rewritten("Path(__file__).read_bytes()", "Path(__file__).read_text().partition('helper = ')[0].encode()")


def never_forgets() -> None:
    _rewritten("< KEPT_S", "< 3600")


def falls_over_a_broken_file() -> None:
    _rewritten("except (FileNotFoundError, pickle.UnpicklingError)", "except FileNotFoundError")


def does_not_lock() -> None:
    _rewritten("fcntl.flock(lock, fcntl.LOCK_EX)", "pass")


def refuses_what_cannot_be_hashed() -> None:
    _rewritten("except TypeError:\n        return call(*arguments)", "except TypeError:\n        raise")


# Tasks beside each other


def _with_threads(count: Callable[[int], int]) -> None:
    right = Threads._make_pool

    def make_pool(self: Threads, width: int) -> Executor:
        return right(self, count(width))

    Threads._make_pool = make_pool  # type: ignore[method-assign]


def runs_one_after_another() -> None:
    _with_threads(lambda _width: 1)


def exceeds_the_width() -> None:
    _with_threads(lambda width: 2 * width)


# What the tool says of itself


def _reports(reported: Reported) -> None:
    def answer(_self: Adapter, _run: str) -> Reported:
        return reported

    Threads.reported = answer  # type: ignore[method-assign, assignment]


def reports_other_tries() -> None:
    _reports(Reported(attempts={"faulty": 7}))


def reports_other_times() -> None:
    _reports(Reported(tasks={f"n{number}": (0.0, 1.0) for number in range(4)}))


# Frames


def _after_make(change: Callable[[Any], Any]) -> None:
    from churn_plain.pipelines import passing

    right = passing.take
    passing.take = lambda table: right(change(table))


def hands_on_a_truncated_frame() -> None:
    _after_make(lambda table: table.iloc[:-1])


def loses_the_frame_without_a_word() -> None:
    from churn_plain.pipelines import passing

    passing.take = lambda table: None


# Parameters


def believes_every_parameter() -> None:
    right = catalogue.parameters_of

    def parameters_of(pipeline: str, values: Mapping[str, Any]) -> object:
        known = {name: value for name, value in values.items() if name != "trees"}
        known |= {name: 5 for name in ("n_estimators",) if known.get(name) == "many"}
        known |= {name: 0.25 for name in ("held_out",) if known.get(name) == 0.9}
        return right(pipeline, known)

    catalogue.parameters_of = parameters_of


def ignores_what_is_overridden() -> None:
    right = catalogue.parameters_of
    catalogue.parameters_of = lambda pipeline, values: right(pipeline, {k: v for k, v in values.items() if k != "max_depth"})


# One task or many


def tries_everything_again() -> None:
    right = catalogue.run

    def run(pipeline: str, parameters: Any, pool: Executor, caching: Path) -> None:
        right("train_whole" if pipeline == "train" else pipeline, parameters, pool, caching)

    catalogue.run = run


FAULTS = (
    honest,
    retries_once_too_often,
    does_not_wait,
    retries_what_is_final,
    runs_a_neighbour_again,
    goes_on_below_a_failure,
    runs_twice_what_is_shared,
    keeps_nothing,
    looks_at_the_code_alone,
    does_not_look_at_the_code,
    looks_at_the_body_alone,
    never_forgets,
    falls_over_a_broken_file,
    does_not_lock,
    refuses_what_cannot_be_hashed,
    runs_one_after_another,
    exceeds_the_width,
    reports_other_tries,
    reports_other_times,
    hands_on_a_truncated_frame,
    loses_the_frame_without_a_word,
    believes_every_parameter,
    ignores_what_is_overridden,
    tries_everything_again,
)


def _planted(plant: Callable[[], None]) -> Callable[[], Adapter]:
    class Planted(Threads):
        def start(self, setup: Setup) -> Started:
            plant()
            return super().start(setup)

    return Planted


if __name__ == "__main__":
    serve({plant.__name__: _planted(plant) for plant in FAULTS})
