/** Why a request fails, as plain data. Each surface renders it in its own envelope. */
import type { FastifyReply } from "fastify";
import { type Fault, Overloaded, StoreUnavailable } from "../../domain/errors.ts";
import { JSON_TYPE } from "../http/content-type.ts";
import {
  FAULTS_COUNTED_MAX,
  FAULTS_LISTED_MAX,
  OVERLOAD_RETRY_AFTER_SECONDS,
  STORE_RETRY_AFTER_SECONDS,
} from "../http/limits.ts";

export interface Problem {
  readonly status: number;
  readonly code: string;
  /** What is wrong and how to fix it. */
  readonly message: string;
  readonly details: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The body is not an unambiguous JSON object. The status is 400 on every surface. */
  readonly unreadable?: true;
}

/** How a surface renders a problem. */
export type Envelope = (problem: Problem) => { readonly status: number; readonly body: object };

/** Sends a problem in a surface's envelope. */
export type Refuse = (reply: FastifyReply, problem: Problem) => FastifyReply;

/** Carries a problem through code that can only throw, such as Fastify's body parsers. */
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
  return reply.code(status).type(JSON_TYPE).send(JSON.stringify(body));
}

/** `{error: {code, message, details}}`: the envelope of every surface except pauses and the dashboard. */
export const commonEnvelope: Envelope = ({ status, code, message, details }) => ({
  status,
  body: { error: { code, message, details } },
});

/** The `details` of the envelopes that have them only if there are any. */
export function detailsOf({ details }: Problem): { readonly details?: readonly Fault[] } {
  return details.length === 0 ? {} : { details };
}

export function problem(status: number, code: string, message: string, details: readonly Fault[] = []): Problem {
  return { status, code, message, details };
}

/** A problem that is gone after a while. */
export function temporary(base: Problem, retryAfterSeconds: number): Problem {
  return { ...base, headers: { ...base.headers, "retry-after": String(retryAfterSeconds) } };
}

/** Stands for a fault beyond those that are listed. It is only counted. */
export const UNLISTED_FAULT: Fault = { field: "request", rule: "has another fault" };

/** Invalid input. One response lists every fault, up to a limit, and counts the others. */
export function invalid(faults: readonly Fault[]): Problem {
  const listed = shortened(faults);
  return problem(400, "VALIDATION_ERROR", listed.map(({ field, rule }) => `${field} ${rule}`).join("; "), listed);
}

function shortened(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length <= FAULTS_LISTED_MAX) return faults;
  const listed = faults.filter((fault) => fault !== UNLISTED_FAULT).slice(0, FAULTS_LISTED_MAX);
  const count = faults.length - listed.length;
  const more = `${faults.length < FAULTS_COUNTED_MAX ? "" : "at least "}${count} more ${count === 1 ? "fault" : "faults"}`;
  return [...listed, { field: "request", rule: `has ${more}; fix these first` }];
}

/** The problem with its first fault only, for a response that holds many problems. */
export function abridged(full: Problem): Problem {
  const [first] = full.details;
  return first === undefined || full.details.length === 1
    ? full
    : { ...invalid([first, MORE_FAULTS]), status: full.status };
}

const MORE_FAULTS: Fault = { field: "request", rule: "has more faults; fix this one first" };

/** The body is not an unambiguous JSON object. */
export function unreadable(rule: string): Problem {
  return { ...invalid([{ field: "body", rule }]), unreadable: true };
}

export const UNAUTHORIZED: Problem = {
  ...problem(401, "UNAUTHORIZED", 'Send a valid key as "Authorization: Bearer sb_live_…".'),
  headers: { "www-authenticate": 'Bearer realm="signalbox"' },
};

/** {@link UNAUTHORIZED} on the surfaces that also accept a session. */
export const SIGN_IN: Problem = {
  ...UNAUTHORIZED,
  message: 'Send a valid key as "Authorization: Bearer sb_live_…", or sign in at POST /dashboard/auth/login.',
};
/** The caller has a valid key, and the route is for people. */
export const SESSION_REQUIRED = problem(
  403,
  "SESSION_REQUIRED",
  "This request requires a session, because it records who you are. Sign in at POST /dashboard/auth/login.",
);

