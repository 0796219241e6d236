import assert from "node:assert/strict";
import { test } from "node:test";
import type { News } from "../../../domain/history/news.ts";
import { parseId } from "../../../domain/ids.ts";
import { NODE_MISSED_TENANTS_COUNT_MAX, NODE_NEWS_OF_TOPIC_COUNT_MAX } from "../../../domain/limits.ts";
import { UnsentNotes } from "./unsent-notes.ts";

const ID = parseId("", "0190e0c4-2222-7000-8000-000000000003") ?? assert.fail();
const EVENT: News = { topic: "event", eventId: ID, eventType: "order.paid" };
const DISABLED: News = { topic: "endpoint", endpointId: ID, change: "disabled" };

test("many events displace no news of another topic, and the others learn what was left out", () => {
  const unsent = new UnsentNotes();
  for (let n = 0; n < 100; n += 1) unsent.add({ kind: "news", tenantSeq: 1, news: EVENT });
  for (const tenantSeq of [1, 2]) unsent.add({ kind: "news", tenantSeq, news: DISABLED });
  unsent.add({ kind: "changed" });
  unsent.add({ kind: "changed" });
  const notes = unsent.take();
  const events = notes.filter((note) => note.kind === "news" && note.news.topic === "event");
  assert.equal(events.length, NODE_NEWS_OF_TOPIC_COUNT_MAX);
  assert.deepEqual(
    notes.filter((note) => !events.includes(note)),
    [
      { kind: "changed" },
      { kind: "missed", tenantSeqs: [1], topics: ["event"] },
      ...[1, 2].map((tenantSeq) => ({ kind: "news", tenantSeq, news: DISABLED })),
    ],
  );
  assert.deepEqual(unsent.take(), []);
});

test("when news of too many tenants are left out, all tenants are told", () => {
  const unsent = new UnsentNotes();
  const tenants = NODE_NEWS_OF_TOPIC_COUNT_MAX + NODE_MISSED_TENANTS_COUNT_MAX;
  for (let tenantSeq = 1; tenantSeq <= tenants; tenantSeq += 1) unsent.add({ kind: "news", tenantSeq, news: EVENT });
  const kinds = () => new Set(unsent.take().map(({ kind }) => kind));
  assert.deepEqual(kinds(), new Set(["missed", "news"]));
  for (let tenantSeq = 0; tenantSeq <= tenants; tenantSeq += 1) unsent.add({ kind: "news", tenantSeq, news: EVENT });
  assert.deepEqual(kinds(), new Set(["missedAny", "missed", "news"]));
});
