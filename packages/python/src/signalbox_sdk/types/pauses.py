"""Human pauses as the API returns them, and the events of their endings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, TypeGuard

from .exchange import UserRef
from .receipts import Receipt

PauseStatus = Literal["pending", "responded", "timed_out", "cancelled"]
"""A pause is `pending` until it ends, which happens exactly once."""

PauseChannel = Literal["email", "slack", "sms"]
"""How a person is notified."""

PauseEventType = Literal["pause.responded", "pause.timed_out", "pause.cancelled"]
"""The events of a pause."""


class PauseDetail(TypedDict):
    """A fact that the person sees below the message, such as the label `Amount` and the value `340 EUR`."""

    label: str
    """One line of 1 to 100 characters."""
    value: str
    """1 to 1000 characters."""


class CreatedPause(TypedDict):
    """A new pause."""

    pause_id: str
    """`psr_…`."""
    status: Literal["pending"]
    respond_url: str | None
    """The page on which to answer. Anyone with the link can answer, unless the pause has `protected` or `approvers`.
    None for a key of the role `agent`, and if the tenant withholds links."""
    expires_at: str
    created_at: str


class PauseNotification(TypedDict):
    """The state of the notification. `reason` says why it was not sent."""

    status: Literal["none", "pending", "sent", "failed"]
    reason: str | None


class PauseAct(TypedDict):
    """What the server does if a person approves."""

    kind: Literal["pause_endpoint", "resume_endpoint", "recover", "replay_events"]
    begun_at: str | None
    """None: not yet."""
    outcome: dict[str, Any] | None
    """None until it is done."""


class PauseAgent(TypedDict):
    """The key of an agent that asked."""

    id: str
    """`key_…`."""
    name: str


class EscalationInput(TypedDict):
    """Who may decide too, and when."""

    share: float
    """Between 0 and 1."""
    approvers: Sequence[str]
    """`usr_…`: 1 to 20 users."""


class PauseEscalation(EscalationInput):
    """Who may decide a pause too, and when."""

    approver_emails: Sequence[str]
    """In the order of the approvers."""


class Vote(TypedDict):
    """One person's decision on a pause that takes several."""

    user: UserRef
    choice: str
    text: str | None
    at: str


class _PauseFields(TypedDict):
    pause_id: str
    """`psr_…`."""
    message: str
    options: Sequence[str]
    details: Sequence[PauseDetail] | None
    """None: there are none."""
    allow_text_response: bool
    timeout_default: str | None
    protected: bool
    approvers: Sequence[str] | None
    """None: any user of the tenant may decide it in the console."""
    approver_emails: Sequence[str] | None
    """The email addresses of the approvers, in the same order."""
    quorum: int | None
    """How many people must choose the same option. None: the first decision counts."""
    veto: str | None
    """The option that ends the pause with one vote."""
    votes: Sequence[Vote] | None
    """In their order. None without a quorum."""
    quorum_reachable: bool | None
    """Whether some option can still get enough votes. None once the pause has ended, and without a quorum."""
    reminders: Sequence[float] | None
    escalate_to: PauseEscalation | None
    escalated_at: str | None
    """When the users of `escalate_to` got the right to decide."""
    response_choice: str | None
    """The person's choice, or `timeout_default` after a timeout; otherwise None."""
    response_text: str | None
    """The person's note."""
    response_at: str | None
    decided_by: Literal["human", "timeout_default"] | None
    decided_by_user: UserRef | None
    """The signed-in user who decided; None when a person decided through the link."""
    event_id: str | None
    """`evt_…`: the event of the ending; None while the pause is pending."""
    agent: PauseAgent | None
    """The key of the role `agent` that asked. None: somebody else asked."""
    act: PauseAct | None
    """The server itself asks, for the agent, and does what `metadata` says once a person has approved it.
    None: the question is the caller's own."""
    channel: PauseChannel | None
    recipient: str | None
    """Slack URLs are masked."""
    notification: PauseNotification
    metadata: dict[str, Any] | None
    receipt: Receipt | None
    """What people decided, signed, for `verify_decision`. None unless a person decided."""
    respond_url: str | None
    """None when the pause has ended, and when the call was made by an agent or a viewer."""
    expires_at: str
    created_at: str


class Pause(_PauseFields):
    """A pause and its result."""

    status: PauseStatus


class EndedPause(_PauseFields):
    """A pause that has ended and does not change again."""

    status: Literal["responded", "timed_out", "cancelled"]


