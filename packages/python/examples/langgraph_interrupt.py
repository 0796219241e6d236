"""A LangGraph graph whose interrupts are questions to a person.

    pip install langgraph
    SIGNALBOX_URL=http://127.0.0.1:8080 SIGNALBOX_API_KEY=sb_live_... python3 langgraph_interrupt.py invoice-7

A node calls `interrupt` with a question. The program that runs the graph asks a person, waits, and resumes the graph
with the decision. Start it again with the same word after a crash, and it asks nothing twice.

In production, use a checkpointer that stores its state, such as the one of langgraph-checkpoint-postgres.
"""

import os
import sys
from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from signalbox_sdk import Signalbox

# Who decides: an email address. Without one, whoever reads the link that this program prints.
APPROVER = os.environ.get("APPROVER")


class State(TypedDict, total=False):
    amount: int
    paid: bool


def approve(state: State) -> Command[str]:
    """Everything before `interrupt` runs again when the graph resumes, so do nothing there that must happen once."""
    question = {"message": f"Pay {state['amount']} EUR to Acme?", "options": ["Pay", "Do not pay"]}
    return Command(goto="pay" if interrupt(question) == "Pay" else END)


def pay(state: State) -> State:
    return {**state, "paid": True}


def build_graph() -> Any:
    builder = StateGraph(State)
    builder.add_node("approve", approve, destinations=("pay", END))
    builder.add_node("pay", pay)
    builder.add_edge(START, "approve")
    builder.add_edge("pay", END)
    return builder.compile(checkpointer=InMemorySaver())


def run(graph: Any, thread_id: str, state: State, signalbox: Signalbox) -> State:
    config = {"configurable": {"thread_id": thread_id}}
    output = graph.invoke(state, config, version="v2")
    while output.interrupts:
        choices = {}
        for one in output.interrupts:
            # With this key, the same question of the same thread is asked once, even if this program starts again.
            pause = signalbox.pause(
                **one.value,
                channel="email" if APPROVER else None,
                recipient=APPROVER,
                idempotency_key=f"{thread_id}:{one.id}",
            )
            print(f"{one.value['message']} {pause['respond_url'] or ''}", flush=True)
            # None if nobody decided: the graph then goes the way of "no".
            choices[one.id] = signalbox.wait_for_pause(pause["pause_id"])["response_choice"]
        output = graph.invoke(Command(resume=choices), config, version="v2")
    final: State = output.value
    return final


if __name__ == "__main__":
    with Signalbox(url=os.environ["SIGNALBOX_URL"], api_key=os.environ["SIGNALBOX_API_KEY"]) as client:
        result = run(build_graph(), sys.argv[1], {"amount": 340}, client)
    print("paid" if result.get("paid") else "not paid")
