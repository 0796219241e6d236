/** What `JSON.parse` hides of a JSON text, at any depth: repeated keys, and digits that a double cannot hold. */

import { keepsValue } from "./jcs-decimals.ts";
import { JsonScanner } from "./json-scanner.ts";

export type JcsFault =
  | { readonly kind: "repeatedKey"; readonly key: string }
  | { readonly kind: "tooDeep" }
  | { readonly kind: "changedNumber"; readonly number: string }
  | { readonly kind: "loneSurrogate" };

/**
 * The gravest fault of a text that `JSON.parse` accepts, in one pass. A repeated key or too much depth counts before a
 * fault that only means that the text has no canonical form. Null when the text has no fault.
 */
export function findJcsFault(text: string, depthMax: number): JcsFault | null {
  const scanner = new JsonScanner(text, { depthMax });
  /** The keys of each open object so far; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let lossy: JcsFault | null = null;
  let string = "";
  for (;;) {
    switch (scanner.next()) {
      case "string":
        string = scanner.stringValue;
        // Only an escape can be half of a surrogate pair: the text was decoded from UTF-8.
        if (!string.isWellFormed()) lossy ??= { kind: "loneSurrogate" };
        break;
      case ":": {
        const keys = open.at(-1);
        if (keys?.has(string)) return { kind: "repeatedKey", key: string };
        keys?.add(string);
        break;
      }
      case "number": {
        const number = scanner.source;
        if (lossy === null && !keepsValue(number)) lossy = { kind: "changedNumber", number };
        break;
      }
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(null);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case "tooDeep":
        return { kind: "tooDeep" };
      case "end":
        return lossy;
    }
  }
}
