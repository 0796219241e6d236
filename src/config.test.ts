import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Config, type Environment, loadConfig } from "./config.ts";
import { StartupError } from "./domain/errors.ts";

const KEY_BASE64 = Buffer.alloc(32, 7).toString("base64");

/** The lines that the server prints when it refuses this environment. */
function mistakes(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    assert.ok(error instanceof StartupError);
    return error.message.split("\n");
  }
  return [];
}

test("an empty environment gives the documented defaults", () => {
  assert.deepEqual(loadConfig({}), {
    host: "127.0.0.1",
    port: 8080,
    database: null,
    dataDir: "./data",
    masterKey: null,
    publicUrl: null,
    trustProxy: [],
    allowHttp: false,
    allowNetworks: [],
    retentionDays: 30,
    historyCacheMb: 64,
    inboundSources: [],
    mail: null,
    sms: null,
    slack: null,
    logLevel: "info",
    tracing: false,
    first: { adminEmail: null, adminPassword: null, apiKey: null, tenantName: null },
  } satisfies Config);
});

test("every setting is read", () => {
  const config = loadConfig({
    HOST: "0.0.0.0",
    PORT: "0",
    SIGNALBOX_DATA_DIR: "/var/lib/signalbox",
    SIGNALBOX_MASTER_KEY: KEY_BASE64,
    SIGNALBOX_PUBLIC_URL: "https://hooks.example.com/signalbox/",
    SIGNALBOX_TRUST_PROXY: "10.0.0.0/8, 192.0.2.7",
    SIGNALBOX_ALLOW_HTTP: "true",
    SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8,::1/128",
    SIGNALBOX_RETENTION_DAYS: "3650",
    SIGNALBOX_HISTORY_CACHE_MB: "600",
    SIGNALBOX_INBOUND_SOURCES: '[{"source": "membership", "secret": "s3cret"}]',
    SMTP_URL: "smtp://user:pass@mail.example.com:587",
    SIGNALBOX_MAIL_FROM: "Signalbox <ops@example.com>",
    TWILIO_ACCOUNT_SID: "AC0123",
    TWILIO_AUTH_TOKEN: "token",
    TWILIO_FROM: "+15551234567",
    SLACK_SIGNING_SECRET: "s1gning",
    SLACK_BOT_TOKEN: "xoxb-1",
    LOG_LEVEL: "debug",
    SIGNALBOX_ADMIN_EMAIL: "ops@example.com",
    SIGNALBOX_ADMIN_PASSWORD: " with spaces ",
    SIGNALBOX_API_KEY: `sb_live_${"0a".repeat(24)}`,
    SIGNALBOX_TENANT_NAME: " Acme Robotics ",
    PATH: "/usr/bin",
  });
  assert.deepEqual(config, {
    host: "0.0.0.0",
    port: 0,
    database: null,
    dataDir: "/var/lib/signalbox",
    masterKey: KEY_BASE64,
    publicUrl: "https://hooks.example.com/signalbox",
    trustProxy: ["10.0.0.0/8", "192.0.2.7/32"],
    allowHttp: true,
    allowNetworks: ["127.0.0.0/8", "::1/128"],
    retentionDays: 3650,
    historyCacheMb: 600,
    inboundSources: [{ source: "membership", secret: "s3cret" }],
    mail: { smtpUrl: "smtp://user:pass@mail.example.com:587", from: "Signalbox <ops@example.com>" },
    sms: { accountSid: "AC0123", authToken: "token", from: "+15551234567", baseUrl: "https://api.twilio.com" },
    slack: { signingSecret: "s1gning", botToken: "xoxb-1", baseUrl: "https://slack.com" },
    logLevel: "debug",
    tracing: false,
    first: {
      adminEmail: "ops@example.com",
      adminPassword: " with spaces ",
      apiKey: `sb_live_${"0a".repeat(24)}`,
      tenantName: "Acme Robotics",
    },
  } satisfies Config);
});

test("every mistake is reported at once, one line each", () => {
  const lines = mistakes({
    PORT: "70000",
    LOG_LEVEL: "loud",
    SIGNALBOX_ALLOW_HTTP: "maybe",
    SIGNALBOX_RETENTION_DAYS: "0",
    SIGNALBOX_TRUST_PROXY: "10.0.0.0/8,nowhere",
    SIGNALBOX_PUBLIC_URL: "hooks.example.com",
    SIGNALBOX_DATADIR: "/tmp",
  });
  assert.deepEqual(lines, [
    'PORT: must be a whole number from 0 to 65535, not "70000"',
    "SIGNALBOX_PUBLIC_URL: must be a URL that begins with http:// or https://, such as https://hooks.example.com",
    'SIGNALBOX_TRUST_PROXY: must be a comma-separated list of networks such as 10.0.0.0/8,::1/128; wrong: "nowhere"',
    'SIGNALBOX_ALLOW_HTTP: must be true or false, not "maybe"',
    'SIGNALBOX_RETENTION_DAYS: must be a whole number from 1 to 3650, not "0"',
    'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    "SIGNALBOX_DATADIR: unknown setting; did you mean SIGNALBOX_DATA_DIR?",
  ]);
});

