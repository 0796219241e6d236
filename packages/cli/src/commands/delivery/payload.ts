/** A payload from the command line, a file or standard input. */
import type { Context } from "../../context.ts";
import { usage } from "../../failure.ts";
import { readFileOrInput } from "../../input.ts";

/**
 * The JSON text of `--data`, which is sent byte for byte.
 *
 * @param given JSON, `@file`, or `-` for standard input
 */
export async function readPayload(context: Context, given: string): Promise<string> {
  const text = await readText(context, given);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usage(`--data is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  throw usage("--data must be a JSON object");
}

async function readText(context: Context, given: string): Promise<string> {
  if (given === "-") return utf8("standard input", await context.readInput());
  if (!given.startsWith("@")) return given;
  const file = given.slice(1);
  return utf8(file, await readFileOrInput(context, file));
}

/** Without a byte order mark, which is no JSON. */
function utf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usage(`--data: ${name} is not UTF-8`);
  }
}
