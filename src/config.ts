/** Read the environment once, into one frozen `Config` or a list of all mistakes. */
import { parseDatabaseUrl } from "./config/database-url.ts";
import {
  type InboundSourceSetting,
  type LogLevel,
  type Parse,
  parseAccountSid,
  parseApiKey,
  parseBoolean,
  parseEmail,
  parseHost,
  parseInboundSources,
  parseInteger,
  parseLogLevel,
  parseMailFrom,
  parseMasterKey,
  parseNetworks,
  parsePassword,
  parsePath,
  parsePublicUrl,
  parseSmsSender,
  parseSmtpUrl,
  parseTenantName,
  parseToken,
} from "./config/parse.ts";
import type { DatabaseAddress } from "./domain/database-address.ts";
import { StartupError } from "./domain/errors.ts";
import { HISTORY_CACHE_MB } from "./domain/limits.ts";
import { nearest } from "./domain/text/nearest.ts";

export interface Config {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  /** The folder of the embedded store. Not used with a `database`. */
  readonly dataDir: string;
  /** Null: the embedded store. */
  readonly database: DatabaseAddress | null;
  /** Standard base64 of 32 bytes; null: the key is in `master.key` in the data directory. Never null with a `database`. */
  readonly masterKey: string | null;
  /**
   * The base of links that are sent to people, without a trailing slash; null: `http://localhost` with the listening
   * port.
   */
  readonly publicUrl: string | null;
  /** Networks whose `X-Forwarded-For` header is trusted, in CIDR form. */
  readonly trustProxy: readonly string[];
  readonly allowHttp: boolean;
  /** Networks that endpoints may be in although they are refused by default, in CIDR form. */
  readonly allowNetworks: readonly string[];
  readonly retentionDays: number;
  /** Memory for the columns that lists of deliveries are filtered, sorted and counted by. */
  readonly historyCacheMb: number;
  readonly inboundSources: readonly InboundSourceSetting[];
  /** The email channel; null: not configured. */
  readonly mail: { readonly smtpUrl: string; readonly from: string } | null;
  /** The SMS channel; null: not configured. */
  readonly sms: {
    readonly accountSid: string;
    readonly authToken: string;
    readonly from: string;
    readonly baseUrl: string;
  } | null;
  /** The app through which people answer in Slack; null: not configured. */
  readonly slack: { readonly signingSecret: string; readonly botToken: string; readonly baseUrl: string } | null;
  readonly logLevel: LogLevel;
  /** Whether spans are sent to an OpenTelemetry collector. Its SDK reads the variables that say how. */
  readonly tracing: boolean;
  /** The content of a new store. A null secret is generated and printed once; a null name becomes `default`. */
  readonly first: {
    readonly adminEmail: string | null;
    readonly adminPassword: string | null;
    readonly apiKey: string | null;
    readonly tenantName: string | null;
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

const RETENTION_DAYS = { min: 1, max: 3650 };
const PORTS = { min: 0, max: 65_535 };
const MASTER_KEY_NEEDED =
  "must be set because DATABASE_URL is set: all nodes share one key. Make one with `openssl rand -base64 32`, and keep a copy";
const DATABASE_EMPTY = "is empty; set it to the URL of a PostgreSQL database, or unset it to store the data in a file";
const OWN_PREFIX = "SIGNALBOX_";
const NAMES = [
  "DATABASE_URL",
  "HOST",
  "LOG_LEVEL",
  "PORT",
  "SIGNALBOX_ADMIN_EMAIL",
  "SIGNALBOX_ADMIN_PASSWORD",
  "SIGNALBOX_ALLOW_HTTP",
  "SIGNALBOX_ALLOW_NETWORKS",
  "SIGNALBOX_API_KEY",
  "SIGNALBOX_DATA_DIR",
  "SIGNALBOX_HISTORY_CACHE_MB",
  "SIGNALBOX_INBOUND_SOURCES",
  "SIGNALBOX_MAIL_FROM",
  "SIGNALBOX_MASTER_KEY",
  "SIGNALBOX_PUBLIC_URL",
  "SIGNALBOX_RETENTION_DAYS",
  "SIGNALBOX_TENANT_NAME",
  "SIGNALBOX_TRUST_PROXY",
  "SLACK_BASE_URL",
  "SLACK_BOT_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SMTP_URL",
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
  "TWILIO_BASE_URL",
  "TWILIO_FROM",
] as const;
type SettingName = (typeof NAMES)[number];
/** The distinctive parts of the names. With the prefix that most names share, all of them would be similar. */
const OWN_PARTS = NAMES.map(ownPart);

/**
 * Read the settings. An empty value counts as unset, because containers pass unset variables as empty strings. An empty
 * DATABASE_URL is a mistake, since the server would otherwise write to another store than the one that was meant.
 *
 * @throws StartupError with one line for each mistake; no line contains a secret
 */
export function loadConfig(env: Environment): Config {
  const settings = new Settings(env);
  const config: Config = {
    host: settings.read("HOST", parseHost, "127.0.0.1"),
    port: settings.read("PORT", parseInteger(PORTS), 8080),
    dataDir: settings.read("SIGNALBOX_DATA_DIR", parsePath, "./data"),
    database: settings.read("DATABASE_URL", parseDatabaseUrl, null),
    masterKey: settings.read("SIGNALBOX_MASTER_KEY", parseMasterKey, null),
    publicUrl: settings.read("SIGNALBOX_PUBLIC_URL", parsePublicUrl, null),
    trustProxy: settings.read("SIGNALBOX_TRUST_PROXY", parseNetworks, []),
    allowHttp: settings.read("SIGNALBOX_ALLOW_HTTP", parseBoolean, false),
    allowNetworks: settings.read("SIGNALBOX_ALLOW_NETWORKS", parseNetworks, []),
    retentionDays: settings.read("SIGNALBOX_RETENTION_DAYS", parseInteger(RETENTION_DAYS), 30),
    historyCacheMb: settings.read("SIGNALBOX_HISTORY_CACHE_MB", parseInteger(HISTORY_CACHE_MB), HISTORY_CACHE_MB.unset),
    inboundSources: settings.read("SIGNALBOX_INBOUND_SOURCES", parseInboundSources, []),
    mail: readMail(settings),
    sms: readSms(settings),
    slack: readSlack(settings),
    logLevel: settings.read("LOG_LEVEL", parseLogLevel, "info"),
    tracing: isTraced(env),
    first: {
      adminEmail: settings.read("SIGNALBOX_ADMIN_EMAIL", parseEmail, null),
      adminPassword: settings.read("SIGNALBOX_ADMIN_PASSWORD", parsePassword, null),
      apiKey: settings.read("SIGNALBOX_API_KEY", parseApiKey, null),
      tenantName: settings.read("SIGNALBOX_TENANT_NAME", parseTenantName, null),
    },
  };
  if (config.database !== null) settings.require("SIGNALBOX_MASTER_KEY", MASTER_KEY_NEEDED);
  if (env.DATABASE_URL === "") settings.mistakes.push(`DATABASE_URL: ${DATABASE_EMPTY}`);
  refuseUnknown(settings, Object.keys(env));
  if (settings.mistakes.length > 0) throw new StartupError(settings.mistakes.join("\n"));
  return deepFreeze(config);
}

/** These variables are not ours, so nothing about them is a mistake. */
function isTraced(env: Environment): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces } = env;
  if ((all ?? "") === "" && (traces ?? "") === "") return false;
  return env.OTEL_SDK_DISABLED?.toLowerCase() !== "true" && env.OTEL_TRACES_EXPORTER !== "none";
}

