/**
 * Two servers on one database, as their callers see them. One is connected to it through a pooler in transaction mode, the
 * other one as a user that may do no more than a node needs.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { shownDatabase } from "../../src/domain/database-address.ts";
import { polled } from "../harness/deadline.ts";
import { runHere } from "../harness/in-process.ts";
import { type RunningReceiver, startRunningReceiver } from "../harness/receiver.ts";
import { publishMany } from "../harness/scene.ts";
import { newTenant, startServer, type Tenant, type TestServer } from "../harness/server.ts";
import { followOutcomes, listen, requestStream } from "../harness/stream.ts";
import { startPooler } from "./pooler.ts";

export interface NodesGround {
  createDatabase(): Promise<DatabaseAddress>;
  query(database: DatabaseAddress, sql: string): Promise<unknown>;
  /** The key that the database was created with. */
  readonly masterKey: Uint8Array;
}

/** As in docs/deploy.md. */
const GRANTS = `
  GRANT USAGE ON SCHEMA signalbox TO least;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA signalbox TO least`;

export function nodeCases({ createDatabase, query, masterKey }: NodesGround): void {
  describe("two nodes", () => {
    const ends: (() => void | Promise<void>)[] = [];
    const scope = { after: (end: () => void | Promise<void>) => void ends.push(end) };
    let a: TestServer;
    let b: TestServer;
    let database: DatabaseAddress;
    const SIGNALBOX_MASTER_KEY = Buffer.from(masterKey).toString("base64");
    before(async () => {
      database = await createDatabase();
      const on = (address: DatabaseAddress) =>
        startServer(scope, { DATABASE_URL: shownDatabase(address), SIGNALBOX_MASTER_KEY });
      a = await on(await startPooler(scope, database));
      await query(database, `CREATE ROLE least LOGIN; ${GRANTS}`);
      b = await on({ ...database, user: "least" });
    });
    after(async () => {
      for (const end of ends.reverse()) await end();
    });

    /** One tenant, as a client of each node. */
    async function onBoth(): Promise<readonly [Tenant, Tenant]> {
      const tenant = await newTenant(a);
      return [tenant, { ...tenant, ...b.as(tenant.apiKey) }];
    }

    async function endpoint(on: Tenant, receiver: RunningReceiver, more: object = {}): Promise<string> {
      const made = await on.request("POST", "/v1/endpoints", { body: { url: receiver.url, ...more } });
      assert.equal(made.status, 201, made.text);
      return made.body.id;
    }

    async function publish(on: Tenant, data: unknown): Promise<void> {
      const sent = await on.request("POST", "/v1/events", { body: { type: "order.paid", payload: { data } } });
      assert.equal(sent.status, 202, sent.text);
    }

    const dataOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { data: unknown }).data;

    test("both are listed, one of them as the leader and one as itself", async () => {
      const { text } = await b.request("GET", "/v1/nodes");
      const { nodes } = JSON.parse(text) as { nodes: readonly { leader: boolean; self: boolean }[] };
      assert.deepEqual(
        nodes.map(({ leader, self }) => ({ leader, self })),
        [
          { leader: true, self: false },
          { leader: false, self: true },
        ],
      );
    });

    test("a key works on the other node at once, and is refused soon after it was revoked", async () => {
      const [onA, onB] = await onBoth();
      const made = await onA.request("POST", "/v1/auth/keys", { body: { name: "k", role: "developer" } });
      const own = onB.as(made.body.api_key);
      assert.equal((await own.request("GET", "/v1/endpoints")).status, 200);
      assert.equal((await onA.request("DELETE", `/v1/auth/keys/${made.body.id}`)).status, 204);
      const status = async () => (await own.request("GET", "/v1/endpoints")).status;
      await polled(async () => ((await status()) === 401 ? true : null), "the refusal of the key");
    });

    test("an endpoint of one node gets the events of the other, while it is paused none, and then all", async () => {
      const receiver = await startRunningReceiver(scope);
      const [onA, onB] = await onBoth();
      await publish(onB, 0); // before there is an endpoint, so that B has cached that there is none
      const id = await endpoint(onA, receiver);
      await publish(onB, 1);
      assert.equal(dataOf(await receiver.next()), 1);
      await onA.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
      await publish(onB, 2);
      await publish(onA, 3);
      const held = await onB.request("GET", "/v1/deliveries?status=HELD");
      assert.equal(held.body.results.length, 2, held.text);
      await onB.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "ACTIVE" } });
      assert.deepEqual([dataOf(await receiver.next()), dataOf(await receiver.next())].sort(), [2, 3]);
    });

    test("both nodes know an idempotency key that either of them got first, and the owner's commands work", async () => {
      const [onA, onB] = await onBoth();
      const publishWith = (on: Tenant, key: string) =>
        on.request("POST", "/v1/events", {
          body: { type: "order.paid", payload: {} },
          headers: { "idempotency-key": key },
        });
      for (const [key, first, second] of [["of-b", onB, onA] as const, ["of-a", onA, onB] as const]) {
        const sent = await publishWith(first, key);
        assert.equal(sent.status, 202, sent.text);
        const repeated = await publishWith(second, key);
        assert.equal(repeated.body.event_id, sent.body.event_id, repeated.text);
      }
      const env = { DATABASE_URL: shownDatabase(database), SIGNALBOX_MASTER_KEY };
      for (const words of [
        ["admin", "keys", "list"],
        ["admin", "verify"],
      ]) {
        const { code, stderr } = await runHere("", words, { env });
        assert.equal(code, 0, stderr);
      }
      await query(database, "REVOKE INSERT ON signalbox.idempotency_keys FROM least");
      assert.equal((await publishWith(onB, "other")).status, 503);
      await query(database, GRANTS);
      const isAccepted = async () => ((await publishWith(onB, "other")).status === 202 ? true : null);
      await polled(isAccepted, "an accepted event after the right was granted");
    });

    test("an ordered endpoint gets the events of both nodes in the order of their responses", async () => {
      const receiver = await startRunningReceiver(scope);
      const [onA, onB] = await onBoth();
      await endpoint(onA, receiver, { ordered: true });
      const sent = Array.from({ length: 20 }, (_, index) => index);
      for (const index of sent) await publish(index % 2 === 0 ? onA : onB, index);
      const got: unknown[] = [];
      for (const _ of sent) got.push(dataOf(await receiver.next()));
      assert.deepEqual(got, sent);
    });

    test("a delivery that is cancelled on any node is not sent by the node that has leased it", async () => {
      const receiver = await startRunningReceiver(scope);
      const release = receiver.hold();
      const [onA, onB] = await onBoth();
      await endpoint(onA, receiver, { max_in_flight: 1 });
      for (const index of [0, 1, 2, 3]) await publish(onA, index);
      assert.equal(dataOf(await receiver.next()), 0);
      const listed = await onA.request("GET", "/v1/deliveries");
      const ids = listed.body.results.map(({ id }: { id: string }) => id).reverse();
      // One of the nodes has leased both: only one may send to this endpoint.
      for (const [on, id] of [[onA, ids[1]] as const, [onB, ids[2]] as const]) {
        const cancelled = await on.request("POST", `/v1/deliveries/${id}/cancel`);
        assert.equal(cancelled.status, 200, cancelled.text);
        const state = async () => (await on.request("GET", `/v1/deliveries/${id}`)).body.status;
        await polled(async () => ((await state()) === "CANCELLED" ? true : null), "the end of the cancelled delivery");
      }
      release();
      assert.equal(dataOf(await receiver.next()), 3);
    });

    test("a long poll on one node ends when the pause is decided on the other", async () => {
      const [onA, onB] = await onBoth();
      const asked = await onA.request("POST", "/v1/pause", { body: { message: "Pay?", options: ["Yes", "No"] } });
      const waiting = onB.request("GET", `/v1/pause/${asked.body.pause_id}?wait=60`);
      const cancelled = await onA.request("DELETE", `/v1/pause/${asked.body.pause_id}`);
      assert.equal(cancelled.status, 200, cancelled.text);
      assert.equal((await waiting).body.status, "cancelled");
    });

    test("a stream of one node has the outcomes and the news of the other", async () => {
      const receiver = await startRunningReceiver(scope);
      const [onA, onB] = await onBoth();
      await endpoint(onA, receiver);
      const stream = await followOutcomes(scope, b.url, onB.apiKey);
      for (const index of [1, 2, 3, 4]) {
        await publish(index % 2 === 0 ? onA : onB, index);
        assert.equal((await stream.next()).row.status, "DELIVERED");
      }
      stream.close();
      const news = await followOutcomes(scope, b.url, onB.apiKey, undefined, "?topics=endpoint");
      await endpoint(onA, receiver);
      assert.equal((await news.next()).event, "endpoint");
      news.close();
    });

    test("however many events one node gets, a stream of the other has the news of an endpoint, and the rest by topic", async () => {
      const receiver = await startRunningReceiver(scope);
      const [onA, onB] = await onBoth();
      await endpoint(onA, receiver);
      const query = "?topics=delivery,event,endpoint&max_per_second=5";
      const stream = await followOutcomes(scope, b.url, onB.apiKey, undefined, query);
      await publishMany(onA, 100);
      const id = await endpoint(onA, receiver, { event_types: ["none"] });
      const changed = new Set<string>();
      const skipped = new Set<string>();
      while (!changed.has(id) || !skipped.has("event") || !skipped.has("delivery")) {
        const { event, row } = await stream.next();
        if (event === "endpoint") changed.add(row.endpoint_id);
        if (event === "skipped") for (const topic of row.topics) skipped.add(topic);
      }
      stream.close();
      await onA.request("GET", "/dashboard/webhooks/deliveries/export?progress=export-of-a");
      const state = async () => (await onB.request("GET", "/v1/exports/export-of-a")).body.state;
      await polled(async () => ((await state()) === "done" ? true : null), "the end of the other node's export");
    });

    test("a reader of one node gets the events of the other, and may report to any node, and move to the other", async () => {
      const [onA, onB] = await onBoth();
      const made = await onA.request("POST", "/v1/listeners", { body: { name: "cli/ada" } });
      const { id } = made.body;
      const report = (on: Tenant, token: string) =>
        on.request("POST", `/v1/listeners/${id}/results`, { body: { results: [{ token, status: 200 }] } });
      const outcomes = await followOutcomes(scope, a.url, onA.apiKey);
      const reader = await listen(scope, { url: a.url, apiKey: onA.apiKey, id });
      for (const [index, on] of [onB, onA, onB].entries()) {
        await publish(onB, index);
        const attempt = await reader.attempt();
        assert.equal(dataOf({ body: JSON.stringify(JSON.parse(attempt.body).data) }), index);
        assert.equal((await report(on, attempt.token)).status, 200);
        await outcomes.until(attempt.delivery_id, "DELIVERED");
        const late = await report(on, attempt.token);
        assert.equal(late.status, 409, late.text);
      }
      const elsewhere = await onB.request("POST", `/v1/endpoints/${id}/test`);
      assert.match(elsewhere.body.data.message, /connected to another node/);
      await publish(onA, "moved");
      const lost = await reader.attempt();
      const moved = { url: b.url, apiKey: onB.apiKey, id, reader: "bob@desk" };
      const busy = await requestStream(moved, new AbortController().signal);
      assert.equal(busy.status, 409, await busy.text());
      const taker = await listen(scope, { ...moved, takeover: true });
      assert.equal((await reader.next()).event, "displaced");
      const again = await taker.attempt();
      assert.deepEqual([again.event_id, again.attempt_number], [lost.event_id, 1]);
      assert.equal((await report(onA, again.token)).status, 200);
      await outcomes.until(again.delivery_id, "DELIVERED");
      outcomes.close();
      taker.close();
    });

    test("after a node has stopped, the other one delivers what it had left", async () => {
      const receiver = await startRunningReceiver(scope);
      receiver.answerWith(500);
      const [onA, onB] = await onBoth();
      await endpoint(onB, receiver, { retry_schedule_seconds: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] });
      await publish(onB, "left");
      await receiver.next();
      await b.close();
      receiver.answerWith(200);
      assert.equal(dataOf(await receiver.next()), "left");
      const state = async () => (await onA.request("GET", "/v1/deliveries")).body.results[0]?.status;
      await polled(async () => ((await state()) === "DELIVERED" ? true : null), "the delivery by the other node");
    });
  });
}
