/** Text that a stranger may have written. React shows it as text; this makes what is invisible in it visible. */

// Control characters except line feed and tab, format characters (bidirectional marks, zero-width characters), and
// separators that break a line, and letters without a shape.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]/gu;
const SPACES = /\p{Zs}/gu;
const KEPT = new Set(["\n", "\t"]);

export interface Piece {
  readonly text: string;
  /** True for the name of a character that a reader would not see. */
  readonly isMark: boolean;
}

/** The text with each invisible character as its code point, such as `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(invisibleIn(text), (character) => (KEPT.has(character) ? character : mark(character)));
}

const SHORT_CHARS_MAX = 80;

/** The same of the beginning of a longer text. A sentence can hold it, and its cost is bounded. */
export function shortVisible(text: string): string {
  return text.length <= SHORT_CHARS_MAX ? visible(text) : `${visible(text.slice(0, SHORT_CHARS_MAX))}…`;
}

/** The text of {@link visible} in pieces that can be styled. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const { 0: character, index } of text.toWellFormed().matchAll(invisibleIn(text))) {
    if (KEPT.has(character)) continue;
    if (index > end) found.push({ text: text.slice(end, index), isMark: false });
    found.push({ text: mark(character), isMark: true });
    end = index + character.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), isMark: false });
  return found;
}

/** A name of nothing but spaces is a link that nobody sees. */
function invisibleIn(text: string): RegExp {
  return /^\p{Zs}+$/u.test(text) ? SPACES : INVISIBLE;
}

function mark(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