/** The browser says that a page of another site sent the request. */
export const FOREIGN_ORIGIN = problem(
  403,
  "FOREIGN_ORIGIN",
  "A request that changes something with a session must come from this server's own pages: from the requested host, or from SIGNALBOX_PUBLIC_URL.",
);

/** What is wrong with the credentials of a 401, and what to send instead. */
const CREDENTIAL_HINTS = {
  noScheme: "The Authorization header lacks the word Bearer before the key.",
  noKey: "The Authorization header has no key after the word Bearer.",
  otherScheme: "The Authorization header must begin with the word Bearer.",
  otherHeader: "The key must be in the Authorization header.",
  malformedKey: "The key must be sb_live_ or sb_test_ followed by 48 lower-case hex digits.",
} as const;
export type CredentialMistake = keyof typeof CREDENTIAL_HINTS;

/** @param missing the problem of a request without credentials */
export function wrongCredentials(missing: Problem, mistake: CredentialMistake | null): Problem {
  return mistake === null ? missing : { ...missing, message: `${CREDENTIAL_HINTS[mistake]} ${missing.message}` };
}

export function forbidden(needs: string): Problem {
  return problem(403, "FORBIDDEN", `This request requires the role ${needs}.`);
}

export function notFound(code: string, message: string): Problem {
  return problem(404, code, message);
}

export const TENANT_NOT_FOUND = notFound("TENANT_NOT_FOUND", "There is no such tenant.");
/** @param suggestion the known path that the caller probably meant */
export function routeNotFound(suggestion: string | null): Problem {
  const hint = suggestion === null ? "GET /openapi.json lists every path." : `Did you mean ${suggestion}?`;
  return notFound("NOT_FOUND", `There is nothing at this path. ${hint}`);
}

export function methodNotAllowed(allow: string): Problem {
  return { ...problem(405, "METHOD_NOT_ALLOWED", `This path accepts ${allow}.`), headers: { allow } };
}

export function tooLarge(fault: Fault): Problem {
  return { ...invalid([fault]), status: 413, code: "PAYLOAD_TOO_LARGE" };
}

export const UNKNOWN_EXPECTATION = problem(
  417,
  "EXPECTATION_FAILED",
  "The only supported Expect header is 100-continue.",
);
export const UNSUPPORTED_ENCODING = problem(
  415,
  "UNSUPPORTED_MEDIA_TYPE",
  "Send the body without Content-Encoding. The server does not decompress request bodies.",
);
export const UNSUPPORTED_MEDIA_TYPE = problem(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.");
export const INTERNAL = problem(500, "INTERNAL", "The server failed to handle the request. The error has been logged.");
export const STARTING = temporary(
  problem(503, "STARTING", "The server is starting. It did not process this request. Try again in a second."),
  STORE_RETRY_AFTER_SECONDS,
);
export const STORE_UNAVAILABLE = temporary(
  problem(
    503,
    "STORE_UNAVAILABLE",
    "The server cannot store anything at the moment. It did not process this request. Try again.",
  ),
  STORE_RETRY_AFTER_SECONDS,
);
/** The server cannot open a file at the moment, because its connections use up its limit. */
const TOO_FEW_DESCRIPTORS = temporary(
  problem(503, "OVERLOADED", "The server has too few file descriptors at the moment. Try again."),
  OVERLOAD_RETRY_AFTER_SECONDS,
);
const TOO_MANY_READS = temporary(
  problem(503, "OVERLOADED", "Too many of this tenant's requests are waiting to read data. Send fewer at a time."),
  OVERLOAD_RETRY_AFTER_SECONDS,
);

/**
 * What a thrown error means to the caller. Null when the server itself failed: the caller of this function logs the error.
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
    case "EMFILE":
    case "ENFILE":
      return TOO_FEW_DESCRIPTORS;
    case "FST_ERR_BAD_URL":
      return problem(400, "BAD_REQUEST", "The path must be valid percent-encoding.");
    default:
      return null;
  }
}

/** Node wraps some errors of the system: the wrapped code is in `info`. */
function errorCode(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return error.code === "ERR_SYSTEM_ERROR" && "info" in error ? errorCode(error.info) : error.code;
}