const WRONG: readonly (readonly [string, string])[] = [
  ["HOST", "not a host"],
  ["PORT", "-1"],
  ["PORT", "80a"],
  ["PORT", "1e3"],
  ["SIGNALBOX_RETENTION_DAYS", "3651"],
  ["SIGNALBOX_HISTORY_CACHE_MB", "15"],
  ["SIGNALBOX_RETENTION_DAYS", "1.5"],
  ["SIGNALBOX_ALLOW_NETWORKS", "127.0.0.0/33"],
  ["SIGNALBOX_ALLOW_NETWORKS", "0x7f.1/8"],
  ["SIGNALBOX_ALLOW_NETWORKS", "127.1/8"],
  ["SIGNALBOX_ALLOW_NETWORKS", "fe80::1%eth0/64"],
  ["SIGNALBOX_ALLOW_NETWORKS", "10.0.0.0/8,"],
  ["SIGNALBOX_ALLOW_NETWORKS", "10.0.0.0/8/8"],
  ["SIGNALBOX_ALLOW_NETWORKS", "10.0.0.0/255.0.0.0"],
  ["SIGNALBOX_PUBLIC_URL", "ftp://hooks.example.com"],
  ["SIGNALBOX_PUBLIC_URL", "https://user:pass@hooks.example.com"],
  ["SIGNALBOX_PUBLIC_URL", "https:///hooks.example.com"],
  ["SIGNALBOX_PUBLIC_URL", "https:hooks.example.com"],
  ["SIGNALBOX_PUBLIC_URL", "https://hooks.example.com\n"],
  ["SIGNALBOX_PUBLIC_URL", "https://hooks.example.com/?a=b"],
  ["SIGNALBOX_MASTER_KEY", Buffer.alloc(31).toString("base64")],
  ["SIGNALBOX_MASTER_KEY", Buffer.alloc(33).toString("base64")],
  ["SIGNALBOX_MASTER_KEY", "f".repeat(64)],
  ["SIGNALBOX_MASTER_KEY", `${KEY_BASE64.slice(0, 20)} ${KEY_BASE64.slice(20)}`],
  ["SIGNALBOX_API_KEY", `sb_live_${"0A".repeat(24)}`],
  ["SIGNALBOX_API_KEY", "sb_live_short"],
  ["SIGNALBOX_TENANT_NAME", "   "],
  ["SIGNALBOX_TENANT_NAME", "a\u0007b"],
  ["SIGNALBOX_TENANT_NAME", "x".repeat(201)],
  ["SIGNALBOX_ADMIN_EMAIL", "nobody"],
  ["SIGNALBOX_ADMIN_PASSWORD", "short"],
  ["SIGNALBOX_INBOUND_SOURCES", "not json"],
  ["SIGNALBOX_INBOUND_SOURCES", '{"source": "a", "secret": "b"}'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "a"}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "a", "secret": "b", "extra": 1}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "a", "secret": "b"}, {"source": "a", "secret": "c"}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": " ", "secret": "b"}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "a\\tb", "secret": "b"}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "\\ud800", "secret": "b"}]'],
  ["SIGNALBOX_INBOUND_SOURCES", '[{"source": "a", "secret": "b\\n"}]'],
  ["DATABASE_URL", "mysql://user:pass@localhost/signalbox"],
];

for (const [name, value] of WRONG) {
  test(`${name}=${value} is refused in one line that names it`, () => {
    const lines = mistakes({ [name]: value });
    assert.equal(lines.length, 1);
    assert.ok(lines.join().startsWith(`${name}: `), lines.join());
  });
}

test("the settings of email and of SMS must be complete or absent", () => {
  assert.deepEqual(mistakes({ SMTP_URL: "smtps://mail.example.com" }), [
    "SIGNALBOX_MAIL_FROM: must also be set because SMTP_URL is set",
  ]);
  assert.deepEqual(mistakes({ SLACK_BOT_TOKEN: "xoxb-1" }), [
    "SLACK_SIGNING_SECRET: must also be set because SLACK_BOT_TOKEN is set",
  ]);
  assert.deepEqual(mistakes({ TWILIO_ACCOUNT_SID: "AC1", TWILIO_FROM: "+15551234567" }), [
    "TWILIO_AUTH_TOKEN: must also be set because TWILIO_ACCOUNT_SID and TWILIO_FROM are set",
  ]);
});

