/** Listen until the person, the server or `--until` ends it, and say why it ended. */
import type { Endpoint, ListenAnswer, ListenEnd, ListenRequest, ListenStatus } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { EXIT, type ExitCode, Failure } from "../../failure.ts";
import { userAtHost } from "../../user-at-host.ts";
import { handlersEnded, runHandler } from "./exec.ts";
import { Lines } from "./lines.ts";
import { busyOr } from "./listener.ts";
import type { Poster } from "./post.ts";
import type { Recorder } from "./record.ts";
import { curl } from "./screen/drawing.ts";
import { List } from "./screen/list.ts";
import { isDelivered } from "./sentences.ts";
import { type Targets, targetFor } from "./targets.ts";
import type { Until } from "./until.ts";
import type { View } from "./view.ts";

const READER_CHARS_MAX = 64;

export interface Wanted {
  readonly listener: Endpoint;
  readonly targets: Targets;
  readonly poster: Poster;
  /** Where deliveries go, for people. */
  readonly places: string;
  readonly recorder: Recorder | null;
  readonly until: Until;
  readonly takeover: boolean;
  /** Runs at the first connection, when no other terminal can have the listener. */
  readonly onOpen: () => Promise<void>;
}

export async function receive(context: Context, wanted: Wanted): Promise<ExitCode> {
  const { client, signal } = context;
  const { listener, until, takeover, onOpen } = wanted;
  const stop = new AbortController();
  let exit: ExitCode = EXIT.interrupted;
  const end = (code: ExitCode) => {
    exit = code;
    stop.abort();
  };
  const view = viewOf(context, wanted, () => end(EXIT.done));
  const isLate = until.delivered === null ? EXIT.done : EXIT.timedOut;
  const timer = until.ms === null ? undefined : setTimeout(() => end(isLate), until.ms);
  let delivered = 0;
  let opened: Promise<void> = Promise.resolve();
  let tellEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    tellEnded = resolve;
  });
  // Ctrl-C waits for what runs, and for its results.
  context.onInterrupt(() => ended);
  const options = {
    listener: listener.id,
    reader: readerName(),
    takeover,
    signal: AbortSignal.any([signal, stop.signal]),
    onStatus(status: ListenStatus) {
      view.show(status);
      if (status.kind === "connected" && !status.again) {
        opened = onOpen();
        opened.catch(() => stop.abort()); // thrown below
      }
      if (status.kind !== "attemptEnded" || !isDelivered(status.answer, status.accepted)) return;
      delivered += 1;
      if (delivered === until.delivered) end(EXIT.done);
    },
  };
  try {
    const why = await client.listen(options, async (request) => {
      await view.room;
      return answerOf(context, wanted, request);
    });
    const given = exitOf(why, listener) ?? exit;
    if (!signal.aborted) await opened;
    return given;
  } catch (error) {
    throw busyOr(error, listener.name);
  } finally {
    clearTimeout(timer);
    view.close();
    await handlersEnded();
    tellEnded();
  }
}

function viewOf(context: Context, { listener, targets, poster, places }: Wanted, quit: () => void): View {
  const { terminal } = context;
  if (terminal === null) return new Lines(context, listener.id);
  const curlFor = (request: ListenRequest) => {
    const target = targetFor(targets, request.eventType, request.isTest);
    if (target?.kind !== "url") return null;
    const { insecure } = poster;
    return curl({ url: target.url.href, headers: poster.headersOf(request), body: request.body, insecure });
  };
  return new List(context, terminal, { listener, places, curlFor, quit });
}

async function answerOf(
  context: Context,
  { listener, targets, poster, recorder }: Wanted,
  request: ListenRequest,
): Promise<ListenAnswer> {
  // What cannot be recorded fails, with the reason as its body, and is sent again.
  recorder?.write(listener, request, new Date());
  const target = targetFor(targets, request.eventType, request.isTest);
  if (target === null) return { failure: "connect_error", detail: `no --forward is for ${request.eventType}` };
  return target.kind === "url" ? poster.post(target.url, request) : runHandler(target.command, request, context);
}

/** Null: we ended it. */
function exitOf(end: ListenEnd, { name }: Endpoint): ExitCode | null {
  switch (end.reason) {
    case "aborted":
      return null;
    case "displaced": {
      const message = `${end.by ?? "Another terminal"} took over ${name}. To take it back, pass --takeover.`;
      throw new Failure(EXIT.conflict, "LISTENER_DISPLACED", message);
    }
    case "deleted":
      throw new Failure(EXIT.missing, "LISTENER_DELETED", `The listener ${name} was deleted.`);
  }
}

/** In the characters that the server takes. */
function readerName(): string {
  return userAtHost()
    .replaceAll(/[^A-Za-z0-9_.@:+/-]/g, "-")
    .slice(0, READER_CHARS_MAX);
}
