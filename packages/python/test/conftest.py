"""Clients of both kinds, scripted servers, and the real server that all tests share."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from signalbox_sdk import AsyncSignalbox, Signalbox
from support import KEY, Answering, Blocking, Stub

# httpcore looks for this module on the disk with each asynchronous request, a fifth of the time of these tests.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# Each client would read the certificates of all authorities again, which takes longer than most tests.
ssl.create_default_context = functools.lru_cache(ssl.create_default_context)  # type: ignore[assignment]

WAITS_MAX = 100

ROOT = Path(__file__).parents[3]


@dataclass
class Waits:
    """Stands for the time between two attempts, which passes at once."""

    seconds: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.seconds.append(seconds)
        assert len(self.seconds) < WAITS_MAX, "the client repeats a call for ever"

    async def wait_async(self, seconds: float) -> None:
        self.wait(seconds)


Connect = Callable[..., Any]
"""Makes a client of either kind: `connect(url, **options)`."""


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest, loop: asyncio.AbstractEventLoop, waits: Waits) -> Iterator[Connect]:
    clients: list[Any] = []

    def open_client(
        url: str,
        api_key: str = KEY,
        *,
        real_waits: bool = False,
        on_request: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> Any:
        if request.param == "sync":
            http = httpx.Client(event_hooks={"request": [lambda _request: on_request()]})
            wait = None if real_waits else waits.wait
            client = Signalbox(url=url, api_key=api_key, http_client=http, wait=wait, **options)
            clients.append(http)
            return client

        async def tell(_request: httpx.Request) -> None:
            on_request()

        http_async = httpx.AsyncClient(event_hooks={"request": [tell]})
        wait_async = None if real_waits else waits.wait_async
        inner = AsyncSignalbox(url=url, api_key=api_key, http_client=http_async, wait=wait_async, **options)
        clients.append(http_async)
        return Blocking(inner, loop)

    yield open_client
    for client in clients:
        if isinstance(client, httpx.Client):
            client.close()
        else:
            loop.run_until_complete(client.aclose())


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture(scope="session")
def stubs() -> Iterator[list[Stub]]:
    """Servers that no test uses now."""
    idle: list[Stub] = []
    yield idle
    for stub in idle:
        stub.close()


@pytest.fixture
def serve(stubs: list[Stub]) -> Iterator[Callable[..., Stub]]:
    used: list[Stub] = []

    def start(*answers: Answering) -> Stub:
        stub = stubs.pop() if stubs else Stub()
        stub.answers, stub.seen = list(answers), []
        used.append(stub)
        return stub

    yield start
    stubs.extend(used)


@dataclass
class Server:
    """A real server, and how to end it in the middle of something."""

    url: str
    api_key: str
    restart: Callable[[], None]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    control = os.environ.get("SIGNALBOX_TEST_CONTROL")
    if control is None:
        yield from own_server()
    else:

        def restart() -> None:
            httpx.post(control, timeout=60).raise_for_status()

        yield Server(os.environ["SIGNALBOX_TEST_URL"], os.environ["SIGNALBOX_TEST_KEY"], restart)


def own_server() -> Iterator[Server]:
    """A server of these tests' own, for a run without `npm test`. Its restart is a kill."""
    key = f"sb_live_{uuid.uuid4().hex}{uuid.uuid4().hex[:16]}"
    running: list[subprocess.Popen[str]] = []

    def start(port: str) -> str:
        env = {
            "PATH": f"{ROOT}/node_modules/.bin:{os.environ['PATH']}",
            "PORT": port,
            "LOG_LEVEL": "silent",
            "SIGNALBOX_DATA_DIR": folder,
            "SIGNALBOX_API_KEY": key,
            "SIGNALBOX_ALLOW_HTTP": "true",
            "SIGNALBOX_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        command = ["node", str(ROOT / "src" / "main.js"), "serve"]
        child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        running.append(child)
        assert child.stdout is not None
        for line in child.stdout:
            found = re.search(r"listens on (\S+)", line)
            if found is not None:
                return found.group(1)
        raise AssertionError("the server did not start")

    def kill() -> None:
        child = running.pop()
        child.send_signal(signal.SIGKILL)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()

    with tempfile.TemporaryDirectory() as folder:
        url = start("0")

        def restart() -> None:
            kill()
            start(url.rpartition(":")[2].rstrip("/"))

        yield Server(url, key, restart)
        kill()