test("nodes that share a database have to share the master key", () => {
  const DATABASE_URL = "postgres://user:pass@localhost/signalbox";
  assert.match(
    mistakes({ DATABASE_URL }).join("|"),
    /^SIGNALBOX_MASTER_KEY: must be set because DATABASE_URL is set[^|]*$/,
  );
  const config = loadConfig({ DATABASE_URL, SIGNALBOX_MASTER_KEY: KEY_BASE64 });
  assert.equal(config.database?.database, "signalbox");
});

test("a setting with a prefix that it does not have is corrected", () => {
  assert.deepEqual(mistakes({ SIGNALBOX_PORT: "80" }), ["SIGNALBOX_PORT: unknown setting; did you mean PORT?"]);
  assert.deepEqual(mistakes({ SIGNALBOX_FROBNICATION: "1" }), ["SIGNALBOX_FROBNICATION: unknown setting"]);
});

test("the settings of the command line are none of the server's", () => {
  const ofClient = { SIGNALBOX_URL: "https://x.example", SIGNALBOX_PROFILE: "work", SIGNALBOX_CONFIG: "/home/ada/x" };
  assert.deepEqual(loadConfig(ofClient), loadConfig({}));
  assert.deepEqual(mistakes({ SIGNALBOX_URLS: "x" }), ["SIGNALBOX_URLS: unknown setting"]);
});

test("an empty value counts as unset, except for the database", () => {
  assert.deepEqual(loadConfig({ PORT: "", SIGNALBOX_API_KEY: "" }), loadConfig({}));
  assert.throws(
    () => loadConfig({ DATABASE_URL: "" }),
    /^StartupError: DATABASE_URL: is empty; set it to the URL of a /,
  );
});

test("no error message contains a secret's value", () => {
  const secrets = [
    "SIGNALBOX_MASTER_KEY",
    "SIGNALBOX_API_KEY",
    "SIGNALBOX_INBOUND_SOURCES",
    "SIGNALBOX_PUBLIC_URL",
    "SMTP_URL",
    "DATABASE_URL",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_BOT_TOKEN",
    "SIGNALBOX_ADMIN_PASSWORD",
    "SIGNALBOX_SECRET",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...secrets), fc.string({ maxLength: 6 }), (name, around) => {
      for (const line of mistakes({ [name]: `${around} tr0ub4dor\n${around}` })) assert.doesNotMatch(line, /tr0ub4dor/);
    }),
  );
});

test("the mistakes of all sources are reported at once, up to a limit", () => {
  const faults = (list: unknown) => mistakes({ SIGNALBOX_INBOUND_SOURCES: JSON.stringify(list) });
  const source = "must have a source of 1 to 200 characters, not blank and without control characters";
  const secret = "must have a secret of 1 to 512 characters without control characters";
  const list = [
    { source: 5, secret: "" },
    { source: "ok", secret: "", z: 1 },
    null,
    { source: "ok", secret: "s" },
    { source: " ", secret: "s" },
  ];
  assert.deepEqual(faults(list), [
    `SIGNALBOX_INBOUND_SOURCES: ${[
      `entry 1 ${source}`,
      `entry 1 ${secret}`,
      `entry 2 ${secret}`,
      "entry 2 must have no fields other than source and secret",
      "entry 3 must be an object {source, secret}",
      `entry 5 ${source}`,
      "entry 4 must not repeat the source of entry 2",
    ].join("; ")}`,
  ]);
  const [many = ""] = faults(Array.from({ length: 1000 }, () => ({})));
  assert.match(many, /; entry 10 must have a secret [^;]*; and 1980 more$/);
});

test("an error in the sources' JSON never contains a secret", () => {
  for (const value of ['[{"source": "a", "secret": "tr0ub4dor"', '[{"secret": "tr0ub4dor"}]', '["tr0ub4dor"]']) {
    assert.doesNotMatch(mistakes({ SIGNALBOX_INBOUND_SOURCES: value }).join(), /tr0ub4dor/);
  }
});

test("the configuration is immutable", () => {
  const config = loadConfig({ SIGNALBOX_TRUST_PROXY: "10.0.0.0/8" });
  assert.ok(Object.isFrozen(config));
  assert.ok(Object.isFrozen(config.first));
  assert.ok(Object.isFrozen(config.trustProxy));
});
