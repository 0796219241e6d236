/** A refusal of the server in the words of the command line. Pure. */
import type { Command } from "./command.ts";
import { optionName } from "./command-line.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Completes, Option } from "./options.ts";

/** Where a field of the API is not called like its option or operand. */
const OPTIONS_OF_FIELD: Readonly<Record<string, readonly string[]>> = {
  allow_text_response: ["note"],
  approvers: ["approver"],
  "basic.username": ["username"],
  details: ["detail"],
  delivery_ids: ["ids"],
  endpoint_id: ["endpoint"],
  endpoint_ids: ["to"],
  event_id: ["request", "event", "id"],
  event_type: ["type"],
  "escalate_to.approvers": ["escalateTo"],
  "escalate_to.share": ["escalateAfter"],
  "event_type.fallback": ["typeFallback"],
  "event_type.header": ["typeHeader"],
  "event_type.pointer": ["typePointer"],
  "event_type.prefix": ["typePrefix"],
  event_types: ["type", "events"],
  expires_in_seconds: ["timeout"],
  headers_json: ["header"],
  "hmac.delivery_id.header": ["deliveryIdHeader"],
  "hmac.delivery_id.pointer": ["deliveryIdPointer"],
  "hmac.header": ["signatureHeader"],
  "hmac.prefix": ["signaturePrefix"],
  "Idempotency-Key": ["idempotencyKey"],
  "Last-Event-ID": ["after"],
  options: ["option"],
  order: ["deadline"],
  overlap_seconds: ["overlap"],
  payload: ["data"],
  payload_contains: ["contains"],
  q: ["search"],
  rate_limit_per_second: ["rateLimit"],
  recipient: ["to"],
  rejection_reason: ["reason"],
  retry_schedule_seconds: ["retrySchedule"],
  secret: ["secretStdin", "secretFile"],
  source_id: ["source"],
  state: ["state", "status"],
  terminal_reason: ["reason"],
  timeout_default: ["default"],
  timeout_seconds: ["timeout"],
  url: ["to", "address"],
};

/** What lists the things that an id can name. */
const LISTED_BY: Readonly<Partial<Record<Completes, string>>> = {
  endpoint: "endpoints list",
  event: "events list",
  delivery: "deliveries list",
  source: "sources list",
  request: "quarantine list",
  pause: "pause list",
  job: "jobs list",
  type: "events types",
};

type Given = Readonly<Record<string, unknown>>;

interface Word {
  /** `--to` or `DELIVERY_ID`. */
  readonly name: string;
  readonly value: unknown;
  readonly completes: Completes | null;
}

/**
 * Say which option or operand is wrong, and what lists the right ones.
 */
export function inWordsOf(command: Command, given: Given, failure: Failure): Failure {
  const { exit, code, message, details, hint } = failure;
  if (exit === EXIT.missing) {
    const named = [...wordsIn(command, given)].filter(({ completes }) => message.includes(completes ?? ""));
    return new Failure(exit, code, message, { details, hint: hint ?? listHint(named) });
  }
  const words = details.map(({ field }) => wordFor(command, given, field));
  if (exit !== EXIT.failed || details.length === 0 || !words.every((word) => word !== null)) return failure;
  const sentences = details.map(({ rule }, at) => sentence(words[at] ?? null, rule));
  const isMissing = details.every(({ rule }) => rule.startsWith("names no "));
  return new Failure(isMissing ? EXIT.missing : EXIT.usage, code, `${sentences.join("; ")}.`, {
    hint: hint ?? listHint(words),
  });
}

/** What the command line gave that names something of the server. */
function* wordsIn({ operands, options }: Command, given: Given): Generator<Word> {
  for (const [key, { completes, placeholder }] of Object.entries({ ...operands, ...options })) {
    const name = key in operands ? (placeholder ?? key) : optionName(key);
    if (completes !== null && given[key] !== undefined) yield { name, value: given[key], completes };
  }
}

/** `endpoint_ids[1]` is the second `--to`, and `hmac.template` is `--template`. */
function wordFor({ operands, options }: Command, given: Given, field: string): Word | null {
  const [, path = "", index] = /^(?:filter\.)?([\w.-]+?)(?:\[(\d+)\].*)?$/.exec(field) ?? [];
  const all: Readonly<Record<string, Option<unknown>>> = { ...operands, ...options };
  const keys = optionsOf(path).filter((each) => each in all);
  const key = keys.find((each) => given[each] !== undefined && given[each] !== false) ?? keys[0];
  const found = key === undefined ? undefined : all[key];
  if (key === undefined || found === undefined) return null;
  const value = Array.isArray(given[key]) ? given[key][Number(index ?? 0)] : given[key];
  const name = key in operands ? (found.placeholder ?? key) : optionName(key);
  return { name, value, completes: found.completes };
}

function optionsOf(path: string): readonly string[] {
  const [first = ""] = path.split(".");
  const last = path.slice(path.lastIndexOf(".") + 1).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return OPTIONS_OF_FIELD[path] ?? [...(OPTIONS_OF_FIELD[first] ?? []), last];
}

function sentence(word: Word | null, rule: string): string {
  const { name = "", value } = word ?? {};
  const shown = typeof value === "string" && !rule.includes(value) ? ` ${JSON.stringify(value)}` : "";
  return `${name}${shown} ${rule}`;
}

function listHint(words: readonly (Word | null)[]): string | null {
  const listed = words.flatMap((word) => LISTED_BY[word?.completes ?? "file"] ?? []);
  const [first] = listed;
  return first === undefined ? null : `\`signalbox ${first}\` shows what there is.`;
}
