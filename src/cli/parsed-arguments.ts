/** The arguments of one command. Reading a value checks it and collects the mistakes. */
import { AGENT_SCOPES, type AgentScope, type Role } from "../domain/access/access.ts";
import { QUOTA_BOUNDS, QUOTA_NAMES, type QuotaChanges, type QuotaName } from "../domain/access/quota.ts";
import { isTenantName, TENANT_NAME_RULE } from "../domain/access/tenant.ts";
import { ID_PREFIX, parseId, type Uuid } from "../domain/ids.ts";
import { KEY_NAME_CHARS_MAX } from "../domain/limits.ts";
import { recipientFault } from "../domain/pauses/recipient.ts";
import { nearest } from "../domain/text/nearest.ts";
import { isNameUpTo, nameRule } from "../domain/text/text.ts";

const SHOWN_CHARS_MAX = 60;

export class ParsedArguments {
  readonly mistakes: string[] = [];
  readonly #options: ReadonlyMap<string, string | true>;
  readonly #operand: string | null;

  constructor(options: ReadonlyMap<string, string | true>, operand: string | null) {
    this.#options = options;
    this.#operand = operand;
  }

  flag(option: string): boolean {
    return this.#options.has(option);
  }

  optional(option: string): string | null {
    const value = this.#options.get(option);
    return typeof value === "string" ? value : null;
  }

  /** The name of a key. */
  name(option: string): string {
    const where = `--${option}`;
    const value = this.optional(option);
    if (value === null) return this.#missing(where, "");
    if (!isNameUpTo(KEY_NAME_CHARS_MAX, value)) this.#wrong(where, nameRule(KEY_NAME_CHARS_MAX));
    return value;
  }

  /** The operand without surrounding white space. */
  tenantName(): string {
    if (this.#operand === null) return this.#missing("NAME", "");
    if (!isTenantName(this.#operand)) this.#wrong("NAME", TENANT_NAME_RULE);
    return this.#operand.trim();
  }

  /** At least one quota, each a number within its range or `default`. */
  quotas(optionOf: (quota: QuotaName) => string): QuotaChanges {
    const changes: Partial<Record<QuotaName, number | null>> = {};
    for (const quota of QUOTA_NAMES) {
      const text = this.optional(optionOf(quota));
      if (text === null) continue;
      const { min, max } = QUOTA_BOUNDS[quota];
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (text === "default") changes[quota] = null;
      else if (value >= min && value <= max) changes[quota] = value;
      else {
        this.#wrong(
          `--${optionOf(quota)}`,
          `must be a whole number from ${min} to ${max}, or default, not ${shown(text)}`,
        );
      }
    }
    if (Object.keys(changes).length === 0 && this.mistakes.length === 0) {
      this.mistakes.push(
        `nothing to change; set at least one of ${QUOTA_NAMES.map((quota) => `--${optionOf(quota)}`).join(", ")}`,
      );
    }
    return changes;
  }

  /** One of `roles`: people have fewer than keys. */
  role<Known extends Role>(roles: readonly (Known | "developer")[]): Known | "developer" {
    const value = this.optional("role");
    if (value === null) return this.#missing("--role", "developer");
    const role = roles.find((known) => known === value);
    if (role !== undefined) return role;
    const meant = nearest(value, roles);
    const hint = meant === null ? "" : `; did you mean ${meant}?`;
    return this.#wrong("--role", `must be one of ${roles.join(", ")}, not ${shown(value)}${hint}`, "developer");
  }

  /** What an agent may do, or null without the option. */
  scopes(): readonly AgentScope[] | null {
    const value = this.optional("scopes");
    if (value === null) return null;
    const names = value.split(",").map((name) => name.trim());
    const unknown = names.find((name) => !AGENT_SCOPES.some((scope) => scope === name));
    if (this.optional("role") !== "agent") return this.#wrong("--scopes", "is only for the role agent", null);
    if (unknown !== undefined) {
      return this.#wrong("--scopes", `must be some of ${AGENT_SCOPES.join(",")}, not ${shown(unknown)}`, null);
    }
    return AGENT_SCOPES.filter((scope) => names.includes(scope));
  }

  /** The email address of a new user. */
  email(): string {
    const value = this.optional("email");
    if (value === null) return this.#missing("--email", "");
    const fault = recipientFault("email", value);
    if (fault !== null) this.#wrong("--email", `${fault}, not ${shown(value)}`);
    return value;
  }

  /** A path. A file name that starts with a dash is written `./-name`. */
  file(): string {
    if (this.#operand === null) return this.#missing("FILE", "");
    if (this.#operand === "" || this.#operand.includes("\0")) this.#wrong("FILE", "must be the path of a file");
    return this.#operand;
  }

  /** The address of a database. It is read where it is used, and never shown: it has a password. */
  databaseUrl(option: string): string {
    return this.optional(option) ?? this.#missing(`--${option}`, "");
  }

  /** The email address of an existing user. It is only looked up, so its form is not checked. */
  knownEmail(): string {
    return this.#operand ?? this.#missing("EMAIL", "");
  }

  keyId(): Uuid {
    const placeholder = "" as Uuid; // never used, because a mistake ends the command
    if (this.#operand === null) return this.#missing("KEY_ID", placeholder);
    const rule = `must be a key id (key_…) from \`admin keys list\`, not ${shown(this.#operand)}`;
    return parseId(ID_PREFIX.key, this.#operand) ?? this.#wrong("KEY_ID", rule, placeholder);
  }

  #missing<T>(where: string, instead: T): T {
    this.mistakes.push(`${where} is missing`);
    return instead;
  }

  #wrong<T>(where: string, rule: string, instead?: T): T {
    this.mistakes.push(`${where} ${rule}`);
    return instead as T;
  }
}

/** The value as an error message shows it. An API key that was pasted into the wrong place is not shown. */
function shown(value: string): string {
  if (/sb_(live|test)_/.test(value)) return "an API key";
  return JSON.stringify(value.length > SHOWN_CHARS_MAX ? `${value.slice(0, SHOWN_CHARS_MAX)}…` : value);
}
