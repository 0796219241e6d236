/** What a mail server's refusal, or its silence, makes of a try. */
import type { NodemailerError } from "nodemailer";
import type { Notified } from "../ports/notifier.ts";
import { again, failed, withoutLinks } from "./notified.ts";

/** The mail server asks for a user, or does not take ours (RFC 4954 §6): the operator's to mend, so worth another try. */
const AUTH_CODES = new Set([454, 530, 534, 535, 538]);
/** How the platform's TLS errors begin; the library calls them `ESOCKET`. */
const TLS_CODES = /^(ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO)/;
const LOGIN_REFUSED = "the mail server does not accept this server's login";

/** Names that a reason may hold, lower case; every other host's name in a reply is left out. */
interface Known {
  readonly recipientDomain: string;
}

export function smtpFault(error: unknown, known: Known): Notified {
  const { code, originalCode = "", command, responseCode, permanent, response } = detailsOf(error);
  if (code === "ETLS" || TLS_CODES.test(originalCode))
    return again("no secure connection to the mail server could be made");
  if (code === "EAUTH" || code === "ENOAUTH" || AUTH_CODES.has(responseCode ?? 0)) return again(LOGIN_REFUSED);
  if (code === "ETIMEDOUT") return again("the mail server did not answer in time");
  if (responseCode === undefined) {
    return code === "EENVELOPE"
      ? failed("the mail server takes no mail for an address of this form")
      : again("the mail server cannot be reached");
  }
  const reply = shownReply(response ?? "", known);
  if (code !== "EENVELOPE" && code !== "EMESSAGE") return again(`the mail server broke the connection off: ${reply}`);
  if (permanent !== true) return again(`the mail server put the message off: ${reply}`);
  return failed(`the mail server refused the ${refusedPart(command)}: ${reply}`);
}

/** The library's errors carry these; anything else carries none. */
const detailsOf = (error: unknown): Partial<NodemailerError> => (error instanceof Error ? error : {});

function refusedPart(command: string | undefined): string {
  if (command === "RCPT TO") return "recipient";
  return command === "MAIL FROM" ? "sender" : "message";
}

const HOST_NAME = /(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*[a-z0-9]/gi;
const IPV4 = /\d{1,3}(?:\.\d{1,3}){3}/g;
const IPV6 = /(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}/gi;

/** A reply on one line, without addresses, links, and the names of hosts that are not the recipient's own. */
function shownReply(response: string, { recipientDomain }: Known): string {
  return withoutLinks(response.replace(/\r?\n\d{3}[ -]/g, " "))
    .replace(/^(\d{3})-/, "$1 ")
    .replace(IPV4, "…")
    .replace(IPV6, "…")
    .replace(HOST_NAME, (name) => (name.toLowerCase() === recipientDomain ? name : "…"));
}
