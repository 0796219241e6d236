/** The verbs of the command line, which runs them in its own thread: a command does one thing and ends. */
import { StoreUnavailable } from "../domain/errors.ts";
import type { AccessStore, AccessVerbs } from "../ports/store.ts";
import { commitGroup } from "./group.ts";
import { READER_VERBS } from "./threads/reader-verbs.ts";
import { noteChangesOf } from "./upkeep/noted-changes.ts";
import { WRITER_VERBS } from "./verbs.ts";
import type { Writing } from "./writing.ts";

const READING = [
  "findKey",
  "findTenant",
  "findKeyTenant",
  "findUser",
  "listKeys",
  "listTenants",
  "listUsers",
  "isPasswordLink",
  "getTenant",
  "findQuotas",
  "listReceiptKeys",
] as const;
type WritingVerb = Exclude<keyof AccessVerbs, (typeof READING)[number]>;

const CHANGING = [
  "bootstrap",
  "createKey",
  "revokeKey",
  "rotateKey",
  "recordKeyUse",
  "createTenant",
  "patchTenant",
  "createUser",
  "patchUser",
  "linkUser",
  "usePasswordLink",
  "setUserDisabled",
  "resetPassword",
  "rotateReceiptKey",
] as const satisfies readonly WritingVerb[];

/** Does not compile when a verb is in neither list. */
true satisfies Exclude<keyof AccessVerbs, (typeof READING)[number] | (typeof CHANGING)[number]> extends never
  ? true
  : never;

type Carry = (on: unknown, ...args: readonly unknown[]) => unknown;

/** @param open runs at most once, when the first verb is called */
export function accessOver(open: () => Promise<Writing>, close: () => Promise<void>): AccessStore {
  let opening: Promise<Writing> | null = null;
  const opened = () => {
    opening ??= open();
    return opening;
  };
  const reading = READING.map((verb) => {
    return [verb, async (...args: readonly unknown[]) => read(await opened(), verb, args)] as const;
  });
  const changing = CHANGING.map((verb) => {
    return [verb, async (...args: readonly unknown[]) => write(await opened(), verb, args)] as const;
  });
  return { ...(Object.fromEntries([...reading, ...changing]) as unknown as AccessVerbs), close };
}

async function read(writing: Writing, verb: (typeof READING)[number], args: readonly unknown[]): Promise<unknown> {
  writing.begin("read");
  try {
    return (READER_VERBS[verb] as Carry)(writing, ...args);
  } finally {
    writing.commit();
  }
}

async function write(writing: Writing, verb: WritingVerb, args: readonly unknown[]): Promise<unknown> {
  const [answer] = commitGroup(writing, [() => changeAndNote(writing, verb, args)]);
  switch (answer?.kind) {
    case "ok":
      return answer.value;
    case "unavailable":
      throw new StoreUnavailable(answer.message);
    case "broken":
      throw new Error(answer.message);
    default:
      throw new Error("the command line is no node");
  }
}

function changeAndNote(writing: Writing, verb: WritingVerb, args: readonly unknown[]): unknown {
  const result = (WRITER_VERBS[verb] as Carry)(writing, ...args);
  noteChangesOf(writing, verb, args, result);
  return result;
}
