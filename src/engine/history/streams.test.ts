import assert from "node:assert/strict";
import { test } from "node:test";
import { createTimeline } from "../../../test/sim/timeline.ts";
import { NEWS_TOPICS, type News, type Topic } from "../../domain/history/news.ts";
import { parseId } from "../../domain/ids.ts";
import type { NodeNote, OutcomeRow } from "../../ports/store.ts";
import type { StreamItem } from "./history-types.ts";
import { StreamReader } from "./stream-reader.ts";
import { Streams } from "./streams.ts";

const TENANT = 1;
const ID = parseId("", "0190e0c4-2222-7000-8000-000000000003") ?? assert.fail();
const EVENT: News = { topic: "event", eventId: ID, eventType: "order.paid" };
const DISABLED: News = { topic: "endpoint", endpointId: ID, change: "disabled" };

/** Streams of a node that hears notes of others, and what one reader of these topics gets. */
function stage(topics: readonly Topic[], perSecondMax: number | null) {
  const timeline = createTimeline();
  const clock = { now: () => timeline.nowMs, after: timeline.after };
  let hear: (note: NodeNote) => void = () => assert.fail();
  const notes = {
    send() {},
    listen(onNote: (note: NodeNote) => void) {
      hear = onNote;
    },
  };
  const tail = async () => ({ outcomes: [], upTo: 0, more: false });
  const streams = new Streams({ tail, notes }, clock, { isShared: true });
  const input = { after: null, topics, endpointId: null, states: null, perSecondMax };
  const stream = streams.open(TENANT, input) ?? assert.fail();
  const got: StreamItem[] = [];
  void (async () => {
    for (let next = await stream.next(); !next.done; next = await stream.next()) got.push(next.value);
  })();
  return { timeline, streams, got, hear: (note: NodeNote) => hear(note) };
}

function newsOf(got: readonly StreamItem[], topic: Topic): number {
  return got.filter((item) => item.kind === "news" && item.news.topic === topic).length;
}

function skippedIn(got: readonly StreamItem[]) {
  const skipped = got.filter((item) => item.kind === "skipped");
  return {
    count: skipped.reduce((sum, { count }) => sum + count, 0),
    topics: [...new Set(skipped.flatMap(({ topics }) => topics))].sort(),
  };
}

test("however many events are published, a reader with a limit gets each piece of news of a rare topic", async () => {
  const { timeline, streams, got } = stage(NEWS_TOPICS, 20);
  const seconds = 5;
  for (let tick = 0; tick < 100 * seconds; tick += 1) {
    await timeline.runUntil(timeline.nowMs + 10);
    for (let n = 0; n < 3; n += 1) streams.announce(TENANT, EVENT);
    if (tick % 50 === 49) streams.announce(TENANT, DISABLED);
  }
  await timeline.runUntil(timeline.nowMs + 2000);
  assert.equal(newsOf(got, "endpoint"), 2 * seconds);
  const events = newsOf(got, "event");
  assert.ok(events <= 20 * (seconds + 1), `${events} events were sent`);
  assert.deepEqual(skippedIn(got), { count: 300 * seconds - events, topics: ["event"] });
});

test("a reader is told of which topics something was left out, within about a second", async () => {
  const { timeline, streams, got } = stage(["event", "endpoint", "job"], 1);
  for (const news of [EVENT, EVENT, DISABLED, DISABLED]) streams.announce(TENANT, news);
  await timeline.runUntil(timeline.nowMs + 2000);
  assert.deepEqual(skippedIn(got), { count: 2, topics: ["endpoint", "event"] });
  streams.announce(TENANT, EVENT);
  await timeline.runUntil(timeline.nowMs + 2000);
  assert.equal(skippedIn(got).count, 2, "and only once");
});

test("a slow reader without a limit is told of which topics something was left out", async () => {
  const { timeline, streams, got } = stage(["event", "endpoint"], null);
  for (let n = 0; n < 2000; n += 1) streams.announce(TENANT, EVENT);
  streams.announce(TENANT, DISABLED);
  await timeline.runUntil(timeline.nowMs + 2000);
  const [events, endpoints] = [newsOf(got, "event"), newsOf(got, "endpoint")];
  assert.deepEqual(skippedIn(got), { count: 2001 - events - endpoints, topics: ["endpoint", "event"] });
});

test("what was lost between nodes is told by topic, to the readers that it concerns", async () => {
  const { timeline, got, hear } = stage(["event", "endpoint", "delivery"], null);
  hear({ kind: "missed", tenantSeqs: [TENANT + 1], topics: ["endpoint"] });
  hear({ kind: "missed", tenantSeqs: [TENANT], topics: ["event", "job"] });
  await timeline.runUntil(timeline.nowMs + 2000);
  assert.deepEqual(got, [{ kind: "skipped", count: 0, topics: ["event"] }]);
  hear({ kind: "missedAny" });
  await timeline.runUntil(timeline.nowMs + 2000);
  assert.deepEqual(skippedIn(got.slice(1)), { count: 0, topics: ["endpoint", "event"] });
});

test("what a reader does not want moves its position, but never past what it has yet to send", async () => {
  const { timeline } = stage(["delivery"], null);
  const tail = async () => ({ outcomes: [], upTo: 7, more: false });
  const input = {
    after: null,
    topics: ["delivery"],
    endpointId: null,
    states: ["FAILED"],
    perSecondMax: null,
  } as const;
  const clock = { now: () => timeline.nowMs, after: timeline.after };
  const reader = new StreamReader({ tail, notes: null }, clock, TENANT, input);
  const push = (attemptSeq: number, state: string) =>
    reader.push({ attemptSeq, row: { endpointId: ID, state } } as unknown as OutcomeRow);
  await reader.ready();
  assert.equal(reader.position, 7);
  push(8, "DELIVERED");
  assert.equal(reader.position, 8);
  push(9, "FAILED");
  push(10, "DELIVERED");
  assert.equal(reader.position, 8);
  assert.equal((await reader.items().next()).value?.kind, "outcome");
  assert.equal(reader.position, 9);
});
