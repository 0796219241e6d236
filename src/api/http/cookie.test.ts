import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionToken } from "./cookie.ts";

const TOKEN = "0123456789abcdef".repeat(4);
const read = (cookie?: string) => sessionToken({ headers: cookie === undefined ? {} : { cookie } });

test("the session token is found among other cookies", () => {
  for (const cookie of [
    `signalbox_session=${TOKEN}`,
    `a=b; signalbox_session=${TOKEN}`,
    `a=b;signalbox_session=${TOKEN};c="d e"`,
    ` signalbox_session=${TOKEN} ; my_signalbox_session=x`,
  ]) {
    assert.equal(read(cookie), TOKEN, cookie);
  }
});

test("a malformed token is ignored, and so are two", () => {
  for (const cookie of [
    undefined,
    "",
    ";;=;",
    "signalbox_session",
    "signalbox_session=",
    `signalbox_session="${TOKEN}"`,
    `signalbox_session=${TOKEN}0`,
    `signalbox_session=${TOKEN.toUpperCase()}`,
    `Signalbox_session=${TOKEN}`,
    `x_signalbox_session=${TOKEN}`,
    `signalbox_session=${TOKEN}; signalbox_session=${"f".repeat(64)}`,
    `signalbox_session=; signalbox_session=${TOKEN}`,
  ]) {
    assert.equal(read(cookie), null, String(cookie));
  }
});
