/** The events of a batch, each read and published by itself: a bad one rejects none of the others. */
import { StoreUnavailable } from "../../domain/errors.ts";
import { EVENT_BODY_BYTES_MAX, JSON_DEPTH_MAX } from "../../domain/limits.ts";
import { NOT_AN_OBJECT, type Span, scanObject } from "../../domain/text/json.ts";
import type { Caller } from "../../engine/engine-types.ts";
import { inSlices } from "../../engine/scheduling/turns.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ApiDeps } from "../deps.ts";
import { abridged, invalid, type Problem, STORE_UNAVAILABLE, tooLarge, unreadable } from "../errors/problem.ts";
import { envelope } from "../errors/v1-errors.ts";
import { withUnknownEndpoints } from "../history/referenced-ids.ts";
import { type JsonBody, parseItem } from "../http/body.ts";
import { BATCH_FAULTS_LISTED_MAX, FIELDS_COUNT_MAX } from "../http/limits.ts";
import { isTooLarge, PAYLOAD_TOO_LARGE, parseEvent, publishedText, publishProblem } from "./event-wire.ts";

/** An event of a batch stands two levels below the body. */
const BATCHED_DEPTH_MAX = JSON_DEPTH_MAX - 2;
const NOT_AN_EVENT = invalid([{ field: "event", rule: "must be an object" }]);
const EVENT_TOO_LARGE = tooLarge({ field: "event", rule: `must be at most ${EVENT_BODY_BYTES_MAX} bytes` });

export interface BatchItem {
  readonly text: string;
  readonly span: Span;
  /** Null for an event that is too large to be parsed. */
  readonly value: unknown;
}

/** Of one event the answer's text, or why there is none. */
type Result = string | Problem;

/** Parse the events; a problem when one of them is no JSON, since then the whole body is none. */
export async function readBatch(clock: Clock, body: JsonBody): Promise<readonly BatchItem[] | Problem> {
  const read = await inSlices(clock, body.items ?? [], async (span): Promise<BatchItem | Problem> => {
    const item = isOversize(span) ? { value: null } : parseItem(body, span);
    return "status" in item ? item : { text: body.text, span, value: item.value };
  });
  return read.find((item) => "status" in item) ?? (read as BatchItem[]);
}

/** The results in the order of the events. */
export function publishBatch(
  { engine, clock }: ApiDeps,
  caller: Caller,
  items: readonly BatchItem[],
): Promise<readonly Result[]> {
  return inSlices(clock, items, (item) => publishOne(engine, caller, item));
}

/** Whether an event is larger than any that could be accepted: it is not even parsed. */
function isOversize({ start, end }: Span): boolean {
  return end - start > EVENT_BODY_BYTES_MAX;
}

async function publishOne(engine: ApiDeps["engine"], caller: Caller, item: BatchItem): Promise<Result> {
  const { text, span, value } = item;
  const scan = scanObject(text, BATCHED_DEPTH_MAX, span.start, FIELDS_COUNT_MAX);
  if (scan.kind === "fault") return scan.rule === NOT_AN_OBJECT ? NOT_AN_EVENT : unreadable(scan.rule);
  if (isOversize(span)) return oversize(text, scan.members.get("payload"));
  const parsed = parseEvent({ text, value, members: scan.members }, undefined);
  try {
    if (parsed.kind === "refused") return await withUnknownEndpoints(engine, caller, value, parsed.problem);
    const answer = await engine.publish(caller, parsed.input);
    return answer.kind === "accepted" ? publishedText(answer) : (publishProblem(answer, parsed.endpointIds) as Problem);
  } catch (error) {
    if (error instanceof StoreUnavailable) return STORE_UNAVAILABLE;
    throw error;
  }
}

function oversize(text: string, payload: Span | undefined): Problem {
  const isPayload = payload !== undefined && isTooLarge(text.slice(payload.start, payload.end));
  return isPayload ? PAYLOAD_TOO_LARGE : EVENT_TOO_LARGE;
}

/** The 202's JSON text. A thousand bad events do not each get their twenty faults. */
export function resultsText(results: readonly Result[]): string {
  let named = 0;
  const texts = results.map((result) => {
    if (typeof result === "string") return result;
    named += result.details.length;
    return JSON.stringify(envelope(named <= BATCH_FAULTS_LISTED_MAX ? result : abridged(result)).body);
  });
  return `{"results":[${texts.join(",")}]}`;
}
