import { sessions as m } from "../../messages/en/settings.ts";

/** In this order: each of them also names the ones after it. */
const BROWSERS = [
  ["Edge", /Edg\//],
  ["Opera", /OPR\//],
  ["Firefox", /Firefox\//],
  ["Chrome", /Chrome\//],
  ["Safari", /Safari\//],
] as const;
const SYSTEMS = [
  ["iOS", /iPhone|iPad/],
  ["Android", /Android/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X/],
  ["Linux", /Linux/],
] as const;

/** "Firefox on Linux"; for a program that is no browser, what it calls itself. */
export function browserOf(userAgent: string | null): string | null {
  if (userAgent === null) return null;
  const [browser, system] = [BROWSERS, SYSTEMS].map(
    (known) => known.find(([, pattern]) => pattern.test(userAgent))?.[0],
  );
  if (browser === undefined) return userAgent;
  return system === undefined ? browser : m.browserOn(browser, system);
}
