/** `signalbox tail`: outcomes, questions and inbound requests as they happen. */
import type { Delivery, FollowedEvent, StreamTopic } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { eventFilter, flag, text, time } from "../../options.ts";
import { padded, safe } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";
import { STATUSES, statusCell } from "./delivery-views.ts";

type Status = (typeof STATUSES)[number];

interface Given {
  readonly failed: boolean;
  readonly endpoint: string | undefined;
  readonly type: string | undefined;
  readonly since: string | undefined;
}

/** An event, or a line of the past, after which nobody can resume but after the last one. */
type Shown = FollowedEvent | { readonly type: "delivery"; readonly id: string | null; readonly data: Delivery };

/** What an attempt that was no success makes of its delivery. */
const AFTER_FAILURE: readonly Status[] = ["SCHEDULED", "FAILED", "EXPIRED"];
const STATUS_WIDTH = Math.max(...STATUSES.map((status) => status.length));

export const tail = command({
  name: "tail",
  about: "follow the outcomes of deliveries as they happen",
  details:
    "A lost connection is opened again, for as long as it takes, and nothing is missed. To resume later, pass the last id that --json printed " +
    "with --after. --pauses and --inbound follow questions and inbound requests instead.",
  options: {
    failed: flag("only attempts that failed"),
    endpoint: text("ID", "only this endpoint", { completes: "endpoint" }),
    type: eventFilter("TYPE", "only this event type, or a prefix such as order.*"),
    since: time("TIME", "first show deliveries that were created since: a time, or 10m"),
    after: text("ID", "resume after this id"),
    pauses: flag("follow questions to people"),
    inbound: flag("follow inbound requests"),
  },
  examples: [
    ["signalbox tail --failed", "what fails, as it happens"],
    ["signalbox tail --type 'order.*' --since 10m --json", "for a program, with the last ten minutes"],
    ["signalbox tail --pauses --inbound", "questions, and webhooks from other services"],
  ],
  async run(context, given) {
    const { client, out, signal } = context;
    const { failed, endpoint, type, after, pauses, inbound } = given;
    const others: StreamTopic[] = [...(pauses ? ["pause" as const] : []), ...(inbound ? ["inbound" as const] : [])];
    const topics: readonly StreamTopic[] = others.length > 0 ? others : ["delivery"];
    const matches = matcherOf(type);
    // The stream waits for a server that is away. At the start that is a mistake in the address more often.
    await client.session.me({ signal });
    const past = new Past(context, given);
    let isOpen = true;
    const stream = client.follow({
      topics,
      signal: AbortSignal.any([signal, past.failed]),
      failuresMax: Number.POSITIVE_INFINITY,
      lastEventId: after,
      endpointId: endpoint,
      ...(failed && { status: AFTER_FAILURE }),
      onConnection(open, lastEventId) {
        if (open !== isOpen) out.tell(open ? "Connected again." : "The connection is lost; trying again.");
        isOpen = open;
        // The stream is open before the list is read, so nothing falls between them.
        if (open && others.length === 0) past.print(lastEventId);
      },
    });
    for await (const event of stream) {
      await past.printed;
      if (event.type === "delivery" && (!matches(event.data) || past.has(event.data))) continue;
      await print(context, event);
    }
    if (!signal.aborted) await past.printed;
  },
});

/** With `--since`, what was before the stream began. */
class Past {
  readonly #context: Context;
  readonly #given: Given;
  readonly #shown = new Set<string>();
  readonly #failed = new AbortController();
  /** Rejects when the list cannot be read. */
  printed: Promise<void> | null = null;

  constructor(context: Context, given: Given) {
    this.#context = context;
    this.#given = given;
  }

  /** Aborts when the list cannot be read. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** @param lastEventId of the beginning of the stream */
  print(lastEventId: string): void {
    if (this.printed !== null) return;
    this.printed = this.#print(lastEventId);
    this.printed.catch(() => this.#failed.abort());
  }

  /** Whether the list had this outcome. */
  has(delivery: Delivery): boolean {
    return this.#shown.delete(keyOf(delivery));
  }

  async #print(lastEventId: string): Promise<void> {
    let latest: Delivery | null = null;
    for await (const delivery of this.#deliveries()) {
      this.#shown.add(keyOf(delivery));
      if (latest !== null) await print(this.#context, { type: "delivery", id: null, data: latest });
      latest = delivery;
    }
    // Resuming after an earlier line would skip the lines that follow it here.
    const id = lastEventId === "" ? null : lastEventId;
    if (latest !== null) await print(this.#context, { type: "delivery", id, data: latest });
  }

  async *#deliveries(): AsyncGenerator<Delivery> {
    const { client, signal } = this.#context;
    const { failed, endpoint, type, since } = this.#given;
    if (since === undefined) return;
    const filter = {
      from: since,
      sort: "created_at" as const,
      limit: 100,
      ...(endpoint !== undefined && { endpoint_id: endpoint }),
      ...(failed && { status: AFTER_FAILURE }),
    };
    const matches = matcherOf(type);
    for await (const delivery of client.deliveries.iterate(filter, { signal }))
      if (delivery.attempts_count > 0 && matches(delivery)) yield delivery;
  }
}

/** A prefix that ends in `.*` matches as in an endpoint's filter. */
function matcherOf(type: string | undefined): (delivery: Pick<Delivery, "event_type">) => boolean {
  if (type === undefined || type === "*") return () => true;
  if (!type.endsWith(".*")) return ({ event_type }) => event_type === type;
  return ({ event_type }) => event_type.startsWith(type.slice(0, -1));
}

/** An outcome, which both the list and the stream can tell. */
function keyOf({ id, attempts_count, status }: Delivery): string {
  return `${id} ${attempts_count} ${status}`;
}

async function print({ out }: Context, event: Shown): Promise<void> {
  switch (event.type) {
    case "delivery":
      return out.item(event, event.data.id, deliveryLine(out, event.data));
    case "pause":
      return out.item(event, event.data.pause_id, `${event.data.pause_id}  ${safe(event.data.status)}`);
    case "inbound": {
      const { id, source_id: source, valid } = event.data;
      const verdict = valid ? out.paint("verified", "green") : out.paint("refused ", "red");
      return out.item(event, id, out.fit(`${verdict}  ${id}  ${source ?? "no known source"}`));
    }
    case "skipped":
      return out.tell(`The stream left out ${event.data.count} (${event.data.topics.join(", ")}).`);
    default:
      return undefined;
  }
}

function deliveryLine(out: Context["out"], delivery: Delivery): string {
  const { status, last_http_status: http, event_type: type, endpoint_name: name, last_error: error } = delivery;
  const at = (shortTime(delivery.last_attempt_at ?? delivery.updated_at) ?? "").slice("2026-01-31T".length);
  const cell = statusCell(status);
  const word = padded(status, STATUS_WIDTH);
  const shown = typeof cell === "object" && cell !== null ? out.paint(word, cell.color) : word;
  const line = `${at}  ${shown}  ${http ?? " – "}  ${safe(type)}  ${safe(name)}  ${delivery.id}`;
  return out.fit(error === null ? line : `${line}  ${safe(error)}`);
}
