/** Text that a stranger may have written. React shows it as text; this makes what is invisible in it visible. */

// Control characters except line feed and tab, format characters (bidirectional marks, zero-width characters), and
// separators that break a line.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;
const KEPT = new Set(["\n", "\t"]);

export interface Piece {
  readonly text: string;
  /** True for the name of a character that a reader would not see. */
  readonly isMark: boolean;
}

/** The text with each invisible character as its code point, such as `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.toWellFormed().replace(INVISIBLE, (character) => (KEPT.has(character) ? character : mark(character)));
}

/** The same, in pieces that can be styled. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const { 0: character, index } of text.toWellFormed().matchAll(INVISIBLE)) {
    if (KEPT.has(character)) continue;
    if (index > end) found.push({ text: text.slice(end, index), isMark: false });
    found.push({ text: mark(character), isMark: true });
    end = index + character.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), isMark: false });
  return found;
}

function mark(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
