/** Filters of a list. They are in the URL, so that a link shows a colleague the same. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { usePathname } from "../page/pathname.ts";

/** How to read one filter. `parse` answers null for a value that is not valid. */
export interface FilterRule {
  readonly parse: (value: string) => string | null;
  readonly many: boolean;
}
export type FilterRules = Readonly<Record<string, FilterRule & { readonly many: boolean }>>;

type ValueOf<Rule extends FilterRule> = Rule extends { readonly many: true } ? readonly string[] : string | undefined;
export type FilterValues<Rules extends FilterRules> = { readonly [Name in keyof Rules]: ValueOf<Rules[Name]> };

type One = FilterRule & { readonly many: false };
type Many = FilterRule & { readonly many: true };

const TEXT_CHARS_MAX = 200;

export function oneOf(values: readonly string[]): One {
  return { many: false, parse: (value) => (values.includes(value) ? value : null) };
}

export function text(charsMax = TEXT_CHARS_MAX): One {
  return { many: false, parse: (value) => (value.length <= charsMax ? value : null) };
}

export function matching(pattern: RegExp): One {
  return { many: false, parse: (value) => (pattern.test(value) ? value : null) };
}

/** A time in RFC 3339, whose years have four digits. `Date.parse` also reads `5`, and times that no calendar has. */
export function instant(): One {
  const isTime = (value: string) => /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value));
  return { many: false, parse: (value) => (isTime(value) ? value : null) };
}

/** Several values of the same filter: `?status=FAILED&status=EXPIRED`. */
export function several(rule: One): Many {
  return { ...rule, many: true };
}

export interface Filters<Rules extends FilterRules> {
  readonly values: FilterValues<Rules>;
  /** What the URL has and this list cannot filter by. */
  readonly dropped: readonly { readonly name: string; readonly value: string }[];
  readonly isFiltered: boolean;
  /** What the URL has, valid or not, so that a field keeps what is typed. */
  given(name: keyof Rules & string): string;
  /**
   * Changes some filters, and goes back to the first page.
   *
   * @param replaces whether the browser's Back passes over what was set before
   */
  set(changes: Partial<Record<keyof Rules, string | readonly string[] | undefined>>, replaces?: boolean): void;
  clear(): void;
}

type SearchValues = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What a page may have in its URL besides its filters. */
const NOT_FILTERS = ["tenant", "cursor"];

/**
 * @param rules a constant of the page
 * @param others names that the page itself reads from the URL
 */
export function useFilters<Rules extends FilterRules>(rules: Rules, others: readonly string[] = []): Filters<Rules> {
  const search = useSearch({ strict: false }) as SearchValues;
  const navigate = useNavigate();
  const pathname = usePathname();
  const key = JSON.stringify(search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` is the content of `search`
  const { values, dropped } = useMemo(() => parse(rules, search, [...NOT_FILTERS, ...others]), [key, rules]);
  // From what the URL has then: a field that waits while a person types would undo what was chosen meanwhile.
  const goTo = (next: (search: SearchValues) => SearchValues, replace = false): void => {
    const changed = (now: SearchValues) => ({ ...next(now), cursor: undefined });
    void navigate({ to: pathname, search: changed as never, replace });
  };
  return {
    values,
    dropped,
    isFiltered: Object.values(values).some((value) => (Array.isArray(value) ? value.length > 0 : value !== undefined)),
    given: (name) => [search[name]].flat()[0] ?? "",
    set: (changes, replaces) =>
      goTo((now) => ({ ...known(now, rules, others), ...blankAsAbsent(changes) }) as SearchValues, replaces),
    clear: () => goTo((now) => known(now, {}, others)),
  };
}

function parse<Rules extends FilterRules>(rules: Rules, search: SearchValues, others: readonly string[]) {
  const dropped: { name: string; value: string }[] = [];
  const values: Record<string, string | readonly string[] | undefined> = {};
  for (const [name, rule] of Object.entries(rules)) if (rule.many) values[name] = [];
  for (const [name, given] of Object.entries(search)) {
    if (given === undefined || others.includes(name)) continue;
    // Every object has a `constructor`, which is no rule.
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const valid: string[] = [];
    for (const value of [given].flat()) {
      const parsed = value === "" ? null : (rule?.parse(value) ?? null);
      if (parsed !== null && (rule?.many === true || valid.length === 0)) valid.push(parsed);
      else if (value !== "") dropped.push({ name, value });
    }
    if (rule?.many === true) values[name] = valid;
    else if (valid.length > 0) values[name] = valid[0];
  }
  return { values: values as FilterValues<Rules>, dropped };
}

/** The parameters that a change of the filters keeps. What is not valid goes. */
function known(search: SearchValues, rules: FilterRules, others: readonly string[]): SearchValues {
  const names = [...Object.keys(rules), ...others, "tenant"];
  return Object.fromEntries(Object.entries(search).filter(([name]) => names.includes(name)));
}

function blankAsAbsent(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value === "" ? undefined : value]));
}
