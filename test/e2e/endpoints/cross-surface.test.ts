/**
 * An endpoint created through one surface is the same endpoint in the others, and can be changed through any of them.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startHooks } from "../../harness/hooks.ts";
import { ask } from "../../harness/pauses.ts";
import { type Answer, type Client, newTenant } from "../../harness/server.ts";
import { sharedServer } from "../../processes/one-server.ts";

const server = await sharedServer({ after });

interface Surface {
  /** A header that only the format of this surface's endpoints has. */
  readonly header: string;
  /** Creates an endpoint and returns its id in this surface's format. */
  create(client: Client, url: string): Promise<string>;
  /** Whether the endpoint is active according to this surface, or null if it is deleted. Accepts any surface's id. */
  isActive(client: Client, id: string): Promise<boolean | null>;
  readonly hold?: (client: Client, id: string) => Promise<Answer>;
  readonly resume?: (client: Client, id: string) => Promise<Answer>;
  readonly test?: (client: Client, id: string) => Promise<Answer>;
  remove(client: Client, id: string): Promise<Answer>;
}

const dataOf = <T>(answer: Answer): T => answer.body.data as unknown as T;
const uuidOf = (id: string): string => id.slice(id.indexOf("_") + 1);

const SURFACES = {
  pauses: {
    header: "x-pausepoint-event",
    async create(client, url) {
      const body = { url, events: ["pause.cancelled"], secret: "0123456789abcdef" };
      return (await client.request("POST", "/v1/webhooks", { body })).body.id;
    },
    async isActive(client, id) {
      const { webhooks } = (await client.request("GET", "/v1/webhooks")).body;
      return webhooks.find((webhook) => uuidOf(webhook.id) === uuidOf(id))?.active ?? null;
    },
    remove: (client, id) => client.request("DELETE", `/v1/webhooks/${id}`),
  },
  endpoints: {
    header: "x-webhook-delivery",
    async create(client, url) {
      return (await client.request("POST", "/v1/endpoints", { body: { url } })).body.id;
    },
    async isActive(client, id) {
      const { status, body } = await client.request("GET", `/v1/endpoints/${id}`);
      return status === 404 ? null : body.status === "ACTIVE";
    },
    hold: (client, id) => client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } }),
    resume: (client, id) => client.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "ACTIVE" } }),
    test: (client, id) => client.request("POST", `/v1/endpoints/${id}/test`),
    remove: (client, id) => client.request("DELETE", `/v1/endpoints/${id}`),
  },
  dashboard: {
    header: "x-pacspace-signature",
    async create(client, url) {
      const answer = await client.request("POST", "/dashboard/webhooks", { body: { url } });
      return dataOf<{ id: string }>(answer).id;
    },
    async isActive(client, id) {
      const answer = await client.request("GET", `/dashboard/webhooks/${id}`);
      return answer.status === 404 ? null : dataOf<{ enabled: boolean }>(answer).enabled;
    },
    hold: (client, id) => client.request("POST", `/dashboard/webhooks/${id}/toggle`),
    resume: (client, id) => client.request("POST", `/dashboard/webhooks/${id}/toggle`),
    test: (client, id) => client.request("POST", `/dashboard/webhooks/${id}/test`),
    remove: (client, id) => client.request("DELETE", `/dashboard/webhooks/${id}`),
  },
} satisfies Record<string, Surface>;

type Name = keyof typeof SURFACES;
const NAMES = Object.keys(SURFACES) as Name[];
const surface = (name: Name): Surface => SURFACES[name];

/** Whether the endpoint is active, according to each surface. */
async function statuses(client: Client, id: string): Promise<(boolean | null)[]> {
  return Promise.all(NAMES.map((name) => surface(name).isActive(client, id)));
}

const everywhere = (active: boolean | null) => NAMES.map(() => active);

/** Publishes an event that matches the endpoints of every surface. */
async function publishToAll(client: Client): Promise<Answer> {
  const body = { message: "?", options: ["a", "b"], metadata: { order: 1 } };
  const pause = await client.request("POST", "/v1/pause", { body });
  assert.equal(pause.status, 201, pause.text);
  return client.request("DELETE", `/v1/pause/${pause.body.pause_id}`);
}

