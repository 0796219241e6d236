/** `signalbox events`. */
import type { Event, EventType } from "../../../../sdk/src/index.ts";
import { type Command, command, group } from "../../command.ts";
import { firstRows, LIST_OPTIONS, pageRows } from "../../listing.ts";
import { eventFilter, flag, operand, text, time } from "../../options.ts";
import type { ListView } from "../../output/output.ts";
import { indentedJson, safe } from "../../output/text.ts";
import { shortTime } from "../../output/time.ts";
import { sourceIdOf } from "../inbound/find-source.ts";
import { BULK_OPTIONS, changeMatching } from "./bulk.ts";
import { printFacts } from "./deliveries.ts";
import { DELIVERY_LIST, EVENT_LIST } from "./delivery-views.ts";

const EVENT = operand("EVENT_ID", "the event", { completes: "event" });

const list = command({
  name: "list",
  about: "list events, newest first",
  options: {
    type: eventFilter("TYPE", "only this type, or a prefix such as order.*"),
    from: time("TIME", "accepted since: a time, or 10m for ten minutes ago"),
    to: time("TIME", "accepted before"),
    source: text("SOURCE", "published from an inbound webhook of this source, by id or name", { completes: "source" }),
    undelivered: flag("only events that no endpoint got a delivery of"),
    contains: text("TEXT", "a part of the payload's text"),
    ...LIST_OPTIONS,
  },
  examples: [
    ["signalbox events list --type 'order.*' --limit 5", "the newest five orders"],
    ["signalbox events list --undelivered --from 1d", "what no endpoint wanted since yesterday"],
  ],
  async run({ client, out, signal }, { type, from, to, source, undelivered, contains, limit, all }) {
    const sourceId = source === undefined ? undefined : await sourceIdOf(client, source);
    const filter = { type, from, to, source_id: sourceId, payload_contains: contains, limit: pageRows({ limit, all }) };
    const events = client.events.iterate({ ...filter, ...(undelivered && { undelivered }) }, { signal });
    await out.list(firstRows(events, { limit, all }), EVENT_LIST);
  },
});

const get = command({
  name: "get",
  about: "show an event, its payload and its deliveries",
  operands: { id: EVENT },
  options: { payload: flag("print only the payload, byte for byte") },
  examples: [
    ["signalbox events get evt_01…", "the event and who got it"],
    ["signalbox events get evt_01… --payload > order.json", "the payload as it was published"],
  ],
  async run({ client, out, signal }, { id, payload }) {
    if (payload) return out.write(await client.events.getPayload(id, { signal }));
    const event = await client.events.get(id, { signal });
    await out.one(event, { id: () => event.id, fields: eventFields });
    if (out.mode !== "people") return;
    await out.write(`\n${indentedJson(await client.events.getPayload(id, { signal }))}\n\n`);
    await out.list(event.deliveries, { ...DELIVERY_LIST, none: "No endpoint got it." });
    for (const { endpoint_name: name, reason } of event.not_delivered) {
      await out.say(out.fit(`not to ${safe(name)}: ${REASONS[reason]}`));
    }
  },
});

const REASONS: Readonly<Record<Event["not_delivered"][number]["reason"], string>> = {
  filter: "the type matches none of its filters",
  disabled: "it was disabled",
  not_named: "the publisher named other endpoints",
};

function eventFields(event: Event) {
  return [
    ["event", event.id],
    ["type", event.type],
    ["accepted", shortTime(event.created_at)],
    ...(event.pause_id === null ? [] : [["pause", event.pause_id] as const]),
    ...(event.source_id === null ? [] : [["source", event.source_id] as const]),
  ] as const;
}

const why = command({
  name: "why",
  about: "explain who got an event, and who did not",
  operands: { id: EVENT },
  options: { endpoint: text("ID", "only this endpoint", { completes: "endpoint" }) },
  examples: [["signalbox events why evt_01… --endpoint ep_01…", "why this endpoint did not get it"]],
  async run(context, { id, endpoint }) {
    const { client, signal } = context;
    await printFacts(context, await client.events.explain(id, { endpoint_id: endpoint }, { signal }));
  },
});

const TYPES: ListView<EventType> = {
  id: ({ name }) => name,
  columns: [
    { head: "TYPE", cell: ({ name }) => name, narrow: "cut" },
    { head: "LAST HOUR", cell: ({ per_hour }) => per_hour, align: "end" },
    { head: "ENDPOINTS", cell: ({ endpoints }) => endpoints, align: "end" },
    { head: "LAST SEEN", cell: ({ last_at }) => shortTime(last_at), narrow: "omit" },
  ],
  none: "No event has been published yet.",
};

const types = command({
  name: "types",
  about: "list the types of the events that the server has",
  options: { search: text("TEXT", "the beginning of the name"), ...LIST_OPTIONS },
  examples: [["signalbox events types --search order.", "the types of orders"]],
  async run({ client, out, signal }, { search, limit, all }) {
    async function* rows() {
      let cursor: string | undefined;
      do {
        const page = await client.events.listTypes(
          { search, limit: pageRows({ limit, all }), ...(cursor !== undefined && { cursor }) },
          { signal },
        );
        yield* page.results;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    }
    await out.list(firstRows(rows(), { limit, all }), TYPES);
  },
});

function change(action: "retry" | "replay" | "cancel", about: string): Command {
  return command({
    name: action,
    about,
    operands: { id: EVENT },
    options: { endpoint: text("ID", "only the delivery to this endpoint", { completes: "endpoint" }), ...BULK_OPTIONS },
    examples: [[`signalbox events ${action} evt_01… --watch --yes`, "all deliveries of the event that it fits"]],
    run: (context, { id, endpoint, ...bulk }) =>
      changeMatching(context, action, { event_id: id, ...(endpoint !== undefined && { endpoint_id: endpoint }) }, bulk),
  });
}

export const events = group(
  list,
  get,
  why,
  types,
  change("retry", "try the deliveries of an event again that failed, expired or were cancelled"),
  change("replay", "deliver an event again, as new deliveries"),
  change("cancel", "end the deliveries of an event that wait"),
);
