import assert from "node:assert/strict";
import { test } from "node:test";
import { readBody, readFacts, shownText } from "./pause-status.ts";

const FACTS = {
  event_type: "member.status.changed",
  member_id: "pm_1",
  old_status: "active",
  new_status: "paused",
  changed_at: "2026-03-19T14:29:50.000Z",
};
const TEXTS = ["event_type", "member_id", "old_status", "new_status"] as const;

function faults(more: object): string[] {
  const stated = readFacts({ ...FACTS, ...more });
  return stated.kind === "ok" ? [] : stated.faults.map(({ field, rule }) => `${field} ${rule}`);
}

test("a key that is repeated at any depth makes a body unreadable, however it is spelled", () => {
  const message = (text: string) => {
    const body = readBody(Buffer.from(text));
    return body.kind === "ok" ? null : body.message;
  };
  const repeated = 'The body repeats the key "a".';
  for (const text of [
    '{"a":1,"a":1}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[[{"a":1,"b":[],"a":2}]]}',
    '{"x":{"a":1,"\\u0061":2}}',
    '{"n":9007199254740993,"s":"\\ud800","a":1,"a":2}',
  ]) {
    assert.equal(message(text), repeated, text);
  }
  assert.equal(message('{"\\ud800":1,"\\uD800":2}'), 'The body repeats the key "\\ud800".');
  assert.equal(message('{"a":{"a":[{"a":1},{"a":1}]},"b":"a"}'), null);
  // Values without a canonical form are accepted in a body that is signed as bytes.
  assert.equal(message('{"n":9007199254740993,"s":"\\ud800"}'), null);
});

test("a field's length is counted in characters, not in UTF-16 units", () => {
  for (const field of TEXTS) {
    for (const one of ["x", "é", "😀"]) {
      assert.deepEqual(faults({ [field]: one.repeat(200) }), [], one);
      assert.deepEqual(faults({ [field]: one.repeat(201) }), [`${field} must be a string of 1 to 200 characters`]);
    }
    assert.deepEqual(faults({ [field]: "" }), [`${field} must be a string of 1 to 200 characters`]);
    assert.deepEqual(faults({ [field]: undefined }), [`${field} is required`]);
  }
});

test("half of a surrogate pair is refused", () => {
  for (const field of TEXTS) {
    assert.deepEqual(faults({ [field]: "a\ud800" }), [`${field} must not have half of a surrogate pair`]);
    assert.deepEqual(faults({ [field]: "a\0" }), [`${field} must not have a NUL character`]);
  }
  assert.deepEqual(faults({ changed_at: "\ud800" }), ["changed_at must be an RFC 3339 date and time"]);
});

test("a leap second is accepted where one can occur", () => {
  assert.deepEqual(faults({ changed_at: "2016-12-31T23:59:60Z" }), []);
  assert.deepEqual(faults({ changed_at: "2026-03-19T12:00:60Z" }), ["changed_at must be an RFC 3339 date and time"]);
});

test("a shown text is cut between characters, and can be stored", () => {
  assert.equal(shownText("😀".repeat(300)), "😀".repeat(200));
  assert.equal(shownText(`a${"😀".repeat(300)}`), `a${"😀".repeat(199)}`);
  assert.equal(shownText("a\ud800"), "a\ufffd");
  assert.equal(shownText("a\0b"), "a\ufffdb");
  assert.equal(shownText(""), null);
  assert.equal(shownText(3), null);
});
