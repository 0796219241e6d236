import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldText, instantOf, isSameText, OFFSETS } from "../../../console/src/parts/time/typed-time.ts";

const HOUR_MS = 3_600_000;
/** When clocks in Berlin go back in 2026. The hour from 2 to 3 comes twice. */
const BACK_MS = Date.parse("2026-10-25T01:00:00Z");
/** When they go forward. There is no hour from 2 to 3. */
const FORWARD_MS = Date.parse("2026-03-29T01:00:00Z");
const berlin = (ms: number) => (ms >= FORWARD_MS && ms < BACK_MS ? -2 * HOUR_MS : -HOUR_MS);

test("a time in a field is the same instant again, also in the hour that comes twice", () => {
  for (const at of ["2026-07-01T10:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:30:00Z"]) {
    const ms = Date.parse(at);
    assert.equal(instantOf(fieldText(ms, berlin), berlin, ms), ms, at);
    assert.equal(instantOf(fieldText(ms, OFFSETS.utc), OFFSETS.utc, null), ms, at);
  }
});

test("a time of the other half of the year gets that half's offset", () => {
  const summer = Date.parse("2026-07-01T10:00:00Z");
  assert.equal(instantOf("2026-12-24T18:00", berlin, summer), Date.parse("2026-12-24T17:00:00Z"));
  assert.equal(instantOf("2026-07-01T12:00", berlin, Date.parse("2026-12-24T17:00:00Z")), summer);
  assert.equal(instantOf("2026-07-01T12:00", berlin, null), summer);
});

test("seconds that are zero make no other text, and no text is like no text", () => {
  assert.equal(isSameText("2026-05-08T14:23", "2026-05-08T14:23:00"), true);
  assert.equal(isSameText("2026-05-08T14:23:01", "2026-05-08T14:23:00"), false);
  assert.equal(isSameText("", ""), true);
  assert.equal(isSameText("", "2026-05-08T14:23:00"), false);
});

test("what a field does not have is empty, and what is no time is null", () => {
  assert.equal(fieldText(Date.parse("9999-12-31T23:30:00Z"), berlin), "");
  assert.equal(
    fieldText(Date.parse("0000-01-01T00:00:00Z"), () => HOUR_MS),
    "",
  );
  assert.equal(instantOf("2026-13-45T00:00", berlin, null), null);
});
