/** Receipts: the vectors, which the Python SDK checks too, the options, and the cached keys. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import canonicalize from "canonicalize";
import {
  DecisionVerificationError,
  type PauseInput,
  type Receipt,
  type ReceiptKey,
  receiptKeysOf,
  SignalboxError,
  type VerifyDecisionOptions,
  verifyDecision,
} from "../src/index.ts";

interface Expected {
  readonly pause_id?: string;
  readonly developer_id?: string;
  readonly question: Pick<PauseInput, "message" | "options" | "details">;
  readonly metadata_text: string;
  readonly choice?: string;
  readonly min_people?: number;
  readonly max_age_seconds?: number;
  readonly now: string;
}

interface Vector {
  readonly name: string;
  readonly receipt: Receipt;
  readonly expected: Expected;
  readonly error: string | null;
}

const { keys, vectors } = JSON.parse(readFileSync(new URL("../vectors/receipts.json", import.meta.url), "utf8")) as {
  readonly keys: readonly ReceiptKey[];
  readonly vectors: readonly Vector[];
};

const without = <Value>(name: string, value: Value | undefined) => (value === undefined ? {} : { [name]: value });

function optionsOf({ expected }: Vector): VerifyDecisionOptions {
  return {
    keys,
    question: expected.question,
    metadata: expected.metadata_text,
    now: new Date(expected.now),
    ...without("pauseId", expected.pause_id),
    ...without("developerId", expected.developer_id),
    ...without("choice", expected.choice),
    ...without("minPeople", expected.min_people),
    ...without("maxAgeSeconds", expected.max_age_seconds),
  };
}

const codeOf = (receipt: unknown, options: VerifyDecisionOptions): Promise<string | null> =>
  verifyDecision(receipt, options).then(
    () => null,
    (error: unknown) => {
      assert(error instanceof DecisionVerificationError && error.message !== "", String(error));
      return error.code;
    },
  );

const [GOOD] = vectors;
assert(GOOD !== undefined);

describe("the vectors of receipts", () => {
  it("are accepted, or refused with the code that they name, as an object and as text", async () => {
    for (const vector of vectors) {
      assert.equal(await codeOf(vector.receipt, optionsOf(vector)), vector.error, vector.name);
      assert.equal(await codeOf(JSON.stringify(vector.receipt), optionsOf(vector)), vector.error, vector.name);
    }
  });

  it("match the results of canonicalize and node:crypto", () => {
    const prefix = Buffer.from("302a300506032b6570032100", "hex");
    const sha256 = (text = "") => createHash("sha256").update(text).digest("hex");
    for (const { name, receipt, expected, error } of vectors) {
      if (error !== null) continue;
      const { signature, ...signed } = receipt;
      const raw = keys.find(({ key_id: id }) => id === receipt.key_id)?.public_key ?? "";
      const key = createPublicKey({
        key: Buffer.concat([prefix, Buffer.from(raw, "base64")]),
        format: "der",
        type: "spki",
      });
      const text = Buffer.from(canonicalize(signed) ?? "");
      assert.ok(verifySignature(null, text, key, Buffer.from(signature, "base64")), name);
      assert.equal(receipt.question_hash, sha256(canonicalize({ details: [], ...expected.question })), name);
    }
  });
});

describe("verifyDecision", () => {
  const options = optionsOf(GOOD);

  it("returns the receipt, and takes metadata as a value", async () => {
    const metadata = JSON.parse(GOOD.expected.metadata_text) as object;
    assert.deepEqual(await verifyDecision(GOOD.receipt, { ...options, metadata }), GOOD.receipt);
    assert.equal(await codeOf(GOOD.receipt, { ...options, metadata: { ...metadata, amount: 1 } }), "other_metadata");
    const { metadata: _, ...forgotten } = options;
    assert.equal(await codeOf(GOOD.receipt, forgotten), "other_metadata");
  });

  it("asks `once` last, with the pause's id, and acts on a decision once", async () => {
    const used = new Set<string>();
    const once = async (id: string) => used.size < used.add(id).size;
    assert.equal(await codeOf(GOOD.receipt, { ...options, once, choice: "Reject" }), "other_choice");
    assert.equal(used.size, 0);
    assert.equal(await codeOf(GOOD.receipt, { ...options, once }), null);
    assert.deepEqual([...used], [GOOD.receipt.pause_id]);
    assert.equal(await codeOf(GOOD.receipt, { ...options, once }), "already_used");
  });

  it("refuses what is no receipt at all", async () => {
    for (const receipt of [undefined, null, "", "{", "[]", 7, {}, [], new Map()]) {
      assert.equal(await codeOf(receipt, options), "malformed");
    }
    const lone = { ...GOOD.receipt, text: "\ud800" };
    assert.equal(await codeOf(lone, options), "malformed");
  });

  it("throws a TypeError for invalid options, whatever the receipt", async () => {
    const { pauseId: _, developerId: __, ...anyones } = options;
    const wrong: readonly object[] = [
      anyones,
      { ...options, keys: undefined },
      { ...options, pauseId: "" },
      { ...options, choice: 1 },
      { ...options, minPeople: Number.NaN },
      { ...options, maxAgeSeconds: -1 },
      { ...options, now: new Date("x") },
      { ...options, once: true },
      { ...options, question: "Go on?" },
      { ...options, metadata: "{" },
      { ...options, metadata: { n: 1n } },
      { ...options, metadata: new Map() },
    ];
    for (const each of wrong) {
      await assert.rejects(
        verifyDecision(null, each as VerifyDecisionOptions),
        TypeError,
        JSON.stringify(Object.keys(each)),
      );
    }
  });
});

describe("receiptKeysOf", () => {
  const answering = (answer: () => Response) => {
    const urls: string[] = [];
    const source = receiptKeysOf("https://box.example/base/", {
      fetch: async (input) => {
        urls.push(String(input));
        return answer();
      },
    });
    return { urls, source };
  };

  it("reads the keys once, without a credential, and not again for every unknown key", async () => {
    const { urls, source } = answering(() => Response.json({ keys }, { headers: { "x-signalbox": "1" } }));
    const options = { ...optionsOf(GOOD), keys: source };
    await Promise.all([verifyDecision(GOOD.receipt, options), verifyDecision(GOOD.receipt, options)]);
    assert.equal(await codeOf({ ...GOOD.receipt, key_id: "made-up" }, options), "unknown_key");
    assert.deepEqual(urls, ["https://box.example/base/.well-known/signalbox-keys"]);
  });

  it("rejects while the server refuses, and then asks again", async () => {
    let refuses = true;
    const { urls, source } = answering(() => (refuses ? new Response("", { status: 404 }) : Response.json({ keys })));
    const options = { ...optionsOf(GOOD), keys: source };
    await assert.rejects(verifyDecision(GOOD.receipt, options), SignalboxError);
    refuses = false;
    await verifyDecision(GOOD.receipt, options);
    assert.equal(urls.length, 2);
  });
});
