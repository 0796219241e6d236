/** Collects the statements that a store sends to PostgreSQL. */

import type { Batch } from "../../../src/store/postgres/link.ts";
import { runHere } from "../../fixtures/threads-here.ts";

/** Types of parameters, which depend on the values. */
const DETAILS: readonly (readonly [RegExp, string])[] = [
  [/(\$\d+)::(?:int8|float8|bytea)\b(?!\[)/g, "$1"],
  [/\s+/g, " "],
];

const IS_PLANNED = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/;

export class SentTexts {
  /** One text of each prepared statement, by what all of its texts have in common. */
  readonly #prepared = new Map<string, string>();
  readonly #others = new Set<string>();

  /** For `startRunner`: the threads run here, and what they send is noted. */
  readonly run: typeof runHere = (name, start) => {
    const { database } = start.workerData;
    if (database.kind === "postgres") {
      const { port } = database.link;
      const post = port.postMessage.bind(port);
      port.postMessage = (batch: Batch) => {
        this.#note(batch);
        post(batch);
      };
    }
    return runHere(name, start);
  };

  #note({ statements }: Batch): void {
    for (const { name, text } of statements) {
      if (name === "" || !IS_PLANNED.test(text)) this.#others.add(text);
      else
        this.#prepared.set(
          DETAILS.reduce((key, [detail, by]) => key.replace(detail, by), text),
          text,
        );
    }
  }

  get prepared(): readonly string[] {
    return [...this.#prepared.values()];
  }

  /** The statements that create tables while the store is used. */
  get creations(): readonly string[] {
    return [...this.#others].filter((text) => /^\s*CREATE TABLE/.test(text));
  }
}
