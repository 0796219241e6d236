/** Any text and any number in a request gets the same response from both stores, and is the same when it is read again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { shownDatabase } from "../../src/domain/database-address.ts";
import { CLOSED_ROUTES, type Kind, sourceName } from "../fixtures/routes.ts";
import { newTenant, startServer, type Tenant } from "../harness/server.ts";

export interface TextsGround {
  createDatabase(): Promise<DatabaseAddress>;
  readonly masterKey: Uint8Array;
}

/** PostgreSQL stores neither NUL nor halves of surrogate pairs. The others are at the edges of encodings and of SQL. */
const TEXTS = [
  "a\0b",
  "a\ud800b",
  "\udc00",
  "a\ufffdb",
  "\u{1f600}\u{10ffff}",
  "e\u0301 \u00e9 \u2028\u0001\u007f",
  "",
  "'\"\\%_$1?:a--",
  "x".repeat(70_000),
  ...fc.sample(fc.string({ unit: "binary", maxLength: 40 }), { seed: 14, numRuns: 4 }),
];
const NUMBERS = [2 ** 53, 2 ** 53 - 1, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, 2 ** 31, 2 ** 31 - 1, -1, 0.5, 1e21, 1e-7];
const STRANGE_ID = "0190e0c4-2222-7000-8000-000000000003";
/** Each takes a second credential, responds without an end, or tells of the store itself. */
const LEFT_OUT = /^\/v1\/(?:stream|nodes|system)|export|logout|\/docs/;

/** Its attempts are counted by minute, and a minute may end between the attempts of the two servers. */
const BY_MINUTE = /^\/v1\/analytics\//;

interface Tried {
  readonly method: string;
  readonly path: string;
  readonly of: Kind | null;
  readonly body?: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
}

/** Each request with each of its texts and numbers replaced, one at a time. */
function* requests(parametersOf: (method: string, path: string) => readonly Parameter[]): Generator<Tried> {
  for (const { method, path, of, bodyOf } of CLOSED_ROUTES) {
    if (LEFT_OUT.test(path)) continue;
    for (const body of withOther(bodyOf(STRANGE_ID))) yield { method, path, of, body };
    for (const { name, in: where } of parametersOf(method, path)) {
      if (where === "path") yield { method, path: path.replaceAll(/\{\w+\}/g, "a%00b"), of };
      if (where !== "query") continue;
      for (const value of [...TEXTS, ...NUMBERS]) {
        const text = encodeURIComponent(String(value).slice(0, 5000).toWellFormed());
        yield { method, path: `${path}?${name}=${text}`, of };
      }
    }
  }
}

function* withOther(value: unknown): Generator<unknown> {
  if (typeof value === "string") yield* TEXTS;
  if (typeof value === "number") yield* NUMBERS;
  if (typeof value !== "object" || value === null) return;
  // An object without members, such as a payload, gets one.
  if (Object.keys(value).length === 0 && !Array.isArray(value)) {
    for (const text of [...TEXTS, ...NUMBERS]) yield { member: text };
  }
  for (const [name, part] of Object.entries(value)) {
    for (const changed of withOther(part)) {
      yield Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed };
    }
  }
}

/** A tenant of one of the stores, and what it has for requests that name something. */
interface Side {
  readonly tenant: Tenant;
  readonly ids: ReadonlyMap<Kind, string>;
}

async function newSide(tenant: Tenant, source: string): Promise<Side> {
  const made = async (kind: Kind, path: string, body: object) => {
    const { status, text, body: answer } = await tenant.request("POST", path, { body });
    assert(status < 300, text);
    return [kind, String(answer.id)] as const;
  };
  const ids = new Map([
    await made("endpoint", "/v1/endpoints", { url: "http://127.0.0.1:9/", event_types: ["none"] }),
    await made("source", "/v1/sources", { name: source, scheme: "none" }),
  ]);
  return { tenant, ids };
}

async function send({ tenant, ids }: Side, { method, path, of, body }: Tried) {
  const id = (of !== null && method !== "DELETE" && ids.get(of)) || STRANGE_ID;
  return tenant.request(method, path.replaceAll(/\{\w+\}/g, id), body === undefined ? {} : { body });
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** Secrets, times, and what a delivery has done by now. */
const PASSING =
  /"(\w*(?:secret|token|api_key|prefix|link|url|cursor|as_of|hint|seconds|latency\w*|\w+_ms|\w+_at|in_flight|rate|window|last_failure|streak|count|bytes|state))":(?:"[^"]*"|[\d.]+|null|\{[^{}]*\})/g;

/** Without what differs from one server to the next, and from one moment to the next. */
function comparable(text: string): string {
  return text.replaceAll(ID, "id").replaceAll(TIME, "time").replaceAll(PASSING, '"$1":0');
}

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Both responses, from where they begin to differ. */
function difference({ method, path, body }: Tried, a: Answered, b: Answered): string {
  const [one, other] = [comparable(a.text), comparable(b.text)];
  const start = Math.max(0, [...one].findIndex((character, index) => character !== [...other][index]) - 80);
  const shown = (text: string) => text.slice(start, start + 300);
  const sent = `${method} ${path} ${JSON.stringify(body)}`.slice(0, 500);
  return `${sent}: ${a.status} ${shown(one)} and ${b.status} ${shown(other)}`;
}

export function textCases({ createDatabase, masterKey }: TextsGround): void {
  describe("any text and any number", () => {
    test("get the same responses from both stores, and never a 500", async (t) => {
      const key = { SIGNALBOX_MASTER_KEY: Buffer.from(masterKey).toString("base64") };
      const embedded = await startServer(t, {});
      const shared = await startServer(t, { ...key, DATABASE_URL: shownDatabase(await createDatabase()) });
      const source = sourceName();
      const one = await newSide(await newTenant(embedded), source);
      const other = await newSide(await newTenant(shared), source);
      const document = JSON.parse((await embedded.request("GET", "/openapi.json")).text);
      const parametersOf = (method: string, path: string): readonly Parameter[] =>
        document.paths[path]?.[method.toLowerCase()]?.parameters ?? [];
      const faults: string[] = [];
      let count = 0;
      const compare = async (tried: Tried) => {
        const [a, b] = [await send(one, tried), await send(other, tried)];
        count += 1;
        const isCounted = a.status === 200 && BY_MINUTE.test(tried.path);
        const isSame = isCounted || comparable(a.text) === comparable(b.text);
        if (a.status === b.status && a.status < 500 && isSame) return;
        faults.push(difference(tried, a, b));
      };
      for (const tried of requests(parametersOf)) await compare(tried);
      for (const { method, path, of } of CLOSED_ROUTES) {
        if (method === "GET" && !LEFT_OUT.test(path)) await compare({ method, path, of });
      }
      assert.deepEqual(faults, []);
      assert(count > 3000, `only ${count} requests`);
    });
  });
}
