/**
 * The page on which a person answers a pause. It runs no script and loads nothing from elsewhere. Text from the tenant
 * is shown as text only, and opening the page does not answer the pause.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { EpochMs } from "../domain/ids.ts";
import { PAUSE_TEXT_CHARS_MAX } from "../domain/limits.ts";
import { humanTime, relativeTime } from "../domain/pauses/human-time.ts";
import type { Detail } from "../domain/pauses/pause.ts";
import type { Tally } from "../domain/pauses/plan.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import { wholeSeconds } from "../domain/text/time.ts";
import { type Html, html, NOTHING, trusted } from "./html.ts";

export type RespondPage =
  | OpenPage
  | DecidedPage
  | TimedOutPage
  | CancelledPage
  | { readonly kind: "unknown" }
  /** The store cannot commit at the moment; the person can try again. */
  | { readonly kind: "unavailable" };

interface Asked {
  /** The tenant's name; null when it has only the default name. */
  readonly requester: string | null;
  readonly message: string;
  readonly details: readonly Detail[];
}

interface OpenPage extends Asked {
  readonly kind: "open";
  readonly options: readonly string[];
  readonly allowTextResponse: boolean;
  readonly timeoutDefault: string | null;
  readonly expiresAt: EpochMs;
  readonly now: EpochMs;
  /** Null: the first answer decides. */
  readonly tally: Tally | null;
  /** Where a signed-in person answers, if the link only shows the question; null if the page has the form. */
  readonly signInAt: string | null;
  /** The option from `?choice=`, which is highlighted and focused first. Null or an unknown option highlights none. */
  readonly preferred: string | null;
  /** Why the previous submission was rejected; null when there was none. */
  readonly problem: string | null;
  readonly typedText: string;
}

interface Ended extends Asked {
  readonly at: EpochMs;
  /** The person has just submitted another answer, which did not count. */
  readonly tooLate: boolean;
}

interface DecidedPage extends Ended {
  readonly kind: "decided";
  readonly choice: string;
  readonly text: string | null;
}

interface TimedOutPage extends Ended {
  readonly kind: "timed_out";
  readonly choice: string | null;
}

interface CancelledPage extends Ended {
  readonly kind: "cancelled";
}

/** The parts of the page that differ by state. `lamp` is the color next to `state`, which says the same in words. */
interface Layout {
  readonly lamp: "amber" | "green" | "grey";
  readonly state: string;
  /** The title of the browser tab. It omits the tenant's text where that could be long. */
  readonly title: string;
  readonly heading: Html;
  readonly content: Html;
}

const STYLE = readFileSync(new URL("./respond-page.css", import.meta.url), "utf8");
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** The headers of every response with this page, including content-type. */
export const RESPOND_PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; ` +
    "frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
};

/** Longer messages use a smaller font, so that they stay readable and close to the buttons. */
const SHORT_MESSAGE_CHARS_MAX = 160;

export function respondPage(page: RespondPage): string {
  const { lamp, state, title, heading, content } = layoutOf(page);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<p class="state"><span class="lamp ${lamp}"></span>${state}</p>
<h1>${heading}</h1>
${content}
</main>
<footer>Signalbox</footer>
</body>
</html>
`.text;
}

function layoutOf(page: RespondPage): Layout {
  switch (page.kind) {
    case "open":
      return open(page);
    case "decided":
      return decided(page);
    case "timed_out":
      return timedOut(page);
    case "cancelled":
      return cancelled(page);
    case "unknown":
      return UNKNOWN;
    case "unavailable":
      return UNAVAILABLE;
  }
}

// ── Open ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function open(page: OpenPage): Layout {
  const { requester, message, details, problem } = page;
  const title = requester === null ? "Your answer is needed" : `${oneLine(requester)} asks for an answer`;
  return {
    lamp: "amber",
    state: "Waiting for an answer",
    title: problem === null ? title : `Not accepted: ${title}`,
    heading: requester === null ? html`Your answer is needed` : html`${name(requester)} asks you`,
    content: html`${messageText(message, "question")}
${detailList(details)}
${problem === null ? NOTHING : notice(html`<strong>Your answer was not accepted.</strong> ${problem}`)}
${page.signInAt === null ? form(page) : signIn(page, page.signInAt)}
${deadline(page)}`,
  };
}

/** The form posts to its own path without the query, which only highlights an option. */
function form({ options, allowTextResponse, preferred, typedText }: OpenPage): Html {
  const picked = options.find((option) => option === preferred);
  const hint = html`<p id="picked">You selected ${quoted(picked ?? "")}. Press the button to send your answer.</p>`;
  return html`<form method="post" action="?" aria-label="Your answer">
${allowTextResponse ? textField(typedText) : NOTHING}
${picked === undefined ? NOTHING : hint}
<div class="options">${options.map((option) => button(option, option === picked))}</div>
</form>`;
}

/** The options are shown, so that the person knows them before signing in. */
function signIn({ options }: OpenPage, url: string): Html {
  return html`<p>The answers are ${options.map((option, index) => html`${index === 0 ? "" : ", "}${quoted(option)}`)}.</p>
<p>Only a signed-in person can answer this question.</p>
<p><a href="${url}">Sign in to answer</a></p>`;
}

function button(option: string, isPicked: boolean): Html {
  const picked = trusted(isPicked ? ' class="picked" aria-describedby="picked" autofocus' : "");
  return html`
<button name="choice" value="${option}" dir="auto"${picked}>${readable(option)}</button>`;
}

/**
 * Browsers drop a line break directly after the start tag. Because of this one, a line break at the start of the text
 * is kept.
 */
