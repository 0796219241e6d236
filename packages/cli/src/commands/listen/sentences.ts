/** What happens while somebody listens, in sentences and words for people. Pure. Text from outside is escaped. */
import type { ListenAnswer, ListenStatus } from "../../../../sdk/src/index.ts";
import type { Color } from "../../output/color.ts";
import { safe } from "../../output/text.ts";

type Connected = Extract<ListenStatus, { kind: "connected" }>;
type Reconnecting = Extract<ListenStatus, { kind: "reconnecting" }>;
type Ended = Extract<ListenStatus, { kind: "attemptEnded" }>;

const DETAIL_CHARS_MAX = 200;

/** `37 waited since 09:12Z.` */
export function connectedSentence({ again, waiting, waitingSince, status }: Connected, id: string, now: Date): string {
  const since = waitingSince === null ? "" : ` since ${shortMoment(waitingSince, now)}`;
  const count = `${waiting.count.toLocaleString("en-US")}${waiting.more ? " or more" : ""}`;
  const waited = waiting.count === 0 ? "" : ` ${count} waited${since}.`;
  const resume = `To resume it, run: signalbox endpoints resume ${id}`;
  const held = status === "ACTIVE" ? "" : ` The listener is ${status.toLowerCase()}, so nothing arrives. ${resume}`;
  return `${again ? "Connected again." : "Connected."}${waited}${held}`;
}

export function reconnectingSentence({ error }: Reconnecting): string {
  if (error === null) return "The server ended the connection. Trying again until it is back.";
  return `${safe(error.message)} Trying again until the server is back.`;
}

/** The time of day, with the date if it is not today's. In UTC, as all times of the command line. */
function shortMoment(at: Date, now: Date): string {
  const [date = "", time = ""] = at.toISOString().split("T");
  const minute = `${time.slice(0, "09:12".length)}Z`;
  return now.toISOString().startsWith(date) ? minute : `${date}T${minute}`;
}

/** The time of day in UTC. */
export function clockTime(at: Date): string {
  return `${at.toISOString().slice("2026-01-31T".length, "2026-01-31T09:12:34".length)}Z`;
}

/** How an attempt went. */
export interface Outcome {
  /** The status, or the word of the API for why there is none. */
  readonly label: string;
  readonly color: Color;
  /** Empty when there is nothing to add. */
  readonly detail: string;
}

export function outcomeOf(answer: ListenAnswer, accepted: boolean): Outcome {
  const late = accepted ? "" : "the server did not take the result, and sends it again";
  if ("failure" in answer) {
    return { label: answer.failure, color: "red", detail: safe(shortened(answer.detail)) + (late && `; ${late}`) };
  }
  const { status } = answer;
  const color = status < 300 && accepted ? "green" : "red";
  const detail = late || (status < 300 ? "" : detailOf(answer));
  return { label: String(status), color, detail };
}

export function isDelivered(answer: ListenAnswer, accepted: boolean): boolean {
  return accepted && "status" in answer && answer.status >= 200 && answer.status < 300;
}

/** The service said that it is gone for good, so the server disables the listener. */
export function isGone({ answer, accepted }: Pick<Ended, "answer" | "accepted">): boolean {
  return accepted && "status" in answer && answer.status === 410;
}

function detailOf({ status, headers = [], body = "" }: Extract<ListenAnswer, { status: number }>): string {
  const header = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  if (status < 400) return `redirects are not followed: ${safe(shortened(header("location")))}`;
  if (status === 410) return "the service is gone for good: the listener is disabled now";
  const after = header("retry-after");
  const wait = after === undefined ? "" : `retry-after: ${safe(shortened(after))} `;
  return `${wait}${safe(shortened(body.trim().split("\n", 1)[0]))}`.trim();
}

function shortened(text = ""): string {
  return text.length > DETAIL_CHARS_MAX ? `${text.slice(0, DETAIL_CHARS_MAX)}…` : text;
}
