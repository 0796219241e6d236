/** What goes wrong on any surface, as plain data; each surface has its own envelope for it. */
import type { FastifyReply } from "fastify";
import { type Fault, Overloaded, StoreUnavailable } from "../../domain/errors.ts";
import {
  FAULTS_COUNTED_MAX,
  FAULTS_LISTED_MAX,
  OVERLOAD_RETRY_AFTER_SECONDS,
  STORE_RETRY_AFTER_SECONDS,
} from "../http/limits.ts";

/** Why a request is not carried out. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
  readonly details: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The body says nothing certain at all: 400 on every surface. */
  readonly unreadable?: true;
}

/** How a surface shows a problem. */
export type Envelope = (problem: Problem) => { readonly status: number; readonly body: object };

/** Carries a problem through Fastify where only an error can pass: out of body parsers. */
export class Refusal extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.name = "Refusal";
    this.problem = problem;
  }
}

export function send(reply: FastifyReply, envelope: Envelope, problem: Problem): FastifyReply {
  const { status, body } = envelope(problem);
  if (problem.headers !== undefined) reply.headers(problem.headers);
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** `{error: {code, message, details}}`, the envelope of every surface but the pauses and the dashboard. */
export const commonEnvelope: Envelope = ({ status, code, message, details }) => ({
  status,
  body: { error: { code, message, details } },
});

export function problem(status: number, code: string, message: string, details: readonly Fault[] = []): Problem {
  return { status, code, message, details };
}

/** A fault past those that are named: it is only counted. */
export const UNLISTED_FAULT: Fault = { field: "request", rule: "has another fault" };

/** Bad input: every fault of it at once, the first ones by name and the others as a number. */
export function invalid(faults: readonly Fault[]): Problem {
  const told = shortened(faults);
  return problem(400, "VALIDATION_ERROR", told.map(({ field, rule }) => `${field} ${rule}`).join("; "), told);
}

function shortened(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length <= FAULTS_LISTED_MAX) return faults;
  const named = faults.filter((fault) => fault !== UNLISTED_FAULT).slice(0, FAULTS_LISTED_MAX);
  const count = faults.length - named.length;
  const more = `${faults.length < FAULTS_COUNTED_MAX ? "" : "at least "}${count} more ${count === 1 ? "fault" : "faults"}`;
  return [...named, { field: "request", rule: `has ${more}; fix these first` }];
}

/** The first fault of several, for an answer that has many problems. */
export function abridged(whole: Problem): Problem {
  const [first] = whole.details;
  return first === undefined || whole.details.length === 1
    ? whole
    : { ...invalid([first, MORE]), status: whole.status };
}

const MORE: Fault = { field: "request", rule: "has more faults; fix this one first" };

/** The body cannot even be read as a JSON object without doubt about what it says. */
export function unreadable(rule: string): Problem {
  return { ...invalid([{ field: "body", rule }]), unreadable: true };
}

export const UNAUTHORIZED: Problem = {
  ...problem(401, "UNAUTHORIZED", 'Send a valid key as "Authorization: Bearer sb_live_…".'),
  headers: { "www-authenticate": 'Bearer realm="signalbox"' },
};

/** The same, where people come too. */
export const SIGN_IN: Problem = {
  ...UNAUTHORIZED,
  message: 'Send a valid key as "Authorization: Bearer sb_live_…", or sign in at POST /dashboard/auth/login.',
};
/** A browser says that another site made it send the cookie. */
export const FOREIGN_ORIGIN = problem(
  403,
  "FOREIGN_ORIGIN",
  "With a session a change must come from this server's own pages: from the host that was asked, or SIGNALBOX_PUBLIC_URL.",
);

/** What was wrong with the credentials of a 401, and what to send instead; empty when nothing is known. */
const CREDENTIAL_HINTS = {
  noScheme: "The Authorization header lacks the word Bearer before the key.",
  otherScheme: "The Authorization header must begin with the word Bearer.",
  otherHeader: "The key must be in the Authorization header.",
  malformedKey: "A key is sb_live_ or sb_test_ and 48 hex digits in lower case; this one is not.",
} as const;
export type CredentialMistake = keyof typeof CREDENTIAL_HINTS;

/** @param nobody the problem of a request without credentials */
export function wrongCredentials(nobody: Problem, slip: CredentialMistake | null): Problem {
  return slip === null ? nobody : { ...nobody, message: `${CREDENTIAL_HINTS[slip]} ${nobody.message}` };
}

export function forbidden(needs: string): Problem {
  return problem(403, "FORBIDDEN", `This needs the role ${needs}.`);
}

export function notFound(code: string, message: string): Problem {
  return problem(404, code, message);
}

export const TENANT_NOT_FOUND = notFound("TENANT_NOT_FOUND", "There is no such tenant.");
/** @param meant the known path that this one was probably meant to be */
export function routeNotFound(meant: string | null): Problem {
  const hint = meant === null ? "GET /openapi.json lists every path." : `Did you mean ${meant}?`;
  return notFound("NOT_FOUND", `There is nothing at this path. ${hint}`);
}

export function methodNotAllowed(allow: string): Problem {
  return { ...problem(405, "METHOD_NOT_ALLOWED", `This path takes ${allow}.`), headers: { allow } };
}

export function tooLarge(fault: Fault): Problem {
  return { ...invalid([fault]), status: 413, code: "PAYLOAD_TOO_LARGE" };
}

export const UNKNOWN_EXPECTATION = problem(
  417,
  "EXPECTATION_FAILED",
  "Send no Expect header but 100-continue; no other expectation is known.",
);
export const UNSUPPORTED_ENCODING = problem(
  415,
  "UNSUPPORTED_MEDIA_TYPE",
  "Send the body without Content-Encoding; it is read as it is.",
);
export const UNSUPPORTED_MEDIA_TYPE = problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.");
export const INTERNAL = problem(500, "INTERNAL", "Something went wrong on our side; it has been logged.");
export const STARTING: Problem = {
  ...problem(503, "STARTING", "The server is starting; nothing of this request happened. Try again in a second."),
  headers: { "retry-after": String(STORE_RETRY_AFTER_SECONDS) },
};
export const STORE_UNAVAILABLE: Problem = {
  ...problem(503, "STORE_UNAVAILABLE", "Nothing can be stored just now; nothing of this request happened. Try again."),
  headers: { "retry-after": String(STORE_RETRY_AFTER_SECONDS) },
};
const TOO_MANY_READS: Problem = {
  ...problem(503, "OVERLOADED", "Too many of this tenant's requests wait for what they read. Send fewer at once."),
  headers: { "retry-after": String(OVERLOAD_RETRY_AFTER_SECONDS) },
};

/**
 * What a thrown error means to the caller; null when it is our own fault and has to be reported.
 *
 * @param bodyBytesMax the limit of the route's body
 */
export function problemOf(error: unknown, bodyBytesMax: number): Problem | null {
  if (error instanceof Refusal) return error.problem;
  if (error instanceof StoreUnavailable) return STORE_UNAVAILABLE;
  if (error instanceof Overloaded) return TOO_MANY_READS;
  switch (errorCode(error)) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return tooLarge({ field: "body", rule: `must be at most ${bodyBytesMax} bytes` });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return UNSUPPORTED_MEDIA_TYPE;
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    case "ECONNRESET":
      return unreadable("must be as long as content-length says");
    case "FST_ERR_BAD_URL":
      return problem(400, "BAD_REQUEST", "The path must be valid percent-encoding.");
    default:
      return null;
  }
}

function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
