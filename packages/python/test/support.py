"""What the tests share: a server with responses that a test supplies, and one face for both clients."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = f"sb_test_{'0' * 48}"


@dataclass
class Seen:
    """A request that arrived."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.url}"


Answering = Callable[["Seen", BaseHTTPRequestHandler], None]


@dataclass
class Stub:
    """A real HTTP server that gives its answers in order, and repeats the last one."""

    answers: list[Answering] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two of them take 40 ms

            def handle_one(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                one = Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                stub.seen.append(one)
                stub.answers[min(len(stub.seen), len(stub.answers)) - 1](one, self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """The client may leave."""

        self._server = Server(("127.0.0.1", 0), Handler)
        # The default looks twice a second whether to stop, which each stub would wait for.
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def lines(self) -> list[str]:
        return [one.line for one in self.seen]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def raw(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> Answering:
    def answer(_seen: Seen, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answering:
    return raw(status, json.dumps(body).encode(), {"content-type": "application/json", **(headers or {})})


def hang_up(_seen: Seen, handler: BaseHTTPRequestHandler) -> None:
    """No response: the connection is cut."""
    handler.close_connection = True


def cut_short(body: object) -> Answering:
    """The head and half of the body, then nothing more."""
    content = json.dumps(body).encode()

    def answer(_seen: Seen, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) // 2])
        handler.close_connection = True

    return answer


class Blocking:
    """An asynchronous client whose methods block, so that one test covers both clients."""

    def __init__(self, target: object, loop: asyncio.AbstractEventLoop) -> None:
        self._target = target
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not inspect.isroutine(value):
            return Blocking(value, self._loop)
        return lambda *args, **kwargs: self._run(value(*args, **kwargs))

    def _run(self, made: Any) -> Any:
        return self._iterate(made) if inspect.isasyncgen(made) else self._loop.run_until_complete(made)

    def _iterate(self, rows: Any) -> Iterator[Any]:
        try:
            while True:
                try:
                    yield self._loop.run_until_complete(anext(rows))
                except StopAsyncIteration:
                    return
        finally:
            self._loop.run_until_complete(rows.aclose())
