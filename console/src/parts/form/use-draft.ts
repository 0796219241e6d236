/** A form for a saved record. A field shows what was typed into it; every other field follows the record. */
import { useRef, useState } from "react";

/** Of every field, its text. */
type FieldTexts<Texts> = { readonly [Name in keyof Texts]: string };

export interface Draft<Saved, Texts extends FieldTexts<Texts>> {
  /** The record as it is now, as far as the page knows. */
  readonly saved: Saved;
  /** What the fields show. */
  readonly texts: Texts;
  /** The fields that a person changed. A request contains only those, so that it does not undo what others changed. */
  readonly changed: ReadonlySet<keyof Texts>;
  readonly type: (texts: Partial<Texts>) => void;
  /** After the server has saved `sent`. What was typed since then stays. */
  readonly settle: (saved: Saved, sent: Texts) => void;
}

/**
 * @param latest the record as the page has read it
 * @param textsOf the texts of its fields
 */
export function useDraft<Saved extends object, Texts extends FieldTexts<Texts>>(
  latest: Saved,
  textsOf: (saved: Saved) => Texts,
): Draft<Saved, Texts> {
  const [typed, setTyped] = useState<Partial<Texts>>({});
  // The answer to a save is newer than what the page has read until the page reads again.
  const [answer, setAnswer] = useState<{ readonly saved: Saved; readonly replaces: Saved } | null>(null);
  const read = useRef(latest);
  read.current = latest;
  const saved = answer?.replaces === latest ? answer.saved : latest;
  const stored = textsOf(saved);
  const kept = changesTo(stored, typed);
  return {
    saved,
    texts: { ...stored, ...kept },
    changed: new Set(Object.keys(kept) as (keyof Texts)[]),
    // What was typed back to the stored text is no change any more, whatever the record becomes.
    type: (texts) => setTyped((before) => changesTo(stored, { ...before, ...texts })),
    settle(next, sent) {
      setAnswer({ saved: next, replaces: read.current });
      setTyped((before) => changesTo(sent, before));
    },
  };
}

function changesTo<Texts extends FieldTexts<Texts>>(texts: Texts, typed: Partial<Texts>): Partial<Texts> {
  const changes = { ...typed };
  for (const name of Object.keys(typed) as (keyof Texts)[]) if (typed[name] === texts[name]) delete changes[name];
  return changes;
}
