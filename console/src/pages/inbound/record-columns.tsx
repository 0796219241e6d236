/** How lists show what was received. */
import type { InboundEvent } from "@signalbox/sdk";
import { quarantine as m, record } from "../../messages/en/inbound.ts";
import type { Column } from "../../parts/list/list-props.ts";
import { Foreign } from "../../parts/text/foreign.tsx";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { Time } from "../../parts/time/time.tsx";

export function reasonOf(reason: string): string {
  return m.reasons[reason] ?? reason;
}

/** A request of no known source has no source in its address. */
export function recordLink({ id, source_id: source }: Pick<InboundEvent, "id" | "source_id">) {
  return { to: `/inbound/${source ?? "unknown"}/events/${id}` };
}

export const RECORD_COLUMNS: readonly Column<InboundEvent>[] = [
  { label: m.received, cell: ({ received_at: at }) => <Time at={at} /> },
  { label: record.verdict, cell: ({ valid }) => <Outcome valid={valid} /> },
  { label: record.type, cell: ({ event_type: type }) => (type === null ? "–" : <Foreign text={type} />) },
  { label: m.why, cell: (event) => <Why of={event} /> },
  { label: m.address, cell: ({ address }) => address, wideOnly: true },
];

function Outcome({ valid }: { readonly valid: boolean }) {
  return <StateBadge tone={valid ? "ok" : "bad"} word={valid ? record.valid : record.refused} />;
}

function Why({ of: { rejection_reason: reason, explanation } }: { readonly of: InboundEvent }) {
  if (reason === null) return "–";
  return (
    <>
      <strong>{reasonOf(reason)}</strong>
      {explanation !== null && (
        <div>
          <Foreign text={explanation} charsMax={200} />
        </div>
      )}
    </>
  );
}

export function Verdict({ of: { valid, rejection_reason: reason } }: { readonly of: InboundEvent }) {
  if (valid) return <StateBadge tone="ok" word={record.valid} />;
  return <StateBadge tone="bad" word={reasonOf(reason ?? "")} />;
}
