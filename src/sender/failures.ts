/** What the network's and the HTTP client's errors mean, in words that name no address of ours. */
import type { Outcome, UnreachableReason } from "../domain/delivery.ts";
import { ERROR_DETAIL_CHARS_MAX } from "../domain/limits.ts";

export type Failure = Extract<Outcome, { kind: "unreachable" | "internal_error" }>;

/** Carries what went wrong before a connection stood through the HTTP client, which passes errors on as they are. */
export class ConnectFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

export const unreachable = (reason: UnreachableReason, detail: string): Failure => ({
  kind: "unreachable",
  reason,
  detail: detail.slice(0, ERROR_DETAIL_CHARS_MAX),
});

const internalError = (detail: string): Failure => ({
  kind: "internal_error",
  detail: detail.slice(0, ERROR_DETAIL_CHARS_MAX),
});

/** The machine itself has run out of something: not the receiver's doing. */
const OUR_OWN = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL", "EACCES", "EPERM"]);

/** The connection stood for the receiver's system, and the receiver dropped it before we could use it. */
const BROKEN_ON_ACCEPT = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE"]);
const CLOSED_EARLY = "the receiver closed the connection before it answered";

/** An error of a TCP connection that was never made. Tried over several addresses, the plainest reason wins. */
export function connectFailure(error: unknown): Failure {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [codeOf(error)];
  if (codes.includes("ECONNREFUSED")) return unreachable("connect_refused", "the receiver refused the connection");
  if (codes.includes("ETIMEDOUT")) return unreachable("connect_timeout", "the receiver did not accept the connection");
  const code = codes[0] ?? "";
  if (BROKEN_ON_ACCEPT.has(code)) return unreachable("reset", CLOSED_EARLY);
  if (OUR_OWN.has(code)) return internalError(`no connection could be opened (${code})`);
  return unreachable("connect_error", `no connection to the receiver could be made (${code || "unknown error"})`);
}

const TLS_CAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate chain ends in a self-signed certificate that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate's issuer is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's issuer is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate chain is incomplete or its issuer is unknown",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate does not name the URL's host",
  ERR_SSL_WRONG_VERSION_NUMBER: "the receiver does not speak TLS on this port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the receiver does not speak TLS on this port",
  ERR_SSL_HTTP_REQUEST: "the receiver does not speak TLS on this port",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the receiver offers no TLS version that we accept",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "the receiver offers no TLS version that we accept",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the receiver asks for a client certificate",
  ECONNRESET: "the receiver closed the connection during the TLS handshake",
  EPIPE: "the receiver closed the connection during the TLS handshake",
};

/** An error of the TLS handshake. */
export function tlsFailure(error: unknown): Failure {
  const code = codeOf(error);
  return unreachable("tls_error", TLS_CAUSES[code] ?? `the TLS handshake failed (${code || "unknown error"})`);
}

/** Codes of a connection that broke. */
const BROKEN = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN"]);
/** Codes of a request that the HTTP client would not send. */
const UNSENDABLE = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);

/** Whether this error says that the connection broke, and nothing about the answer. */
export function isBroken(error: Error): boolean {
  const code = codeOf(error);
  return BROKEN.has(code) || (code === "UND_ERR_SOCKET" && !error.message.startsWith("bad "));
}

/** An error of the HTTP client before the answer's head was complete. */
export function exchangeFailure(error: Error): Failure {
  if (error instanceof ConnectFailure) return error.failure;
  const code = codeOf(error);
  if (isBroken(error)) return unreachable("reset", CLOSED_EARLY);
  if (UNSENDABLE.has(code)) return internalError(`the request cannot be sent: ${error.message}`);
  if (code === "UND_ERR_HEADERS_OVERFLOW") return headTooLarge();
  // Its code is missing in undici 8; its message is the parser's own reason and quotes nothing of the answer.
  if (error.name === "HTTPParserError") return unreachable("protocol_error", error.message);
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) return tlsFailure(error);
  if (error.message === "bad upgrade") {
    return unreachable("protocol_error", "the receiver switched protocols without being asked");
  }
  if (error.message === "bad response") {
    return unreachable("protocol_error", "the receiver answered 100 Continue without being asked");
  }
  if (code.startsWith("UND_ERR_")) return unreachable("protocol_error", `the answer is not valid HTTP/1.1 (${code})`);
  return internalError(`the HTTP client failed (${code || error.name})`);
}

export const headTooLarge = (): Failure =>
  unreachable("answer_head_too_large", "the answer's head is larger than 16 KB");

export const tooManyInterim = (): Failure =>
  unreachable("protocol_error", "the receiver sent too many interim (1xx) answers");

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
