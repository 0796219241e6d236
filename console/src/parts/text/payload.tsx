/** A payload: as a tree that folds, or byte for byte. At most 256 KB are shown, and large ones begin folded. */
import { Group, SegmentedControl, Text } from "@mantine/core";
import "@mantine/core/styles/FloatingIndicator.css";
import "@mantine/core/styles/SegmentedControl.css";
import { useMemo, useState } from "react";
import { payload as m } from "../../messages/en/app.ts";
import { CopyButton } from "../actions/copy-button.tsx";
import { bytes } from "../locale.ts";
import { JsonNumber, JsonTree } from "./json-tree.tsx";
import classes from "./payload.module.css";
import { type Piece, pieces, visible } from "./visible.ts";

/** More makes a browser slow, and nobody reads it. The whole text can be copied. */
const SHOWN_BYTES_MAX = 256 * 1024;
/** Larger payloads begin with only their first level open. */
const OPEN_BYTES_MAX = 64 * 1024;

/** Elements that a browser lays out without a pause. */
const PIECES_MAX = 2_000;

interface PayloadProps {
  /** As it was sent. */
  readonly text: string;
  readonly label: string;
}

export function Payload({ text, label }: PayloadProps) {
  const [view, setView] = useState<"tree" | "raw">("tree");
  const size = useMemo(() => new TextEncoder().encode(text).length, [text]);
  const parsed = useMemo(() => (size <= SHOWN_BYTES_MAX ? parse(text) : null), [text, size]);
  const shown = view === "tree" && parsed !== null ? "tree" : "raw";
  if (text === "") return <Text c="dimmed">{m.empty}</Text>;
  return (
    <div>
      <Group justify="space-between" mb="xs" gap="xs">
        {parsed === null ? (
          <span />
        ) : (
          <SegmentedControl
            size="xs"
            aria-label={label}
            value={shown}
            onChange={(next) => setView(next as "tree" | "raw")}
            data={[
              { value: "tree", label: m.tree },
              { value: "raw", label: m.raw },
            ]}
          />
        )}
        <Group gap="xs">
          <Text size="xs" c="dimmed">
            {bytes(size)}
          </Text>
          <CopyButton text={text} small />
        </Group>
      </Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.frame} tabIndex={0} aria-label={label}>
        {shown === "tree" && parsed !== null ? (
          <JsonTree value={parsed.value} opensAll={size <= OPEN_BYTES_MAX} />
        ) : (
          <Raw text={text} />
        )}
      </section>
      {text.length > SHOWN_BYTES_MAX && (
        <Text size="xs" c="dimmed" mt={4}>
          {m.truncated(bytes(SHOWN_BYTES_MAX), bytes(size))}
        </Text>
      )}
    </div>
  );
}

function Raw({ text }: { readonly text: string }) {
  const shown = useMemo(() => styledPieces(text.slice(0, SHOWN_BYTES_MAX)), [text]);
  return (
    <pre className={classes.raw}>
      {shown.map((piece, index) =>
        piece.isMark ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text do not move
          <span key={index} className={classes.mark}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
    </pre>
  );
}

/** With too many marks for an element each, as one piece: the marks are visible, but look like the other text. */
function styledPieces(text: string): readonly Piece[] {
  const found = pieces(text);
  return found.length > PIECES_MAX ? [{ text: visible(text), isMark: false }] : found;
}

/** In an object, because a payload may be `null`. */
function parse(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown);
    return typeof value === "object" && !(value instanceof JsonNumber) ? { value } : null;
  } catch {
    return null;
  }
}

/** `1.0` and numbers of 20 digits would change as JavaScript numbers. A browser without `context` shows them as such. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" ? new JsonNumber(context?.source ?? String(value)) : value;
}
