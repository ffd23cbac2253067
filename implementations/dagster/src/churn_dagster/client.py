"""The webserver's GraphQL API, as far as the adapter needs it."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from contract.servers import HOST

LOCATION = "workloads"
"""The name of the one code location."""

REPOSITORY = "workloads"
"""The name of the repository in it: that of the function in `definitions.py`."""

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
    jobName creationTime startTime endTime stepStats { stepKey startTime endTime } } } }"""


class Refused(RuntimeError):
    """The webserver answered, but not with what was asked for."""


class Client:
    """Questions and orders to one webserver."""

    def __init__(self, port: int) -> None:
        """Speak to the webserver on this port."""
        self.port = port
        self.url = f"http://{HOST}:{port}"

    def daemons_are_healthy(self) -> bool:
        """Whether every daemon that the instance requires has sent a heartbeat."""
        statuses = self._ask(_HEALTH)["instance"]["daemonHealth"]["allDaemonStatuses"]
        return all(each["healthy"] for each in statuses if each["required"])

    def location_is_loaded(self) -> bool:
        """Whether the webserver has the code location."""
        entry = self._ask(_LOCATION, name=LOCATION)["workspaceLocationEntryOrError"] or {}
        return _type(entry.get("locationOrLoadError")) == "RepositoryLocation"

    def reload_location(self) -> None:
        """Have the code server load its code again, and return when it has."""
        entry = self._ask(_RELOAD, name=LOCATION)["reloadRepositoryLocation"]
        loaded = entry.get("locationOrLoadError", entry)
        if _type(loaded) != "RepositoryLocation":
            raise Refused(f"the code location was not reloaded: {loaded}")

    def launch(self, job: str, run_config: dict[str, object]) -> str:
        """Launch a run of the job, and return its id."""
        selector = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "jobName": job}
        answer = self._ask(_LAUNCH, params={"selector": selector, "runConfigData": run_config})["launchRun"]
        if _type(answer) != "LaunchRunSuccess":
            raise Refused(f"{job} was not launched: {answer}")
        return str(answer["run"]["runId"])

    def status(self, run: str) -> str:
        """Return Dagster's status of the run."""
        return str(self._run(_STATUS, run)["status"])

    def terminate(self, run: str) -> None:
        """End the run."""
        answer = self._ask(_TERMINATE, run=run)["terminateRun"]
        if _type(answer) != "TerminateRunSuccess":
            raise Refused(f"run {run} was not terminated: {answer}")

    def times(self, run: str) -> dict[str, Any]:
        """Return the run's job and times, and those of its steps."""
        return self._run(_TIMES, run)

    def _run(self, query: str, run: str) -> dict[str, Any]:
        answer = self._ask(query, run=run)["runOrError"]
        if _type(answer) != "Run":
            raise Refused(f"there is no run {run}: {answer}")
        return dict(answer)

    def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        question = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/graphql", question, headers)  # noqa: S310 - see below
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - our own loopback URL
            answer = json.load(response)
        if answer.get("errors"):
            raise Refused(str(answer["errors"]))
        return dict(answer["data"])


def _type(answer: dict[str, Any] | None) -> str | None:
    return answer["__typename"] if answer else None
