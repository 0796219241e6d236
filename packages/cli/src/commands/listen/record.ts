/** `--record`: a file for each request, which `signalbox resend` sends again. */
import { accessSync, constants, writeFileSync } from "node:fs";
import path from "node:path";
import type { Endpoint, Format, ListenRequest } from "../../../../sdk/src/index.ts";
import { EXIT, Failure } from "../../failure.ts";
import { makeFolders } from "../../settings/files.ts";
import type { Header } from "./post.ts";

/** What a file has. */
export interface Recorded {
  /** Where the secret of the listener is known by. */
  readonly server: string;
  readonly listener: string;
  readonly format: Format;
  readonly event_id: string;
  readonly event_type: string;
  readonly delivery_id: string;
  readonly attempt_number: number;
  readonly received_at: string;
  readonly headers: readonly Header[];
  /** Byte for byte. */
  readonly body: string;
}

const NAME_CHARS_MAX = 60;

export class Recorder {
  readonly #folder: string;
  readonly #server: string;

  /** @throws Failure when there can be no such folder, or no file in it */
  constructor(folder: string, server: string) {
    this.#folder = folder;
    this.#server = server;
    try {
      makeFolders(folder);
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw unwritable(folder, error as Error);
    }
  }

  /** @throws Failure when it cannot be written. A file that exists is never replaced. */
  write({ name: listener, format }: Pick<Endpoint, "name" | "format">, request: ListenRequest, now: Date): void {
    const { eventId, eventType, deliveryId, attemptNumber, headers, body } = request;
    const recorded: Recorded = {
      server: this.#server,
      listener,
      format,
      event_id: eventId,
      event_type: eventType,
      delivery_id: deliveryId,
      attempt_number: attemptNumber,
      received_at: now.toISOString(),
      headers,
      body,
    };
    const time = now.toISOString().replaceAll(/[-:.]/g, "");
    const fileName = [time, safeName(eventType), safeName(deliveryId), attemptNumber].join("-");
    const text = `${JSON.stringify(recorded, null, 2)}\n`;
    for (let copy = 1; ; copy++) {
      const file = path.join(this.#folder, `${fileName}${copy === 1 ? "" : `-${copy}`}.json`);
      try {
        writeFileSync(file, text, { flag: "wx", mode: 0o600 });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(file, error as Error);
      }
    }
  }
}

/** A part of a file's name, whatever the server says. */
function safeName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, NAME_CHARS_MAX);
}

function unwritable(file: string, { message }: Error): Failure {
  return new Failure(EXIT.failed, "FILE_UNWRITABLE", `${file} cannot be written: ${message}.`);
}

/** @throws Failure when the text is not one of our files */
export function readRecorded(text: string, file: string): Recorded {
  try {
    const value = JSON.parse(text);
    const texts = [value.server, value.listener, value.format, value.event_id, value.event_type, value.body];
    const isOurs = texts.every((each) => typeof each === "string") && Array.isArray(value.headers);
    if (isOurs && value.headers.every(isHeader)) return value;
  } catch {
    // said below
  }
  throw new Failure(EXIT.failed, "FILE_INVALID", `${file} is not a request that signalbox listen --record wrote.`);
}

function isHeader(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "string");
}
