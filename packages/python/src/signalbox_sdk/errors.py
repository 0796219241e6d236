"""What can go wrong.

SignalboxError             a call that failed, after any safe retries
├── ResponseError          the server responded with an error
│   ├── InvalidRequestError        400, 413, 415, 422
│   ├── AuthenticationError        401
│   ├── PermissionDeniedError      403
│   ├── NotFoundError              404
│   ├── ConflictError              409, 410: the state of the record forbids it
│   ├── RateLimitError             429
│   └── ServerError                5xx
├── NoResponseError        no response arrived, so the server may or may not have acted
│   ├── NetworkError               code NETWORK_ERROR
│   └── TimedOutError              code TIMEOUT
└── ProtocolError          code PROTOCOL_ERROR: the response is not from a Signalbox server

WebhookVerificationError   a delivery that must not be trusted
DecisionVerificationError  a decision that you must not act on
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

WebhookVerificationCode = Literal[
    "missing_headers",
    "malformed_headers",
    "timestamp_too_old",
    "timestamp_too_new",
    "signature_mismatch",
    "invalid_body",
    "invalid_secret",
]
"""Why a delivery was rejected. The codes are stable, so you can compare and count them.

- `missing_headers`: no known signature header, or one without the headers that belong to it
- `malformed_headers`: a timestamp that is not a number, or a repeated header
- `timestamp_too_old`, `timestamp_too_new`: outside the tolerance, because of a replay or a wrong clock
- `signature_mismatch`: a different secret, or a body that differs from the one that was sent
- `invalid_body`: not the raw body, or (with a valid signature) not a JSON object in UTF-8
- `invalid_secret`: no secret, or an empty one
"""


class WebhookVerificationError(Exception):
    """A webhook that must not be trusted. Respond with 401 (400 for `invalid_body`)."""

    code: WebhookVerificationCode

    def __init__(self, code: WebhookVerificationCode, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


DecisionVerificationCode = Literal[
    "malformed",
    "unknown_key",
    "signature_mismatch",
    "retired_key",
    "other_pause",
    "other_tenant",
    "other_question",
    "other_metadata",
    "other_choice",
    "too_few_people",
    "too_old",
    "too_new",
    "already_used",
]
"""Why a decision does not allow what you are about to do. The codes are stable, so you can compare and count them.

- `malformed`: not a receipt, or one of a later version
- `unknown_key`: none of the keys has signed it
- `signature_mismatch`: a byte of it was changed
- `retired_key`: its key was no longer in use at the time of the decision
- `other_pause`, `other_tenant`: the decision of another pause, or of another tenant
- `other_question`, `other_metadata`: people saw another question, or it had other metadata
- `other_choice`: people chose something else
- `too_few_people`: fewer users made the choice than you ask for
- `too_old`, `too_new`: decided too long ago, or in the future
- `already_used`: your `once` says that this decision was acted on before
"""


class DecisionVerificationError(Exception):
    """A decision that you must not act on."""

    code: DecisionVerificationCode

    def __init__(self, code: DecisionVerificationCode, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return self.message


class FieldFault(TypedDict):
    """An invalid field of a request, and the rule that it breaks."""

    field: str
    rule: str


class SignalboxError(Exception):
    """A call that failed, after any safe retries."""

    status: int
    """The HTTP status, or 0 when no response arrived."""
    code: str
    """The server's error code, such as `VALIDATION_ERROR`, or `HTTP_502` and the like when the response had none.
    Without a response: `NETWORK_ERROR` or `TIMEOUT`. `PROTOCOL_ERROR` when the response is not from Signalbox."""
    message: str
    details: Sequence[FieldFault]
    """Every invalid field of a refused request."""
    retry_after_seconds: float | None
    """The wait in the response's `Retry-After`."""
    request_id: str | None
    """The response's `X-Request-Id`, which a proxy in front of the server may set, or None."""
    body: Any
    """The parsed body of the response, for further fields such as `outcome`. None if it is not JSON."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        details: Sequence[FieldFault] = (),
        retry_after_seconds: float | None = None,
        request_id: str | None = None,
        body: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.details = details
        self.retry_after_seconds = retry_after_seconds
        self.request_id = request_id
        self.body = body

    def __str__(self) -> str:
        id_part = "" if self.request_id is None else f", request {self.request_id}"
        return f"{self.message} ({self.code}{id_part})"


class ResponseError(SignalboxError):
    """The server responded with an error."""


class InvalidRequestError(ResponseError):
    """400, 413, 415 or 422: the request is wrong, and `details` names every bad field."""


class AuthenticationError(ResponseError):
    """401: there is no such key."""


class PermissionDeniedError(ResponseError):
    """403: the key's role does not suffice."""


class NotFoundError(ResponseError):
    """404: there is no such record in this tenant."""


class ConflictError(ResponseError):
    """409 or 410: the state of the record forbids it."""


class RateLimitError(ResponseError):
    """429: too many requests."""


class ServerError(ResponseError):
    """5xx: the server, or a proxy in front of it, cannot respond."""


class NoResponseError(SignalboxError):
    """No response arrived, so the server may or may not have acted."""


class NetworkError(NoResponseError):
    """The connection failed or was lost."""


class TimedOutError(NoResponseError, TimeoutError):
    """No response arrived in time, or a pause did not end in time. It is also a `TimeoutError` of Python."""


class ProtocolError(SignalboxError):
    """The response is not from a Signalbox server."""


_BY_STATUS: dict[int, type[ResponseError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: ConflictError,
    413: InvalidRequestError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitError,
}


def class_of_status(status: int) -> type[ResponseError]:
    """The class for a status that is an error."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else ResponseError)  # noqa: PLR2004
