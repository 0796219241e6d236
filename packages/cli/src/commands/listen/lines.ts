/** Without a terminal: a line for each attempt, or with `--json` an object. */
import type { ListenStatus } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { padded, safe } from "../../output/text.ts";
import { clockTime, connectedSentence, outcomeOf, reconnectingSentence } from "./sentences.ts";
import type { View } from "./view.ts";

const MS_WIDTH = 8;
const LABEL_WIDTH = 3;

export class Lines implements View {
  readonly #out: Context["out"];
  readonly #listenerId: string;
  /** A connection is lost once, however often it is tried again. */
  #isLost = false;
  room: Promise<void> = Promise.resolve();

  constructor({ out }: Context, listenerId: string) {
    this.#out = out;
    this.#listenerId = listenerId;
  }

  show(status: ListenStatus): void {
    if (status.kind === "connected") {
      this.#isLost = false;
      this.#tell(connectedSentence(status, this.#listenerId, new Date()), {
        type: "connected",
        listener_id: this.#listenerId,
        name: status.name,
        status: status.status,
        waiting: status.waiting,
        waiting_since: status.waitingSince?.toISOString() ?? null,
      });
    } else if (status.kind === "reconnecting" && !this.#isLost) {
      this.#isLost = true;
      const error = status.error === null ? null : { code: status.error.code, message: status.error.message };
      this.#tell(reconnectingSentence(status), { type: "reconnecting", error });
    } else if (status.kind === "attemptEnded") {
      this.#attempt(status);
    } else if (status.kind === "attemptOver") {
      this.#over(status);
    }
  }

  close(): void {
    // there is nothing to give back
  }

  #attempt({ request, answer, accepted, latencyMs }: Extract<ListenStatus, { kind: "attemptEnded" }>): void {
    const { deliveryId, eventId, eventType, attemptNumber, isTest } = request;
    const { label, color, detail } = outcomeOf(answer, accepted);
    const value = {
      type: "attempt",
      delivery_id: deliveryId,
      event_id: eventId,
      event_type: eventType,
      attempt_number: attemptNumber,
      test: isTest,
      status: "status" in answer ? answer.status : null,
      classification: "failure" in answer ? answer.failure : null,
      detail: "failure" in answer ? (answer.detail ?? null) : null,
      accepted,
      latency_ms: latencyMs,
    };
    const took = padded(`${latencyMs} ms`, MS_WIDTH, "end");
    const again = attemptNumber > 1 ? `  attempt ${attemptNumber}` : "";
    const line = `${clockTime(new Date())}  ${this.#out.paint(padded(label, LABEL_WIDTH), color)}  ${took}  ${safe(eventType)}  ${safe(deliveryId)}${again}`;
    this.#print(value, deliveryId, detail === "" ? line : `${line}  ${detail}`);
  }

  #over({ request, reason }: Extract<ListenStatus, { kind: "attemptOver" }>): void {
    const { deliveryId, eventId, eventType, attemptNumber } = request;
    const why = reason === "lost" ? "the connection broke, so it may be sent again" : "the deadline has passed";
    const line = `${clockTime(new Date())}  ${this.#out.paint("–  ", "yellow")}  ${" ".repeat(MS_WIDTH)}  ${safe(eventType)}  ${safe(deliveryId)}  ${why}`;
    const ids = { delivery_id: deliveryId, event_id: eventId, event_type: eventType };
    this.#print({ type: "attempt_over", ...ids, attempt_number: attemptNumber, reason }, null, line);
  }

  #print(value: object, id: string | null, line: string): void {
    this.room = this.#out.item(value, id, line);
  }

  #tell(sentence: string, value: object): void {
    if (this.#out.mode === "json") this.#print(value, null, "");
    else this.#out.tell(sentence);
  }
}