for (const origin of NAMES) {
  for (const other of NAMES) {
    test(`an endpoint created in ${origin} can be read, held, tested and deleted in ${other}`, async (t) => {
      const client = await newTenant(server);
      const hooks = await startHooks(t);
      const id = await surface(origin).create(client, hooks.url);
      assert.deepEqual(await statuses(client, id), everywhere(true));
      const target = surface(other);

      if (target.hold !== undefined && target.resume !== undefined) {
        assert.equal((await target.hold(client, id)).status, 200);
        assert.deepEqual(await statuses(client, id), everywhere(false));
        assert.equal((await target.resume(client, id)).status, 200);
        assert.deepEqual(await statuses(client, id), everywhere(true));
      }
      assert.equal((await publishToAll(client)).status, 200);
      const { headers } = await hooks.nth(1);
      assert.ok(surface(origin).header in headers, `not in the format of ${origin}`);

      if (target.test !== undefined) {
        const answer = await target.test(client, id);
        assert.deepEqual([answer.status, answer.body.data.success], [200, true]);
        const hook = await hooks.nth(2);
        assert.ok(surface(origin).header in hook.headers);
        assert.match(hook.body, origin === "dashboard" ? /from PacSpace/ : /from Signalbox/);
      }
      assert.ok([200, 204].includes((await target.remove(client, id)).status));
      assert.deepEqual(await statuses(client, id), everywhere(null));
      const tried = hooks.all.length;
      await publishToAll(client);
      assert.equal((await client.request("GET", "/v1/deliveries")).body.results.length, tried);
    });
  }
}

test("one surface can resume an endpoint that another one paused, and its held deliveries are sent", async (t) => {
  const client = await newTenant(server);
  const hooks = await startHooks(t);
  const id = await SURFACES.dashboard.create(client, hooks.url);
  await SURFACES.endpoints.hold(client, id);
  await publishToAll(client);
  const [held] = (await client.request("GET", "/v1/deliveries")).body.results;
  assert.equal(held?.status, "HELD");
  assert.equal(hooks.all.length, 0);
  const toggled = await SURFACES.dashboard.resume(client, id);
  assert.equal(dataOf<{ enabled: boolean }>(toggled).enabled, true);
  assert.match((await hooks.nth(1)).body, /pause\.cancelled/);
});

test("an endpoint disabled in the dashboard matches no events, and the event says so", async (t) => {
  const client = await newTenant(server);
  const hooks = await startHooks(t);
  const id = await SURFACES.endpoints.create(client, hooks.url);
  await SURFACES.dashboard.hold(client, id);
  const published = await client.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
  assert.deepEqual(published.body.deliveries, []);
  const event = await client.request("GET", `/v1/events/${published.body.event_id}`);
  assert.deepEqual(
    event.body.not_delivered.map(({ endpoint_id, reason }) => [endpoint_id, reason]),
    [[id, "disabled"]],
  );
  const endpoint = await client.request("GET", `/v1/endpoints/${id}`);
  assert.deepEqual([endpoint.body.status, endpoint.body.paused_at], ["DISABLED", null]);
});

test("links on every surface have the port that the system chose", async () => {
  const base = `http://localhost:${new URL(server.url).port}`;
  const created = await server.request("POST", "/v1/users", { body: { email: "q@example.com", role: "developer" } });
  const { token } = await ask(server, { protected: true });
  const shown = await server.request("GET", `/v1/respond/${token}`, { key: null });
  const page = await server.request("GET", `/respond/${token}`, { key: null });
  const source = await server.request("POST", "/v1/sources", { body: { name: "links", scheme: "none" } });
  const document = await server.request("GET", "/openapi.json", { key: null });
  for (const [where, text, path] of [
    ["a new user", created.text, "/console/set-password#"],
    ["a question", shown.text, "/console/pauses/"],
    ["the page of a question", page.text, "/console/pauses/"],
    ["a source", source.text, "/in/"],
    ["the API's document", document.text, '"'],
  ] as const) {
    assert.ok(text.includes(base + path), `${where} has no link to ${base}${path}`);
  }
});
