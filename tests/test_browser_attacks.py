"""No web page in a browser of this machine can drive the servers that a run starts, or learn anything from them."""

from __future__ import annotations

import http.client
import json
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from browsers import needs_a_browser, path_of_browser

from bench.plan.setup import Setup, setups_of
from bench.plan.tools import Tool, discover
from bench.run import conformance, footprint
from bench.run.conformance import Candidate
from contract.servers import HOST
from contract.tree import descendants

RELOAD = "mutation { reloadWorkspace { __typename } }"
LAUNCH = f"""mutation {{ launchRun(executionParams: {{
    selector: {{repositoryLocationName: "workloads", repositoryName: "workloads", jobName: "{conformance.SHORT.name}_job"}},
    runConfigData: {{resources: {{trial: {{config: {{id: "x", events: "/dev/null", run: ""}}}}}}}}}}) {{ __typename }} }}"""

ASKED = {
    "airflow": (
        "/api/v2/dags", "/api/v2/connections", f"/api/v2/dags/{conformance.SHORT.name}/dagRuns", "/auth/token",
        "/execution/variables/x",
    ),
    "dagster": (
        *(f"/graphql?query={quote(query)}" for query in (RELOAD, LAUNCH, "{ version }")), "/graphql", "/",
        "/server_info", "/dagit_info", "/report_asset_materialization/value?data_version=9", "/logs/a.err", "/runs",
        "//graphql", "/../graphql", f"/dagster/graphql?query={quote(RELOAD)}",
    ),
    "prefect": ("/api/flow_runs/", "/api/flow_runs/filter", "/api/admin/version", "/api/variables/filter", "/api/events/in"),
}  # fmt: skip
"""What is asked of each tool's server, by GET and by POST: the paths that its documentation gives away."""

OPEN = {"airflow": ("/api/v2/monitor/health", "/api/v2/version"), "dagster": (), "prefect": ("/api/health", "/ui-settings")}
"""What is answered to whoever asks: it says nothing of the work, and still no page of another origin may read it."""

REFUSALS = {"dagster": {403, 404}}
"""How each tool refuses. Dagster has no login: there, nothing may be found. The others ask for a password first."""

HUNG_UP = 0
ANY_REFUSAL = {400, 401, 403, 404, 405, 415, 422, HUNG_UP}

RECORDS = {"airflow": ("airflow.db", "dag_run"), "dagster": ("runs.db", "runs"), "prefect": ("prefect.db", "flow_run")}
"""Where each tool keeps a row for each run."""

# Whatever a page may do without asking the server first, and two ways to read an answer.
PAGE = """<!doctype html><body><script>
const body = JSON.stringify({ query: RELOAD });
const read = [], heard = [];
const soon = (start) => Promise.race([new Promise(start), new Promise((end) => setTimeout(end, 5000))]);
async function reads(url, options) {
  try { const answer = await fetch(url, options); read.push([url, answer.status]); } catch {}
}
async function sends(url, options) {
  try { await fetch(url, { mode: "no-cors", ...options }); } catch {}
}
const loads = (url) => soon((end) => {
  const image = new Image();
  image.onload = image.onerror = end;
  image.src = url;
});
const posts = (url) => soon((end) => {
  const frame = document.createElement("iframe");
  frame.name = "frame" + document.querySelectorAll("iframe").length;
  document.body.appendChild(frame);
  const form = document.body.appendChild(document.createElement("form"));
  Object.assign(form, { action: url, method: "post", enctype: "text/plain", target: frame.name });
  form.appendChild(Object.assign(document.createElement("input"), { name: '{"x": "', value: '"}' }));
  // The empty page that a frame begins with may be read; one of another origin may not.
  frame.onload = () => { try { frame.contentWindow.location.href; } catch { end(); } };
  form.submit();
});
const connects = (url) => soon((end) => {
  const socket = new WebSocket(url.replace("http", "ws"), ["graphql-ws", "prefect"]);
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "connection_init" }));
    socket.send(JSON.stringify({ type: "start", id: "1", payload: { query: RELOAD } }));
  };
  socket.onmessage = (event) => { heard.push([url, String(event.data)]); end(); };
  socket.onerror = socket.onclose = end;
});
async function attack(url) {
  await reads(url, {});
  await reads(url, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  await sends(url, {});
  await sends(url, { method: "POST", headers: { "Content-Type": "text/plain" }, body });
  await sends(url, { method: "POST", body: new Blob([body]) });  // without a type, which some servers take for JSON
  await loads(url);
  await posts(url);
  await connects(url);
}
(async () => {
  await Promise.all(TARGETS.map(attack));
  await fetch("/over", { method: "POST", body: JSON.stringify({ read, heard }) });
})();
</script>"""


