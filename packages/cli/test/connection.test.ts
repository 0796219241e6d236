import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../src/failure.ts";
import { connectionOf, normalizedUrl, type Sources } from "../src/settings/connection.ts";
import { readProject } from "../src/settings/project.ts";

const PROD = "https://prod.example.com";
const STAGING = "https://staging.example.com/hooks";
const LOCAL = "http://127.0.0.1:8080";
const NO_FLAGS = { url: undefined, profile: undefined, tenant: undefined, insecureHttp: false };
const BASE: Sources = {
  flags: NO_FLAGS,
  env: {},
  project: null,
  config: {
    current: "prod",
    profiles: { prod: { url: PROD }, staging: { url: STAGING, tenant: "dev_1" }, empty: { url: LOCAL } },
  },
  credentials: {
    profiles: { prod: { url: PROD, api_key: "prod-key" }, staging: { url: STAGING, api_key: "staging-key" } },
    listeners: {},
  },
};
const project = (fields: object) => readProject("/p/.signalbox.json", fields);

const CONNECTED: readonly (readonly [string, Partial<Sources>, url: string, key: string, profile: string | null])[] = [
  ["the current profile", {}, PROD, "prod-key", "prod"],
  [
    "the project's profile is over the current one",
    { project: project({ profile: "staging" }) },
    STAGING,
    "staging-key",
    "staging",
  ],
  ["the project's URL finds its key", { project: project({ url: `${STAGING}/` }) }, STAGING, "staging-key", "staging"],
  [
    "the key of the environment goes to the project's URL, where a person has signed in",
    { env: { SIGNALBOX_API_KEY: "k" }, project: project({ url: STAGING }) },
    STAGING,
    "k",
    null,
  ],
  [
    "SIGNALBOX_PROFILE is over the project",
    { env: { SIGNALBOX_PROFILE: "staging" }, project: project({ url: PROD }) },
    STAGING,
    "staging-key",
    "staging",
  ],
  [
    "SIGNALBOX_URL is over the project",
    { env: { SIGNALBOX_URL: STAGING }, project: project({ profile: "prod" }) },
    STAGING,
    "staging-key",
    "staging",
  ],
  [
    "--profile is over SIGNALBOX_URL",
    { flags: { ...NO_FLAGS, profile: "staging" }, env: { SIGNALBOX_URL: PROD } },
    STAGING,
    "staging-key",
    "staging",
  ],
  [
    "--url is over SIGNALBOX_PROFILE",
    { flags: { ...NO_FLAGS, url: PROD }, env: { SIGNALBOX_PROFILE: "staging" } },
    PROD,
    "prod-key",
    "prod",
  ],
  [
    "SIGNALBOX_API_KEY is over the current profile's key",
    { env: { SIGNALBOX_API_KEY: "env-key" } },
    PROD,
    "env-key",
    null,
  ],
  [
    "--profile with a key is over SIGNALBOX_API_KEY",
    { flags: { ...NO_FLAGS, profile: "staging" }, env: { SIGNALBOX_API_KEY: "env-key" } },
    STAGING,
    "staging-key",
    "staging",
  ],
  [
    "--profile without a key takes SIGNALBOX_API_KEY",
    { flags: { ...NO_FLAGS, profile: "empty" }, env: { SIGNALBOX_API_KEY: "env-key" } },
    LOCAL,
    "env-key",
    null,
  ],
  [
    "an empty variable is none",
    { env: { SIGNALBOX_URL: "", SIGNALBOX_API_KEY: "", SIGNALBOX_PROFILE: "" } },
    PROD,
    "prod-key",
    "prod",
  ],
  [
    "plain http to this machine",
    { flags: { ...NO_FLAGS, url: "http://localhost:1" }, env: { SIGNALBOX_API_KEY: "k" } },
    "http://localhost:1",
    "k",
    null,
  ],
  [
    "a stored key goes to the address that it was stored with, also if localhost is given",
    {
      flags: { ...NO_FLAGS, url: "http://localhost:8080" },
      credentials: { profiles: { empty: { url: LOCAL, api_key: "local-key" } }, listeners: {} },
    },
    LOCAL,
    "local-key",
    "empty",
  ],
  [
    "plain http where the flag allows it",
    { flags: { ...NO_FLAGS, url: "http://10.0.0.1", insecureHttp: true }, env: { SIGNALBOX_API_KEY: "k" } },
    "http://10.0.0.1",
    "k",
    null,
  ],
];

for (const [name, sources, url, apiKey, profile] of CONNECTED) {
  test(`the connection: ${name}`, () => {
    const found = connectionOf({ ...BASE, ...sources });
    assert.deepEqual([found.url, found.apiKey, found.profile], [url, apiKey, profile]);
  });
}

