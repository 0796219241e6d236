/** Create all configured channels. Slack needs no configuration. */
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import type { EmailOptions } from "./email.ts";
import { createSlack } from "./slack.ts";
import { createSms, type SmsOptions } from "./sms.ts";

export interface NotifiersOptions {
  readonly mail: Pick<EmailOptions, "smtpUrl" | "from"> | null;
  readonly sms: Pick<SmsOptions, "accountSid" | "authToken" | "from" | "baseUrl"> | null;
  /** For URLs that callers choose. The address guard applies. */
  readonly sender: Sender;
  /** For URLs that the operator chose. It can reach any address. */
  readonly operatorSender: Sender;
  readonly userAgent: string;
  readonly clock: Clock;
}

export async function createNotifiers(options: NotifiersOptions): Promise<Notifier[]> {
  const { mail, sms, sender, operatorSender, userAgent, clock } = options;
  return [
    ...(mail === null ? [] : [await loadEmail({ ...mail, clock })]),
    createSlack({ sender, userAgent, clock }),
    ...(sms === null ? [] : [createSms({ ...sms, sender: operatorSender, userAgent, clock })]),
  ];
}

/** Loaded only when it is configured: nodemailer takes a tenth of the time to start. */
async function loadEmail(options: EmailOptions): Promise<Notifier> {
  const { createEmail } = await import("./email.ts");
  return createEmail(options);
}
