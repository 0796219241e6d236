/** `signalbox tail`: outcomes, questions and inbound requests as they happen. */
import type { Delivery, FollowedEvent, StreamTopic } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { flag, text, time } from "../../options.ts";
import { padded, safe } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";
import { STATUSES, statusCell } from "./delivery-views.ts";

type Status = (typeof STATUSES)[number];

/** What an attempt that was no success makes of its delivery. */
const AFTER_FAILURE: readonly Status[] = ["SCHEDULED", "FAILED", "EXPIRED"];
const STATUS_WIDTH = Math.max(...STATUSES.map((status) => status.length));

export const tail = command({
  name: "tail",
  about: "follow the outcomes of deliveries as they happen",
  details:
    "A lost connection is opened again, and nothing is missed. To resume later, pass the id of the last line that you saw " +
    "with --after; --json prints it. --pauses and --inbound follow questions and inbound requests instead.",
  options: {
    failed: flag("only attempts that failed"),
    endpoint: text("ID", "only this endpoint", { completes: "endpoint" }),
    type: text("TYPE", "only this event type, or a prefix such as order.*", { completes: "type" }),
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
  async run(context, { failed, endpoint, type, since, after, pauses, inbound }) {
    const { client, out, signal } = context;
    const others: StreamTopic[] = [...(pauses ? ["pause" as const] : []), ...(inbound ? ["inbound" as const] : [])];
    const topics: readonly StreamTopic[] = others.length > 0 ? others : ["delivery"];
    const matches = matcherOf(type);
    const shown = new Set<string>();
    let isOpen: boolean | null = null;
    const opened = async () => {
      isOpen = true;
      if (since === undefined || others.length > 0) return;
      const filter = { from: since, sort: "created_at" as const, limit: 100 };
      const more = {
        ...(endpoint !== undefined && { endpoint_id: endpoint }),
        ...(failed && { status: AFTER_FAILURE }),
      };
      for await (const delivery of client.deliveries.iterate({ ...filter, ...more }, { signal })) {
        if (delivery.attempts_count === 0 || !matches(delivery)) continue;
        shown.add(keyOf(delivery));
        await print(context, { type: "delivery", id: "", data: delivery });
      }
    };
    // The stream is open before the list is read, so nothing falls between them.
    let listed: Promise<void> | null = null;
    const stream = client.follow({
      topics,
      signal,
      lastEventId: after,
      endpointId: endpoint,
      ...(failed && { status: AFTER_FAILURE }),
      onConnection(open) {
        if (open && listed === null) listed = opened();
        else if (isOpen === null) out.tell("The server does not respond as it should; trying again.");
        else if (open !== isOpen) out.tell(open ? "Connected again." : "The connection is lost; trying again.");
        isOpen = open;
      },
    });
    for await (const event of stream) {
      await listed;
      if (event.type === "delivery" && (!matches(event.data) || shown.delete(keyOf(event.data)))) continue;
      await print(context, event);
    }
  },
});

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

async function print({ out }: Context, event: FollowedEvent): Promise<void> {
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
