/** Why a command failed, and the exit code that says so. */
import { SignalboxError } from "../../sdk/src/index.ts";
import { UNUSABLE_STATUS } from "./http-fetch.ts";

export const EXIT = {
  done: 0,
  failed: 1,
  /** The words are not a valid command. */
  usage: 2,
  /** `pause`: another option than the accepted ones. `trigger --wait`: not everything was delivered. */
  otherOutcome: 3,
  timedOut: 4,
  cancelled: 5,
  /** Not signed in, or not allowed. */
  refused: 6,
  missing: 7,
  /** The state of the thing forbids it. */
  conflict: 8,
  /** The server is out of reach. */
  unreachable: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One invalid field of a refused request. */
interface FieldFault {
  readonly field: string;
  readonly rule: string;
}

/** An expected failure: a sentence for people, a stable code for programs, and the exit code. */
export class Failure extends Error {
  readonly exit: ExitCode;
  readonly code: string;
  readonly details: readonly FieldFault[];
  /** What to do, for people. */
  readonly hint: string | null;

  constructor(
    exit: ExitCode,
    code: string,
    message: string,
    { details = [], hint = null }: { readonly details?: readonly FieldFault[]; readonly hint?: string | null } = {},
  ) {
    super(message);
    this.name = "Failure";
    this.exit = exit;
    this.code = code;
    this.details = details;
    this.hint = hint;
  }
}

/** A mistake in the words of the command line. */
export function usage(message: string): Failure {
  return new Failure(EXIT.usage, "USAGE", message);
}

/** The failure that an error means. Null: the error is a bug. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof Failure) return error;
  if (!(error instanceof SignalboxError)) return null;
  const { status, code, message, details } = error;
  if (status === UNUSABLE_STATUS) return new Failure(EXIT.unreachable, code, message);
  // The server's sentence tells about headers and routes, which the client has chosen.
  const sentence = status === 401 ? "The server does not accept this key: it is wrong, revoked or expired." : message;
  return new Failure(exitOf(status, code), code, sentence, { details, hint: hintFor(error) });
}

/** Whether the server may come back. */
export function isAbsence({ exit, code }: Failure): boolean {
  return exit === EXIT.unreachable && !["NOT_SIGNALBOX", "NO_TLS", "NEEDS_TLS", "PROTOCOL_ERROR"].includes(code);
}

/** The error with one more sentence, for people and for programs. */
export function withSentence(error: unknown, sentence: string): unknown {
  const failure = failureOf(error);
  if (failure === null) return error;
  const { exit, code, message, details, hint } = failure;
  return new Failure(exit, code, `${message} ${sentence}`, { details, hint });
}

function hintFor({ status, code }: SignalboxError): string | null {
  if (status === 401) return "Sign in again with `signalbox login URL`, or correct SIGNALBOX_API_KEY.";
  const isRole = status === 403 && code === "FORBIDDEN";
  return isRole ? "`signalbox whoami` shows your role, and `signalbox login URL --role ROLE` asks for another." : null;
}

function exitOf(status: number, code: string): ExitCode {
  if (status === 0 || code === "PROTOCOL_ERROR") return EXIT.unreachable;
  // A proxy or a starting server answers for a server that cannot work now.
  if (status === 502 || status === 503 || status === 504) return EXIT.unreachable;
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return EXIT.missing;
  if (status === 409 || status === 410) return EXIT.conflict;
  return EXIT.failed;
}
