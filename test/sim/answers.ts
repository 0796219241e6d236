/** The answer to a request, and whether the change that it requested took effect. */

export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** 503: the request had no effect. */
  | { readonly kind: "refused" }
  /** The process ended before it answered. */
  | { readonly kind: "lost" };

/** Whether a change took effect. `unknown` if the process ended before it answered. */
export type Effect = "applied" | "none" | "unknown";

export const effectOf = (answer: Answer<unknown>): Effect =>
  answer.kind === "ok" ? "applied" : answer.kind === "lost" ? "unknown" : "none";
