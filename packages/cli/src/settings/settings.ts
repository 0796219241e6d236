/** `config.json` and `credentials.json`: the profiles of servers, and what must stay secret. */
import path from "node:path";
import { changeFile, type Environment, readJsonFile, refuseShared, settingsFolder, unreadable } from "./files.ts";

/** A server that somebody has signed in to. */
export interface Profile {
  readonly url: string;
  /** `dev_…`: the tenant to act in. */
  readonly tenant?: string;
  /** The profile may use `http://` beyond this machine. */
  readonly insecure_http?: boolean;
}

export interface Config {
  /** The name of the profile to use. */
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** A key, and the only server that it is sent to. */
export interface Credential {
  readonly url: string;
  readonly api_key: string;
  /** `key_…` when the key was made by signing in; `logout` revokes such a key. */
  readonly key_id?: string;
}

export interface Credentials {
  readonly profiles: Readonly<Record<string, Credential>>;
  /** The secrets of listeners, by the server's URL and the listener's name: see `listenerKey`. */
  readonly listeners: Readonly<Record<string, string>>;
}

export class Settings {
  readonly folder: string;
  readonly configFile: string;
  readonly credentialsFile: string;
  readonly #platform: NodeJS.Platform;

  constructor(env: Environment, platform: NodeJS.Platform) {
    this.folder = settingsFolder(env, platform);
    this.configFile = path.join(this.folder, "config.json");
    this.credentialsFile = path.join(this.folder, "credentials.json");
    this.#platform = platform;
  }

  /** @throws Failure when the file cannot be read, or is not what this program writes */
  config(): Config {
    const found = recordIn(this.configFile, readJsonFile(this.configFile));
    const profiles = recordsOf(this.configFile, "profiles", found.profiles);
    for (const [name, profile] of Object.entries(profiles)) {
      if (typeof profile.url !== "string") throw unreadable(this.configFile, `has no url in the profile ${name}`);
    }
    const current = typeof found.current === "string" ? { current: found.current } : {};
    return { ...current, profiles: profiles as unknown as Config["profiles"] };
  }

  /** @throws Failure also when other users can read the file */
  credentials(): Credentials {
    refuseShared(this.credentialsFile, this.#platform);
    const found = recordIn(this.credentialsFile, readJsonFile(this.credentialsFile));
    const profiles = recordsOf(this.credentialsFile, "profiles", found.profiles);
    for (const [name, { url, api_key }] of Object.entries(profiles)) {
      if (typeof url !== "string" || typeof api_key !== "string")
        throw unreadable(this.credentialsFile, `has no url or api_key in the profile ${name}`);
    }
    const listeners = (found.listeners ?? {}) as Credentials["listeners"];
    return { profiles: profiles as unknown as Credentials["profiles"], listeners };
  }

  changeConfig(change: (config: Config) => Config): Promise<void> {
    return changeFile(this.configFile, () => fileText(change(this.config())));
  }

  changeCredentials(change: (credentials: Credentials) => Credentials): Promise<void> {
    return changeFile(this.credentialsFile, () => fileText(change(this.credentials())));
  }
}

/** The key of a listener's secret in `credentials.json`. */
export function listenerKey(url: string, name: string): string {
  return `${url} ${name}`;
}

/** A name that can be a word of the command line, and no property of every object. */
export function isProfileName(name: string): boolean {
  return /^[a-z0-9][\w.-]{0,62}$/i.test(name) && !(name in {});
}

function fileText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function recordIn(file: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable(file, "is not a JSON object");
  return { ...value };
}

function recordsOf(file: string, field: string, value: unknown): Readonly<Record<string, Record<string, unknown>>> {
  const found = recordIn(file, value ?? {});
  for (const [name, each] of Object.entries(found)) {
    if (!isProfileName(name) || typeof each !== "object" || each === null)
      throw unreadable(file, `has something else than ${field} in ${field}`);
  }
  return found as Readonly<Record<string, Record<string, unknown>>>;
}
