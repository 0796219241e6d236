/** In a terminal: a list of what arrives, and keys to work with it. */
import type { Endpoint, EndpointStatus, ListenRequest, ListenStatus } from "../../../../../sdk/src/index.ts";
import type { Context } from "../../../context.ts";
import { failureOf } from "../../../failure.ts";
import { safe } from "../../../output/text.ts";
import { openInBrowser, pageUrl } from "../../tools/open.ts";
import { connectedSentence, isDelivered, isGone, reconnectingSentence } from "../sentences.ts";
import type { View } from "../view.ts";
import { bodyLines, details, draw, HELP, wrapped } from "./drawing.ts";
import { type Row, Rows } from "./rows.ts";
import { Screen, type Terminal } from "./terminal.ts";

/** Many deliveries a second are one picture. */
const DRAW_MS = 40;

export interface Shown {
  readonly listener: Endpoint;
  /** Where deliveries go, for people. */
  readonly places: string;
  /** A command that sends a request again; null if it went to a command. */
  readonly curlFor: (request: ListenRequest) => string | null;
  readonly quit: () => void;
}

export class List implements View {
  readonly room = Promise.resolve();
  readonly #context: Context;
  readonly #shown: Shown;
  readonly #rows = new Rows();
  readonly #screen: Screen;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #notice = "Connecting.";
  #status: EndpointStatus;
  /** Null: the newest. */
  #selected: Row | null = null;
  #pane: string | null = null;
  #scrolled = 0;
  #isTyping = false;
  #delivered = 0;
  #failed = 0;

  constructor(context: Context, terminal: Terminal, shown: Shown) {
    this.#context = context;
    this.#shown = shown;
    this.#status = shown.listener.status;
    this.#screen = new Screen(terminal, { onKey: (key) => this.#press(key), onResize: () => this.#changed() });
  }

