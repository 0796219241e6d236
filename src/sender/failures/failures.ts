/** Describe network errors, without any of this machine's addresses. */
import type { Outcome, UnreachableReason } from "../../domain/delivery/delivery.ts";
import { ERROR_DETAIL_CHARS_MAX } from "../../domain/limits.ts";
import { alertOf, codeOf, isTlsError, tlsDetail } from "./tls-failures.ts";

export type Failure = Extract<Outcome, { kind: "unreachable" | "internal_error" | "out_of_resources" }>;

export const unreachable = (reason: UnreachableReason, detail: string): Failure => ({
  kind: "unreachable",
  reason,
  detail: detail.slice(0, ERROR_DETAIL_CHARS_MAX),
});

export const internalError = (error: unknown): Failure => ({
  kind: "internal_error",
  detail: (error instanceof Error ? error.message : String(error)).slice(0, ERROR_DETAIL_CHARS_MAX),
});

export const headTooLarge = (): Failure =>
  unreachable("answer_head_too_large", "the response head is larger than 16 KB");

/** Resources that this machine has run out of. The receiver is not the cause, and the shortage passes. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "this server has too few file descriptors: raise its limit (ulimit -n)",
  ENFILE: "this machine has too few file descriptors",
  ENOBUFS: "this machine has no network buffers left",
  ENOMEM: "this machine has no memory left",
  EAGAIN: "this machine has no local ports left",
  EADDRNOTAVAIL: "this machine has no local ports left",
};
/** A rule of this machine forbids the connection, for example its firewall. */
const FORBIDDEN = new Set(["EACCES", "EPERM"]);

/** The receiver's system accepted the connection, and the receiver dropped it before it could be used. */
const BROKEN_ON_ACCEPT = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE"]);
const CLOSED_EARLY = "the receiver closed the connection before it responded";

/** Why no address could be connected to. Of several errors, the one that says most about the receiver counts. */
export function connectFailure(errors: readonly Error[]): Failure {
  const codes = errors.map(ownCode);
  if (codes.includes("ECONNREFUSED")) return unreachable("connect_refused", "the receiver refused the connection");
  if (codes.some((code) => BROKEN_ON_ACCEPT.has(code))) return unreachable("reset", CLOSED_EARLY);
  if (codes.includes("ETIMEDOUT")) return unreachable("connect_timeout", "the receiver did not accept the connection");
  const shortage = codes.find((code) => code in SHORTAGES);
  if (shortage !== undefined) return { kind: "out_of_resources", detail: SHORTAGES[shortage] as string };
  const forbidden = codes.find((code) => FORBIDDEN.has(code));
  if (forbidden !== undefined) return internalError(`this machine forbids the connection (${forbidden})`);
  if (codes.some((code) => UNREACHABLE.has(code))) {
    return unreachable("connect_error", `this machine has no route to the receiver (${codes[0]})`);
  }
  return unreachable("connect_error", `the connection to the receiver failed (${codes[0] || "unknown error"})`);
}

const UNREACHABLE = new Set(["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EHOSTDOWN"]);

/**
 * The error's code. A machine without IPv6 has no local address for any IPv6 receiver, which is not a temporary
 * shortage.
 */
function ownCode(error: Error): string {
  const code = codeOf(error);
  const toIPv6 = "address" in error && String(error.address).includes(":");
  return code === "EADDRNOTAVAIL" && toIPv6 ? "ENETUNREACH" : code;
}

/** The failure for an error in the TLS handshake. */
export function tlsFailure(error: Error, asksForCertificate: boolean): Failure {
  return unreachable("tls_error", tlsDetail(error, asksForCertificate));
}

/**
 * The failure of an open connection that ended before the response head was complete.
 *
 * @param error null when the receiver simply closed the connection
 * @param asksForCertificate the TLS handshake requested a client certificate, and no response has arrived since
 */
export function brokenFailure(error: Error | null, asksForCertificate: boolean): Failure {
  if (error !== null && (isTlsError(error) || alertOf(error) !== null)) return tlsFailure(error, asksForCertificate);
  if (asksForCertificate) {
    return unreachable(
      "tls_error",
      "the receiver asks for a client certificate, which Signalbox does not have, and closed the connection",
    );
  }
  return unreachable("reset", CLOSED_EARLY);
}
