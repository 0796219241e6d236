/** The Slack channel: incoming webhooks. Callers choose their URLs, so the address guard applies. */
import { NOTIFICATION_MS_MAX, NOTIFICATIONS_COUNT_MAX } from "../domain/limits.ts";
import { recipientFault } from "../domain/pauses/recipient.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notifier } from "../ports/notifier.ts";
import type { Sender } from "../ports/sender.ts";
import { notifiedOf, type Service } from "./notified.ts";
import { slackMessage } from "./slack-message.ts";
import { Tries } from "./tries.ts";

export interface SlackOptions {
  readonly sender: Sender;
  readonly userAgent: string;
  readonly clock: Clock;
}

/**
 * The form of Slack's error codes, such as `channel_is_archived`, which are the whole body. Any other body may come
 * from anyone and may contain the URL.
 */
const SLACK_ERROR_CODE = /^[a-z][a-z_]{2,50}$/;

export const SLACK: Service = {
  name: "Slack",
  refusal(httpStatus, snippet) {
    const code = snippet.trim();
    return `Slack refused the message (HTTP ${httpStatus})${SLACK_ERROR_CODE.test(code) ? `: ${code}` : ""}`;
  },
};

export function createSlack({ sender, userAgent, clock }: SlackOptions): Notifier {
  const tries = new Tries(clock);
  return {
    channel: "slack",
    atOnceMax: NOTIFICATIONS_COUNT_MAX,
    async addressFault(address) {
      const fault = recipientFault("slack", address);
      if (fault !== null) return fault;
      const verdict = await sender.vet(address);
      return verdict.kind === "accepted" ? null : `must be a URL that the server is allowed to call: ${verdict.reason}`;
    },
    notify: (notification) =>
      tries.run(async (running) => {
        running.handedOver();
        const outcome = await sender.send({
          url: notification.address,
          headers: ["content-type", "application/json; charset=utf-8", "user-agent", userAgent],
          body: JSON.stringify(slackMessage(notification)),
          timeoutMs: NOTIFICATION_MS_MAX,
        });
        return notifiedOf(outcome, SLACK, clock.now());
      }),
    close: () => tries.close(),
  };
}
