"""Secrets of a user, the loopback services that they open, and a search for them in everything that is left."""

from __future__ import annotations

import base64
import http.client
import io
import os
import re
import secrets
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, Self

from contract.servers import HOST

TRACKING: Final = "tracking URI"
PASSWORD: Final = "tracking password"
WEBHOOK: Final = "webhook"
SIGNATURE: Final = "signed URL"
OTHERS: Final = "environment"
KINDS: Final = (TRACKING, PASSWORD, WEBHOOK, SIGNATURE, OTHERS)

_PACKED: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
"""How a stream of gzip or zlib begins."""

_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS + 32

Found = set[tuple[str, str]]
"""Kinds of secrets, each with where it was found."""


class Canaries:
    """A secret of each kind, with a token that stands nowhere else."""

    def __init__(self) -> None:
        """Draw the tokens: letters and digits, which look the same in a URL, in JSON and in a shell."""
        self.tokens = {kind: secrets.token_hex(16) for kind in KINDS}
        self._forms = [(form, kind) for kind, token in self.tokens.items() for form in _forms(token)]

    def inside(self, content: bytes) -> set[str]:
        """Return the kinds of secrets that the content holds, packed or not."""
        return {kind for each in _unpacked(content) for form, kind in self._forms if form in each}


def _forms(token: str) -> Iterator[bytes]:
    """Yield all that a token may look like; a half will do, because a database splits what is long over its pages."""
    for half in (token[:16].encode(), token[16:].encode()):
        yield half
        yield half.hex().encode()
    for shift in range(3):
        # Base64 takes three bytes at once: the first and the last group may hold neighbours of the token.
        yield base64.b64encode(b"-" * shift + token.encode())[4:-4]


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Yield the content, and what is packed in it."""
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _unpacked(archive.read(name))
        return
    for begins in _PACKED.finditer(content):
        with suppress(zlib.error):
            yield zlib.decompressobj(_GZIP_OR_ZLIB).decompress(content[begins.start() :])


class Watch:
    """Searches folders and all command lines again and again, because much of what a run writes is gone in the end."""

    def __init__(self, canaries: Canaries, *folders: Path) -> None:
        """Name what is looked for, and where."""
        self.found: Found = set()
        self.engines: dict[str, set[str]] = {}
        """Of each process of an engine: the command, and the kinds of secrets in its environment."""
        self._canaries, self._folders = canaries, folders
        self._known: dict[Path, tuple[int, int]] = {}
        self._over, self._thread = threading.Event(), ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        """Look from now on."""
        self._looking = self._thread.submit(self._look_until_it_is_over)
        return self

    def __exit__(self, *_: object) -> None:
        """Look for the last time."""
        self._over.set()
        self._thread.shutdown()
        self._looking.result()  # raises what has ended it too soon
        self._look()

    def _look_until_it_is_over(self) -> None:
        while not self._over.wait(0.2):
            self._look()

    def _look(self) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is somebody else's
                self._look_at_process(process)
        for folder in self._folders:
            for parent, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    with suppress(OSError):  # it is gone again
                        self._look_at_file(Path(parent, name))

    def _look_at_process(self, process: Path) -> None:
        command = (process / "cmdline").read_bytes()
        shown = command.decode(errors="replace").replace("\0", " ")
        self.found |= {(kind, shown) for kind in self._canaries.inside(command)}
        variables = (process / "environ").read_bytes()
        if b"ORCHBENCH_PIPE=" in variables and any(str(folder).encode() in variables for folder in self._folders):
            self.engines.setdefault(shown, set()).update(self._canaries.inside(variables))

    def _look_at_file(self, path: Path) -> None:
        about = path.stat()
        state = (about.st_size, about.st_mtime_ns)
        if self._known.get(path) != state:
            content = path.read_bytes() if path.is_file() else b""
            self.found |= {(kind, str(path)) for kind in self._canaries.inside(str(path).encode() + content)}
            self._known[path] = state


class Services(ThreadingHTTPServer):
    """What the secrets open: customers behind a signed URL, a webhook, and an MLflow server behind a password."""

    daemon_threads = True

    def __init__(self, canaries: Canaries, customers: bytes, told: Path, mlflow: str = "") -> None:
        """Listen on a free port. What the webhook is told goes to a file; without an MLflow server, the line goes dead."""
        super().__init__((HOST, 0), _Handler)
        self.canaries, self.customers, self.told, self.mlflow = canaries, customers, told, mlflow
        self.failing: set[str] = set()
        """The kinds of secrets whose services fail the next time."""
        self.opened: set[str] = set()
        """The kinds of secrets that came."""
        self.address = f"{HOST}:{self.server_port}"
        self.webhook = f"http://{self.address}/hook/{canaries.tokens[WEBHOOK]}"
        self.data = f"http://{self.address}/customers.csv?signature={canaries.tokens[SIGNATURE]}"
        self.tracking = f"http://anna:{canaries.tokens[TRACKING]}@{self.address}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()

    def are_opened_by(self, *kinds: str, limit_s: float = 60) -> bool:
        """Whether these secrets have come, and no others; a tool may call the webhook half a minute after a run."""
        deadline = time.monotonic() + limit_s
        while self.opened != set(kinds) and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.opened == set(kinds)

    def fails(self, kind: str) -> bool:
        """Whether the service fails this time."""
        with suppress(KeyError):
            self.failing.remove(kind)
            return True
        return False


class _Handler(BaseHTTPRequestHandler):
    server: Services

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic "))
        kinds = self.server.canaries.inside(self.path.encode() + login)
        self.server.opened |= kinds
        if WEBHOOK in kinds:
            with self.server.told.open("ab") as told:
                told.write(body + b"\n")
            self._answer(500 if self.server.fails(WEBHOOK) else 200, b"")
        elif SIGNATURE in kinds:
            self._answer(500 if self.server.fails(SIGNATURE) else 200, self.server.customers)
        elif kinds and self.server.mlflow and not self.server.fails(TRACKING):
            self._hand_on(body)
        else:
            self.close_connection = True  # without an answer, so that the client says what it has asked

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _hand_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name not in {"Authorization", "Host"}}
        with closing(http.client.HTTPConnection(self.server.mlflow.removeprefix("http://"))) as mlflow:
            mlflow.request(self.command, self.path, body, headers)
            answer = mlflow.getresponse()
            self._answer(answer.status, answer.read(), answer.headers.get_content_type())

    def _answer(self, status: int, content: bytes, kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass
