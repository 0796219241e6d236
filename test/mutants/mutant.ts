/** One small deliberate fault. */
export interface Mutant {
  readonly fault: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** A test file, and optionally the only tests in it to run, as `--test-name-pattern` has it. */
  readonly test: string;
  readonly only?: string;
  readonly env?: Readonly<Record<string, string>>;
}
