/** What became of a request, and what it then has done. */

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** 503: nothing of it has happened. */
  | { readonly kind: "refused" }
  /** The process ended before it answered. */
  | { readonly kind: "lost" };

/** What came of a change: `unknown` when its process ended before it answered. */
export type Fate = "done" | "nothing" | "unknown";

export const fateOf = (answer: Answer<unknown>): Fate =>
  answer.kind === "ok" ? "done" : answer.kind === "lost" ? "unknown" : "nothing";
