/** `/console/` on the wire: the page and its policy, the files and how they may be cached. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { startServer } from "../../harness/server.ts";

await promisify(execFile)(process.execPath, [
  path.resolve(import.meta.dirname, "../../../console/build.js"),
  "--strict",
]);
const server = await startServer({ after });

function get(to: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(server.url + to, { redirect: "manual", headers });
}

/** A file that the page names. */
async function scriptPath(): Promise<string> {
  const page = await (await get("/console/")).text();
  return /src="(\/console\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? assert.fail(page);
}

test("GET / sends a browser to the console, and a program gets a 404 as before", async () => {
  const browser = await get("/", { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
  assert.deepEqual([browser.status, browser.headers.get("location")], [303, "/console/"]);
  const program = await server.request("GET", "/", { key: null });
  assert.deepEqual([program.status, program.code], [404, "NOT_FOUND"]);
  const slashless = await get("/console");
  assert.deepEqual([slashless.status, slashless.headers.get("location")], [303, "/console/"]);
});

test("every path gets the page, not cached, with a fresh nonce in its policy", async () => {
  const nonces = new Set<string>();
  for (const to of ["/console/", "/console/deliveries?status=FAILED", "/console/go/del_1", "/console/../console/x"]) {
    const answer = await get(to);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
    const policy = answer.headers.get("content-security-policy") ?? "";
    const nonce = /'nonce-([A-Za-z0-9+/]{24})'/.exec(policy)?.[1] ?? assert.fail(policy);
    assert.equal(
      policy.replace(nonce, "N"),
      "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; img-src 'self' data:; connect-src 'self'; " +
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    assert.ok((await answer.text()).includes(`content="${nonce}"`));
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 4);
});

test("a file may be cached forever, and is sent as Brotli, gzip or plain with a tag for each", async () => {
  const to = await scriptPath();
  const plain = await get(to, { "accept-encoding": "identity" });
  const text = await plain.text();
  assert.equal(plain.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.equal(plain.headers.get("content-type"), "text/javascript; charset=utf-8");
  assert.equal(plain.headers.get("vary"), "accept-encoding");
  const tags = new Set([plain.headers.get("etag")]);
  for (const [accepted, coding] of [
    ["gzip, deflate, br", "br"],
    ["gzip, deflate", "gzip"],
    ["gzip;q=1.0, br;q=0", "gzip"],
  ] as const) {
    // `fetch` decodes what it asked for itself, so the tag and the header show which form was sent.
    const answer = await get(to, { "accept-encoding": accepted });
    assert.equal(answer.headers.get("content-encoding"), coding);
    assert.equal(await answer.text(), text);
    tags.add(answer.headers.get("etag"));
  }
  assert.equal(tags.size, 3);
  const [tag = ""] = tags;
  const known = await get(to, { "accept-encoding": "identity", "if-none-match": tag ?? "" });
  assert.equal(known.status, 304);
});

test("a file of another build, or a path that leaves the folder, is a 404", async () => {
  for (const to of ["/console/assets/index-00000000.js", "/console/assets/", "/console/assets/..%2findex.html"]) {
    const answer = await server.request("GET", to, { key: null });
    assert.deepEqual([answer.status, answer.code], [404, "NOT_FOUND"], to);
  }
  assert.equal(
    (await server.request("GET", "/console/assets/%2e%2e/%2e%2e/package.json", { key: null })).status < 500,
    true,
  );
});

test("the API's answers keep their own policy", async () => {
  const answer = await get("/v1/endpoints");
  assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
});
