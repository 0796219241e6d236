"""Every method and every type agrees with the description of the API that the server itself gives."""

from __future__ import annotations

import inspect
import json
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, Union

import httpx
import pytest

from conftest import Server
from signalbox_sdk import Signalbox, errors, paging
from signalbox_sdk.calls import Call
from signalbox_sdk.types import deliveries, endpoints, events, exchange, inbound, pauses, receipts
from support import KEY

TYPES = {
    name: value
    for module in (deliveries, endpoints, events, exchange, inbound, pauses, receipts, errors, paging)
    for name, value in vars(module).items()
}
RESOURCES = ("endpoints", "events", "deliveries", "replays", "jobs", "sources", "inbound_events", "webhooks")
# Arguments that a text would not fit.
ARGUMENTS: dict[str, Any] = {
    "number": 1,
    "wait": 1,
    "payload": {},
    "dry_run": True,
    "events": [{"type": "a", "payload": {}, "endpoint_ids": [], "idempotency_key": "k"}],
}
# The path of a record may look like a fixed one.
ID = "one-id"
# What the client itself adds: the tenant, the page that it fetches, and whether a bulk action is only counted.
NOT_OURS = {"tenant", "dry_run", "cursor", "page"}
# Fields of a request that a method leaves out: the other names that an export takes, and what would have no effect.
LEFT_OUT = {
    "deliveries.export": {"asOf", "status", "endDate", "event", "startDate", "webhookId"},
    "deliveries.count_bulk": {"per_second"},
    "sources.update": {"scheme"},
}
# What the description cannot say: a pause that was cancelled is not pending.
NARROWER = {"cancel_pause": ["EndedPause.status is ['cancelled', 'responded', 'timed_out'], not "]}


class Recorded(Exception):
    def __init__(self, call: Call) -> None:
        self.call = call


def methods() -> Iterator[tuple[str, Any]]:
    client = Signalbox(url="http://localhost", api_key=KEY)

    def record(call: Call) -> Any:
        raise Recorded(call)

    client._transport.call = record  # type: ignore[method-assign]
    client._transport._open = record  # type: ignore[method-assign]
    owners = {"": client, **{f"{name}.": getattr(client, name) for name in RESOURCES}}
    for prefix, owner in owners.items():
        for name, method in inspect.getmembers(owner, inspect.ismethod):
            if not name.startswith("_") and name not in ("close", "wait_for_pause"):
                yield prefix + name, method


METHODS = dict(methods())


@pytest.fixture(scope="module")
def api(server: Server) -> Any:
    return httpx.get(f"{server.url}/openapi.json").json()


def call_of(method: Any) -> Call:
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            conditions = TYPES[parameter.annotation.removeprefix("Unpack[").removesuffix("]")]
            arguments |= dict.fromkeys(conditions.__optional_keys__, "x")
        else:
            arguments[name] = ARGUMENTS.get(name, ID)
    with pytest.raises(Recorded) as caught:
        next(method(**arguments))
    call: Call = caught.value.call
    return call


def operation_of(api: Any, call: Call) -> Any:
    for path, operations in api["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, call.path) and call.method.lower() in operations:
            return operations[call.method.lower()]
    raise AssertionError(f"the API has no {call.method} {call.path}")


def resolved(api: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def variants(api: Any, schema: Any) -> list[Any]:
    schema = resolved(api, schema)
    parts = schema.get("anyOf") or schema.get("oneOf")
    return [one for part in parts for one in variants(api, part)] if parts else [schema]


def properties(api: Any, schema: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variant in variants(api, schema):
        found |= variant.get("properties", {})
        for part in variant.get("allOf", []):
            found |= properties(api, part)
    return found


@pytest.mark.parametrize("name", METHODS)
def test_a_method_sends_and_returns_what_the_api_describes(api: Any, name: str) -> None:
    call = call_of(METHODS[name])
    operation = operation_of(api, call)
    ignored = NOT_OURS | LEFT_OUT.get(name, set())
    takes = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    assert {key for key, value in call.query.items() if value is not None} - ignored == takes - ignored
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    fields = set() if schema is None else set(properties(api, schema))
    assert set(json.loads(call.body or "{}")) - ignored == fields - ignored - {"idempotency_key"}
    wrong = list(wrong_returns(api, name, operation["responses"]))
    narrower = NARROWER.get(name, [])
    assert [one for one in wrong if not one.startswith(tuple(narrower))] == []
    assert len(wrong) == len(narrower)


def wrong_returns(api: Any, name: str, responses: Any) -> Iterator[str]:
    returns = inspect.signature(METHODS[name]).return_annotation
    if returns in ("None", "str", "Iterator[bytes]"):
        return
    answer = next(responses[status] for status in ("202", "201", "200") if status in responses)
    if name == "deliveries.count_bulk":
        answer = responses["200"]
    schema = resolved(api, answer["content"]["application/json"]["schema"])
    if re.match("Sequence|Iterator|LinkedPage", returns):
        rows = [one for one in properties(api, schema).values() if resolved(api, one).get("type") == "array"]
        schema = resolved(api, (rows or [schema])[0])["items"]
    record = re.findall(r"\w+", returns)[-1]
    yield from differences(api, TYPES[record], schema, record)


def differences(api: Any, hint: Any, schema: Any, where: str) -> Iterator[str]:
    """What a type says otherwise than the schema."""
    kinds = [one for one in variants(api, schema) if one.get("type") != "null"]
    members = [one for one in arms(hint) if one is not type(None)]
    if kinds and all("const" in one or "enum" in one for one in kinds):
        values = {value for one in kinds for value in one.get("enum", [one.get("const")])}
        literals = {value for one in members for value in typing.get_args(one)}
        if not ({str, bool} & set(members)) and literals != values:
            yield f"{where} is {sorted(map(str, literals))}, not {sorted(map(str, values))}"
        return
    nullable = len(kinds) < len(variants(api, schema)) or any("null" in (one.get("type") or "") for one in kinds)
    if kinds and nullable != (type(None) in arms(hint)):
        yield f"{where} {'can' if nullable else 'cannot'} be null"
    records = [one for one in members if typing.is_typeddict(one)]
    for member in members:
        inner = typing.get_args(member)
        if typing.get_origin(member) not in (Literal, None) and inner and kinds and "items" in kinds[0]:
            yield from differences(api, inner[-1], kinds[0]["items"], f"{where}[]")
    if records:
        fields = {key: value for one in records for key, value in typing.get_type_hints(one).items()}
        known = properties(api, {"anyOf": kinds})
        yield from (f"signalbox_sdk/types lacks {where}.{key}" for key in sorted(set(known) - set(fields)))
        yield from (f"the API has no {where}.{key}" for key in sorted(set(fields) - set(known)))
        for key in set(fields) & set(known):
            yield from differences(api, fields[key], known[key], f"{where}.{key}")


def arms(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
