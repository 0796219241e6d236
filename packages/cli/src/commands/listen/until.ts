/** `--until`: when to end. Pure. */
import { usage } from "../../failure.ts";
import { durationSeconds } from "../../output/time.ts";

export interface Until {
  /** End when so many deliveries were delivered. */
  readonly delivered: number | null;
  /** End after so long. */
  readonly ms: number | null;
}

/** The longest wait that a timer has. */
const MS_MAX = 2_147_483_647;

export function readUntil(texts: readonly string[]): Until {
  let until: Until = { delivered: null, ms: null };
  for (const text of texts) {
    const [, count] = /^delivered=(\d{1,9})$/.exec(text) ?? [];
    const seconds = durationSeconds(text);
    if (count !== undefined && Number(count) > 0) until = { ...until, delivered: Number(count) };
    else if (seconds !== null && seconds > 0) until = { ...until, ms: Math.min(seconds * 1000, MS_MAX) };
    else throw usage(`--until must be delivered=10 or a duration such as 5m, not ${JSON.stringify(text)}`);
  }
  return until;
}
