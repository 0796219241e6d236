/** The email channel: one SMTP server, and a few connections that are kept open for a while. */
import { domainToASCII } from "node:url";
import { createTransport } from "nodemailer";
import { ID_PREFIX } from "../domain/ids.ts";
import { MAIL_CONNECTIONS_MAX, NOTIFICATION_MS_MAX, SMTP_CONNECT_MS_MAX, SMTP_IDLE_MS } from "../domain/limits.ts";
import { recipientFault } from "../domain/pauses/recipient.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notification, Notified, Notifier } from "../ports/notifier.ts";
import { emailMessage } from "./email-message.ts";
import { headerText } from "./mail-header.ts";
import { again, SENT } from "./notified.ts";
import { smtpFault } from "./smtp-fault.ts";
import { Tries, type Try } from "./tries.ts";

export interface EmailOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. The query may contain nodemailer's options. */
  readonly smtpUrl: string;
  /** `ops@example.com` or `Signalbox <ops@example.com>`. */
  readonly from: string;
  readonly clock: Clock;
}

const LATE = again("the mail server did not respond in time");

const TRANSPORT = {
  pool: true,
  maxConnections: MAIL_CONNECTIONS_MAX,
  // A pooled connection that the server has closed does not cost a try. A server that closes every connection does.
  maxRequeues: 1,
  connectionTimeout: SMTP_CONNECT_MS_MAX,
  greetingTimeout: SMTP_CONNECT_MS_MAX,
  socketTimeout: NOTIFICATION_MS_MAX,
  dnsTimeout: SMTP_CONNECT_MS_MAX,
  idleTimeout: SMTP_IDLE_MS,
  socketCloseTimeout: 0,
  disableFileAccess: true,
  disableUrlAccess: true,
} as const;

export function createEmail({ smtpUrl, from, clock }: EmailOptions): Notifier {
  const sender = readMailbox(from);
  const tries = new Tries(clock);
  const triesBySignal = new WeakMap<AbortSignal, Try>();
  const transport = createTransport({ url: smtpUrl, ...TRANSPORT });
  // Marks when the last byte of a message was read for sending. Until then, a broken connection means that the message
  // was not delivered.
  transport.use("stream", ({ data: { signal }, message }, done) => {
    const running = signal === undefined ? undefined : triesBySignal.get(signal);
    message?.processFunc((bytes) => bytes.once("end", () => running?.handedOver()));
    done();
  });

  async function send(notification: Notification, running: Try): Promise<Notified> {
    triesBySignal.set(running.signal, running);
    const deadline = clock.after(NOTIFICATION_MS_MAX, () => running.end(LATE));
    const { address, pauseId, reminder, createdAt } = notification;
    try {
      const { subject, ...parts } = emailMessage(notification);
      await transport.sendMail({
        ...parts,
        from: sender,
        to: { name: "", address },
        envelope: { from: sender.address, to: [address] },
        // The same for every try, so that a repeat after a crash is recognized as a duplicate. A reminder is none.
        messageId: `<${ID_PREFIX.pause}${pauseId}${reminder === 0 ? "" : `.${reminder}`}@${domainOf(sender.address)}>`,
        date: new Date(reminder === 0 ? createdAt : clock.now()),
        // RFC 3834 §5: prevents vacation replies.
        headers: {
          "Auto-Submitted": "auto-generated",
          // Prepared, because nodemailer leaves text alone that already looks encoded, even when it is untrusted.
          Subject: { prepared: true, foldLines: true, value: headerText(subject) },
        },
        xMailer: false,
        signal: running.signal,
      });
      return SENT;
    } catch (error) {
      return smtpFault(error, { recipientDomain: domainOf(address) });
    } finally {
      deadline.cancel();
    }
  }

  return {
    channel: "email",
    atOnceMax: MAIL_CONNECTIONS_MAX,
    addressFault: async (address) => recipientFault("email", address),
    notify: (notification) => tries.run((running) => send(notification, running)),
    async close() {
      await tries.close();
      transport.close({ force: true });
    },
  };
}

interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** Parsed here, because nodemailer's parser reads the comma in an unquoted name as the end of an address. */
function readMailbox(text: string): Mailbox {
  const [, name = "", address = text] = /^([^<>]*)<([^<>]+)>$/.exec(text) ?? [];
  return { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
}

/**
 * The domain in the form for headers and replies. A domain without such a form becomes `signalbox.invalid` (RFC 2606
 * §2).
 */
function domainOf(address: string): string {
  return domainToASCII(address.slice(address.lastIndexOf("@") + 1)) || "signalbox.invalid";
}
