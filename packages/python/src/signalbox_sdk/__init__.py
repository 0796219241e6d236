"""Verify webhooks from Signalbox, ask people, and call a Signalbox server."""

from ._async.client import AsyncSignalbox
from ._sync.client import Signalbox
from .errors import (
    AuthenticationError,
    ConflictError,
    DecisionVerificationCode,
    DecisionVerificationError,
    FieldFault,
    InvalidRequestError,
    NetworkError,
    NoResponseError,
    NotFoundError,
    PermissionDeniedError,
    ProtocolError,
    RateLimitError,
    ResponseError,
    ServerError,
    SignalboxError,
    TimedOutError,
    WebhookVerificationCode,
    WebhookVerificationError,
)
from .options import UNSET
from .paging import LinkedPage
from .receipt_keys import ReceiptKeys
from .signing.decision import ReceiptKeySource, verify_decision
from .signing.headers import WebhookHeaders
from .signing.jcs import sign_jcs
from .signing.sign import sign
from .signing.signature import SignatureScheme
from .signing.verify import VerifiedWebhook, verify
from .types.pauses import is_pause_event

__all__ = [
    "UNSET",
    "AsyncSignalbox",
    "AuthenticationError",
    "ConflictError",
    "DecisionVerificationCode",
    "DecisionVerificationError",
    "FieldFault",
    "InvalidRequestError",
    "LinkedPage",
    "NetworkError",
    "NoResponseError",
    "NotFoundError",
    "PermissionDeniedError",
    "ProtocolError",
    "RateLimitError",
    "ReceiptKeySource",
    "ReceiptKeys",
    "ResponseError",
    "ServerError",
    "Signalbox",
    "SignalboxError",
    "SignatureScheme",
    "TimedOutError",
    "VerifiedWebhook",
    "WebhookHeaders",
    "WebhookVerificationCode",
    "WebhookVerificationError",
    "is_pause_event",
    "sign",
    "sign_jcs",
    "verify",
    "verify_decision",
]
