/** Batches: each event is parsed and published separately, so that an invalid event does not affect the others. */
import type { TraceContext } from "../../domain/delivery/trace-context.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import { EVENT_BODY_BYTES_MAX, JSON_DEPTH_MAX } from "../../domain/limits.ts";
import { NOT_AN_OBJECT, type Span, scanObject } from "../../domain/text/json.ts";
import type { Caller } from "../../engine/access/caller.ts";
import { inSlices } from "../../engine/scheduling/turns.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ApiDeps } from "../deps.ts";
import { abridged, invalid, type Problem, STORE_UNAVAILABLE, tooLarge, unreadable } from "../errors/problem.ts";
import { envelope } from "../errors/v1-errors.ts";
import { withUnknownEndpoints } from "../history/referenced-ids.ts";
import { type JsonBody, parseItem } from "../http/body.ts";
import { BATCH_FAULTS_LISTED_MAX, FIELDS_COUNT_MAX } from "../http/limits.ts";
import { isTooLarge, PAYLOAD_TOO_LARGE, parseEvent, publishedText, publishProblem } from "./event-wire.ts";

/** An event in a batch is two levels below the body. */
const BATCHED_DEPTH_MAX = JSON_DEPTH_MAX - 2;
const NOT_AN_EVENT = invalid([{ field: "event", rule: "must be an object" }]);
const EVENT_TOO_LARGE = tooLarge({ field: "event", rule: `must be at most ${EVENT_BODY_BYTES_MAX} bytes` });

export interface BatchItem {
  readonly text: string;
  readonly span: Span;
  /** Null for an event that is too large to parse. */
  readonly value: unknown;
  /** Of the request, and so of each of its events. */
  readonly trace: TraceContext | null;
}

/** An event's result as JSON text, or why it was refused. */
type Result = string | Problem;

/** Parse the events. An event that is not valid JSON makes the whole body invalid. */
export async function readBatch(
  clock: Clock,
  body: JsonBody,
  trace: TraceContext | null,
): Promise<readonly BatchItem[] | Problem> {
  const read = await inSlices(clock, body.items ?? [], async (span): Promise<BatchItem | Problem> => {
    const item = isOversize(span) ? { value: null } : parseItem(body, span);
    return "status" in item ? item : { text: body.text, span, value: item.value, trace };
  });
  return read.find((item) => "status" in item) ?? (read as BatchItem[]);
}

/** The results are in the order of the events. */
export function publishBatch(
  { engine, clock }: ApiDeps,
  caller: Caller,
  items: readonly BatchItem[],
): Promise<readonly Result[]> {
  return inSlices(clock, items, (item) => publishOne(engine, caller, item));
}

/** Whether an event exceeds the largest acceptable size. Such an event is not parsed. */
function isOversize({ start, end }: Span): boolean {
  return end - start > EVENT_BODY_BYTES_MAX;
}

async function publishOne(engine: ApiDeps["engine"], caller: Caller, item: BatchItem): Promise<Result> {
  const { text, span, value, trace } = item;
  const scan = scanObject(text, BATCHED_DEPTH_MAX, span.start, FIELDS_COUNT_MAX);
  if (scan.kind === "fault") return scan.rule === NOT_AN_OBJECT ? NOT_AN_EVENT : unreadable(scan.rule);
  if (isOversize(span)) return tooLargeProblem(text, scan.members.get("payload"));
  const parsed = parseEvent({ text, value, members: scan.members }, undefined, trace);
  try {
    if (parsed.kind === "refused") return await withUnknownEndpoints(engine, caller, value, parsed.problem);
    const output = await engine.publish(caller, parsed.input);
    return output.kind === "accepted" ? publishedText(output) : publishProblem(output, parsed.endpointIds);
  } catch (error) {
    if (error instanceof StoreUnavailable) return STORE_UNAVAILABLE;
    throw error;
  }
}

function tooLargeProblem(text: string, payload: Span | undefined): Problem {
  const isPayload = payload !== undefined && isTooLarge(text.slice(payload.start, payload.end));
  return isPayload ? PAYLOAD_TOO_LARGE : EVENT_TOO_LARGE;
}

/** The JSON text of a 202. Beyond a limit, each invalid event lists only its first fault. */
export function resultsText(results: readonly Result[]): string {
  let listed = 0;
  const texts = results.map((result) => {
    if (typeof result === "string") return result;
    listed += result.details.length;
    return JSON.stringify(envelope(listed <= BATCH_FAULTS_LISTED_MAX ? result : abridged(result)).body);
  });
  return `{"results":[${texts.join(",")}]}`;
}
