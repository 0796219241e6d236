/** HTML templates that escape every value that is not already HTML. Pure. */

/** Text that is already HTML. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export const NOTHING = new Html("");

/** Mark our own text as HTML, for example a style sheet. Never use it for text from outside. */
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

/** Build HTML from a template. Values may only stand in text and in quoted attribute values. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + asHtml(parts[index - 1] ?? "") + string));
}

function asHtml(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part !== "string") return part.map(({ text }) => text).join("");
  return part.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}
