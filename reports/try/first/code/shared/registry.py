"""Where training runs are recorded and models are found by alias: MLflow, or plain files that show what MLflow costs.

`open_registry` is the door. MLflow's own settings are respected: without `MLFLOW_TRACKING_URI`, runs go to a SQLite file in
the churn home, and no server is needed. MLflow keeps one tracking URI for the process; it is set before each use, so that
nothing depends on who used it last.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from sklearn.pipeline import Pipeline

from churn import home, model_file, models
from churn.customers import MEASURES
from churn.features import TrainingSet
from churn.models import Candidate
from churn.parameters import Common, Training, or_secret
from churn.problem import NoChampion, UnsafeModel
from churn.uri import login_apart, shown

KEY: Final = "pipeline_run"
"""The tag that holds the orchestrator's own id of the run: a task that is tried again is known by it."""

_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # a benchmark must not phone home
    "MLFLOW_LOGGING_LEVEL": "ERROR",  # what it says of a run that goes well is nothing that a reader can act on
    "MLFLOW_UV_AUTO_DETECT": "false",  # what a model needs is said below; no lock file has to be looked for
}
"""MLflow's settings by environment variable, where the user has not set them."""


class Registry(ABC):
    """Records trained models, and knows which one is the champion."""

    @abstractmethod
    def record(
        self, model: Pipeline, kind: str, data: TrainingSet, parameters: Training, orchestrator: str, run: str
    ) -> Candidate:
        """Keep a trained model with metrics and parameters; a second call for the same run replaces the first record."""

    @abstractmethod
    def register(self, winner: Candidate, name: str, alias: str) -> str:
        """Make the candidate a version of the named model, put the alias on it, and return the version."""

    @abstractmethod
    def champion(self, name: str, alias: str) -> Pipeline:
        """Return the model that has the alias."""


def open_registry(parameters: Common) -> Registry:
    """Return the registry that the parameters ask for."""
    return MLflow() if parameters.tracking == "mlflow" else Files(home.folder("registry"))


# MLflow ----------------------------------------------------------------------------------------------------------------


class MLflow(Registry):
    """The tracking store and registry of MLflow."""

    def __init__(self, uri: str | None = None) -> None:
        """Use the given store, or the one that MLflow's environment variable names, or the embedded one."""
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        uri = uri or os.environ.get("MLFLOW_TRACKING_URI")
        self._file: Path | None = None
        self._artifacts: str | None = None
        if not uri:
            folder = home.folder("mlflow")
            uri = f"sqlite:///{folder / 'mlflow.db'}"
        if uri.startswith("sqlite:///"):
            # Without a server MLflow would put artifacts below whatever folder the process happens to be in.
            self._file = Path(uri.removeprefix("sqlite:///"))
            self._artifacts = (self._file.absolute().parent / "artifacts").as_uri()
        self._uri = _without_password(uri)

    def _mlflow(self) -> Any:
        import mlflow.sklearn  # noqa: PLC0415 - it takes seconds, and most tasks need no registry

        model_file.skops()  # MLflow would import it a moment later, with its warnings
        mlflow.set_tracking_uri(self._uri)
        return mlflow

    def _experiment(self, name: str) -> str:
        """Return the experiment's id; create it, and the database's tables, where they are not there."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        with self._one_at_a_time():
            client = self._mlflow().MlflowClient()
            if known := client.get_experiment_by_name(name):
                if self._artifacts is None or known.artifact_location == self._artifacts:
                    return str(known.experiment_id)
                # The folder of the store was copied or handed on: what it names lies in another folder, perhaps anybody's.
                client.rename_experiment(known.experiment_id, f"{name} before it was copied ({known.experiment_id})")
                client.delete_experiment(known.experiment_id)
            try:
                return str(client.create_experiment(name, self._artifacts))
            except MlflowException:  # a server has just been asked for it by another model's task
                return str(client.get_experiment_by_name(name).experiment_id)

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        # Where there is no server, models that are trained at once would all find an empty database and fill it.
        if self._file is None:
            yield
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def record(
        self, model: Pipeline, kind: str, data: TrainingSet, parameters: Training, orchestrator: str, run: str
    ) -> Candidate:
        """Log an MLflow run with parameters, metrics, dataset, signature and model."""
        experiment = self._experiment(parameters.experiment)
        mlflow = self._mlflow()
        metrics = models.evaluate(model, data)
        self._forget(experiment, run, kind)
        tags = {**parameters.tags, KEY: run, "model": kind}
        with _recorded_run(mlflow, experiment, f"{orchestrator} {kind}", tags) as mlflow_run:
            mlflow.log_params({"orchestrator": orchestrator, "kind": kind, **_logged(parameters)})
            mlflow.log_metrics(metrics)
            customers = data.table[list(MEASURES)].astype("float64")  # a whole number may be missing one day
            _log_dataset(mlflow, mlflow.data.from_pandas(customers, name="customers"))
            sample = customers.head(100)
            logged = _log_model(
                mlflow,
                mlflow_run,
                sk_model=model,
                name="model",
                signature=mlflow.models.infer_signature(sample, model.predict_proba(sample)),
                pyfunc_predict_fn="predict_proba",
                serialization_format="skops",
                skops_trusted_types=model_file.TRUSTED,
                pip_requirements=["orchbench-shared[churn]"],  # given, for MLflow would start a process to find out
            )
            return Candidate(kind, metrics, logged.model_uri, mlflow_run)

    def _forget(self, experiment: str, run: str, kind: str) -> None:
        """Delete what an earlier attempt of the same task left, also when it failed after it had recorded all."""
        client = self._mlflow().MlflowClient()
        earlier = client.search_runs([experiment], f"tags.{KEY} = '{run}' and tags.model = '{kind}'")
        for each in earlier:
            for output in each.outputs.model_outputs if each.outputs else []:
                client.delete_logged_model(output.model_id)
            client.delete_run(each.info.run_id)

    def register(self, winner: Candidate, name: str, alias: str) -> str:
        """Register a version; the same candidate is not registered twice when the task is tried again."""
        client = self._mlflow().MlflowClient()
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        with contextlib.suppress(MlflowException):  # it is there already
            client.create_registered_model(name)
        known = [each for each in client.search_model_versions(f"name = '{name}'") if each.run_id == winner.run]
        version = known[0] if known else client.create_model_version(name, winner.location, winner.run)
        client.set_registered_model_alias(name, alias, version.version)
        return str(version.version)

    def champion(self, name: str, alias: str) -> Pipeline:
        """Fetch `models:/NAME@ALIAS`, and load it ourselves: MLflow trusts what the model itself says is to be trusted."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        uri = f"models:/{name}@{alias}"
        mlflow = self._mlflow()
        try:
            folder = Path(mlflow.artifacts.download_artifacts(uri))
        except MlflowException as error:
            if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                raise
            raise NoChampion(f"no model is registered as {uri} in {shown(self._uri)}; train one first") from None
        if _format(mlflow, folder) != "skops":
            raise UnsafeModel(f"{uri} is refused, for it is not kept with skops and may run code when read; train one again")
        return model_file.read(folder / "model.skops")


