/** HTML from templates: whatever is put into one is escaped, unless it is HTML already. Pure. */

/** Text that is HTML already. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export const NOTHING = new Html("");

/** Text of our own that is HTML already, such as a style sheet; never anything that somebody sent. */
export function trusted(text: string): Html {
  return new Html(text);
}

export type { Html };

type Part = string | Html | readonly Html[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Parts may stand where text may, and in attribute values within quotes; nowhere else. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + asHtml(parts[index - 1] ?? "") + string));
}

function asHtml(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part !== "string") return part.map(({ text }) => text).join("");
  return part.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}
