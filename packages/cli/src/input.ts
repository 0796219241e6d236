/** Files and standard input that a command reads. */
import { createReadStream } from "node:fs";
import path from "node:path";
import type { Context } from "./context.ts";
import { EXIT, Failure, usage } from "./failure.ts";
import { flag, text } from "./options.ts";
import { readBounded } from "./read-bounded.ts";

/** Standard input. */
const STDIN = "-";

/** The bytes of a file; `-` and no name are standard input. */
export async function readFileOrInput(context: Context, name: string = STDIN): Promise<Buffer> {
  if (name === STDIN) return context.readInput();
  try {
    // A pipe such as that of `<(…)` is a file too. While it has no writer, the program still listens to Ctrl-C.
    return await readBounded(createReadStream(path.resolve(context.folder, name)), name);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.failed, "FILE_UNREADABLE", `${name} cannot be read: ${(error as Error).message}.`);
  }
}

/** Where a secret comes from. It is never an option itself, because other users of a machine can see those. */
export const SECRET_OPTIONS = {
  secretFile: text("FILE", "read the secret from a file", { completes: "file" }),
  secretStdin: flag("read the secret from standard input"),
};

export interface GivenSecret {
  readonly secretFile: string | undefined;
  readonly secretStdin: boolean;
}

/** The secret, without the line break at the end of its file; undefined if none is given. */
export async function readSecret(context: Context, given: GivenSecret): Promise<string | undefined> {
  const { secretFile, secretStdin } = given;
  if (secretFile !== undefined && secretStdin) throw usage("--secret-file and --secret-stdin exclude each other");
  if (secretFile === undefined && !secretStdin) return undefined;
  const secret = (await readFileOrInput(context, secretFile)).toString().replace(/\r?\n$/, "");
  if (secret !== "") return secret;
  throw usage(secretStdin ? "--secret-stdin needs a secret on standard input" : `--secret-file ${secretFile} is empty`);
}

/**
 * For a command that cannot do without.
 *
 * @param body the name of the other file that is read
 */
export async function requireSecret(context: Context, given: GivenSecret, body: string = STDIN): Promise<string> {
  if ((given.secretStdin || given.secretFile === STDIN) && body === STDIN) {
    throw usage("the body and the secret cannot both come from standard input");
  }
  const secret = await readSecret(context, given);
  if (secret === undefined) throw usage("a secret is missing: --secret-file FILE or --secret-stdin");
  return secret;
}
