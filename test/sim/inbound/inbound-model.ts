/** What senders and tenants know about sources, messages and records. */
import type { Seq, Uuid } from "../../../src/domain/ids.ts";
import type { SourceSettings } from "../../../src/domain/inbound/source.ts";
import type { Caller } from "../../../src/engine/access/caller.ts";
import type { Answer, Effect } from "../answers.ts";
import type { Timeline } from "../timeline.ts";
import type { Uncertain } from "../uncertain.ts";

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A possible state of a source. */
export interface SourceState {
  readonly isLive: boolean;
  readonly secret: string;
  /** The previous secret is valid until a time between these two. */
  readonly previous: { readonly secret: string; readonly fromMs: number; readonly toMs: number } | null;
}

/** A time in a source's history. It has several possible states while it is unknown whether a change took effect. */
export interface SourceVersion {
  readonly states: readonly SourceState[];
  /** Since when, by the timeline. */
  readonly sinceMs: number;
}

export interface KnownSource {
  readonly id: Uuid;
  readonly caller: Caller;
  readonly settings: SourceSettings;
  readonly versions: SourceVersion[];
  /** The secret that the senders use. They may learn of a change late, or change the secret before the server does. */
  senderSecret: string;
  /** Whether a change is in progress. Only one change is requested at a time. */
  isChanging: boolean;
  /** The number of requests to reprocess all its rejected records. */
  bulkReprocesses: number;
}

export function latestOf({ versions }: KnownSource): readonly SourceState[] {
  return versions.at(-1)?.states ?? [];
}

/** The place of the version at this time. */
export function versionAt({ versions }: KnownSource, ms: number): number {
  return Math.max(
    0,
    versions.findLastIndex(({ sinceMs }) => sinceMs <= ms),
  );
}

export function isCertainlyDeleted(source: KnownSource): boolean {
  return latestOf(source).every(({ isLive }) => !isLive);
}

/** Records a requested change. Call the returned function with the effect and, if known, a more precise new state. */
export function changeSource(
  source: KnownSource,
  timeline: Pick<Timeline, "nowMs">,
  change: (state: SourceState) => SourceState,
): (effect: Effect, known?: (state: SourceState) => SourceState) => void {
  const before = latestOf(source);
  const begin = (states: readonly SourceState[]) => source.versions.push({ states, sinceMs: timeline.nowMs });
  begin(different([...before, ...before.map(change)]));
  return (effect, known = change) => {
    if (effect === "applied") begin(different(before.map(known)));
    if (effect === "none") begin(before);
  };
}

function different(states: readonly SourceState[]): SourceState[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()];
}

/** The time span of a request by the server's clock, and the source's first version in it. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly firstVersion: number;
}

/** Whether a request with this secret passes verification. `maybe` if it depends on something unknown. */
export function isVerified(source: KnownSource, secret: string | null, span: Span): "yes" | "no" | "maybe" {
  const states = source.versions.slice(span.firstVersion).flatMap((version) => version.states);
  const verdicts = new Set(states.map((state) => verdictOf(source, state, secret, span)));
  const [only = "no"] = verdicts;
  return verdicts.size === 1 ? only : "maybe";
}

function verdictOf(
  { settings }: KnownSource,
  { isLive, secret, previous }: SourceState,
  used: string | null,
  { fromMs, toMs }: Span,
): "yes" | "no" | "maybe" {
  if (!isLive) return "no";
  if (settings.scheme === "none" || used === secret) return "yes";
  if (used === null || used !== previous?.secret) return "no";
  if (toMs < previous.fromMs) return "yes";
  return fromMs >= previous.toMs ? "no" : "maybe";
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is wrong with a message, apart from its signature. */
export type Flaw = "none" | "unknownSource" | "unreadable" | "fieldsInvalid";

/** One message, which its sender may send several times. */
export interface Message {
  readonly number: number;
  /** The source of the message. With the flaw `unknownSource`, the message does not name it. */
  readonly source: KnownSource;
  readonly route: "status" | "any";
  readonly flaw: Flaw;
  readonly oldStatus: string;
  readonly newStatus: string;
  /** Whether canonicalization changes the message, so that only its exact bytes can be verified. */
  readonly isLossy: boolean;
  /** Whether the server can detect repeats of the message. */
  readonly isDeduplicated: boolean;
  /** All bodies that were sent for the message. */
  readonly bodies: Set<string>;
  readonly attempts: SendAttempt[];
}

export type SendEffect =
  | "unknown"
  /** 503 or 429: not stored. */
  | "none"
  /** Rejected and stored. */
  | "stored"
  | "fresh"
  | "duplicate";

export interface SendAttempt {
  effect: SendEffect;
  /** The record in the 200. */
  recordId: Uuid | null;
  /** The event in the 200, if it contains one. */
  eventId: Uuid | null;
}

/** Every body contains the number of its message. */
export const memberOf = (number: number): string => `m${number}`;

export function numberIn(text: string): number | null {
  const found = /"member_id"\s*:\s*"m(\d+)"/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

// ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A record that a tenant has read or changed. */
export interface KnownRecord {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly message: Message;
  /** Requests to reprocess it. */
  readonly reprocesses: { readonly wasValid: boolean; effect: Effect; eventId: Uuid | null }[];
  readonly deletes: { effect: Effect }[];
  readonly notes: Uncertain<string | null>;
}

export interface InboundModel {
  readonly sources: KnownSource[];
  readonly messages: Message[];
  readonly records: Map<Uuid, KnownRecord>;
  /** The times at which messages were sent, by the timeline. */
  readonly triesMs: number[];
}

export function createInboundModel(): InboundModel {
  return { sources: [], messages: [], records: new Map(), triesMs: [] };
}

export function isTransition({ route, oldStatus, newStatus }: Message): boolean {
  const isOne = `${oldStatus} ${newStatus}`;
  return route === "any" || isOne === "active paused" || isOne === "paused active";
}

/** A short form of the answer for the log. */
export function summary(answer: Answer<{ readonly kind: string } | null | boolean>): string {
  if (answer.kind !== "ok") return answer.kind;
  return typeof answer.value === "object" && answer.value !== null ? answer.value.kind : String(answer.value);
}
