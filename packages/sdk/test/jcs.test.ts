import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { canonical, checkText } from "../src/canonical.ts";
import { signJcs } from "../src/jcs.ts";

const VECTORS = new URL("../vectors/", import.meta.url);

function vectors<Vector>(name: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(name, VECTORS), "utf8")).vectors;
}

interface SignedVector {
  readonly name: string;
  readonly secret: string;
  readonly text: string;
  readonly canonical: string;
  readonly signature: string;
  readonly signed: string;
}

const SIGNED = vectors<SignedVector>("jcs-signed.json");
const NUMBERS = vectors<{ readonly text: string; readonly canonical: string }>("jcs-numbers.json");
const REFUSED = vectors<{ readonly name: string; readonly text: string }>("jcs-refused.json");
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

describe("the vectors of bodies that carry their signature", () => {
  it("are what canonicalize and node:crypto make of them", () => {
    for (const { name, secret, text, canonical: expected, signature, signed } of SIGNED) {
      const { signature: _, ...rest } = JSON.parse(text);
      assert.equal(canonicalize(rest), expected, name);
      assert.equal(signature, `sha256=${createHmac("sha256", secret).update(expected).digest("hex")}`, name);
      assert.deepEqual(JSON.parse(signed), JSON.parse(canonicalize({ ...rest, signature }) ?? ""), name);
    }
    for (const { text, canonical: expected } of NUMBERS) assert.equal(canonicalize(JSON.parse(text)), expected, text);
  });

  it("are what signJcs makes of a text and of its value", async () => {
    for (const { name, secret, text, signed } of SIGNED) {
      assert.equal(await signJcs(text, secret), signed, name);
      assert.equal(await signJcs(JSON.parse(text), secret), signed, name);
      assert.equal(await signJcs(signed, secret), signed, `${name}, again`);
    }
    for (const { text, canonical: expected } of NUMBERS) {
      checkText(text);
      assert.equal(canonical(JSON.parse(text)), expected, text);
    }
  });

  it("are refused where canonical form would say something else", async () => {
    for (const { name, text } of REFUSED) await assert.rejects(signJcs(text, "a secret"), TypeError, name);
  });

  const python = HAS_PYTHON ? "are what Python makes of them" : "are not checked by Python: there is no python3 here";
  it(python, { skip: !HAS_PYTHON }, async () => {
    const { stdout } = await promisify(execFile)("python3", [fileURLToPath(new URL("check.py", VECTORS))]);
    assert.equal(stdout.trim(), `${SIGNED.length + NUMBERS.length + REFUSED.length} vectors checked`);
  });
});

describe("signing a body of one's own", () => {
  it("writes any value as canonicalize does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        assert.equal(canonical(value), canonicalize(value));
        checkText(JSON.stringify(value));
      }),
    );
  });

  it("reads a value as JSON.stringify does", async () => {
    const at = new Date(0);
    const value = { at, gone: undefined, call: () => 1, list: [undefined, () => 1], toJSON: undefined };
    assert.equal(canonical(value), '{"at":"1970-01-01T00:00:00.000Z","list":[null,null]}');
    assert.match(await signJcs({ toJSON: () => ({ a: 1 }) }, "s"), /^\{"a":1,"signature"/);
  });

  it("refuses values that have no canonical form", async () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    for (const value of [
      { a: Number.NaN },
      { a: [Number.NEGATIVE_INFINITY] },
      { a: 1n },
      { a: "\ud800" },
      circle,
      [],
    ]) {
      await assert.rejects(signJcs(value, "s"), TypeError);
    }
  });

  it("needs a secret", async () => {
    await assert.rejects(signJcs({}, ""), { code: "invalid_secret" });
  });
});
