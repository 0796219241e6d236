/** A state as a word and a shape, so that nobody needs the color. */
import classes from "./state-badge.module.css";

/** What a state means for the reader. */
export type Tone = "ok" | "bad" | "warn" | "busy" | "idle";

const SHAPES = {
  ok: <path d="m2.5 6.5 2.25 2.25L9.5 3.75" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  bad: <path d="m3 3 6 6m0-6-6 6" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  warn: <path d="M6 1.5 11 10.5H1Z" fill="currentColor" />,
  busy: <circle cx="6" cy="6" r="3.5" fill="currentColor" />,
  idle: <circle cx="6" cy="6" r="3.5" fill="none" stroke="currentColor" strokeWidth="1.75" />,
} as const;

export function StateBadge({ tone, word }: { readonly tone: Tone; readonly word: string }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[tone]}
      </svg>
      {word}
    </span>
  );
}