function textField(typedText: string): Html {
  return html`<label for="text">Add a note <small>(optional)</small></label>
<textarea id="text" name="text" rows="2" maxlength="${String(PAUSE_TEXT_CHARS_MAX)}" dir="auto">
${typedText}</textarea>`;
}

function votes({ options }: OpenPage, { quorum, veto, counts, isReachable }: Tally): Html {
  const rows = options.map(
    (option, index) => html`
<div><dt>${quoted(option)}</dt><dd>${String(counts[index] ?? 0)} of ${String(quorum)} votes${option === veto ? VETO : NOTHING}</dd></div>`,
  );
  return html`${rows}${isReachable ? NOTHING : OUT_OF_REACH}`;
}

const VETO = html`. One vote for it ends the question.`;
const OUT_OF_REACH = html`
<div><dt>Result</dt><dd>No answer can get enough votes any more. The question stays open until the deadline.</dd></div>`;

function deadline(page: OpenPage): Html {
  const { expiresAt, now, timeoutDefault, tally } = page;
  const otherwise = timeoutDefault === null ? html`no option is chosen` : html`${quoted(timeoutDefault)} is chosen`;
  return html`<dl>${tally === null ? NOTHING : votes(page, tally)}
<div><dt>Answer by</dt><dd>${time(expiresAt)} <span class="aside">(${relativeTime(expiresAt, now)})</span></dd></div>
<div><dt>${tally === null ? "If nobody answers" : "If it is not decided by then"}</dt><dd>${otherwise}.</dd></div>
</dl>`;
}

// ── Ended ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function decided(page: DecidedPage): Layout {
  return {
    lamp: "green",
    state: "Answered",
    title: "This question was answered",
    heading: html`The answer is ${quoted(page.choice)}`,
    content: html`${tooLate(page, html`The question had already been answered.`)}
<p>Answered on ${time(page.at)}. There is nothing more to do.</p>
${page.text === null ? NOTHING : note(page.text)}
${asked(page)}`,
  };
}

function note(text: string): Html {
  return html`<section aria-labelledby="note">
<h2 id="note">With the note</h2>
<blockquote dir="auto">${readable(text)}</blockquote>
</section>`;
}

function timedOut(page: TimedOutPage): Layout {
  const { choice, at } = page;
  return {
    lamp: "grey",
    state: "Time is up",
    title: "The deadline has passed",
    heading: choice === null ? html`Nobody answered in time` : html`${quoted(choice)} was chosen by default`,
    content: html`${tooLate(page, html`The deadline had passed.`)}
<p>${choice === null ? "No option was chosen." : "Nobody answered in time."} The deadline was ${time(at)}.</p>
${asked(page)}`,
  };
}

function cancelled(page: CancelledPage): Layout {
  return {
    lamp: "grey",
    state: "Withdrawn",
    title: "This question was withdrawn",
    heading: html`An answer is no longer needed`,
    content: html`${tooLate(page, html`The question had already been withdrawn.`)}
<p>${withdrawn(page)} on ${time(page.at)}.</p>
${asked(page)}`,
  };
}

function withdrawn({ requester }: CancelledPage): Html {
  return requester === null ? html`The question was withdrawn` : html`${name(requester)} withdrew the question`;
}

function tooLate({ tooLate }: Ended, why: Html): Html {
  return tooLate ? notice(html`<strong>Your answer did not count.</strong> ${why}`) : NOTHING;
}

function asked({ requester, message, details }: Asked): Html {
  return html`<section aria-labelledby="asked">
<h2 id="asked">${requester === null ? html`You were asked` : html`${name(requester)} asked`}</h2>
${messageText(message, "past")}
${detailList(details)}
</section>`;
}

// ── Without a question ──────────────────────────────────────────────────────────────────────────────────────────────

const UNKNOWN: Layout = {
  lamp: "grey",
  state: "Unknown link",
  title: "This link does not lead to a question",
  heading: html`This link does not lead to a question`,
  content: html`<p>Part of the link may be missing, because some mail programs break long links. The question may also be
so old that it has been deleted.</p>
<p>Open the link again from the message that you received, or copy the whole link from there. If that does not help,
ask the person who sent it to you.</p>`,
};

const UNAVAILABLE: Layout = {
  lamp: "grey",
  state: "Try again soon",
  title: "Answers cannot be accepted right now",
  heading: html`Answers cannot be accepted right now`,
  content: html`<p>This is a problem on our side that should be over soon. Load the question again in a minute. If you
already answered, the page shows whether your answer was accepted.</p>
<p><a href="?">Load the question again</a></p>`,
};

// ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function messageText(message: string, role: "question" | "past"): Html {
  const size = message.length <= SHORT_MESSAGE_CHARS_MAX ? "short" : "long";
  return html`<p class="message ${role} ${size}" dir="auto">${readable(message).trim()}</p>`;
}

function detailList(details: readonly Detail[]): Html {
  if (details.length === 0) return NOTHING;
  return html`<dl class="details">${details.map(detail)}</dl>`;
}

function detail({ label, value }: Detail): Html {
  return html`
<div><dt dir="auto">${oneLine(label)}</dt><dd dir="auto">${readable(value).trim()}</dd></div>`;
}

function notice(content: Html): Html {
  return html`<p class="notice" role="alert">${content}</p>`;
}

/** The requester's name, for use within a sentence. */
function name(requester: string): Html {
  return html`<bdi>${oneLine(requester)}</bdi>`;
}

/** Quoted text for use within a sentence, in either reading direction. */
function quoted(text: string): Html {
  return html`“<bdi>${readable(text)}</bdi>”`;
}

function time(at: EpochMs): Html {
  return html`<time datetime="${wholeSeconds(at)}">${humanTime(at)}</time>`;
}
