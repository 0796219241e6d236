/**
 * What a URL has and the server does not take, such as a cursor that no longer exists. It is left out of the URL, and a
 * notice names it. The console's own check lets it pass where only the server knows.
 */
import { Alert } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { list as m } from "../../messages/en/app.ts";
import { usePathname } from "../page/pathname.ts";
import { shortVisible } from "../text/visible.ts";

export interface Parameter {
  readonly name: string;
  readonly value: string;
}

type Search = Readonly<Record<string, string | readonly string[] | undefined>>;

/** @returns the error as it is, or null if it was only about what is left out now */
export function useRefused(error: unknown): { readonly refused: readonly Parameter[]; readonly error: unknown } {
  const search = useSearch({ strict: false }) as Search;
  const pathname = usePathname();
  const navigate = useNavigate();
  // Until the URL changes again.
  const [left, setLeft] = useState({ at: "", refused: [] as readonly Parameter[] });
  const refused = left.at === keyOf(search) ? left.refused : [];
  const bad = refusedBy(error, search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once for each refusal
  useEffect(() => {
    if (bad.length === 0) return;
    const gone = ["cursor", ...bad.map(({ name }) => name)];
    const rest = Object.fromEntries(Object.entries(search).filter(([name]) => !gone.includes(name)));
    setLeft({ at: keyOf(rest), refused: [...refused, ...bad] });
    const replacing = Object.fromEntries(gone.map((name) => [name, undefined]));
    void navigate({ to: pathname, search: { ...rest, ...replacing } as never, replace: true });
  }, [keyOf(bad)]);
  return { refused, error: bad.length > 0 ? null : error };
}

function keyOf(value: object): string {
  return JSON.stringify(value);
}

function refusedBy(error: unknown, search: Search): readonly Parameter[] {
  if (!(error instanceof SignalboxError) || error.status >= 500) return [];
  const names = new Set(error.details.map(({ field }) => field.replace(/[.[].*/, "")));
  return [...names].flatMap((name) => {
    const value = Object.hasOwn(search, name) ? search[name] : undefined;
    return value === undefined || name === "tenant" ? [] : [{ name, value: [value].flat().join(", ") }];
  });
}

export function RefusedNotices({ refused }: { readonly refused: readonly Parameter[] }) {
  return refused.map(({ name, value }) => (
    <Alert key={name} color="yellow" variant="light" mb="sm" role="status">
      {name === "cursor" ? m.lostCursor : m.droppedFilter(shortVisible(name), shortVisible(value))}
    </Alert>
  ));
}
