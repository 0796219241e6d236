/** How a failed command ends: its exit code, and its error on standard error. Pure. */
import type { FailureKind } from "../domain/errors.ts";
import { printableJson, terminalLine } from "../domain/text/readable.ts";

/** The exit codes of the whole program: docs/cli.md. */
export const EXIT: Readonly<Record<FailureKind | "done", number>> = {
  done: 0,
  failed: 1,
  usage: 2,
  missing: 7,
  conflict: 8,
  unreachable: 9,
};

const CODES: Readonly<Record<FailureKind, string>> = {
  failed: "FAILED",
  usage: "USAGE",
  missing: "NOT_FOUND",
  conflict: "CONFLICT",
  unreachable: "UNREACHABLE",
};

export interface CommandFailure {
  readonly kind: FailureKind;
  readonly message: string;
}

/** Lines for people, or the error object of the API. */
export function printFailure({ kind, message }: CommandFailure, asJson: boolean): string {
  if (asJson) return `${printableJson(JSON.stringify({ error: { code: CODES[kind], message } }))}\n`;
  return message
    .split("\n")
    .map((line) => `signalbox: ${terminalLine(line)}\n`)
    .join("");
}