  show(status: ListenStatus): void {
    if (status.kind === "connected") {
      this.#status = status.status;
      this.#notice = connectedSentence(status, this.#shown.listener.id, new Date());
    } else if (status.kind === "reconnecting") {
      this.#notice = reconnectingSentence(status);
    } else if (status.kind === "attemptStarted") {
      this.#rows.add(status.request, new Date());
    } else if (status.kind === "attemptEnded") {
      const row = this.#rows.find(status.request);
      if (row !== undefined) row.ended = status;
      if (isDelivered(status.answer, status.accepted)) this.#delivered += 1;
      else this.#failed += 1;
      if (isGone(status)) this.#status = "DISABLED";
    } else {
      const row = this.#rows.find(status.request);
      if (row !== undefined) row.over = status.reason;
    }
    this.#changed();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#screen.close();
    this.#context.out.tell(`${this.#delivered} delivered, ${this.#failed} failed.`);
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, DRAW_MS);
  }

  #draw(): void {
    const { columns, lines } = this.#screen;
    const rows = this.#rows.shown();
    const sums = `${this.#delivered} delivered, ${this.#failed} failed`;
    const state = this.#status === "ACTIVE" ? "" : `${this.#status.toLowerCase()}, `;
    const { filter } = this.#rows;
    const typed = this.#isTyping ? `/${filter}▏ Enter keeps it, Esc ends it` : null;
    this.#screen.show(
      draw({
        columns,
        lines,
        paint: this.#context.out.paint,
        title: `${state}${sums}  ${safe(this.#shown.listener.name)} → ${this.#shown.places}`,
        notice: filter === "" || this.#isTyping ? this.#notice : `Filter: ${safe(filter)} (Esc ends it)`,
        rows,
        selected: this.#at(rows),
        pane: this.#pane,
        scrolled: this.#scrolled,
        prompt: typed ?? (this.#pane === null ? null : "Esc back  ↑↓ scroll  q quit"),
      }),
    );
  }

  #at(rows: readonly Row[]): number {
    return this.#selected === null ? 0 : Math.max(0, rows.indexOf(this.#selected));
  }

  #press(key: string): void {
    if (this.#isTyping) this.#type(key);
    else if (!this.#move(key)) this.#act(key);
    this.#changed();
  }

  #type(key: string): void {
    if (key === "\r" || key === "\n") this.#isTyping = false;
    else if (key === "\u001b") [this.#isTyping, this.#rows.filter] = [false, ""];
    else if (key === "\u007f" || key === "\b") this.#rows.filter = this.#rows.filter.slice(0, -1);
    else if (/^\P{C}$/u.test(key)) this.#rows.filter += key;
    this.#selected = null;
  }

  /** Whether the key moves the selection or the pane. */
  #move(key: string): boolean {
    const page = bodyLines(this.#screen.lines);
    const [first, last] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    // Terminals differ in Home and End: xterm, its application mode, VT220 (tmux and PuTTY), rxvt.
    const steps: Readonly<Record<string, number>> = {
      "\u001b[A": -1,
      "\u001bOA": -1,
      k: -1,
      "\u001b[B": 1,
      "\u001bOB": 1,
      j: 1,
      "\u001b[5~": -page,
      "\u001b[6~": page,
      "\u001b[H": first,
      "\u001bOH": first,
      "\u001b[1~": first,
      "\u001b[7~": first,
      "\u001b[F": last,
      "\u001bOF": last,
      "\u001b[4~": last,
      "\u001b[8~": last,
    };
    const step = steps[key];
    if (step === undefined) return false;
    if (this.#pane !== null) {
      const most = Math.max(0, wrapped(this.#pane, this.#screen.columns).length - page);
      this.#scrolled = Math.max(0, Math.min(most, this.#scrolled + step));
      return true;
    }
    const rows = this.#rows.shown();
    const at = Math.max(0, Math.min(rows.length - 1, this.#at(rows) + step));
    this.#selected = at === 0 ? null : (rows[at] ?? null);
    return true;
  }

  #act(key: string): void {
    const rows = this.#rows.shown();
    const row = rows[this.#at(rows)];
    if (key === "q") this.#shown.quit();
    if (key === "p") this.#do(() => this.#pause());
    if (key === "/") this.#isTyping = true;
    if (key === "?") this.#open(HELP);
    if (key === "\u001b") this.#back();
    if (row === undefined) return;
    const { deliveryId } = row.request;
    const { client } = this.#context;
    if (key === "d" || key === "\r") this.#open(details(row));
    if (key === "y") this.#curl(row);
    if (key === "o") this.#do(() => this.#openPage(deliveryId));
    if (key === "r") this.#do(async () => `${deliveryId} is ${(await client.deliveries.retry(deliveryId)).status}.`);
    if (key === "e") {
      this.#do(async () => {
        await client.replays.create({ delivery_ids: [deliveryId] });
        return `${deliveryId} is delivered again, as a new delivery.`;
      });
    }
  }

  #back(): void {
    if (this.#pane === null) this.#rows.filter = "";
    this.#pane = null;
  }

  #open(text: string): void {
    this.#pane = text;
    this.#scrolled = 0;
  }

  #curl(row: Row): void {
    const text = this.#shown.curlFor(row.request);
    if (text === null) {
      this.#notice = "This delivery went to a command.";
      return;
    }
    this.#screen.copy(text);
    this.#open(text);
  }

  async #openPage(id: string): Promise<string> {
    const url = pageUrl(this.#context.connection, id);
    return (await openInBrowser(url, this.#context)) ? `Opened ${url}` : url;
  }

  async #pause(): Promise<string> {
    const { client } = this.#context;
    const status = this.#status === "ACTIVE" ? "PAUSED" : "ACTIVE";
    await client.endpoints.update(this.#shown.listener.id, { status });
    this.#status = status;
    return status === "PAUSED" ? "Paused: deliveries wait. p resumes." : "Resumed.";
  }

  /** Tell the result, or why there is none. */
  #do(action: () => Promise<string>): void {
    action()
      .then(safe, (error: unknown) => {
        const failure = failureOf(error);
        if (failure === null) throw error;
        return safe(failure.message);
      })
      .then((sentence) => {
        this.#notice = sentence;
        this.#changed();
      });
  }
}
