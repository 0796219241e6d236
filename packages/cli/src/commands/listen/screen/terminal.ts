/** The alternate screen of a terminal, and its keys. It is given back however the process ends. */
import { writeSync } from "node:fs";
import type { ReadStream, WriteStream } from "node:tty";

export interface Terminal {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
}

const STDOUT = 1;
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence, or one character
const KEY = /\u001b\[[0-9;]*[A-Za-z~]|\u001bO[A-Z]|./gsu;

export class Screen {
  readonly #terminal: Terminal;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;
  readonly #leave = () => this.#left();
  readonly #continue = () => this.#enter();
  readonly #read = (text: string) => {
    for (const key of text.match(KEY) ?? []) this.#take(key);
  };

  constructor(terminal: Terminal, { onKey, onResize }: { onKey: (key: string) => void; onResize: () => void }) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onResize = onResize;
    const { stdin, stdout } = terminal;
    stdin.setEncoding("utf8").on("data", this.#read);
    stdout.on("resize", onResize);
    // A crash and a second Ctrl-C end the process here.
    process.on("exit", this.#leave);
    process.on("SIGCONT", this.#continue);
    this.#enter();
  }

  get columns(): number {
    return Math.max(1, this.#terminal.stdout.columns ?? 80);
  }

  get lines(): number {
    return Math.max(1, this.#terminal.stdout.rows ?? 24);
  }

  show(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.slice(0, this.lines).map((line) => `${line}\u001b[K`);
    this.#terminal.stdout.write(`\u001b[H${text.join("\r\n")}\u001b[J`);
  }

  /** Ask the terminal to put a text on the clipboard. Many do, some do not. */
  copy(text: string): void {
    this.#terminal.stdout.write(`\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`);
  }

  close(): void {
    this.#left();
    const { stdin, stdout } = this.#terminal;
    stdin.off("data", this.#read).pause();
    stdout.off("resize", this.#onResize);
    process.off("exit", this.#leave);
    process.off("SIGCONT", this.#continue);
  }

  /** A terminal in raw mode gives these as keys. */
  #take(key: string): void {
    if (key === "\u0003") process.kill(process.pid, "SIGINT");
    else if (key === "\u001a") this.#suspend();
    else this.#onKey(key);
  }

  #suspend(): void {
    if (process.platform === "win32") return;
    this.#left();
    process.kill(0, "SIGTSTP"); // the whole job, as the terminal does
  }

  #enter(): void {
    this.#terminal.stdin.setRawMode(true);
    this.#terminal.stdout.write(ENTER);
    this.#isOpen = true;
    this.#onResize();
  }

  #left(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#terminal.stdin.setRawMode(false);
      writeSync(STDOUT, LEAVE);
    } catch {
      // the terminal is gone
    }
  }
}
