"""A tool loop in the style of OpenAI's API, with a tool that asks a person, and one that pays only if a person agreed.
It runs without a model and a network. It needs `pip install 'signalbox-sdk[receipts]'`.

    SIGNALBOX_URL=http://127.0.0.1:8080 SIGNALBOX_API_KEY=sb_live_... python3 tool_loop.py

`scripted_model` stands for `client.chat.completions.create(model=..., messages=messages, tools=TOOLS)`. Replace it with
that call and `.choices[0].message.model_dump()`.

The model never sees `respond_url`: whoever has the link can decide. With a key of the role `agent`, this program does
not see it either.
"""

import asyncio
import json
import os
from typing import Any

from signalbox_sdk import AsyncSignalbox, DecisionVerificationError, SignalboxError, verify_decision

# Who decides: an email address. Without one, whoever reads the link that this program prints.
APPROVER = os.environ.get("APPROVER")

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "ask_human",
            "description": "Ask a person for a decision, and wait for it. Before you pay, ask `Pay {amount} EUR to "
            "{supplier}?` with the options `Pay` and `Do not pay`.",
            "parameters": {
                "type": "object",
                "properties": {
                    "question": {"type": "string"},
                    "options": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 5},
                },
                "required": ["question", "options"],
                "additionalProperties": False,
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "pay",
            "description": "Pay, with the pause_id of a person's decision.",
            "parameters": {
                "type": "object",
                "properties": {
                    "supplier": {"type": "string"},
                    "amount": {"type": "integer"},
                    "pause_id": {"type": "string"},
                },
                "required": ["supplier", "amount", "pause_id"],
                "additionalProperties": False,
            },
        },
    },
]


async def ask_human(signalbox: AsyncSignalbox, call_id: str, question: str, options: list[str]) -> dict[str, Any]:
    # The id of the tool call is the key: a loop that runs again does not ask again.
    pause = await signalbox.pause(
        message=question,
        options=options,
        channel="email" if APPROVER else None,
        recipient=APPROVER,
        idempotency_key=call_id,
    )
    print(f"{question} {pause['respond_url'] or ''}", flush=True)
    ended = await signalbox.wait_for_pause(pause["pause_id"])
    return {"status": ended["status"], "choice": ended["response_choice"], "pause_id": pause["pause_id"]}


paid: set[str] = set()


def first_use(pause_id: str) -> bool:
    """Stands for a table with a unique key, which is written in the transaction of the payment."""
    if pause_id in paid:
        return False
    paid.add(pause_id)
    return True


async def pay(signalbox: AsyncSignalbox, supplier: str, amount: int, pause_id: str) -> dict[str, Any]:
    """Stands for a service that pays. It trusts neither the model nor this loop, but only people's signed decision."""
    pause = await signalbox.get_pause(pause_id)
    verify_decision(
        pause["receipt"],
        keys=await signalbox.list_receipt_keys(),
        pause_id=pause_id,
        question={"message": f"Pay {amount} EUR to {supplier}?", "options": ["Pay", "Do not pay"]},
        choice="Pay",
        # This program has the link itself. Leave it out if people sign in to decide, as they do for an agent's key.
        min_people=0,
        max_age_seconds=3600,
        once=first_use,
    )
    return {"paid": amount}


async def run_tool(signalbox: AsyncSignalbox, call: dict[str, Any]) -> dict[str, str]:
    try:
        arguments = json.loads(call["function"]["arguments"])
        if call["function"]["name"] == "pay":
            result = await pay(signalbox, **arguments)
        else:
            result = await ask_human(signalbox, call["id"], **arguments)
    except (DecisionVerificationError, SignalboxError, TypeError, ValueError) as error:
        # A model repairs its call when it reads what was wrong, such as too many options.
        result = {"error": str(error)}
    return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}


def scripted_model(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Asks one question, pays if the answer allows it, and says what happened."""
    if messages[-1]["role"] != "tool":
        return tool_call("ask_human", {"question": "Pay 340 EUR to Acme?", "options": ["Pay", "Do not pay"]})
    result = json.loads(messages[-1]["content"])
    if result.get("choice") == "Pay":
        return tool_call("pay", {"supplier": "Acme", "amount": 340, "pause_id": result["pause_id"]})
    return {"role": "assistant", "content": "I paid." if "paid" in result else "I did not pay."}


def tool_call(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    call_id = f"call_{os.urandom(12).hex()}"
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


async def main() -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Pay the invoice of Acme."}]
    async with AsyncSignalbox(url=os.environ["SIGNALBOX_URL"], api_key=os.environ["SIGNALBOX_API_KEY"]) as signalbox:
        while True:
            reply = scripted_model(messages)
            messages.append(reply)
            calls = reply.get("tool_calls") or []
            if not calls:
                print(reply["content"])
                return
            # People answer in any order, so all questions are open at once.
            messages += await asyncio.gather(*(run_tool(signalbox, call) for call in calls))


if __name__ == "__main__":
    asyncio.run(main())
