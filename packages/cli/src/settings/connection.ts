/** Which server to talk to, and with which key: flags over the environment, over the project, over the profile. Pure. */
import { EXIT, Failure, usage } from "../failure.ts";
import type { Environment } from "./files.ts";
import type { Project } from "./project.ts";
import type { Config, Credential, Credentials, Profile } from "./settings.ts";

export interface ConnectionFlags {
  readonly url: string | undefined;
  readonly profile: string | undefined;
  readonly tenant: string | undefined;
  readonly insecureHttp: boolean;
}

export interface Sources {
  readonly flags: ConnectionFlags;
  readonly env: Environment;
  readonly project: Project | null;
  readonly config: Config;
  readonly credentials: Credentials;
}

export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
  /** The profile that the key belongs to; null when the key is from the environment. */
  readonly profile: string | null;
  readonly tenant: string | null;
  /** Where the URL is from, for people, such as `--url` or `profile "prod"`. */
  readonly urlFrom: string;
}

/** Where the server is, before it is known whether there is a key for it. */
interface Place {
  readonly url: string;
  readonly from: string;
  /** Null: a URL was given, so any profile with this URL may have the key. */
  readonly profile: string | null;
}

/** The profile of a `login` that names none. */
export const DEFAULT_PROFILE = "default";

const NOT_SIGNED_IN = "NOT_SIGNED_IN";

/** @throws Failure when there is no server, no key for it, or the key would travel in plain text */
export function connectionOf(sources: Sources): Connection {
  const place = placeOf(sources);
  const url = normalizedUrl(place.url, place.from);
  const found = keyFor(url, place, sources);
  if (!isApiKey(found.apiKey)) throw invalidKey(found.profile);
  const profile = found.profile === null ? null : profileNamed(sources.config, found.profile);
  refusePlainHttp(found.url, sources.flags.insecureHttp || profile?.insecure_http === true);
  const tenant = sources.flags.tenant ?? profile?.tenant ?? null;
  return { ...found, tenant, urlFrom: place.from };
}

/** The first level that names a server or a profile decides. */
function placeOf({ flags, env, project, config }: Sources): Place {
  const levels = [
    { url: flags.url, profile: flags.profile, urlFrom: "--url", profileFrom: "--profile" },
    {
      url: env.SIGNALBOX_URL,
      profile: env.SIGNALBOX_PROFILE,
      urlFrom: "SIGNALBOX_URL",
      profileFrom: "SIGNALBOX_PROFILE",
    },
    { url: project?.url, profile: project?.profile, urlFrom: project?.file ?? "", profileFrom: project?.file ?? "" },
    { url: undefined, profile: config.current, urlFrom: "", profileFrom: "the current profile" },
  ];
  for (const { url, profile, urlFrom, profileFrom } of levels) {
    if (url) return { url, from: urlFrom, profile: profile || null };
    if (profile) return ofProfile(config, profile, profileFrom);
  }
  throw new Failure(
    EXIT.refused,
    NOT_SIGNED_IN,
    "You are not signed in. Run `signalbox login URL`, or set SIGNALBOX_URL and SIGNALBOX_API_KEY.",
  );
}

function ofProfile(config: Config, name: string, from: string): Place {
  const profile = profileNamed(config, name);
  if (profile !== null) return { url: profile.url, from: `profile "${name}"`, profile: name };
  const known = Object.keys(config.profiles);
  const hint = known.length === 0 ? "there are none" : `the profiles are ${known.join(", ")}`;
  const message = `There is no profile ${JSON.stringify(name)}, which ${from} names; ${hint}. Run \`signalbox login URL --profile ${name}\`.`;
  throw new Failure(EXIT.refused, "PROFILE_NOT_FOUND", message);
}

export function profileNamed(config: Config, name: string): Profile | null {
  return Object.hasOwn(config.profiles, name) ? (config.profiles[name] ?? null) : null;
}

interface Key {
  readonly apiKey: string;
  /** The profile that it belongs to; null when it is from the environment. */
  readonly profile: string | null;
  /** The server that it is sent to. */
  readonly url: string;
}

