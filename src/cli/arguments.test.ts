import assert from "node:assert/strict";
import { test } from "node:test";
import { ROLES } from "../domain/access/access.ts";
import { type Parsed, parse } from "./arguments.ts";
import type { Command } from "./command.ts";

const COMMANDS: readonly Command[] = [
  {
    group: "keys",
    action: "add",
    operand: null,
    options: {
      name: { value: "NAME", about: "", required: true },
      role: { value: "ROLE", about: "", required: true },
      test: { value: null, about: "" },
    },
    about: "",
    prepare(args) {
      const fields = { name: args.name("name"), role: args.role(ROLES), test: args.flag("test") };
      return async () => ({ kind: "one", fields });
    },
  },
  {
    group: "keys",
    action: "revoke",
    operand: "KEY_ID",
    options: {},
    about: "",
    prepare(args) {
      const id = args.keyId();
      return async () => ({ kind: "one", fields: { id } });
    },
  },
];

/** What comes after `admin`. */
const parsed = (line: string): Parsed => parse(["admin", ...line.split(" ")], COMMANDS);
const KEY = "key_0190a2b4-0000-7000-8000-000000000001";

const MISTAKES: readonly (readonly [string, RegExp])[] = [
  ["key add", /^unknown command "admin key"; did you mean admin keys\?$/],
  ["serve", /^unknown command "admin serve"; the commands are keys$/],
  ["--json", /^admin needs one of these words: keys$/],
  ["keys", /^admin keys needs an action: add, revoke$/],
  ["keys --json", /^admin keys needs an action/],
  ["keys ad", /^unknown command "admin keys ad"; did you mean admin keys add\?$/],
  ["keys add", /^--name is missing; --role is missing$/],
  ["keys add --name x --rol developer", /^unknown option --rol; did you mean --role\?$/],
  ["keys add --xyzzyx", /^unknown option --xyzzyx; the options are --name, --role, --test, --json, --help$/],
  ["keys add --constructor x", /^unknown option --constructor/],
  ["keys add -x", /^unknown option -x/],
  ["keys add --name", /^--name needs a value: --name NAME$/],
  ["keys add --name --role developer", /^--name needs a value/],
  ["keys add --name x --name y --role developer", /^--name is given twice$/],
  ["keys add --name x --role developer --test=yes", /^--test takes no value$/],
  ["keys add --name x --role admin", /^--role must be one of .* not "admin"; did you mean org_admin\?$/],
  ["keys add --name= --role developer", /^--name must have 1 to 200 characters/],
  ["keys add --name=\u00a0 --role developer", /^--name must have .* at least one visible character/],
  ["keys add --name a\u001bb --role developer", /^--name must have .* control characters$/],
  ["keys add --name x --role developer more", /^unexpected argument "more"; see signalbox admin keys add --help$/],
  ["keys revoke", /^KEY_ID is missing$/],
  ["keys revoke 0190a2b4", /^KEY_ID must be a key id .* not "0190a2b4"$/],
  [`keys revoke ${KEY} ${KEY}`, /^unexpected argument "key_/],
  [
    `keys revoke sb_live_${"0a".repeat(24)}`,
    /^KEY_ID must be a key id \(key_…\) from `admin keys list`, not an API key$/,
  ],
];

for (const [line, message] of MISTAKES) {
  test(`signalbox ${JSON.stringify(line)} is a mistake`, () => {
    const result = parsed(line);
    assert(result.kind === "mistake", result.kind);
    assert.match(result.message, message);
    assert.doesNotMatch(result.message, /\n/);
  });
}

test("a valid command line is parsed with its options in any order", () => {
  for (const line of [
    "keys add --name ci --role developer --test --json",
    "keys add --json --test --role=developer --name=ci",
  ]) {
    const result = parsed(line);
    assert(result.kind === "run");
    assert.equal(result.asJson, true);
  }
  const revoke = parsed(`keys revoke -- ${KEY}`);
  assert(revoke.kind === "run");
  assert.equal(revoke.asJson, false);
});

test("help covers all commands, one group, or one command", () => {
  const helped = (line: string) => {
    const result = parsed(line);
    assert(result.kind === "help", line);
    return result.commands.map(({ action }) => action);
  };
  for (const line of ["--help", "-h", "help", "--json --help", "keys --help", "keys -h", "keys help", "keys --xyz -h"])
    assert.deepEqual(helped(line), ["add", "revoke"]);
  for (const line of ["keys add --help", "keys add --name x -h", "keys add -h"])
    assert.deepEqual(helped(line), ["add"]);
});

test("help wins over what is wrong with a known command, but not over an unknown one", () => {
  for (const line of ["more --help", "--xyz -h", "--help --xyz", "--name --help", "--test=yes --help"])
    assert.equal(parsed(`keys add ${line}`).kind, "help", line);
  for (const line of ["key --help", "keys ad -h", "keys revoke -- --help"])
    assert.equal(parsed(line).kind, "mistake", line);
});
