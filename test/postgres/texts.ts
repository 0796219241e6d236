/** Texts that PostgreSQL does not store, NUL and halves of surrogate pairs, get the same responses from both stores. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { shownDatabase } from "../../src/domain/database-address.ts";
import { CLOSED_ROUTES } from "../fixtures/routes.ts";
import { newTenant, startServer } from "../harness/server.ts";

export interface TextsGround {
  createDatabase(): Promise<DatabaseAddress>;
  readonly masterKey: Uint8Array;
}

const TEXTS = ["a\0b", "a\ud800b"];
const STRANGE_ID = "0190e0c4-2222-7000-8000-000000000003";
/** Each takes a second credential, or responds without an end. */
const LEFT_OUT = /^\/v1\/stream|export|logout|\/docs/;

interface Tried {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
}

/** Each request with each of its texts replaced, one at a time. */
function* requests(parametersOf: (method: string, path: string) => readonly Parameter[]): Generator<Tried> {
  for (const { method, path, bodyOf } of CLOSED_ROUTES) {
    if (LEFT_OUT.test(path)) continue;
    const at = path.replaceAll(/\{\w+\}/g, STRANGE_ID);
    for (const text of TEXTS) {
      for (const body of withText(bodyOf(STRANGE_ID), text)) yield { method, path: at, body };
      for (const { name, in: where } of parametersOf(method, path)) {
        if (where === "query") yield { method, path: `${at}?${name}=${encodeURIComponent(text.toWellFormed())}` };
        if (where === "path") yield { method, path: path.replaceAll(/\{\w+\}/g, "a%00b") };
      }
    }
  }
}

function* withText(value: unknown, text: string): Generator<unknown> {
  if (typeof value === "string") yield text;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    for (const changed of withText(part, text)) {
      yield Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed };
    }
  }
}

export function textCases({ createDatabase, masterKey }: TextsGround): void {
  describe("texts with NUL or a half of a surrogate pair", () => {
    test("get the same responses from both stores, and never a 500", async (t) => {
      const key = { SIGNALBOX_MASTER_KEY: Buffer.from(masterKey).toString("base64") };
      const embedded = await startServer(t, {});
      const shared = await startServer(t, { ...key, DATABASE_URL: shownDatabase(await createDatabase()) });
      const [one, other] = [await newTenant(embedded), await newTenant(shared)];
      const document = JSON.parse((await embedded.request("GET", "/openapi.json")).text);
      const parametersOf = (method: string, path: string): readonly Parameter[] =>
        document.paths[path]?.[method.toLowerCase()]?.parameters ?? [];
      const faults: string[] = [];
      let count = 0;
      for (const { method, path, body } of requests(parametersOf)) {
        const options = body === undefined ? {} : { body };
        const [a, b] = [await one.request(method, path, options), await other.request(method, path, options)];
        if (a.status !== b.status || a.status >= 500) {
          faults.push(`${method} ${path} ${JSON.stringify(body)}: ${a.text} and ${b.text}`);
        }
        count += 1;
      }
      assert.deepEqual(faults, []);
      assert(count > 300, `only ${count} requests`);
    });
  });
}
