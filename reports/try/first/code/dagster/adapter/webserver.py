"""Dagster's webserver, which can only be found by whoever knows its path prefix.

Dagster's own redirects `/` to the prefix. It would tell the prefix to every user of the machine, and to a web page that
has its own name stand for 127.0.0.1 (DNS rebinding), which may read the answer.
"""

from __future__ import annotations

from dagster_webserver import app
from dagster_webserver.cli import main
from dagster_webserver.webserver import DagsterWebserver
from starlette.routing import BaseRoute, Mount


class Webserver(DagsterWebserver):
    """Everything below the prefix, and nothing beside it; so nothing at all where there is no prefix."""

    def build_routes(self) -> list[BaseRoute]:
        routes = super().build_routes()
        return [route for route in routes if isinstance(route, Mount) and route.path == self._app_path_prefix]


if __name__ == "__main__":
    app.DagsterWebserver = Webserver  # no option of the command says which class is served
    main()
