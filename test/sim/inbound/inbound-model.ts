/** What those who send webhooks, and those who look after what came, know of it. */
import type { Seq, Uuid } from "../../../src/domain/ids.ts";
import type { SourceSettings } from "../../../src/domain/inbound/source.ts";
import type { Caller } from "../../../src/engine/engine-types.ts";
import type { Belief } from "../belief.ts";
import type { Answer, Fate } from "../fate.ts";

// ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a source may be at some time. */
export interface SourceState {
  readonly isLive: boolean;
  readonly secret: string;
  /** Holds until some moment between these two. */
  readonly previous: { readonly secret: string; readonly fromMs: number; readonly toMs: number } | null;
}

export interface KnownSource {
  readonly id: Uuid;
  readonly caller: Caller;
  readonly settings: SourceSettings;
  /** What it may have been, one after the other: several at once while nobody knows whether a change has happened. */
  readonly versions: (readonly SourceState[])[];
  /** What its senders sign with: they may be told of a change late, or be ahead of it. */
  senderSecret: string;
  /** Somebody changes it: changes are asked for one after the other. */
  isChanging: boolean;
  /** How often all that was refused of it was asked to be verified again. */
  bulks: number;
}

export function latestOf({ versions }: KnownSource): readonly SourceState[] {
  return versions.at(-1) ?? [];
}

export function isSurelyGone(source: KnownSource): boolean {
  return latestOf(source).every(({ isLive }) => !isLive);
}

/** Ask for a change; call the answer with what came of it, and what it then is if that is known better. */
export function changeSource(
  { versions }: KnownSource,
  change: (state: SourceState) => SourceState,
): (fate: Fate, known?: (state: SourceState) => SourceState) => void {
  const before = versions.at(-1) ?? [];
  versions.push(different([...before, ...before.map(change)]));
  return (fate, known = change) => {
    if (fate === "done") versions.push(different(before.map(known)));
    if (fate === "nothing") versions.push(before);
  };
}

function different(states: readonly SourceState[]): SourceState[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()];
}

/** A span of the server's own time, in which it looked at something, and of the source's versions. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly firstVersion: number;
}

/** Whether this secret is believed then: `maybe` when that depends on what nobody knows. */
export function isBelieved(source: KnownSource, secret: string | null, span: Span): "yes" | "no" | "maybe" {
  const states = source.versions.slice(span.firstVersion).flat();
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

// ── What is sent ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is wrong with it beside its signature. */
export type Flaw = "none" | "nobody" | "unreadable" | "fieldsInvalid";

/** One thing that somebody tells, however often they say it. */
export interface Told {
  readonly number: number;
  /** For `nobody`, whose secret and tenant it would be. */
  readonly source: KnownSource;
  readonly route: "status" | "any";
  readonly flaw: Flaw;
  readonly oldStatus: string;
  readonly newStatus: string;
  /** Only its very bytes are the same: canonical form would change it. */
  readonly isLossy: boolean;
  /** Whether the server can tell its repeats. */
  readonly isTellable: boolean;
  /** Every way in which it was spelled. */
  readonly bodies: Set<string>;
  readonly utterances: Utterance[];
}

export type UtteranceFate =
  | "unknown"
  /** 503, or 429: it is not kept. */
  | "nothing"
  /** Refused, and kept. */
  | "kept"
  | "fresh"
  | "duplicate";

export interface Utterance {
  fate: UtteranceFate;
  /** The record that a 200 named. */
  recordId: Uuid | null;
  /** As far as the 200 told. */
  eventId: Uuid | null;
}

/** Every body names what it tells. */
export const memberOf = (number: number): string => `m${number}`;

export function numberIn(text: string): number | null {
  const found = /"member_id"\s*:\s*"m(\d+)"/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}

// ── What came of it ─────────────────────────────────────────────────────────────────────────────────────────────────

/** A record that somebody did something with. */
export interface KnownRecord {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly told: Told;
  /** Asked to be processed again, whatever it was then. */
  readonly reprocesses: { readonly wasValid: boolean; fate: Fate; eventId: Uuid | null }[];
  readonly deletes: { fate: Fate }[];
  readonly notes: Belief<string | null>;
}

export interface InboundModel {
  readonly sources: KnownSource[];
  readonly told: Told[];
  readonly records: Map<Uuid, KnownRecord>;
  /** When somebody told something, by the timeline. */
  readonly triesMs: number[];
}

export function createInboundModel(): InboundModel {
  return { sources: [], told: [], records: new Map(), triesMs: [] };
}

export function isTransition({ route, oldStatus, newStatus }: Told): boolean {
  const isOne = `${oldStatus} ${newStatus}`;
  return route === "any" || isOne === "active paused" || isOne === "paused active";
}

/** What is said of an answer in the log. */
export function summary(answer: Answer<{ readonly kind: string } | null | boolean>): string {
  if (answer.kind !== "ok") return answer.kind;
  return typeof answer.value === "object" && answer.value !== null ? answer.value.kind : String(answer.value);
}
