/** What went wrong with an attempt, and what to do about it, in a few words for a person. */
import type { Classification } from "./delivery.ts";

/** What is kept of an attempt's end. */
export interface AttemptEnd {
  readonly classification: Classification;
  /** Null when there was no answer. */
  readonly httpStatus: number | null;
  readonly errorDetail: string | null;
}

/** Null for a success. Of an answer its status, with a hint where one is known. */
export function attemptError({ classification, httpStatus, errorDetail }: AttemptEnd): string | null {
  if (classification === "success") return null;
  if (httpStatus === null) return errorDetail ?? classification.replaceAll("_", " ");
  const hint = statusHint(httpStatus);
  return `HTTP ${httpStatus}${hint === null ? "" : `: ${hint}`}`;
}

/** What to do about the status of a failed answer; null where the status alone says no more. */
export function statusHint(httpStatus: number): string | null {
  if (httpStatus >= 300 && httpStatus < 400) {
    return "redirects are never followed, so register the URL that it leads to";
  }
  switch (httpStatus) {
    case 401:
    case 403:
      return "compare the secret that it verifies signatures with, or let it take requests without a login";
    case 404:
      return "check the path of the URL";
    case 405:
      return "it must take POST requests";
    case 410:
      return "it says that it is gone for good";
    default:
      return null;
  }
}