def _without_password(uri: str) -> str:
    """Return the URI; if it is a server's with a password in it, MLflow gets that by its variables instead.

    MLflow quotes the URI in its errors. A tool keeps these, and the webhook is told of them.
    """
    bare, user, password = login_apart(uri)
    if not uri.startswith(("http://", "https://")) or not password:
        return uri
    os.environ |= {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": password}
    return bare


@contextmanager
def _recorded_run(mlflow: Any, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    with mlflow.start_run(experiment_id=experiment, run_name=name, tags=tags) as run:
        yield run.info.run_id


def _log_model(mlflow: Any, run: str, **options: Any) -> Any:
    """Log a model; try once more if MLflow fails to read a sound file back.

    MLflow reads the file to see that it can. NumPy, below it, parses headers with `ast.literal_eval`, and of two threads
    that do so at once one may get a SystemError from Python 3.11 before 3.11.8 (python/cpython#106905).
    """
    try:
        return mlflow.sklearn.log_model(**options)
    except mlflow.MlflowException as error:
        if not isinstance(error.__cause__, SystemError):
            raise
    client = mlflow.MlflowClient()
    experiment = client.get_run(run).info.experiment_id
    for broken in client.search_logged_models([experiment], filter_string=f"source_run_id = '{run}'"):
        client.delete_logged_model(broken.model_id)
    return mlflow.sklearn.log_model(**options)


def _format(mlflow: Any, folder: Path) -> object:
    """Return in which format a model of scikit-learn is kept."""
    try:
        return mlflow.models.Model.load(folder).flavors["sklearn"]["serialization_format"]
    except Exception:  # noqa: BLE001 - the file that says so may hold anything
        return None


def _log_dataset(mlflow: Any, dataset: Any) -> None:
    try:
        mlflow.log_input(dataset, context="training")
    except Exception:  # noqa: BLE001 - the database's own exception, or a server's
        # MLflow looks whether it knows the dataset, and then adds it. When models are trained at once, one of the runs
        # finds that another has added it in between; it is there now.
        mlflow.log_input(dataset, context="training")


def _logged(parameters: Training) -> dict[str, Any]:
    kept = {key: value for key, value in asdict(parameters).items() if key not in {"tags", "webhook", "experiment"}}
    return kept | {"data": shown(or_secret(parameters.data, "data"))}


def main() -> None:
    """Create the store that MLFLOW_TRACKING_URI names, with an experiment: the first run would otherwise pay for it."""
    MLflow()._experiment(Training().experiment)  # noqa: SLF001 - in the same module


# Files -----------------------------------------------------------------------------------------------------------------


class Files(Registry):
    """A folder with a file for each model, and one for each alias that says which model it stands for."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below the folder."""
        self._folder = folder

    def record(
        self, model: Pipeline, kind: str, data: TrainingSet, parameters: Training, orchestrator: str, run: str
    ) -> Candidate:
        """Write the model."""
        safe = "".join(character if character.isalnum() else "-" for character in run)
        path = self._folder / parameters.experiment / safe / f"{kind}.skops"
        with home.replacing(path) as new:
            model_file.write(model, new)
        return Candidate(kind, models.evaluate(model, data), str(path))

    def register(self, winner: Candidate, name: str, alias: str) -> str:
        """Write down where the model is."""
        with home.replacing(self._folder / f"{name}@{alias}.json") as new:
            new.write_text(json.dumps(winner.to_dict()))
        return winner.location

    def champion(self, name: str, alias: str) -> Pipeline:
        """Load the model that the alias stands for."""
        path = self._folder / f"{name}@{alias}.json"
        if not path.exists():
            raise NoChampion(f"no model is registered as {name}@{alias} in {self._folder}; train one first")
        try:
            location = Path(json.loads(path.read_text())["location"]).resolve()
        except (ValueError, TypeError, KeyError):
            raise UnsafeModel(f"{path} does not say where a model is; train one again") from None
        if not location.is_relative_to(self._folder.resolve()):
            raise UnsafeModel(f"{path} names a model outside of {self._folder}; train one again")
        if location.suffix == ".pickle":
            raise UnsafeModel(f"{location} is a pickle, which may run code when read; train one again")
        return model_file.read(location)


if __name__ == "__main__":
    main()
