#!/usr/bin/env python3
"""Check the vectors beside this file with Python's standard library alone.

`sign_jcs` is a complete sender's side: copy what is above `vectors` to sign bodies for a Signalbox source of scheme `jcs`.
"""
import hashlib
import hmac
import json
import math
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path


class Refused(ValueError):
    """The body has no canonical form that means the same."""


def sign_jcs(body, secret):
    """The JSON text to send, in canonical form, for a JSON text or a dict."""
    value = read_json(body) if isinstance(body, str) else dict(body)
    if not isinstance(value, dict):
        raise Refused("not an object")
    value.pop("signature", None)
    digest = hmac.new(secret.encode(), canonical(value).encode(), hashlib.sha256).hexdigest()
    return canonical({**value, "signature": "sha256=" + digest})


def canonical(value):
    """RFC 8785."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return canonical_string(value)
    if isinstance(value, (int, float)):
        return canonical_number(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(canonical_string(key) + ":" + canonical(value[key]) for key in keys) + "}"


SHORT_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def canonical_string(text):
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Refused("half of a surrogate pair")
    return '"' + "".join(SHORT_ESCAPES.get(char) or (char if char >= " " else f"\\u{ord(char):04x}") for char in text) + '"'


def canonical_number(number):
    """As ECMAScript writes a double: its shortest digits are Python's too, but they are put down otherwise."""
    try:
        double = float(number)
    except OverflowError:
        raise Refused("a number beyond doubles") from None
    if not math.isfinite(double) or (isinstance(number, int) and Decimal(number) != Decimal(repr(double))):
        raise Refused("a number that changes its value")
    if double == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(double)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + exponent
    if 0 < point <= 21:
        text = text + "0" * (point - len(text)) if point >= len(text) else text[:point] + "." + text[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + text
    else:
        text = text[0] + ("." + text[1:] if len(text) > 1 else "") + f"e{point - 1:+d}"
    return ("-" if sign else "") + text


def read_json(text):
    try:
        return json.loads(
            text, object_pairs_hook=without_repeats, parse_float=exact, parse_int=exact, parse_constant=no_constant
        )
    except json.JSONDecodeError:
        raise Refused("not JSON") from None


def without_repeats(pairs):
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Refused("a repeated key")
    return value


def exact(text):
    """A double whose shortest digits are the same number as the text."""
    double = float(text)
    try:
        same = math.isfinite(double) and Decimal(repr(double)) == Decimal(text)
    except InvalidOperation:
        same = False
    if not same:
        raise Refused("a number that changes its value")
    return double


def no_constant(text):
    raise Refused(text + " is not JSON")


def vectors(name):
    return json.loads((Path(__file__).parent / name).read_text("utf-8"))["vectors"]


def main():
    checked = 0
    for vector in vectors("jcs-signed.json"):
        signed = sign_jcs(vector["text"], vector["secret"])
        assert signed == vector["signed"], (vector["name"], signed)
        body = json.loads(signed)
        assert body.pop("signature") == vector["signature"], vector["name"]
        assert canonical(read_json(json.dumps(body))) == vector["canonical"], vector["name"]
        checked += 1
    for vector in vectors("jcs-numbers.json"):
        written = canonical(read_json(vector["text"]))
        assert written == vector["canonical"], (vector["text"], written)
        checked += 1
    for vector in vectors("jcs-refused.json"):
        try:
            sign_jcs(vector["text"], "a secret")
        except Refused:
            checked += 1
        else:
            raise AssertionError("not refused: " + vector["name"])
    print(f"{checked} vectors checked")


if __name__ == "__main__":
    sys.exit(main())
