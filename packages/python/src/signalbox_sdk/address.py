"""Check the address of a server, and suggest what was probably meant."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from .options import check_string


def check_url(url: object) -> str:
    """Return the address without the slashes at its end.

    Raises:
        TypeError: for a value that is not a string
        ValueError: for a text that is not the http or https address of a server
    """
    text = check_string("url", url)
    if re.match(r"https?://[^/\\\s]", text, re.IGNORECASE) is None:
        raise ValueError(f"url must begin with http:// or https://{_suggestion(text)}")
    if re.match("[^/]*//[^/?#]*@", text) is not None:
        raise ValueError("url must not contain a user name or password")
    try:
        parts = urlsplit(text)
        is_valid = re.search(r"[\s\\]", text) is None and httpx.URL(text).host != ""
    except (ValueError, httpx.InvalidURL):
        is_valid = False
    if not is_valid:
        raise ValueError(f"url is not a valid URL: {text!r}")
    if "?" in text or "#" in text:
        raise ValueError("url must have neither a query nor a fragment")
    # The paths of the calls are appended to it.
    if re.search("/v1/*$", parts.path) is not None:
        raise ValueError("url must be the server's address without /v1")
    return text.rstrip("/")


def _suggestion(url: str) -> str:
    """A suggestion for a URL without a scheme. Local servers usually speak http."""
    host = re.sub(r"^(?:https?:)?[\s\\/]*", "", url, flags=re.IGNORECASE).strip()
    if re.fullmatch(r"(?:[\w.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?(?:/[\w./-]*)?", host, re.IGNORECASE) is None:
        return ""
    is_local = re.match(r"localhost|[0-9.]+|\[", host, re.IGNORECASE) is not None or "." not in host
    is_https = url.lower().startswith("https:")
    is_http = url.lower().startswith("http:")
    scheme = "https" if is_https or not (is_local or is_http) else "http"
    return f'; did you mean "{scheme}://{host}"?'