@dataclass
class Site:
    """A web server on the loopback that serves one page, and remembers what it was asked for."""

    page: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    said: dict[str, list[object]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port, and yield the origin."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(("UPGRADE" if self.headers["Upgrade"] else "GET", self.headers.get("Origin", "")))
                self._answer(site.page.encode())

            def do_POST(self) -> None:
                site.asked.append(("POST", self.headers.get("Origin", "")))
                said = self.rfile.read(int(self.headers["Content-Length"] or 0))
                self._answer(b"")
                if self.path == "/over":
                    site.said = json.loads(said)
                    site.over.set()

            def _answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer((HOST, 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://{HOST}:{server.server_port}"
            finally:
                server.shutdown()


def services() -> Iterator[tuple[Tool, Setup]]:
    """Return each tool at its service tier, in its default deployment; plain Python has no server."""
    for tool in discover().values():
        yield from (
            (tool, each) for each in setups_of(tool) if each.tier == "service" and each.default and not each.is_plain
        )


def marks(tool: Tool, setup: Setup) -> list[pytest.MarkDecorator]:
    """One worker for an engine; and only Dagster's webserver has no login of its own, so that it is always tried."""
    one_engine = pytest.mark.xdist_group(setup.label)
    return (
        [one_engine] if tool.name == "dagster" else [one_engine, pytest.mark.slow("one more engine, which asks for a login")]
    )


@pytest.fixture(scope="module", params=[pytest.param(each, id=each[0].name, marks=marks(*each)) for each in services()])
def victim(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Candidate]:
    """An engine that runs, with work that could be launched."""
    tool, setup = request.param
    with conformance.started(tool, setup, tmp_path_factory.mktemp(setup.label) / "start") as candidate:
        yield candidate


def targets(victim: Candidate, paths: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the URLs to ask, at each port on which the engine listens."""
    origins = [f"http://{address}" for address in footprint.listening(victim.engine)]
    assert origins, "it has no server: there is nothing to show"
    return [origin + path for origin in origins for path in paths[victim.setup.orchestrator]]


def done_by_it(victim: Candidate) -> tuple[int, set[int]]:
    """Return how many runs were launched, and which processes Dagster has its code in: it reloads code in a new one."""
    running = victim.engine.services()
    code_servers = descendants(running["code-server"]) if "code-server" in running else []
    file, table = RECORDS[victim.setup.orchestrator]
    (database,) = victim.engine.home.rglob(file)
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as records:
        (runs,) = records.execute(f"SELECT count(*) FROM {table}").fetchone()
    return runs, set(code_servers)


@contextmanager
def unmoved(victim: Candidate) -> Iterator[None]:
    """Assert that meanwhile no run is launched, and no code is loaded again."""
    runs, code_servers = done_by_it(victim)
    yield
    time.sleep(1)
    runs_now, code_servers_now = done_by_it(victim)
    assert (runs_now, code_servers_now - code_servers) == (runs, set())  # one that was replaced before may end meanwhile


def answer(url: str, method: str, **headers: str) -> tuple[int, str]:
    """Ask as a browser would, and return the status and where the answer leads to."""
    origin, _, path = url.removeprefix("http://").partition("/")
    with closing(http.client.HTTPConnection(origin, timeout=30)) as connection:
        connection.putrequest(method, f"/{path}", skip_host=True)
        for name, value in ({"Host": origin} | headers | ({"Content-Length": "2"} if method == "POST" else {})).items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(b"{}" if method == "POST" else None)
        try:
            response = connection.getresponse()
        # As by the port on which a runner of Prefect waits for its flow runs, and where the body is left unread.
        except ConnectionResetError:
            return HUNG_UP, ""
        return response.status, response.headers.get("Location", "")


FOREIGN = {"Origin": "http://evil.example", "Referer": "http://evil.example/"}
REQUESTS = {
    "from another site": FOREIGN | {"Content_Type": "text/plain", "Sec_Fetch_Site": "cross-site"},
    "in JSON": FOREIGN | {"Content_Type": "application/json"},
    "by a name that was rebound": {
        "Host": "evil.example",
        "Content_Type": "application/json",
        "Sec_Fetch_Site": "same-origin",
    },
    "by both": FOREIGN | {"Host": "evil.example", "Content_Type": "application/json"},
}


@pytest.mark.parametrize("headers", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_request_is_refused(victim: Candidate, method: str, headers: dict[str, str]) -> None:
    """With a foreign origin, or with a foreign name for this machine (DNS rebinding), and nothing comes of it."""
    with unmoved(victim):
        answers = {url: answer(url, method, **headers) for url in targets(victim, ASKED)}
    refusals = REFUSALS.get(victim.setup.orchestrator, ANY_REFUSAL)
    assert {url: each for url, each in answers.items() if each[0] not in refusals or each[1]} == {}


@needs_a_browser("what a page can reach is only tried by requests such as those of a browser")
def test_a_page_reaches_nothing(victim: Candidate, tmp_path: Path) -> None:
    """A page of another origin launches nothing, reloads nothing and reads nothing, in any way that a browser has."""
    prey, attacker = Site(), Site()
    with unmoved(victim), prey.serving() as unguarded, attacker.serving() as origin:
        urls = [unguarded, *targets(victim, ASKED), *targets(victim, OPEN)]
        attacker.page = PAGE.replace("TARGETS", json.dumps(urls)).replace("RELOAD", json.dumps(RELOAD))
        argv = [
            path_of_browser(),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}/profile",
            origin,
        ]
        with (tmp_path / "browser.log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as browser:
            try:
                assert attacker.over.wait(120), (tmp_path / "browser.log").read_text()
            finally:
                browser.terminate()
    assert attacker.said == {"read": [], "heard": []}
    # The attack is a real one: of a server that refuses nothing, the page was an uninvited guest in all ways.
    ways = [way for way, _ in prey.asked]
    assert ways.count("GET") >= 3 and ways.count("POST") >= 3 and "UPGRADE" in ways, ways
    assert {by for way, by in prey.asked if way == "POST"} == {origin}


def test_no_tool_is_left_out() -> None:
    """Each tool that has servers is tried."""
    assert ASKED.keys() == OPEN.keys() == RECORDS.keys() == {tool.name for tool, _ in services()}