class PauseFilter(TypedDict, total=False):
    """Selects pauses in lists. `None` is no condition."""

    status: PauseStatus | None
    order: Literal["newest", "deadline"] | None
    """`deadline`: the pending pauses, the earliest deadline first. Default: `newest`."""
    channel: PauseChannel | Literal["none"] | None
    """`none`: pauses that notify nobody."""
    q: str | None
    """Text in the message, the details or the metadata, in any letter case, or a whole id."""
    limit: int | None
    """Rows per page. Default: the server's."""


class PausePage(TypedDict):
    """One page of pauses."""

    pauses: Sequence[Pause]
    has_more: bool
    next_cursor: str | None


class PauseCount(TypedDict):
    """How many pauses have one status: at most 100,000 are counted. `more` is true when there are more."""

    count: int
    more: bool


class PauseCounts(TypedDict):
    """The number of pauses in each status."""

    pending: PauseCount
    responded: PauseCount
    timed_out: PauseCount
    cancelled: PauseCount
    next_expires_at: str | None
    """The earliest deadline of a pending pause."""


class OptionCount(TypedDict):
    """How many people voted for an option."""

    choice: str
    count: int


class PauseTally(TypedDict):
    """The votes so far on a pause that several people decide, without who gave them."""

    quorum: int
    """How many people must choose the same option."""
    veto: str | None
    """The option that ends the pause with one vote."""
    counts: Sequence[OptionCount]
    """For each option, in their order."""
    quorum_reachable: bool
    """Whether some option can still get enough votes."""


class PauseLink(TypedDict):
    """A pause as the person with its link sees it."""

    pause_id: str
    status: PauseStatus
    message: str
    options: Sequence[str]
    details: Sequence[PauseDetail] | None
    allow_text_response: bool
    timeout_default: str | None
    response_choice: str | None
    response_text: str | None
    response_at: str | None
    expires_at: str
    requester: str | None
    """The name of the tenant, and of the agent's key if an agent asks. None if the tenant has none of its own."""
    tally: PauseTally | None
    """None once the pause has ended, and without a quorum."""
    sign_in_url: str | None
    """Where a signed-in user answers, if the link only shows the question."""


class PauseWebhook(TypedDict):
    """An endpoint as `/v1/webhooks` shows it."""

    id: str
    """`webhook_…`."""
    url: str
    events: Sequence[str]
    """`["*"]` when the endpoint has no filter."""
    active: bool
    created_at: str


class PauseRespondedData(TypedDict):
    """What a person answered."""

    choice: str
    text: str | None
    response_at: str
    metadata: dict[str, Any] | None


class PauseTimedOutData(TypedDict):
    """Without a `timeout_default`, `choice` and `response_at` are None."""

    choice: str | None
    response_at: str | None
    metadata: dict[str, Any] | None


class PauseCancelledData(TypedDict):
    """Nobody answered."""

    choice: None
    text: None
    response_at: None
    metadata: dict[str, Any] | None


class _Votes(TypedDict, total=False):
    votes: Sequence[Vote]
    """Only of a pause that takes several votes, in their order."""


class _PauseEventFields(_Votes):
    pause_id: str
    """`psr_…`."""
    developer_id: str
    """`dev_…`: the tenant."""
    timestamp: str


class _DecidedByUser(TypedDict, total=False):
    decided_by_user: UserRef


class PauseRespondedEvent(_PauseEventFields, _DecidedByUser):
    """A person answered. `decided_by_user` is present only if the person was signed in."""

    event: Literal["pause.responded"]
    data: PauseRespondedData


class PauseTimedOutEvent(_PauseEventFields):
    """Nobody answered in time."""

    event: Literal["pause.timed_out"]
    data: PauseTimedOutData


class PauseCancelledEvent(_PauseEventFields):
    """The pause was cancelled."""

    event: Literal["pause.cancelled"]
    data: PauseCancelledData


PauseEvent = PauseRespondedEvent | PauseTimedOutEvent | PauseCancelledEvent
"""How a pause ended. `event` says which of the three endings it was."""


def is_pause_event(body: object) -> TypeGuard[PauseEvent]:
    """Whether the `body` of a verified webhook is the ending of a pause in format `pausepoint`.

    Endpoints of `/v1/webhooks` receive that format. The check covers only the shape, so use it only on a body that
    `verify` returned.
    """
    return (
        isinstance(body, dict)
        and body.get("event") in ("pause.responded", "pause.timed_out", "pause.cancelled")
        and isinstance(body.get("pause_id"), str)
        and isinstance(body.get("data"), dict)
    )
