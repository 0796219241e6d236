/** The lines of the screen. Pure. Text from outside is escaped. */
import type { Paint } from "../../../output/color.ts";
import { cut, padded, safe, safeLines } from "../../../output/text.ts";
import { clockTime, outcomeOf } from "../sentences.ts";
import type { Row } from "./rows.ts";

export interface Picture {
  readonly columns: number;
  readonly lines: number;
  readonly paint: Paint;
  readonly title: string;
  readonly notice: string;
  readonly rows: readonly Row[];
  readonly selected: number;
  /** A text over the rows: the details of one, or a curl command. */
  readonly pane: string | null;
  /** Lines of the pane above the screen. */
  readonly scrolled: number;
  /** The last line, instead of the keys. */
  readonly prompt: string | null;
}

const KEYS = "d details  r retry  e replay  p pause  o open  y curl  / filter  ? keys  q quit";
const FEW_KEYS = "d details  ? keys  q quit";
/** The pane of `?`. */
export const HELP = `↑ ↓ j k  move; PgUp PgDn Home End too
d Enter  details
r        retry what has failed
e        replay, as a new delivery
p        pause, and resume
o        open in the console
y        show and copy a curl command
/        filter by type, id or status
Esc      back
q        quit`;
/** Title, notice and keys. */
const FIXED_LINES = 3;
/** On a narrow terminal, only the time, the outcome and the type. */
const WIDE_COLUMNS = 60;
const LABEL_AT = ">09:12:34Z ".length;

export function draw(picture: Picture): readonly string[] {
  const { columns, lines, paint, title, notice, pane, prompt } = picture;
  const height = bodyLines(lines);
  const body = pane === null ? rowLines(picture, height) : paneLines(pane, picture, height);
  const filled = [...body, ...Array.from({ length: height - body.length }, () => "")];
  return [
    paint(cut(title, columns), "bold"),
    cut(notice, columns),
    ...filled,
    paint(cut(prompt ?? (columns < KEYS.length ? FEW_KEYS : KEYS), columns), "dim"),
  ];
}

/** The lines between the notice and the keys. */
export function bodyLines(lines: number): number {
  return Math.max(1, lines - FIXED_LINES);
}

function rowLines({ rows, selected, columns, paint }: Picture, height: number): readonly string[] {
  if (rows.length === 0) return [paint(cut("Nothing has arrived yet.", columns), "dim")].slice(0, height);
  const first = Math.max(0, Math.min(selected - Math.floor(height / 2), rows.length - height));
  return rows
    .slice(first, first + height)
    .map((row, at) => rowLine(row, { columns, paint, mark: first + at === selected }));
}

function rowLine(row: Row, { columns, paint, mark }: { columns: number; paint: Paint; mark: boolean }): string {
  const { request, ended, over } = row;
  const running = {
    label: over === null ? "…" : "–",
    color: "yellow" as const,
    detail: over === "lost" ? "sent again" : "",
  };
  const { label, color, detail } = ended === null ? running : outcomeOf(ended.answer, ended.accepted);
  const type = safe(request.eventType);
  const took = padded(ended === null ? "" : `${ended.latencyMs} ms`, 8, "end");
  const again = request.attemptNumber > 1 ? `  attempt ${request.attemptNumber}` : "";
  const more = `${took}  ${type}  ${safe(request.deliveryId)}${again}${detail && `  ${detail}`}`;
  const rest = columns < WIDE_COLUMNS ? type : more;
  const shownLabel = padded(label, 3);
  const line = cut(`${mark ? ">" : " "}${clockTime(row.at)} ${shownLabel} ${rest}`, columns);
  const end = LABEL_AT + shownLabel.length;
  return line.slice(0, LABEL_AT) + paint(line.slice(LABEL_AT, end), color) + line.slice(end);
}

function paneLines(pane: string, { columns, scrolled }: Picture, height: number): readonly string[] {
  const all = wrapped(pane, columns);
  const first = Math.max(0, Math.min(scrolled, all.length - height)); // a wider terminal has fewer lines
  return all.slice(first, first + height);
}

/** Broken where the terminal ends, so that nothing is hidden. */
export function wrapped(text: string, columns: number): readonly string[] {
  return safeLines(text)
    .replaceAll("\t", "  ")
    .split("\n")
    .flatMap((line) => {
      const parts: string[] = [];
      for (let rest = line; rest !== ""; ) {
        const length = Math.max(1, Math.min(rest.length, cut(rest, columns).length - (rest.length > columns ? 1 : 0)));
        parts.push(rest.slice(0, length));
        rest = rest.slice(length);
      }
      return parts.length === 0 ? [""] : parts;
    });
}

/** The request and the response of a row. */
export function details({ request, ended }: Row): string {
  const { eventType, deliveryId, eventId, attemptNumber, headers, body } = request;
  const head = [`${eventType}  attempt ${attemptNumber}`, deliveryId, eventId, ""];
  const asked = [...headers.map(([name, value]) => `${name}: ${value}`), "", indented(body), ""];
  if (ended === null) return [...head, ...asked].join("\n");
  const { answer, latencyMs } = ended;
  const answered =
    "failure" in answer
      ? [`→ ${answer.failure}: ${answer.detail ?? ""} (${latencyMs} ms)`]
      : [
          `→ ${answer.status} (${latencyMs} ms)`,
          ...(answer.headers ?? []).map(([name, value]) => `${name}: ${value}`),
          "",
          answer.body ?? "",
        ];
  return [...head, ...asked, ...answered].join("\n");
}

/** To read, not to send: numbers may change. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

export interface CurlRequest {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Accept any certificate. */
  readonly insecure: boolean;
}

/** A command that sends the request to the same place, byte for byte. */
export function curl({ url, headers, body, insecure }: CurlRequest): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const options = headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return ["curl", ...(insecure ? ["-k"] : []), ...options, "--data-raw", quoted(body), quoted(url)].join(" ");
}