/** A named profile's key is over `SIGNALBOX_API_KEY`. */
function keyFor(url: string, place: Place, { flags, env, project, config, credentials }: Sources): Key {
  const all = Object.keys(credentials.profiles);
  const profile = place.profile ?? currentAt(url, config);
  const stored = storedKey(url, profile === null ? all : [profile], credentials);
  const { SIGNALBOX_API_KEY: given } = env;
  if (given && !(flags.profile !== undefined && stored !== null)) {
    if (place.from === project?.file && storedKey(url, all, credentials) === null) throw foreignUrl(url, place.from);
    return { apiKey: given, profile: null, url };
  }
  if (stored !== null) return stored;
  const login = profile === null || profile === DEFAULT_PROFILE ? url : `${url} --profile ${profile}`;
  throw new Failure(EXIT.refused, NOT_SIGNED_IN, `You are not signed in to ${url}. Run \`signalbox login ${login}\`.`);
}

/** A URL alone means the current profile, if the URL is that profile's: after `logout`, no other key takes its place. */
function currentAt(url: string, config: Config): string | null {
  const { current = null } = config;
  const profile = current === null ? null : profileNamed(config, current);
  return profile !== null && isSameServer(profile.url, url) ? current : null;
}

/** A stored key is sent only to the server that it was stored for, and under the name that it was stored with. */
function storedKey(url: string, profiles: readonly string[], credentials: Credentials): Key | null {
  const keys = profiles.flatMap((profile) => {
    const credential = credentialFor(credentials, profile);
    return credential === null ? [] : [{ apiKey: credential.api_key, profile, url: credential.url }];
  });
  return keys.find((key) => key.url === url) ?? keys.find((key) => isSameServer(key.url, url)) ?? null;
}

/** `localhost` is either address of this machine. The two addresses may be two servers. */
function isSameServer(one: string, other: string): boolean {
  const at = (url: string, address: string) => url.replace(/\/\/localhost(?=[:/]|$)/, `//${address}`);
  return ["127.0.0.1", "[::1]"].some((address) => at(one, address) === at(other, address));
}

/** Somebody else may have written the project's file. The key of the environment is not for any server that it names. */
function foreignUrl(url: string, file: string): Failure {
  const message = `${file} names ${url}, where you have not signed in, so SIGNALBOX_API_KEY is not sent there. Set SIGNALBOX_URL as well, or pass --url.`;
  return new Failure(EXIT.refused, "URL_NOT_CONFIRMED", message);
}

/** Anything else cannot be sent, and `fetch` would print it in its error. */
export function isApiKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function invalidKey(profile: string | null): Failure {
  const where = profile === null ? "SIGNALBOX_API_KEY" : `The key of profile "${profile}"`;
  const message = `${where} is not an API key: it contains a space, a line break or another character that no key has.`;
  return new Failure(EXIT.refused, "API_KEY_INVALID", message);
}

export function credentialFor(credentials: Credentials, name: string): Credential | null {
  return Object.hasOwn(credentials.profiles, name) ? (credentials.profiles[name] ?? null) : null;
}

/** The URL in one form, so that two ways to write it are the same server. */
export function normalizedUrl(text: string, from: string): string {
  const isWhole = /^https?:\/\/[^/\\\s?#]+/i.test(text) && URL.canParse(text);
  if (!isWhole) {
    const example = /^[\w.-]+(:\d+)?(\/|$)/.test(text) ? `; did you mean https://${text}?` : "";
    throw usage(`${from} must be a URL that begins with https:// or http://, not ${JSON.stringify(text)}${example}`);
  }
  const { origin, pathname, search, hash, username, password } = new URL(text);
  if (username !== "" || password !== "") throw usage(`${from} must not contain a user name or a password`);
  if (search !== "" || hash !== "") throw usage(`${from} must have neither a query nor a fragment`);
  return origin + pathname.replace(/\/+$/, "");
}

/** A key in plain text could be read on its way. On this machine it does not leave it. */
export function refusePlainHttp(url: string, isAllowed: boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || isAllowed || isLoopback(hostname)) return;
  throw new Failure(
    EXIT.refused,
    "INSECURE_HTTP",
    `${url} would carry your key in plain text. Use https://, or pass --insecure-http if the network is trusted.`,
  );
}

export function isLoopback(hostname: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost|.+\.localhost)$/.test(hostname);
}
