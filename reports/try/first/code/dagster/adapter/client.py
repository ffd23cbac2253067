"""The webserver's GraphQL API, as far as the adapter needs it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from typing import Any, Final

from contract.adapter import Refused
from contract.servers import HOST

LOCATION = "workloads"
"""The name of the one code location."""

REPOSITORY = "workloads"
"""The name of the repository in it: that of the function in `definitions.py`."""

_REPOSITORY: Final = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY}

_HEALTH = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"

_LOCATION = """query($name: String!) { workspaceLocationEntryOrError(name: $name) {
    __typename ... on WorkspaceLocationEntry { locationOrLoadError { __typename } } } }"""

_RELOAD = """mutation($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } }
    ... on PythonError { message } } }"""

_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on PythonError { message } } }"""

_STATUS = "query($run: ID!) { runOrError(runId: $run) { __typename ... on Run { status } } }"

_TERMINATE = """mutation($run: String!) { terminateRun(runId: $run) {
    __typename ... on TerminateRunFailure { message } ... on PythonError { message } } }"""

_TIMES = """query($run: ID!) { runOrError(runId: $run) { __typename ... on Run {
    jobName creationTime startTime endTime stepStats { stepKey status startTime endTime attempts { startTime } } } } }"""

_STALE = """query($job: PipelineSelector!) { assetNodes(pipeline: $job) {
    assetKey { path } isMaterializable staleStatus dependedByKeys { path } } }"""


class Unexpected(RuntimeError):
    """The webserver answered, but not with what was asked for."""


class Client:
    """Queries and mutations of one webserver."""

    def __init__(self, port: int, path_prefix: str) -> None:
        """Speak to the webserver on this port, below its path prefix."""
        self.port, self.path_prefix = port, path_prefix
        self.url = f"http://{HOST}:{port}{path_prefix}"

    def daemons_are_healthy(self) -> bool:
        """Whether every daemon that the instance requires has sent a heartbeat."""
        statuses = self._ask(_HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(each["healthy"] for each in statuses if each["required"])

    def location_is_loaded(self) -> bool:
        """Whether the webserver has the code location."""
        entry = self._ask(_LOCATION, name=LOCATION)["workspaceLocationEntryOrError"] or {}
        return _type(entry.get("locationOrLoadError")) == "RepositoryLocation"

    def reloads_location(self) -> bool:
        """Whether the code server loads its code again; it answers nothing while it starts, nor does the webserver."""
        try:
            self.reload_location()
        except (OSError, Unexpected):
            return False
        return True

    def reload_location(self) -> None:
        """Have the code server load its code again, and return when it has."""
        entry = self._ask(_RELOAD, name=LOCATION)["reloadRepositoryLocation"]
        loaded = entry.get("locationOrLoadError", entry)
        if _type(loaded) != "RepositoryLocation":
            raise Unexpected(f"the code location was not reloaded: {loaded}")

    def launch(self, job: str, run_config: dict[str, object], assets: Sequence[str] = ()) -> str:
        """Launch a run of the job, or of these of its assets, and return its id."""
        selector: dict[str, object] = {**_REPOSITORY, "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": [asset]} for asset in assets]
        answer = self._ask(_LAUNCH, params={"selector": selector, "runConfigData": run_config})["launchRun"]
        if _type(answer) == "RunConfigValidationInvalid":
            raise Refused("; ".join(error["message"] for error in answer["errors"]))
        if _type(answer) != "LaunchRunSuccess":
            raise Unexpected(f"{job} was not launched: {answer}")
        return str(answer["run"]["runId"])

    def stale_and_fresh(self, job: str) -> tuple[list[str], list[str]]:
        """Return the job's assets that have to be made, with all that depends on them, and those that are up to date."""
        nodes = self._ask(_STALE, job={**_REPOSITORY, "pipelineName": job})["assetNodes"]
        nodes = {_key(each["assetKey"]): each for each in nodes if each["isMaterializable"]}
        # Dagster looks at an asset's own inputs: what is two steps below a change is fresh, until what is between is made.
        look_at = [key for key, each in nodes.items() if each["staleStatus"] != "FRESH"]
        stale: set[str] = set()
        while look_at:
            stale.add(key := look_at.pop())
            look_at += [child for each in nodes[key]["dependedByKeys"] if (child := _key(each)) in nodes.keys() - stale]
        return sorted(stale), sorted(nodes.keys() - stale)

    def status(self, run: str) -> str:
        """Return Dagster's status of the run."""
        return str(self._run(_STATUS, run)["status"])

    def terminate(self, run: str) -> None:
        """End the run."""
        answer = self._ask(_TERMINATE, run=run)["terminateRun"]
        if _type(answer) != "TerminateRunSuccess":
            raise Unexpected(f"run {run} was not terminated: {answer}")

    def times(self, run: str) -> dict[str, Any]:
        """Return the run's job and times, and those of its steps."""
        return self._run(_TIMES, run)

    def _run(self, query: str, run: str) -> dict[str, Any]:
        answer = self._ask(query, run=run)["runOrError"]
        if _type(answer) != "Run":
            raise Unexpected(f"there is no run {run}: {answer}")
        return dict(answer)

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = self._post("graphql", json.dumps({"query": query, "variables": variables}).encode())
        if answer.get("errors"):
            raise Unexpected(str(answer["errors"]))
        return dict(answer["data"])

    def _post(self, path: str, body: bytes) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/{path}", body, headers)  # noqa: S310 - see below
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own loopback URL
            return json.load(response)


def _type(answer: dict[str, Any] | None) -> str | None:
    return answer["__typename"] if answer else None


def _key(key: dict[str, Any]) -> str:
    return "/".join(key["path"])
