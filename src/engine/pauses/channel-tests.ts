/** Test messages: they show that a channel works, and ask nothing. */
import { MINUTE_MS } from "../../domain/limits/units.ts";
import type { Channel } from "../../domain/pauses/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChannelTestOutput } from "../engine-types.ts";
import type { Notifications } from "./notifications.ts";

export interface ChannelTestOptions {
  readonly clock: Pick<Clock, "now" | "uuid">;
  readonly notifications: Pick<Notifications, "addressFault" | "sendTest">;
  readonly publicUrl: () => string;
}

const MESSAGE = "This is a test message. It shows that this channel works, and nothing waits for an answer.";

export async function testChannel(
  { clock, notifications, publicUrl }: ChannelTestOptions,
  channel: Channel,
  address: string,
): Promise<ChannelTestOutput> {
  const fault = await notifications.addressFault(channel, address);
  if (fault !== null) return { kind: "addressRefused", reason: fault };
  const now = clock.now();
  const result = await notifications.sendTest(channel, {
    pauseId: clock.uuid(),
    address,
    requester: null,
    reminder: 0,
    message: MESSAGE,
    options: ["OK"],
    details: [],
    allowTextResponse: false,
    timeoutDefault: null,
    expiresAt: now + MINUTE_MS,
    createdAt: now,
    quorum: 1,
    signInRequired: false,
    consoleUrl: `${publicUrl()}/console/`,
    respondUrl: `${publicUrl()}/`,
    slackValues: null,
  });
  if (result === null) return { kind: "busy" };
  switch (result.kind) {
    case "sent":
      return { kind: "sent" };
    case "aborted":
      return { kind: "failed", reason: "The server is stopping." };
    default:
      return { kind: "failed", reason: result.reason };
  }
}
