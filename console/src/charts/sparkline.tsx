/** A row's last hours in columns: above the line what succeeded, below it what failed. */
interface SparklineProps {
  readonly columns: readonly { readonly ok: number; readonly failed: number }[];
  /** What the columns say, in words. */
  readonly label: string;
}

const STEP = 4;
const UP = 13;
const DOWN = 6;
const COLUMN_MIN = 1.5;

export function Sparkline({ columns, label }: SparklineProps) {
  const okMost = Math.max(1, ...columns.map(({ ok }) => ok));
  const failedMost = Math.max(1, ...columns.map(({ failed }) => failed));
  const scaled = (count: number, most: number, height: number): number =>
    count === 0 ? 0 : Math.max(COLUMN_MIN, (count / most) * height);
  const width = columns.length * STEP;
  return (
    <svg width={width} height={UP + DOWN + 2} role="img" aria-label={label}>
      <title>{label}</title>
      <rect y={UP + 0.5} width={width} height={1} fill="var(--line)" />
      {columns.map(({ ok, failed }, index) => {
        const okHeight = scaled(ok, okMost, UP);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the columns are the hours, in order
          <g key={index}>
            <rect x={index * STEP} y={UP - okHeight} width={STEP - 1} height={okHeight} fill="var(--ok)" />
            <rect
              x={index * STEP}
              y={UP + 2}
              width={STEP - 1}
              height={scaled(failed, failedMost, DOWN)}
              fill="var(--bad)"
            />
          </g>
        );
      })}
    </svg>
  );
}
