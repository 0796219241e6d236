/** Who was told of a question, and whether the message arrived. */
import type { Pause } from "@signalbox/sdk";
import { pause as m, pauses } from "../../messages/en/pauses.ts";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge, type Tone } from "../../parts/text/state-badge.tsx";

const TONES: Readonly<Record<Pause["notification"]["status"], Tone>> = {
  none: "idle",
  pending: "busy",
  sent: "ok",
  failed: "bad",
};

export function NotificationBadge({ pause: { notification } }: { readonly pause: Pick<Pause, "notification"> }) {
  return <StateBadge tone={TONES[notification.status]} word={m.notification[notification.status]} />;
}

/** One line, for a list. */
export function Told({ pause }: { readonly pause: Pause }) {
  const { channel, recipient } = pause;
  if (channel === null) return <span>{pauses.nobody}</span>;
  return (
    <span>
      <Foreign text={recipient ?? pauses.approvers} charsMax={60} /> <NotificationBadge pause={pause} />
    </span>
  );
}
