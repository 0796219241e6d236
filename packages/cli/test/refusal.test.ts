/** A refusal of the server names the option that a field of the API comes from: tried with every option of every command. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { json, type Seen, serve } from "../../sdk/test/server.ts";
import type { Command } from "../src/command.ts";
import { optionName } from "../src/command-line.ts";
import type { Option } from "../src/options.ts";
import { ENTRIES } from "../src/registry.ts";
import { runCli } from "./run-cli.ts";

/** They sign in, follow a stream, or need no server. */
const OTHERS = [
  "login",
  "logout",
  "whoami",
  "profile",
  "tail",
  "listen",
  "resend",
  "open",
  "verify",
  "sign",
  "completion",
];
const SOURCE = "src_01a22cce-1992-7120-8d03-bd3fd448e838";
/** Values that a command accepts, where `1` is none. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  source: [SOURCE, SOURCE.replace("8d03", "8d04")],
  header: ["a: b"],
  metadata: ["{}"],
  data: ["{}"],
  retrySchedule: ["1s"],
  to: ["1h"],
  secretFile: ["-"],
};
/** Options that need another one. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  "pause ask to": ["--channel", "email"],
  "pause ask channel": ["--to", "a"],
  "deliveries get signed": ["--attempt", "1"],
  "trigger timeout": ["--wait"],
};
/** What it changes is more than its own field. */
const SKIPPED = ["trigger last", "pause ask option", "all"];

function samplesOf(key: string, { choices }: Option<unknown>): readonly string[] {
  return choices?.slice(0, 2) ?? SAMPLES[key] ?? ["1", "2"];
}

/** `{"a": {"b": [1]}}` is `a.b[0]`. */
function fieldsOf(value: unknown, name = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[name, value]];
  if (Array.isArray(value)) return value.flatMap((each, at) => fieldsOf(each, `${name}[${at}]`));
  return Object.entries(value).flatMap(([key, each]) => fieldsOf(each, name === "" ? key : `${name}.${key}`));
}

function sentIn({ url, body }: Seen): readonly (readonly [string, unknown])[] {
  const query = [...new URL(url, "http://a").searchParams];
  return [...query, ...(body === "" ? [] : fieldsOf(JSON.parse(body)))];
}

interface Refused {
  readonly code: number | null;
  readonly stderr: string;
  /** Each as `name=value`. */
  readonly fields: ReadonlySet<string>;
}

type Try = (words: readonly string[], known: ReadonlySet<string>) => Promise<Refused>;

/** Runs commands against a server that refuses each field of a request that is not known. */
async function startRefusing(t: TestContext): Promise<Try> {
  let known: ReadonlySet<string> = new Set();
  let fields: ReadonlySet<string> = new Set();
  const { url } = await serve(t, (seen, response) => {
    const isSource = seen.method === "GET" && seen.url.startsWith("/v1/sources/");
    if (isSource) return json(200, { id: SOURCE, name: "a" })(seen, response);
    const sent = sentIn(seen).filter(([name, value]) => !known.has(`${name}=${value}`));
    fields = new Set(sent.map(([name, value]) => `${name}=${value}`));
    const details = sent.map(([field]) => ({ field, rule: "must be another one" }));
    return json(422, { error: { code: "VALIDATION_ERROR", message: "a field is wrong", details } })(seen, response);
  });
  const env = { SIGNALBOX_URL: url, SIGNALBOX_API_KEY: "sb_live_x" };
  return async (words, knownFields) => {
    known = knownFields;
    fields = new Set();
    const { code, stderr } = await runCli([...words, "--quiet"], { env, input: "secret" });
    return { code, stderr, fields };
  };
}

interface Variant {
  readonly words: readonly string[];
  /** The option or the operand that is added or has another value. */
  readonly name: string;
}

/** A command line with what is required, and one for each of the others. */
function variantsOf(path: readonly string[], { operands, options }: Command): readonly [string[], Variant[]] {
  const named = Object.entries(operands).map(([key, operand]) => ({ operand, samples: samplesOf(key, operand) }));
  const given = named.flatMap(({ samples: [first = ""] }) => first);
  const required = Object.entries(options)
    .filter(([, option]) => option.required)
    .flatMap(([key, option]) => {
      const one = [optionName(key), samplesOf(key, option)[0] ?? ""];
      return option.repeats ? [...one, optionName(key), "2"] : one;
    });
  const ofOperands = named.map(({ operand, samples }, at) => ({
    words: [...path, ...given.with(at, samples[1] ?? ""), ...required],
    name: operand.placeholder ?? "",
  }));
  const base = [...path, ...given, ...required];
  const ofOptions = Object.entries(options)
    .filter(
      ([key, option]) => !option.required && !SKIPPED.includes(key) && !SKIPPED.includes([...path, key].join(" ")),
    )
    .map(([key, option]) => {
      const [sample = ""] = samplesOf(key, option);
      const words = [optionName(key), ...(option.placeholder === null ? [] : [sample])];
      return { words: [...base, ...(COMPANIONS[[...path, key].join(" ")] ?? []), ...words], name: optionName(key) };
    });
  return [base, [...ofOperands, ...ofOptions]];
}

test("every option that becomes a field of the API is named in a refusal of that field", async (t) => {
  const refusedOf = await startRefusing(t);
  let count = 0;
  const faults: string[] = [];
  async function check(path: readonly string[], command: Command): Promise<void> {
    const [base, variants] = variantsOf(path, command);
    const { fields: known } = await refusedOf(base, new Set());
    for (const { words, name } of variants) {
      const { code, stderr, fields } = await refusedOf(words, known);
      if (fields.size === 0) continue; // it changes nothing of the request, or only its path
      count += 1;
      if (code !== 2 || !` ${stderr}`.includes(` ${name} `))
        faults.push(`${words.join(" ")}: ${[...fields]}: ${stderr}`);
    }
  }
  for (const { name, load } of ENTRIES) {
    const loaded = OTHERS.includes(name) ? undefined : await load?.();
    if (loaded?.kind === "command") await check([name], loaded);
    for (const command of loaded?.kind === "group" ? loaded.commands : []) await check([name, command.name], command);
  }
  assert.deepEqual(faults, []);
  assert.ok(count > 80, `${count} options were tried`);
});
