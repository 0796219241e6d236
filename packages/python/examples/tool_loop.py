"""A tool loop in the style of OpenAI's API, with a tool that asks a person. It runs without a model and a network.

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

from signalbox_sdk import AsyncSignalbox, SignalboxError

# Who decides: an email address. Without one, whoever reads the link that this program prints.
APPROVER = os.environ.get("APPROVER")

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "ask_human",
            "description": "Ask a person for a decision, and wait for it. Ask before you spend money.",
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
    }
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
    return {"status": ended["status"], "choice": ended["response_choice"]}


async def run_tool(signalbox: AsyncSignalbox, call: dict[str, Any]) -> dict[str, str]:
    try:
        arguments = json.loads(call["function"]["arguments"])
        result = await ask_human(signalbox, call["id"], **arguments)
    except (SignalboxError, TypeError, ValueError) as error:
        # A model repairs its call when it reads what was wrong, such as too many options.
        result = {"error": str(error)}
    return {"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)}


def scripted_model(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Asks one question, and says what it makes of the answer."""
    if messages[-1]["role"] == "tool":
        choice = json.loads(messages[-1]["content"]).get("choice")
        return {"role": "assistant", "content": "I paid." if choice == "Pay" else "I did not pay."}
    arguments = {"question": "Pay 340 EUR to Acme?", "options": ["Pay", "Do not pay"]}
    call_id = f"call_{os.urandom(12).hex()}"
    function = {"name": "ask_human", "arguments": json.dumps(arguments)}
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
