"""The examples, run against the real server, with a person who answers as soon as a question is open."""

from __future__ import annotations

import importlib.util
import os
import re
import runpy
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from signalbox_sdk import Signalbox

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = Path(__file__).parents[1] / "examples"


class Person:
    """Answers the next question that the example prints or asks."""

    def __init__(self, client: Signalbox) -> None:
        self._client = client
        self._before = {pause["pause_id"] for pause in client.iterate_pauses(status="pending")}
        self.asked: list[str] = []

    def answer(self, choice: str) -> threading.Thread:
        thread = threading.Thread(target=self._answer, args=(choice,))
        thread.start()
        return thread

    def _answer(self, choice: str) -> None:
        # The example tells nobody when it asks, so the person looks, until the example's own deadline.
        ends_at = time.monotonic() + 60
        while time.monotonic() < ends_at:
            for pause in self._client.list_pauses(status="pending")["pauses"]:
                if pause["pause_id"] not in self._before and pause["respond_url"] is not None:
                    self.asked.append(pause["message"])
                    self._client.answer_pause_link(pause["respond_url"].rpartition("/")[2], choice=choice)
                    return
            time.sleep(0.02)


@pytest.fixture
def person(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("SIGNALBOX_URL", server.url)
    monkeypatch.setenv("SIGNALBOX_API_KEY", server.api_key)
    monkeypatch.delenv("APPROVER", raising=False)
    with Signalbox(url=server.url, api_key=server.api_key) as client:
        yield Person(client)


def run(monkeypatch: pytest.MonkeyPatch, name: str, *words: str) -> Any:
    monkeypatch.setattr(sys, "argv", [name, *words])
    try:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize(("choice", "said"), [("Pay", "I paid."), ("Do not pay", "I did not pay.")])
def test_the_tool_loop_does_what_the_person_chose(
    person: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], choice: str, said: str
) -> None:
    answering = person.answer(choice)
    assert run(monkeypatch, "tool_loop.py") == 0
    answering.join()
    assert capsys.readouterr().out.splitlines()[-1] == said


@pytest.mark.parametrize(("choice", "left"), [("Keep", 2), ("Delete", 1)])
def test_the_cron_script_deletes_only_what_a_person_lets_it(
    person: Person, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, choice: str, left: int
) -> None:
    for name, age_days in (("old.tar", 40), ("new.tar", 1)):
        (tmp_path / name).touch()
        at = time.time() - age_days * 86_400
        os.utime(tmp_path / name, (at, at))
    answering = person.answer(choice)
    assert run(monkeypatch, "cron_cleanup.py", str(tmp_path), "30") == 0
    answering.join()
    assert person.asked[0].startswith("Delete 1 files older than 30 days")
    assert len(list(tmp_path.iterdir())) == left


def test_the_cron_script_says_why_it_could_not_ask(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "old.tar").touch()
    os.utime(tmp_path / "old.tar", (0, 0))
    monkeypatch.setenv("SIGNALBOX_URL", server.url)
    monkeypatch.setenv("SIGNALBOX_API_KEY", f"sb_live_{'0' * 48}")
    assert "INVALID_API_KEY" in run(monkeypatch, "cron_cleanup.py", str(tmp_path), "30")


def readme_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_lines_of_the_readme_are_python() -> None:
    assert len(readme_blocks()) >= 7
    for block in readme_blocks():
        compile(block, "README.md", "exec")


@pytest.mark.parametrize("client", ["import Signalbox", "import AsyncSignalbox"])
@pytest.mark.parametrize(("choice", "payments"), [("Yes", 1), ("No", 0)])
def test_the_question_of_the_readme_is_asked_and_its_answer_counts(
    person: Person,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    client: str,
    choice: str,
    payments: int,
) -> None:
    # A test key sends no notifications, so no email server is needed.
    authorization = {"authorization": f"Bearer {server.api_key}"}
    key = httpx.post(f"{server.url}/v1/auth/keys", json={"name": "x", "test": True}, headers=authorization).json()
    monkeypatch.setenv("SIGNALBOX_API_KEY", key["api_key"])
    block = next(one for one in readme_blocks() if client in one and "wait_for_pause" in one)
    paid: list[int] = []
    answering = person.answer(choice)
    exec(block.replace("https://signalbox.example.com", server.url), {"pay": lambda: paid.append(1)})
    answering.join()
    if "Async" in client:
        assert capsys.readouterr().out.splitlines()[-1] == f"responded {choice}"
    else:
        assert len(paid) == payments


needs_langgraph = pytest.mark.skipif(importlib.util.find_spec("langgraph") is None, reason="langgraph is not installed")


@needs_langgraph
@pytest.mark.parametrize(("choice", "said"), [("Pay", "paid"), ("Do not pay", "not paid")])
def test_the_langgraph_graph_goes_the_way_that_the_person_chose(
    person: Person, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], choice: str, said: str
) -> None:
    answering = person.answer(choice)
    assert run(monkeypatch, "langgraph_interrupt.py", f"thread-{os.urandom(8).hex()}") == 0
    answering.join()
    assert capsys.readouterr().out.splitlines()[-1] == said