function readMail(settings: Settings): Config["mail"] {
  settings.requireTogether(["SMTP_URL", "SIGNALBOX_MAIL_FROM"]);
  const smtpUrl = settings.read("SMTP_URL", parseSmtpUrl, null);
  const from = settings.read("SIGNALBOX_MAIL_FROM", parseMailFrom, null);
  return smtpUrl === null || from === null ? null : { smtpUrl, from };
}

function readSms(settings: Settings): Config["sms"] {
  settings.requireTogether(["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"]);
  const accountSid = settings.read("TWILIO_ACCOUNT_SID", parseAccountSid, null);
  const authToken = settings.read("TWILIO_AUTH_TOKEN", parseToken, null);
  const from = settings.read("TWILIO_FROM", parseSmsSender, null);
  const baseUrl = settings.read("TWILIO_BASE_URL", parsePublicUrl, "https://api.twilio.com");
  return accountSid === null || authToken === null || from === null ? null : { accountSid, authToken, from, baseUrl };
}

function readSlack(settings: Settings): Config["slack"] {
  settings.requireTogether(["SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN"]);
  const signingSecret = settings.read("SLACK_SIGNING_SECRET", parseToken, null);
  const botToken = settings.read("SLACK_BOT_TOKEN", parseToken, null);
  const baseUrl = settings.read("SLACK_BASE_URL", parsePublicUrl, "https://slack.com");
  return signingSecret === null || botToken === null ? null : { signingSecret, botToken, baseUrl };
}

/** Settings of the command line, which a person may have set where a server starts. */
const OF_THE_CLIENT: readonly string[] = ["SIGNALBOX_CONFIG", "SIGNALBOX_PROFILE", "SIGNALBOX_URL"];

/** Without this check, a setting with a mistyped name would silently have no effect. */
function refuseUnknown(settings: Settings, names: readonly string[]): void {
  for (const name of names) {
    if (!name.toUpperCase().startsWith(OWN_PREFIX) || NAMES.some((known) => known === name)) continue;
    if (OF_THE_CLIENT.includes(name)) continue;
    const part = nearest(ownPart(name), OWN_PARTS);
    const meant = NAMES.find((known) => ownPart(known) === part);
    settings.mistakes.push(`${name}: unknown setting${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }
}

function ownPart(name: string): string {
  return name.toUpperCase().startsWith(OWN_PREFIX) ? name.slice(OWN_PREFIX.length) : name;
}

/** Reads settings from the environment and collects the mistakes. */
class Settings {
  readonly mistakes: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The setting's value, or the fallback when it is unset or invalid. An invalid value adds a mistake. */
  read<T, F>(name: SettingName, parse: Parse<T>, fallback: F): T | F {
    const text = this.#text(name);
    if (text === null) return fallback;
    const parsed = parse(text);
    if ("value" in parsed) return parsed.value;
    this.mistakes.push(`${name}: ${parsed.fault}`);
    return fallback;
  }

  require(name: SettingName, why: string): void {
    if (this.#text(name) === null) this.mistakes.push(`${name}: ${why}`);
  }

  requireTogether(names: readonly SettingName[]): void {
    const missing = names.filter((name) => this.#text(name) === null);
    if (missing.length === 0 || missing.length === names.length) return;
    const given = names.filter((name) => !missing.includes(name));
    this.mistakes.push(
      `${missing.join(", ")}: must also be set because ${given.join(" and ")} ${given.length === 1 ? "is" : "are"} set`,
    );
  }

  #text(name: SettingName): string | null {
    const text = this.#env[name];
    return text === undefined || text === "" ? null : text;
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === "object" && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
