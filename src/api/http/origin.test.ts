import assert from "node:assert/strict";
import { test } from "node:test";
import { isForeignChange } from "./origin.ts";

const PUBLIC_URL = "https://signalbox.example.com/base";

interface Case {
  readonly origin?: string;
  readonly site?: string;
  readonly host?: string;
  readonly method?: string;
}

const isForeign = ({ origin, site, host = "10.0.0.1:8080", method = "POST" }: Case): boolean =>
  isForeignChange(
    {
      method,
      host,
      headers: { ...(origin !== undefined && { origin }), ...(site !== undefined && { "sec-fetch-site": site }) },
    },
    PUBLIC_URL,
  );

test("a change is allowed from the server's own origin, and without origin headers", () => {
  const own: readonly Case[] = [
    {},
    { origin: "http://10.0.0.1:8080" },
    { origin: "https://10.0.0.1:8080" },
    { origin: "https://signalbox.example.com" },
    { origin: "https://inner.example.com", host: "inner.example.com:443" },
    { site: "same-origin" },
    { site: "none" },
    { origin: "https://signalbox.example.com", site: "same-site" },
  ];
  for (const one of own) assert.equal(isForeign(one), false, JSON.stringify(one));
});

test("a change from another or an opaque origin is not allowed", () => {
  const foreign: readonly Case[] = [
    { origin: "https://evil.example" },
    { origin: "https://evil.example", site: "cross-site" },
    { origin: "null" },
    { origin: "" },
    { origin: "https://evil.example", site: "none" },
    { origin: "chrome-extension://10.0.0.1:8080" },
    { origin: "http://evil.example@10.0.0.1:8080" },
    { origin: "file://" },
    { origin: "http://signalbox.example.com" },
    { origin: "https://signalbox.example.com:8443" },
    { origin: "https://signalbox.example.com.evil.example" },
    { origin: "http://10.0.0.1" },
    { origin: "http://10.0.0.1:8081" },
    { site: "cross-site" },
    { site: "same-site" },
    { site: "" },
  ];
  for (const one of foreign) {
    for (const method of ["POST", "PATCH", "PUT", "DELETE"]) {
      assert.equal(isForeign({ ...one, method }), true, `${method} ${JSON.stringify(one)}`);
    }
    assert.equal(isForeign({ ...one, method: "GET" }), false);
  }
});