const REFUSED: readonly (readonly [string, Partial<Sources>, exit: number, RegExp])[] = [
  ["nothing is known", { config: { profiles: {} } }, 6, /^You are not signed in\. Run `signalbox login URL`/],
  [
    "a stored key goes to no other server",
    { flags: { ...NO_FLAGS, url: LOCAL } },
    6,
    /not signed in to http:\/\/127\.0\.0\.1:8080\. Run/,
  ],
  [
    "the two addresses of this machine may be two servers",
    {
      flags: { ...NO_FLAGS, url: "http://[::1]:8080" },
      credentials: { profiles: { empty: { url: LOCAL, api_key: "local-key" } }, listeners: {} },
    },
    6,
    /not signed in/,
  ],
  ...[{}, { flags: { ...NO_FLAGS, url: PROD } }, { flags: { ...NO_FLAGS, profile: "out" } }].map(
    (given) =>
      [
        `after a logout, the key of another profile is not taken: ${JSON.stringify(given)}`,
        { config: { current: "out", profiles: { ...BASE.config.profiles, out: { url: PROD } } }, ...given },
        6,
        /^You are not signed in to https:\/\/prod\.example\.com\. Run `signalbox login https:\S+ --profile out`\.$/,
      ] as const,
  ),
  ["a profile without a key", { flags: { ...NO_FLAGS, profile: "empty" } }, 6, /not signed in to/],
  [
    "an unknown profile",
    { flags: { ...NO_FLAGS, profile: "prodd" } },
    6,
    /no profile "prodd", which --profile names; the profiles are prod, staging, empty/,
  ],
  ["a name that every object has", { flags: { ...NO_FLAGS, profile: "constructor" } }, 6, /no profile "constructor"/],
  [
    "only the project names the server, and the key is from the environment",
    { env: { SIGNALBOX_API_KEY: "k" }, project: project({ url: "https://foreign.example.com" }) },
    6,
    /^\/p\/\.signalbox\.json names https:\/\/foreign.*SIGNALBOX_API_KEY is not sent there/,
  ],
  ["the project's profile is unknown", { project: project({ profile: "x" }) }, 6, /which \/p\/\.signalbox\.json names/],
  [
    "plain http to another machine",
    { env: { SIGNALBOX_URL: "http://10.0.0.1", SIGNALBOX_API_KEY: "k" } },
    6,
    /plain text.*--insecure-http/,
  ],
  [
    "plain http to a name that begins like loopback",
    { env: { SIGNALBOX_URL: "http://127.0.0.1.evil.example", SIGNALBOX_API_KEY: "k" } },
    6,
    /plain text/,
  ],
  [
    "no URL",
    { flags: { ...NO_FLAGS, url: "hooks.example.com" } },
    2,
    /^--url must be a URL .*did you mean https:\/\/hooks\.example\.com\?$/,
  ],
  [
    "a URL with a password",
    { env: { SIGNALBOX_URL: "https://a:b@c.example" } },
    2,
    /^SIGNALBOX_URL must not contain a user name/,
  ],
  ["a URL with a query", { env: { SIGNALBOX_URL: "https://c.example/?a=b" } }, 2, /neither a query/],
];

for (const [name, sources, exit, message] of REFUSED) {
  test(`no connection: ${name}`, () => assert.throws(() => connectionOf({ ...BASE, ...sources }), { exit, message }));
}

test("the profile's tenant counts unless a flag names another, and its http is remembered", () => {
  const ofStaging = { ...BASE, flags: { ...NO_FLAGS, profile: "staging" } };
  assert.equal(connectionOf(ofStaging).tenant, "dev_1");
  assert.equal(connectionOf({ ...ofStaging, flags: { ...ofStaging.flags, tenant: "dev_2" } }).tenant, "dev_2");
  const url = "http://10.0.0.1";
  const lan = {
    ...BASE,
    config: { current: "lan", profiles: { lan: { url, insecure_http: true } } },
    credentials: { profiles: { lan: { url, api_key: "k" } }, listeners: {} },
  };
  assert.equal(connectionOf(lan).url, url);
});

test("one server is one URL", () => {
  for (const text of ["https://A.example/x/", "https://a.example:443/x", "HTTPS://a.example/x//"])
    assert.equal(normalizedUrl(text, "--url"), "https://a.example/x");
});

const PROJECT_FAULTS: readonly (readonly [object, RegExp])[] = [
  [{ api_key: "x" }, /contains a key/],
  [{ url: PROD, apiKey: "x" }, /contains a key/],
  [{ forwards: { "*": "http://x/?k=sb_live_0a" } }, /contains a key/],
  [{ uri: PROD }, /unknown field uri; the fields are url, profile, forwards/],
  [{ url: 1 }, /url that is not a string/],
  [{ profile: 1 }, /profile that is not a string/],
  [{ forwards: ["x"] }, /forwards/],
  [[], /not a JSON object/],
];

for (const [fields, message] of PROJECT_FAULTS)
  test(`a project is refused: ${JSON.stringify(fields)}`, () =>
    assert.throws(() => project(fields), { exit: 1, message }));

test("a key that no header can carry is refused, and not printed", () => {
  const key = "sb_live_5e\nc4e7";
  const fromEnvironment = { ...BASE, env: { SIGNALBOX_URL: "https://a.example", SIGNALBOX_API_KEY: key } };
  const stored = {
    ...BASE,
    config: { current: "a", profiles: { a: { url: "https://a.example" } } },
    credentials: { profiles: { a: { url: "https://a.example", api_key: key } }, listeners: {} },
  };
  for (const sources of [fromEnvironment, stored]) {
    assert.throws(
      () => connectionOf(sources),
      ({ code, message }: Failure) => code === "API_KEY_INVALID" && !/5e|c4e7/.test(message),
    );
  }
});
