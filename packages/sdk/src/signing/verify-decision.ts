import { DecisionVerificationError } from "../errors.ts";
import { RECEIPT_CLOCK_SECONDS } from "../limits.ts";
import { checkAmount, checkOptionalFunction, checkOptionalString, dateMs } from "../options.ts";
import type { PauseInput } from "../pauses/pause.ts";
import type { Receipt, ReceiptKey } from "../pauses/receipt.ts";
import type { ReceiptKeySource } from "../pauses/receipt-keys.ts";
import { canonical, checkText } from "./canonical.ts";
import { objectText } from "./jcs.ts";
import { decodeBase64, isSignedBy, sha256Hex } from "./signature.ts";

/** What {@link verifyDecision} compares a receipt with. */
export interface VerifyDecisionOptions {
  /** The server's keys: those that you keep, or `receiptKeysOf(url)`, which reads and caches them. */
  readonly keys: readonly ReceiptKey[] | ReceiptKeySource;
  /** The pause that you asked. Give it, or `developerId`: all tenants of a server share its keys. */
  readonly pauseId?: string;
  /** `dev_…`: the tenant whose people may decide. */
  readonly developerId?: string;
  /** The question as you asked it, with the options in their order. */
  readonly question: Pick<PauseInput, "message" | "options" | "details">;
  /**
   * What you are about to act on: the metadata of the question, or its JSON text. Metadata with a number beyond doubles
   * verifies only as the text that was sent. Default: null, for a question without metadata.
   */
  readonly metadata?: object | string | null;
  /** The option that allows it. Without it, look at the `choice` of the result. */
  readonly choice?: string;
  /** How many users must have made the choice. Default: 1. 0 also accepts an answer through the link. */
  readonly minPeople?: number;
  /** Refuse a decision that is older. */
  readonly maxAgeSeconds?: number;
  /** Default: the current time. */
  readonly now?: Date;
  /**
   * Called last, with the pause's id, if everything else is right. Record the id in your database, and return false if it
   * was there before: then a decision is acted on once.
   */
  readonly once?: (pauseId: string) => boolean | Promise<boolean>;
}

/**
 * Verify that people decided what you are about to do, and return the receipt.
 *
 * The receipt may come from anyone, such as the agent that asked. It is checked against the question and the metadata that
 * you pass, so pass what you will act on, and not what came with the receipt.
 *
 * @param receipt the `receipt` of a pause, or its JSON text
 * @throws {DecisionVerificationError} with a stable `code`, for a decision that you must not act on
 * @throws {TypeError} for invalid options, regardless of the receipt
 */
export async function verifyDecision(receipt: unknown, options: VerifyDecisionOptions): Promise<Receipt> {
  const nowMs = check(options);
  const metadata = await metadataHash(options.metadata ?? null);
  const read = readReceipt(receipt);
  await checkSignature(read, options.keys);
  const { pauseId = read.pause_id, developerId = read.developer_id, choice = read.choice, minPeople = 1 } = options;
  if (read.pause_id !== pauseId) fail("other_pause", `This is the decision of ${read.pause_id}, not of ${pauseId}.`);
  if (read.developer_id !== developerId) {
    fail("other_tenant", `People of ${read.developer_id} decided, not those of ${developerId}.`);
  }
  if (read.question_hash !== (await questionHash(options.question))) {
    fail("other_question", "People saw another message, or other options or details.");
  }
  if (read.metadata_hash !== metadata) fail("other_metadata", "The question had other metadata.");
  if (read.choice !== choice) {
    fail("other_choice", `People chose ${JSON.stringify(read.choice)}, not ${JSON.stringify(choice)}.`);
  }
  const people = read.people.filter((person) => person.choice === read.choice).length;
  if (people < minPeople) {
    fail("too_few_people", `${people} users made this choice, and not ${minPeople}.`);
  }
  checkAge(read, nowMs, options.maxAgeSeconds);
  if (options.once !== undefined && !(await options.once(read.pause_id))) {
    fail("already_used", `The decision of ${read.pause_id} was acted on before.`);
  }
  return read;
}

/** Options are checked first, so that invalid ones show up with the first receipt. Returns the time. */
function check({ keys, pauseId, developerId, choice, ...options }: VerifyDecisionOptions): number {
  if (typeof keys !== "function" && !Array.isArray(keys)) throw new TypeError("keys must be an array or a function.");
  checkOptionalString("pauseId", pauseId);
  checkOptionalString("developerId", developerId);
  if (pauseId === undefined && developerId === undefined) {
    throw new TypeError("Give pauseId or developerId: all tenants of a server share its keys.");
  }
  checkOptionalString("choice", choice);
  if (options.minPeople !== undefined) checkAmount("minPeople", options.minPeople);
  if (options.maxAgeSeconds !== undefined) checkAmount("maxAgeSeconds", options.maxAgeSeconds);
  checkOptionalFunction("once", options.once);
  if (typeof options.question !== "object" || options.question === null)
    throw new TypeError("question must be an object.");
  return dateMs("now", options.now ?? new Date());
}

