/** Whether a question's message can be sent. */
import type { Actor } from "../../domain/access/access.ts";
import { channelOf, type NotificationState } from "../../domain/pauses/pause.ts";
import type { Notifications } from "./notifications.ts";
import type { CreatePauseInput, CreatePauseOutput } from "./pause-types.ts";

export type RecipientCheck =
  | { readonly kind: "accepted"; readonly notification: NotificationState }
  | Extract<CreatePauseOutput, { kind: "channelNotConfigured" | "recipientRefused" }>;

/** Decide whether somebody will be notified, or why nobody can be. */
export async function checkRecipient(
  notifications: Notifications,
  actor: Actor,
  input: Pick<CreatePauseInput, "recipient" | "tellsApprovers">,
): Promise<RecipientCheck> {
  const channel = channelOf(input);
  if (channel === null) return { kind: "accepted", notification: { status: "none", reason: null } };
  if (!notifications.isConfigured(channel) && !actor.test) return { kind: "channelNotConfigured", channel };
  const { recipient } = input;
  const reason = recipient === null ? null : await notifications.addressFault(channel, recipient.address);
  if (reason !== null) return { kind: "recipientRefused", reason };
  if (actor.test) return { kind: "accepted", notification: { status: "none", reason: "made with a test key" } };
  return { kind: "accepted", notification: { status: "pending", reason: null } };
}
