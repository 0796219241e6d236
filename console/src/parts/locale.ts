/**
 * The reader's locale, and numbers and plurals in it.
 *
 * `Intl` throws on a locale that it cannot parse, and browsers report such ones: headless Chromium says `en-US@posix`.
 */

export const LOCALE: string = firstSupported(navigator.languages) ?? "en";

function firstSupported(languages: readonly string[]): string | undefined {
  for (const language of languages) {
    try {
      const [supported] = Intl.NumberFormat.supportedLocalesOf(language);
      if (supported !== undefined) return supported;
    } catch {
      // Not a language tag (BCP 47). The next one may be.
    }
  }
  return undefined;
}

const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 1 });
// The console's words are English, so their plurals are, whatever the locale of its numbers.
const plurals = new Intl.PluralRules("en");

export const integer = (value: number): string => integers.format(value);
export const decimal = (value: number): string => decimals.format(value);
/** Short, for axes and badges: 1.2K. */
export const short = (value: number): string => compact.format(value);
/** @param share 0 to 1 */
export const percent = (share: number): string => percents.format(share);

/** The form of a message for a number. `other` is required; `#` stands for the number. */
export function plural(count: number, forms: { readonly one: string; readonly other: string }): string {
  const form = plurals.select(count) === "one" ? forms.one : forms.other;
  return form.replace("#", integers.format(count));
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** 1536 as "1.5 kB". */
export function bytes(count: number): string {
  const power = count < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  const unit = UNITS[power] ?? "byte";
  const unitDisplay = power === 0 ? "long" : "short";
  const format = new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 });
  return format.format(count / 1000 ** power);
}