function fail(code: DecisionVerificationError["code"], message: string, cause?: unknown): never {
  throw new DecisionVerificationError(code, message, cause === undefined ? undefined : { cause });
}

// ── The receipt ─────────────────────────────────────────────────────────────────────────────────────────────────────

const TEXTS = [
  "key_id",
  "pause_id",
  "developer_id",
  "question_hash",
  "metadata_hash",
  "choice",
  "via",
  "asked_at",
  "decided_at",
  "signature",
] as const;

function readReceipt(given: unknown): Receipt {
  const value = typeof given === "string" ? parse(given) : given;
  if (typeof value !== "object" || value === null) fail("malformed", "This is not a receipt.");
  const receipt = value as Readonly<Record<string, unknown>>;
  if (receipt["version"] !== 1) fail("malformed", "This is not a receipt of version 1.");
  const wrong = TEXTS.find((name) => typeof receipt[name] !== "string");
  if (wrong !== undefined) fail("malformed", `The receipt has no ${wrong}.`);
  const people = receipt["people"];
  if (!Array.isArray(people) || !people.every(isPerson)) fail("malformed", "The receipt has no people.");
  if (!isTime(String(receipt["decided_at"]))) fail("malformed", "decided_at is not a time.");
  return value as Receipt;
}

/** As the server writes it. `Date.parse` accepts more, which other languages read differently. */
const TIME = /^(?!0000)\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

function isTime(text: string): boolean {
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // `Date.parse` reads 30 February as 2 March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, -1));
}

function isPerson(person: unknown): boolean {
  return typeof person === "object" && person !== null && typeof (person as { choice?: unknown }).choice === "string";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail("malformed", "The receipt is not JSON.", cause);
  }
}

async function checkSignature(receipt: Receipt, keys: VerifyDecisionOptions["keys"]): Promise<void> {
  const all = typeof keys === "function" ? await keys(receipt.key_id) : keys;
  const key = all.find(({ key_id: id, algorithm }) => id === receipt.key_id && algorithm === "Ed25519");
  if (key === undefined) fail("unknown_key", `There is no key ${JSON.stringify(receipt.key_id)}.`);
  const publicKey = decodeBase64(key.public_key);
  if (publicKey === null) throw new TypeError(`The public_key of ${key.key_id} is not base64.`);
  const { signature, ...signed } = receipt;
  const text = signedText(signed);
  const bytes = decodeBase64(signature);
  if (bytes === null || !(await isSignedBy(publicKey, text, bytes))) {
    fail("signature_mismatch", "The signature does not fit: the receipt was changed, or another server signed it.");
  }
  const { retired_at: retiredAt } = key;
  if (retiredAt !== null && Date.parse(receipt.decided_at) - Date.parse(retiredAt) > RECEIPT_CLOCK_SECONDS * 1000) {
    fail("retired_key", `The key ${key.key_id} was retired at ${retiredAt}, before this decision.`);
  }
}

function signedText(signed: object): string {
  try {
    return canonical(signed);
  } catch (cause) {
    return fail("malformed", "The receipt has no canonical form.", cause);
  }
}

function checkAge({ decided_at: decidedAt }: Receipt, nowMs: number, maxAgeSeconds: number | undefined): void {
  const ageSeconds = (nowMs - Date.parse(decidedAt)) / 1000;
  if (ageSeconds < -RECEIPT_CLOCK_SECONDS) fail("too_new", `It was decided at ${decidedAt}, which is in the future.`);
  if (maxAgeSeconds !== undefined && ageSeconds > maxAgeSeconds) {
    fail("too_old", `It was decided at ${decidedAt}, more than ${maxAgeSeconds} s ago.`);
  }
}

// ── The hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────

function questionHash({ message, options, details }: VerifyDecisionOptions["question"]): Promise<string> {
  const facts = (details ?? []).map(({ label, value }) => ({ label, value }));
  return sha256Hex(canonical({ message, options: [...options], details: facts }));
}

/** The exact text if it has no canonical form, as the server does it. */
async function metadataHash(metadata: object | string | null): Promise<string> {
  const text = typeof metadata === "string" ? metadata : metadata === null ? "null" : objectText(metadata);
  return sha256Hex(canonicalText(text) ?? text);
}

/** Null if the text would say something else in canonical form. */
function canonicalText(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError("metadata is not JSON.", { cause });
  }
  try {
    checkText(text);
    return canonical(value);
  } catch {
    return null;
  }
}
