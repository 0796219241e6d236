import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Uuid } from "../../domain/ids.ts";
import { RespondLinks } from "./respond-links.ts";

const KEY = "ab".repeat(32);
const ID = "0190e0c4-5b1a-7cc0-8f00-0123456789ab" as Uuid;
const PAUSE = { id: ID, expiresAt: 1_800_000_000_000 };
const links = new RespondLinks(KEY);

test("a token names its pause, is the same every time, and needs no escaping in a URL", () => {
  const token = links.tokenOf(PAUSE);
  assert.equal(links.pauseIdOf(token), ID);
  assert.equal(new RespondLinks(KEY).tokenOf(PAUSE), token);
  assert.match(token, /^[A-Za-z0-9_-]{72}$/);
});

test("a token is bound to its pause, its deadline and the installation's key", () => {
  const token = links.tokenOf(PAUSE);
  const later = links.tokenOf({ ...PAUSE, expiresAt: PAUSE.expiresAt + 1000 });
  assert.notEqual(token.slice(-43), later.slice(-43));
  assert.equal(new RespondLinks("cd".repeat(32)).pauseIdOf(token), null);
  // The claims of one token with the signature of another.
  assert.equal(links.pauseIdOf(later.slice(0, 29) + token.slice(29)), null);
});

test("a changed, truncated, extended or invented token is refused", () => {
  const token = links.tokenOf(PAUSE);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let at = 0; at < token.length; at += 1) {
    const next = alphabet[(alphabet.indexOf(token[at] ?? "") + 1) % alphabet.length];
    assert.equal(links.pauseIdOf(token.slice(0, at) + next + token.slice(at + 1)), null, `changed at ${at}`);
  }
  for (const bad of [
    "",
    token.slice(1),
    token.slice(0, -1),
    `${token}A`,
    ` ${token}`,
    `${token}\n`,
    `${token.slice(0, -1)}=`,
  ]) {
    assert.equal(links.pauseIdOf(bad), null, bad);
  }
  fc.assert(fc.property(fc.string(), (text) => links.pauseIdOf(text) === null));
});
