/** A short text for people: what went wrong with an attempt and how to fix it. */
import type { Classification } from "./delivery.ts";

/** The stored result of an attempt. */
export interface AttemptEnd {
  readonly classification: Classification;
  /** Null when no response arrived. */
  readonly httpStatus: number | null;
  readonly errorDetail: string | null;
}

/** The error text of an attempt: for a response, its status and a hint where there is one. Null for a success. */
export function attemptError({ classification, httpStatus, errorDetail }: AttemptEnd): string | null {
  if (classification === "success") return null;
  if (httpStatus === null) return errorDetail ?? classification.replaceAll("_", " ");
  const hint = statusHint(httpStatus);
  return `HTTP ${httpStatus}${hint === null ? "" : `: ${hint}`}`;
}

/** How to fix the cause of a failed response's status, or null when there is no specific advice. */
export function statusHint(httpStatus: number): string | null {
  if (httpStatus >= 300 && httpStatus < 400) {
    return "redirects are not followed, so register the URL that it redirects to";
  }
  switch (httpStatus) {
    case 401:
    case 403:
      return "check the secret that the receiver verifies signatures with, or let it accept requests without a login";
    case 404:
      return "check the path of the URL";
    case 405:
      return "the receiver must accept POST requests";
    case 410:
      return "the receiver reports that it is permanently gone";
    default:
      return null;
  }
}
