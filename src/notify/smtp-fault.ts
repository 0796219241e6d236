/** The result of a try that the mail server refused or did not complete. */
import type { NodemailerError } from "nodemailer";
import type { Notified } from "../ports/notifier.ts";
import { again, failed, withoutLinks } from "./notified.ts";

/**
 * The mail server requires a login or rejects ours (RFC 4954 §6). The operator can fix it, so the message is tried
 * again.
 */
const AUTH_CODES = new Set([454, 530, 534, 535, 538]);
/** The codes of the platform's TLS errors. Nodemailer reports them as `ESOCKET`. */
const TLS_CODES = /^(ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO)/;
const SIGN_IN_REFUSED = "the mail server rejected this server's login";

/** Host names that a reason may contain, in lower case. Other host names in a reply are removed. */
interface Known {
  readonly recipientDomain: string;
}

export function smtpFault(error: unknown, known: Known): Notified {
  const { code, originalCode = "", command, responseCode, permanent, response } = detailsOf(error);
  if (code === "ETLS" || TLS_CODES.test(originalCode))
    return again("no secure connection to the mail server could be established");
  if (code === "EAUTH" || code === "ENOAUTH" || AUTH_CODES.has(responseCode ?? 0)) return again(SIGN_IN_REFUSED);
  if (code === "ETIMEDOUT") return again("the mail server did not respond in time");
  if (responseCode === undefined) {
    return code === "EENVELOPE"
      ? failed("the mail server does not accept addresses of this form")
      : again("the mail server cannot be reached");
  }
  const reply = shownReply(response ?? "", known);
  if (code !== "EENVELOPE" && code !== "EMESSAGE") return again(`the mail server closed the connection: ${reply}`);
  if (permanent !== true) return again(`the mail server deferred the message: ${reply}`);
  return failed(`the mail server refused the ${refusedPart(command)}: ${reply}`);
}

/** Nodemailer's errors have these details. Other errors have none. */
const detailsOf = (error: unknown): Partial<NodemailerError> => (error instanceof Error ? error : {});

function refusedPart(command: string | undefined): string {
  if (command === "RCPT TO") return "recipient";
  return command === "MAIL FROM" ? "sender" : "message";
}

const HOST_NAME = /(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*[a-z0-9]/gi;
const IPV4 = /\d{1,3}(?:\.\d{1,3}){3}/g;
const IPV6 = /(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}/gi;

/** A reply on one line, without addresses, links, or host names other than the recipient's. */
function shownReply(response: string, { recipientDomain }: Known): string {
  return withoutLinks(response.replace(/\r?\n\d{3}[ -]/g, " "))
    .replace(/^(\d{3})-/, "$1 ")
    .replace(IPV4, "…")
    .replace(IPV6, "…")
    .replace(HOST_NAME, (name) => (name.toLowerCase() === recipientDomain ? name : "…"));
}
