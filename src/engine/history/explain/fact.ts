/** One sentence of an explanation, and the words that the sentences share. */
import type { EpochMs, Uuid } from "../../../domain/ids.ts";

export interface Fact {
  /** When it happened, or will happen; null for what has no time. */
  readonly at: EpochMs | null;
  /** A stable name of the rule that the sentence is about. */
  readonly rule: string;
  /** For people. It has no times: `at` is the time. */
  readonly sentence: string;
  readonly refs: FactRefs;
}

/** What the sentence is about. */
export interface FactRefs {
  readonly eventId?: Uuid;
  readonly deliveryId?: Uuid;
  readonly endpointId?: Uuid;
  readonly attemptNumber?: number;
  readonly filter?: string;
}

const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/** @param index from 0 */
export function ordinal(index: number): string {
  return ORDINALS[index] ?? `number ${index + 1}`;
}

/** `850 ms`, `5.3 s` or `1800 s`: in seconds like the settings, since a sentence compares both. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${ms < 60_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}

export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** The filters that a sentence names. An endpoint may have a hundred. */
const FILTERS_NAMED_MAX = 10;

/** `a, b and c` */
export function listed(items: readonly string[]): string {
  const named = items.slice(0, FILTERS_NAMED_MAX);
  const more = items.length - named.length;
  const all = more > 0 ? [...named, `${more} more`] : named;
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
