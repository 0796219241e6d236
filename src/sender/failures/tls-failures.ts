/** Describe TLS errors in words that a person can act on. */

/** Descriptions by error code, for errors that our side detected. */
const CAUSES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the receiver's certificate has expired",
  CERT_NOT_YET_VALID: "the receiver's certificate is not valid yet",
  CERT_REVOKED: "the receiver's certificate was revoked",
  CERT_UNTRUSTED: "the receiver's certificate is not trusted",
  CERT_REJECTED: "the receiver's certificate is not trusted",
  CERT_SIGNATURE_FAILURE: "the signature of the receiver's certificate is wrong",
  CERT_CHAIN_TOO_LONG: "the receiver's certificate chain is too long",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the receiver's certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the receiver's certificate chain ends in a self-signed certificate that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the issuer of the receiver's certificate is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the issuer of the receiver's certificate is unknown, or its chain is incomplete",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the issuer of the receiver's certificate is unknown, or its chain is incomplete: have the receiver send its " +
    "intermediate certificates",
  INVALID_CA: "the receiver's certificate chain has an issuer that is not allowed to issue certificates",
  INVALID_PURPOSE: "the receiver's certificate is not issued for servers",
  PATH_LENGTH_EXCEEDED: "the receiver's certificate chain is longer than its issuer allows",
  HOSTNAME_MISMATCH: "the receiver's certificate does not name the URL's host",
  ERR_TLS_CERT_ALTNAME_INVALID: "the receiver's certificate does not name the URL's host",
  ERR_SSL_WRONG_VERSION_NUMBER: "the receiver does not speak TLS on this port",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the receiver does not speak TLS on this port",
  ERR_SSL_HTTP_REQUEST: "the receiver does not speak TLS on this port",
  ERR_SSL_UNEXPECTED_MESSAGE: "the receiver violates the TLS protocol",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the receiver offers neither TLS 1.2 nor TLS 1.3",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "the receiver offers neither TLS 1.2 nor TLS 1.3",
  ERR_SSL_EE_KEY_TOO_SMALL: "the key of the receiver's certificate is too short",
  ERR_SSL_CA_KEY_TOO_SMALL: "the key of the issuer of the receiver's certificate is too short",
  ERR_SSL_CA_MD_TOO_WEAK: "the receiver's certificate is signed with a hash that is too weak",
  ERR_SSL_DH_KEY_TOO_SMALL: "the receiver's Diffie-Hellman key is too short",
  ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED: "the receiver's TLS lacks secure renegotiation (RFC 5746)",
  ECONNRESET: "the receiver closed the connection during the TLS handshake",
  EPIPE: "the receiver closed the connection during the TLS handshake",
  ETIMEDOUT: "the connection broke during the TLS handshake",
};

const NO_COMMON_TERMS = "it accepts none of our TLS versions, ciphers and key exchanges";
const OUR_FAULT = "it could not read what we sent";
const NO_CLIENT_CERTIFICATE = "the receiver asks for a client certificate, which Signalbox does not have";

/** The name and meaning of each alert that a receiver can send, by number (RFC 8446 §6, RFC 5246 §7.2). */
const ALERTS: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  0: ["close_notify", "it closed the connection"],
  10: ["unexpected_message", OUR_FAULT],
  20: ["bad_record_mac", OUR_FAULT],
  21: ["decryption_failed", OUR_FAULT],
  22: ["record_overflow", OUR_FAULT],
  30: ["decompression_failure", OUR_FAULT],
  40: ["handshake_failure", `${NO_COMMON_TERMS}, or has no certificate for the URL's host`],
  41: ["no_certificate", "it asks for a client certificate"],
  42: ["bad_certificate", "it accepts none of our certificates"],
  43: ["unsupported_certificate", "it accepts none of our certificates"],
  44: ["certificate_revoked", "it accepts none of our certificates"],
  45: ["certificate_expired", "it accepts none of our certificates"],
  46: ["certificate_unknown", "it accepts none of our certificates"],
  47: ["illegal_parameter", OUR_FAULT],
  48: ["unknown_ca", "it does not know who issued a certificate"],
  49: ["access_denied", "it denies us access"],
  50: ["decode_error", OUR_FAULT],
  51: ["decrypt_error", "it could not verify the handshake"],
  60: ["export_restriction", NO_COMMON_TERMS],
  70: ["protocol_version", "it offers neither TLS 1.2 nor TLS 1.3"],
  71: ["insufficient_security", "it asks for stronger ciphers than we offer"],
  80: ["internal_error", "it has an internal error"],
  86: ["inappropriate_fallback", NO_COMMON_TERMS],
  90: ["user_canceled", "it canceled the handshake"],
  100: ["no_renegotiation", "it does not renegotiate"],
  109: ["missing_extension", OUR_FAULT],
  110: ["unsupported_extension", OUR_FAULT],
  111: ["certificate_unobtainable", "it could not get a certificate"],
  112: ["unrecognized_name", "it does not serve the URL's host"],
  113: ["bad_certificate_status_response", "it could not verify a certificate's status"],
  114: ["bad_certificate_hash_value", "it could not verify a certificate"],
  115: ["unknown_psk_identity", "it no longer knows our session"],
  116: ["certificate_required", "it asks for a client certificate"],
  120: ["no_application_protocol", "it does not speak HTTP/1.1"],
};
const CERTIFICATE_REQUIRED = 116;

/** The text for a TLS error. It never contains OpenSSL's own text, which may reveal paths and addresses. */
export function tlsDetail(error: Error, asksForCertificate: boolean): string {
  const alert = alertOf(error);
  if (alert === CERTIFICATE_REQUIRED || (alert !== null && asksForCertificate)) return NO_CLIENT_CERTIFICATE;
  if (alert !== null) {
    const [name, meaning] = ALERTS[alert] ?? [`alert ${alert}`, "it gave no further details"];
    return `the receiver ended TLS with ${name}: ${meaning}`;
  }
  const code = codeOf(error);
  const detail = CAUSES[code] ?? `the TLS handshake failed (${code || "unknown error"})`;
  return asksForCertificate && code in CLOSED ? `${NO_CLIENT_CERTIFICATE}, and closed the connection` : detail;
}

const CLOSED = { ECONNRESET: true, EPIPE: true };

/** The number of the alert with which the receiver ended TLS, or null. */
export function alertOf(error: Error): number | null {
  const number = /SSL alert number (\d{1,3})/.exec(error.message)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether an error of an open connection is a TLS error. */
export function isTlsError(error: Error): boolean {
  return /^ERR_(TLS|SSL)_/.test(codeOf(error));
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
