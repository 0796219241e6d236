/** The kinds of options and operands: how each is written, read and completed. */
import { usage } from "./failure.ts";
import { durationSeconds, moment } from "./output/time.ts";

/** What the shell can complete a value with: files, or what the server has. */
export type Completes =
  | "file"
  | "profile"
  | "endpoint"
  | "event"
  | "delivery"
  | "source"
  | "request"
  | "pause"
  | "job"
  | "user"
  | "type"
  /** The id of anything that has a page in the console. */
  | "id";

interface Value<T> {
  /** In the help, such as `TYPE`. */
  readonly placeholder: string | null;
  readonly about: string;
  /** Which of these words it may be. */
  readonly choices: readonly string[] | null;
  readonly completes: Completes | null;
  readonly required: boolean;
  readonly repeats: boolean;
  /** The value when the command line does not have it. */
  readonly absent: T;
  /**
   * Read what the command line has, once or as often as it was given.
   *
   * @param name how to name it in a message
   * @throws Failure
   */
  readonly read: (texts: readonly string[], name: string) => T;
}

/** An option. Its placeholder is null when it takes no value. */
export type Option<T> = Value<T>;
export type Operand<T> = Value<T>;

type Details = { readonly completes?: Completes; readonly choices?: readonly string[] };

function single<T>(placeholder: string, about: string, read: (text: string, name: string) => T, details: Details = {}) {
  return {
    placeholder,
    about,
    choices: details.choices ?? null,
    completes: details.completes ?? null,
    required: false,
    repeats: false,
    absent: undefined as T | undefined,
    read: ([text = ""]: readonly string[], name: string): T | undefined => read(text, name),
  };
}

/** Given or not. */
export function flag(about: string): Option<boolean> {
  const details = { choices: null, completes: null, required: false, repeats: false };
  return { placeholder: null, about, ...details, absent: false, read: () => true };
}

export function text(placeholder: string, about: string, details?: Details): Option<string | undefined> {
  return single(placeholder, about, notEmpty, details);
}

/** May be given several times. */
export function texts(placeholder: string, about: string, details?: Details): Option<readonly string[]> {
  const read = (all: readonly string[], name: string) => all.map((each) => notEmpty(each, name));
  return { ...single(placeholder, about, notEmpty, details), repeats: true, absent: [], read };
}

/** An event type, or a prefix that ends in a period and an asterisk. */
export function eventFilter(placeholder: string, about: string): Option<string | undefined> {
  return single(placeholder, about, checkEventFilter, { completes: "type" });
}

/** May be repeated, or separated by commas. */
export function eventFilters(placeholder: string, about: string): Option<readonly string[]> {
  const read = (all: readonly string[], name: string) =>
    all.flatMap((each) => each.split(",")).map((each) => checkEventFilter(each.trim(), name));
  return { ...eventFilter(placeholder, about), repeats: true, absent: [], read };
}

/** @throws Failure. A filter such as `order*` would match nothing. */
export function checkEventFilter(given: string, name: string): string {
  if (/^(?:\*|[\w.-]+(?:\.\*)?)$/.test(given)) return given;
  throw usage(`${name} must name an event type, or a prefix such as order.*, not ${JSON.stringify(given)}`);
}

export function choice<const Word extends string>(
  words: readonly Word[],
  about: string,
  placeholder = words.join("|"),
): Option<Word | undefined> {
  return single(placeholder, about, (given, name) => oneOf(words, given, name), { choices: words });
}

/** Several of these words, in any case, repeated or separated by commas. */
export function choices<const Word extends string>(
  placeholder: string,
  words: readonly Word[],
  about: string,
): Option<readonly Word[]> {
  const read = (all: readonly string[], name: string) =>
    all.flatMap((each) => each.split(",")).map((each) => oneOf(words, each.trim(), name));
  const fields = single(placeholder, about, notEmpty, { choices: words });
  return { ...fields, repeats: true, absent: [], read };
}

export function whole(
  placeholder: string,
  about: string,
  { min, max }: { readonly min: number; readonly max: number },
): Option<number | undefined> {
  return single(placeholder, about, (given, name) => {
    const value = Number(given);
    if (/^\d{1,15}$/.test(given) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw usage(`${name} must be a whole number ${range}, not ${JSON.stringify(given)}`);
  });
}

/** A length of time in seconds. */
export function duration(placeholder: string, about: string): Option<number | undefined> {
  return single(placeholder, about, (given, name) => {
    const seconds = durationSeconds(given);
    if (seconds !== null) return seconds;
    throw usage(`${name} must be a duration such as 30s, 10m, 2h or 7d, not ${JSON.stringify(given)}`);
  });
}

/** A moment, as RFC 3339. A duration means so long ago. */
export function time(placeholder: string, about: string): Option<string | undefined> {
  return single(placeholder, about, (given, name) => {
    const at = moment(given, Date.now());
    if (at !== null) return at;
    throw usage(`${name} must be a time such as 2026-01-31T09:00:00Z, or 10m ago as 10m, not ${JSON.stringify(given)}`);
  });
}

export function required<T>(option: Option<T>): Option<NonNullable<T>> {
  return { ...option, required: true } as unknown as Option<NonNullable<T>>;
}

/** An operand that must be there. */
export function operand(placeholder: string, about: string, details?: Details): Operand<string> {
  return required(text(placeholder, about, details));
}

/** One operand or more. */
export function operands(placeholder: string, about: string, details?: Details): Operand<readonly string[]> {
  return { ...texts(placeholder, about, details), required: true };
}

function notEmpty(given: string, name: string): string {
  if (given !== "") return given;
  throw usage(`${name} must not be empty`);
}

function oneOf<Word extends string>(words: readonly Word[], given: string, name: string): Word {
  const found = words.find((word) => word.toLowerCase() === given.toLowerCase());
  if (found !== undefined) return found;
  throw usage(`${name} must be one of ${words.join(", ")}, not ${JSON.stringify(given)}`);
}
