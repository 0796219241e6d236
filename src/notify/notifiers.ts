/** Create all configured channels. Slack needs no configuration. */
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import { createEmail, type EmailOptions } from "./email.ts";
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

export function createNotifiers({ mail, sms, sender, operatorSender, userAgent, clock }: NotifiersOptions): Notifier[] {
  return [
    ...(mail === null ? [] : [createEmail({ ...mail, clock })]),
    createSlack({ sender, userAgent, clock }),
    ...(sms === null ? [] : [createSms({ ...sms, sender: operatorSender, userAgent, clock })]),
  ];
}
