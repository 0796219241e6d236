/** A row's last hours in 24 columns: what went well, and above it what failed. */
interface SparklineProps {
  readonly columns: readonly { readonly ok: number; readonly failed: number }[];
  /** What the columns say, in words. */
  readonly label: string;
}

const WIDTH = 96;
const HEIGHT = 24;

export function Sparkline({ columns, label }: SparklineProps) {
  const most = Math.max(1, ...columns.map(({ ok, failed }) => ok + failed));
  const step = WIDTH / Math.max(1, columns.length);
  const scale = (count: number): number => (count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT));
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      {columns.map(({ ok, failed }, index) => {
        const okHeight = scale(ok);
        const badHeight = scale(failed);
        const x = index * step;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the columns are the hours, in order
          <g key={index}>
            <rect x={x} y={HEIGHT - okHeight} width={step - 1} height={okHeight} fill="var(--ok)" />
            <rect x={x} y={HEIGHT - okHeight - badHeight} width={step - 1} height={badHeight} fill="var(--bad)" />
          </g>
        );
      })}
    </svg>
  );
}
