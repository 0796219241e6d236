/** What a test event says, and what is said of its outcome to whoever sent it. */
import { statusHint } from "../../domain/delivery/attempt-error.ts";
import type { Format } from "../../domain/endpoints/endpoint.ts";
import type { AttemptMade } from "../delivery/attempts.ts";
import type { TestAnswer } from "../engine-types.ts";

/** In format `pacspace` the reference's own words. */
export function testMessage(format: Format): string {
  return `This is a test webhook event from ${format === "pacspace" ? "PacSpace" : "Signalbox"}.`;
}

export const TOO_MANY_TESTS = notSent("Too many tests are being sent; try again in a moment.");
export const STOPPING = notSent("The server is stopping; try again in a moment.");

function notSent(message: string): TestAnswer {
  return { success: false, httpStatus: null, message };
}

export function testAnswer({ attempt, transition }: AttemptMade): TestAnswer {
  const { httpStatus, errorDetail } = attempt;
  if (transition.outcome === "SUCCESS") return { success: true, httpStatus, message: "Test event sent successfully." };
  const why =
    httpStatus === null
      ? `no answer came: ${errorDetail} (${transition.classification})`
      : `the receiver answered HTTP ${httpStatus}; ${statusHint(httpStatus) ?? "only a 2xx counts as received"}`;
  return { success: false, httpStatus, message: `Test event failed: ${why}.` };
}
