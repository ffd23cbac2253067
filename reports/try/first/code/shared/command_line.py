"""`python -m churn_<name> train|infer|check`: the same options for every implementation, made of the parameters' fields."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

from churn.check import checked
from churn.parameters import SECRETS, Inference, Training
from churn.problem import BadData, BadParameters, GateFailed, NoChampion, UnsafeModel
from churn.source import SourceUnavailable

_TYPES = {"int": int, "float": float, "str": str}


def main(name: str, train: Callable[[Training], object], infer: Callable[[Inference], object]) -> None:
    """Run the pipeline that the command line names; what the reader can mend ends with one line and exit code 2."""
    try:
        _run(_parser(name).parse_args(), train, infer)
    except (BadData, BadParameters, NoChampion, UnsafeModel) as problem:
        _end(f"{name}: {problem}", 2)
    except SourceUnavailable as error:
        _end(f"{name}: the source of the customers failed to the last: {error}", 1)
    except GateFailed as refusal:
        _end(f"{name}: nothing was registered: {refusal}", 1)


def parameters_of(options: argparse.Namespace) -> Training | Inference:
    """Return the parameters that the options stand for."""
    values = {key: value for key, value in vars(options).items() if key not in {"pipeline", "tag"}}
    if values.get("data") and "://" not in values["data"]:
        values["data"] = str(Path(values["data"]).absolute())  # a server's working directory is another one
    if values.get("predictions"):
        values["predictions"] = str(Path(values["predictions"]).absolute())
    tags = dict(each.split("=", 1) if "=" in each else (each, "") for each in options.tag)
    kind = Training if options.pipeline == "train" else Inference
    return kind(**values, tags=tags)


def _run(options: argparse.Namespace, train: Callable[[Training], object], infer: Callable[[Inference], object]) -> None:
    if options.pipeline == "check":
        print(f"{options.file}: {checked(options.file)} customers, nothing wrong with them")
        return
    parameters = parameters_of(options)
    result = train(parameters) if isinstance(parameters, Training) else infer(parameters)
    if result is not None:
        print(result)


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m churn_{name}", description="The churn pipelines.")
    commands = parser.add_subparsers(dest="pipeline", required=True)
    for command, kind, about in (
        ("train", Training, "train three models, and register the best one if it is good enough"),
        ("infer", Inference, "score customers with the champion"),
    ):
        sub = commands.add_parser(command, help=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        for each in dataclasses.fields(kind):
            if each.name != "tags":
                option = f"--{each.name.replace('_', '-')}"
                hint = f"or ${SECRETS[each.name]}, which neither `ps` nor the tool shows" if each.name in SECRETS else " "
                sub.add_argument(option, type=_TYPES[str(each.type)], default=each.default, help=hint)
        sub.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="put on every MLflow run")
    commands.add_parser("check", help="say what is wrong with a file of customers").add_argument("file")
    return parser


def _end(message: str, code: int) -> None:
    print(" ".join(message.split()), file=sys.stderr)
    sys.exit(code)
