/** Rejected requests with a password: the password is kept so that it can be verified again, but nobody can read it. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { type AssembledServer, assembleServer } from "../../harness/assembled.ts";
import { newDataDir } from "../../harness/child.ts";
import { createSource, rowsOf } from "../../harness/inbound.ts";
import type { Answer } from "../../harness/server.ts";

const PASSWORD = "the-password-of-the-sender";
const WRONG = "the-password-of-somebody-else";
const encoded = (password: string) => Buffer.from(`shop:${password}`).toString("base64");

interface Stage {
  readonly server: AssembledServer;
  readonly dataDir: string;
  readonly source: string;
  send(headers: Readonly<Record<string, string>>, body?: string): Promise<Answer>;
  correctPassword(): Promise<void>;
  /** The rejected requests, oldest first. */
  refused(): Promise<readonly Readonly<Record<string, unknown>>[]>;
  reprocess(id: unknown): Promise<Answer>;
  reprocessAll(): Promise<unknown>;
  /** Changes the database directly. */
  alter(sql: string): void;
}

/** A server with a source whose password is mistyped. */
async function stage(t: TestContext): Promise<Stage> {
  const dataDir = await newDataDir(t);
  const server = await assembleServer(t, { dataDir });
  const { id } = await createSource(server, { scheme: "basic", basic: { username: "shop" }, secret: "mistyped" });
  const source = `/v1/sources/${id}`;
  return {
    server,
    dataDir,
    source,
    send: (headers, body = "{}") => server.request("POST", `/in/${id}`, { key: null, headers, body }),
    async correctPassword() {
      assert.equal((await server.request("PATCH", source, { body: { secret: PASSWORD } })).status, 200);
    },
    refused: async () => rowsOf(await server.request("GET", `${source}/events?valid=false`)).toReversed(),
    reprocess: (event) => server.request("POST", `${source}/events/${event}/reprocess`),
    reprocessAll: async () => JSON.parse((await server.request("POST", `${source}/reprocess`)).text),
    alter(sql) {
      const db = new DatabaseSync(path.join(dataDir, "signalbox.db"), { timeout: 5000 });
      db.exec(sql);
      db.close();
    },
  };
}

const withPassword = (password: string) => ({ authorization: `Basic ${encoded(password)}` });

async function assertNowhere({ server, dataDir, source }: Stage, ids: readonly unknown[]): Promise<void> {
  const texts = new Map<string, string>([["the log", server.log]]);
  for (const where of ["/v1/audit", source, `${source}/events`, ...ids.map((id) => `${source}/events/${id}`)]) {
    const { status, text } = await server.request("GET", where);
    assert.equal(status, 200);
    texts.set(where, text);
  }
  for (const name of (await readdir(dataDir)).filter((each) => each !== "master.key")) {
    texts.set(name, await readFile(path.join(dataDir, name), "latin1"));
  }
  for (const [where, text] of texts) {
    for (const password of [PASSWORD, WRONG]) {
      for (const spelled of [password, encoded(password)])
        assert.ok(!text.includes(spelled), `${spelled} is in ${where}`);
    }
    if (where.startsWith("/")) assert.doesNotMatch(text, /authorization/i);
  }
}

test("once the password is right, rejected requests are processed, one by one and all at once", async (t) => {
  const staged = await stage(t);
  const { send, correctPassword, refused, reprocess, reprocessAll, server } = staged;
  for (const [password, n] of [
    [PASSWORD, 1],
    [PASSWORD, 2],
    [WRONG, 3],
    [PASSWORD, 4],
  ] as const) {
    assert.equal((await send(withPassword(password), `{"n":${n}}`)).status, 401);
  }
  const rows = await refused();
  for (const row of rows) {
    assert.equal(row.rejection_reason, "credentials_mismatch");
    assert.match(String(row.explanation), /the password is not the source's secret/);
  }
  const [first, , wrong] = rows.map(({ id }) => id);
  await assertNowhere(
    staged,
    rows.map(({ id }) => id),
  );
  const early = await reprocess(first);
  assert.deepEqual([early.status, early.code], [409, "VERIFICATION_FAILED"]);
  assert.match(early.body.error.message, /the password is not the source's secret/);

  await correctPassword();
  const [one, twin] = await Promise.all([reprocess(first), reprocess(first)]);
  assert.deepEqual([one.status, twin.status], [200, 200], one.text + twin.text);
  assert.match((await server.request("GET", `/v1/events/${one.body.event_id}`)).text, /"n": ?1\b/);
  assert.deepEqual(await reprocessAll(), { reprocessed: 2, failed: 1, more: false });
  assert.deepEqual(
    (await refused()).map(({ id }) => id),
    [wrong],
  );
  const still = await reprocess(wrong);
  assert.deepEqual([still.status, still.code], [409, "VERIFICATION_FAILED"]);
  assert.match(still.body.error.message, /the password is not the source's secret/);
  // The password of a valid request is erased, since it is no longer needed.
  assert.equal((await reprocess(first)).status, 200);
  await assertNowhere(
    staged,
    rows.map(({ id }) => id),
  );
});

test("a request without a password, or whose password was not kept, has to be sent again", async (t) => {
  const { send, correctPassword, refused, reprocess, reprocessAll, alter } = await stage(t);
  await send({});
  await send({ authorization: `Basic ${encoded(`${PASSWORD}${"x".repeat(8192)}`)}` });
  await send({ authorization: "Bearer of-something-else" });
  await send(withPassword(PASSWORD));
  await send(withPassword(PASSWORD));
  const rows = await refused();
  const [, , , older, sealedElsewhere] = rows.map(({ id }) => String(id).slice(3).replaceAll("-", "").toUpperCase());
  const of = (hex: string | undefined) => `inbound_seq = (SELECT seq FROM inbound WHERE hex(id) = '${hex}')`;
  alter(`DELETE FROM inbound_credentials WHERE ${of(older)}`);
  alter(`UPDATE inbound_credentials SET sealed = zeroblob(60) WHERE ${of(sealedElsewhere)}`);
  await correctPassword();
  const answers = await Promise.all(rows.map(({ id }) => reprocess(id)));
  for (const [at, expected] of [
    /The Authorization header is missing/,
    /password was not kept\. Ask the sender to send the request again/,
    /Authorization must be "Basic "/,
    /password was not kept\. Ask the sender to send the request again/,
    /encrypted with another master key\. Ask the sender to send the request again/,
  ].entries()) {
    const answer = answers[at] ?? assert.fail();
    assert.deepEqual([answer.status, answer.code], [409, "VERIFICATION_FAILED"]);
    assert.match(answer.body.error.message, expected);
  }
  assert.deepEqual(await reprocessAll(), { reprocessed: 0, failed: 5, more: false });
  const idsOf = (records: readonly { readonly id?: unknown }[]) => records.map(({ id }) => id);
  assert.deepEqual(idsOf(await refused()), idsOf(rows));
});
