/** How long the parts of one attempt took, one after the other. */
import { Text } from "@mantine/core";
import type { Timings } from "@signalbox/sdk";
import { delivery as m } from "../../messages/en/delivery.ts";
import { duration } from "../time/format.ts";
import classes from "./steps.module.css";

export function TimingBars({ timings }: { readonly timings: Timings }) {
  const { dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms } = timings;
  const known = [
    [m.parts.dns, dns_ms],
    [m.parts.connect, connect_ms],
    [m.parts.tls, tls_ms],
    [m.parts.firstByte, first_byte_ms],
  ] as const;
  const measured = known.flatMap(([label, ms]) => (ms === null ? [] : [{ label, ms }]));
  const sumMs = measured.reduce((sum, { ms }) => sum + ms, 0);
  const rows = [...measured, { label: m.parts.rest, ms: Math.max(0, total_ms - sumMs) }];
  const spanMs = Math.max(1, total_ms, sumMs);
  let atMs = 0;
  return (
    <div>
      <ol className={classes.steps} aria-label={m.timings}>
        {rows.map(({ label, ms }) => {
          const fromMs = atMs;
          atMs += ms;
          return (
            <li key={label}>
              <span className={classes.label}>{label}</span>
              <span className={classes.track} aria-hidden="true">
                <span
                  className={classes.bar}
                  data-kind="accepted"
                  style={{ insetInlineStart: `${(100 * fromMs) / spanMs}%`, inlineSize: `${(100 * ms) / spanMs}%` }}
                />
              </span>
              <span className={classes.time}>{duration(ms)}</span>
            </li>
          );
        })}
      </ol>
      <Text size="xs" c="dimmed" ta="end">
        {connect_ms === null && first_byte_ms !== null ? `${m.reused} ` : ""}
        {m.total(duration(total_ms))}
      </Text>
    </div>
  );
}
