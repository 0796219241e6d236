/** Whether to write in color, and how. */

export type Color = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

const CODES: Readonly<Record<Color, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export type Paint = (text: string, color: Color) => string;

export const plain: Paint = (text) => text;
export const colored: Paint = (text, color) => `\u001b[${CODES[color][0]}m${text}\u001b[${CODES[color][1]}m`;

type Environment = Readonly<Record<string, string | undefined>>;

/** `NO_COLOR` (no-color.org) is over `FORCE_COLOR` (as Node reads it), and both are over what the terminal is. */
export function paintFor(stream: { readonly isTTY?: boolean | undefined }, env: Environment): Paint {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return plain;
  const { FORCE_COLOR: forced } = env;
  if (forced !== undefined) return forced === "0" || forced === "false" ? plain : colored;
  return stream.isTTY === true && env.TERM !== "dumb" ? colored : plain;
}
