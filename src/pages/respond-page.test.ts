import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { OPEN, PAGES } from "../../test/fixtures/respond-pages.ts";
import { RESPOND_PAGE_HEADERS, type RespondPage, respondPage } from "./respond-page.ts";

/** The text of the body as a reader sees it, with white space collapsed. */
function textOf(page: RespondPage): string {
  const body = respondPage(page).split("<body>")[1] ?? "";
  return body
    .replace(/<\/?(?:bdi|strong|span|time)[^>]*>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function assertSays(page: RespondPage, ...sentences: readonly string[]): void {
  const text = textOf(page);
  for (const sentence of sentences) assert.ok(text.includes(sentence), `“${sentence}” is not in: ${text}`);
}

type Named = Extract<RespondPage, { requester: string | null }>;
const PAGES_OF_REQUESTERS = Object.values<RespondPage>(PAGES).filter((page): page is Named => "requester" in page);

const HOSTILE = `</style></title></textarea><script>alert(1)</script><b onclick='x' x="y">&amp;`;
const ESCAPED =
  "&lt;/style&gt;&lt;/title&gt;&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;" +
  "&lt;b onclick=&#39;x&#39; x=&quot;y&quot;&gt;&amp;amp;";

test("no text reverses the reading direction, and an option is posted unchanged", () => {
  const reversed = "Pay \u202e043\u2066 EUR";
  const page = { ...OPEN, requester: reversed, message: reversed, options: [reversed, "b"], timeoutDefault: reversed };
  const shown = respondPage(page).replace(/value="[^"]*"/g, "");
  assert.doesNotMatch(shown, /[\u202a-\u202e\u2066-\u2069]/);
  assert.ok(respondPage(page).includes(`value="${reversed}"`));
});

test("an open question shows the requester, the question, the options, the deadline and the default", () => {
  assertSays(
    OPEN,
    "Waiting for an answer",
    "Acme Robotics asks you",
    OPEN.message,
    "Add a note (optional)",
    "Approve Reject Ask me later",
    "Answer by Sunday, 22 November 2026, 14:23 UTC (in 3 hours)",
    "If nobody answers “Reject” is chosen.",
  );
  assert.match(respondPage(OPEN), /<time datetime="2026-11-22T14:23:00Z">/);
  assertSays({ ...OPEN, timeoutDefault: null }, "If nobody answers no option is chosen.");
});

test("every state of the page reads well without a requester's name", () => {
  for (const named of PAGES_OF_REQUESTERS) {
    const text = respondPage({ ...named, requester: null });
    assert.doesNotMatch(text, /null|<bdi><\/bdi>|>\s+(asks|asked|withdrew)/, named.kind);
  }
  const nameless = { ...OPEN, requester: null };
  assertSays(nameless, "Your answer is needed");
  assert.match(respondPage(nameless), /<title>Your answer is needed<\/title>/);
  assert.match(respondPage({ ...nameless, problem: "Please choose." }), /<title>Not accepted: Your answer is needed</);
  const ended = { requester: null, message: OPEN.message, details: [], at: OPEN.expiresAt, tooLate: false };
  assertSays({ kind: "cancelled", ...ended }, "The question was withdrawn on Sunday", "You were asked");
});

test("each option is a button that submits it, and the form posts to its own path without the query", () => {
  const page = respondPage(OPEN);
  assert.match(page, /<form method="post" action="\?"/);
  const values = [...page.matchAll(/<button name="choice" value="([^"]*)"/g)].map(([, value]) => value);
  assert.deepEqual(values, OPEN.options);
});

test("a note can be added only if the question allows one", () => {
  assert.match(respondPage(OPEN), /<textarea id="text" name="text" rows="2" maxlength="2000"/);
  assert.doesNotMatch(respondPage({ ...OPEN, allowTextResponse: false }), /textarea id/);
});

test("a previously typed note is kept, including a leading line break", () => {
  assert.ok(respondPage({ ...OPEN, typedText: "\nas typed" }).includes('dir="auto">\n\nas typed</textarea>'));
});

test("the option from the link is highlighted and focused, and an unknown option is ignored", () => {
  const picked = respondPage({ ...OPEN, preferred: "Reject" });
  assert.match(picked, /value="Reject" dir="auto" class="picked" aria-describedby="picked" autofocus>/);
  assert.equal(picked.match(/autofocus/g)?.length, 1);
  assertSays({ ...OPEN, preferred: "Reject" }, "You selected “Reject”. Press the button to send your answer.");
  const other = respondPage({ ...OPEN, preferred: "Something else" });
  assert.doesNotMatch(other, /autofocus|Something else|id="picked"/);
});

test("the reason why an answer was not accepted is shown before the form and in the title", () => {
  const page = { ...OPEN, problem: "The note is too long." };
  assertSays(page, "Your answer was not accepted. The note is too long.");
  assert.match(respondPage(page), /<title>Not accepted: Acme Robotics asks for an answer<\/title>/);
});

test("an ended pause shows the decision, its time and the question", () => {
  assertSays(
    PAGES["decided with a note"],
    "The answer is “Approve”",
    "Answered on Sunday, 22 November 2026, 14:23 UTC.",
    "Looks good. Watch the errors.",
    "Acme Robotics asked",
    OPEN.message,
  );
  assertSays(
    PAGES["timed out with a default"],
    "“Reject” was chosen by default",
    "Nobody answered in time.",
    "22 November 2026",
  );
  assertSays(
    PAGES["timed out before an answer, without a default"],
    "Nobody answered in time",
    "No option was chosen.",
  );
  assertSays(PAGES.cancelled, "An answer is no longer needed", "Acme Robotics withdrew the question on Sunday, 22");
});

test("only a person who answers too late is told that the answer did not count", () => {
  const late = [
    "decided by an earlier answer",
    "timed out before an answer, without a default",
    "cancelled before an answer",
  ] as const;
  for (const name of late) assertSays(PAGES[name], "Your answer did not count.");
  for (const name of ["decided", "timed out with a default", "cancelled"] as const) {
    assert.ok(!textOf(PAGES[name]).includes("did not count"), name);
  }
});

test("only an open question that its link may answer has a form", () => {
  for (const [name, page] of Object.entries<RespondPage>(PAGES)) {
    const isAnswered = page.kind === "open" && page.signInAt === null;
    assert.equal(respondPage(page).includes("<form"), isAnswered, name);
  }
});

test("untrusted text is escaped everywhere, including in attributes", () => {
  const asked = {
    requester: HOSTILE,
    message: HOSTILE,
    details: [{ label: HOSTILE, value: HOSTILE }],
    at: 0,
    tooLate: true,
  };
  const pages: readonly (readonly [number, RespondPage])[] = [
    // Title, heading, message, two of a detail, problem, note, picked, value, label, default.
    [
      11,
      {
        ...OPEN,
        ...asked,
        options: [HOSTILE],
        timeoutDefault: HOSTILE,
        preferred: HOSTILE,
        problem: HOSTILE,
        typedText: HOSTILE,
      },
    ],
    [6, { kind: "decided", ...asked, choice: HOSTILE, text: HOSTILE }],
    [5, { kind: "timed_out", ...asked, choice: HOSTILE }],
    [5, { kind: "cancelled", ...asked }],
  ];
  for (const [places, page] of pages) {
    const text = respondPage(page);
    assert.equal(text.split(ESCAPED).length - 1, places, page.kind);
    assert.doesNotMatch(text, /<script|<b |onclick='|"y"/, page.kind);
    for (const tag of ["style", "title"]) assert.equal(text.split(`</${tag}>`).length, 2, `${page.kind} ${tag}`);
  }
});

test("every state is a complete page without scripts, handlers or external resources", () => {
  const { "open with hostile text": _, ...harmless } = PAGES;
  for (const [name, page] of Object.entries<RespondPage>(harmless)) {
    const text = respondPage(page);
    assert.match(text, /^<!doctype html>\n<html lang="en">/, name);
    assert.match(text, /<meta name="robots" content="noindex">/, name);
    assert.equal(text.match(/<h1>/g)?.length, 1, name);
    assert.equal(text.match(/<main>/g)?.length, 1, name);
    assert.doesNotMatch(
      text,
      /<script|<link|<img|<[^>]* style=|<[^>]* src=|<[^>]* on\w+=|javascript:|url\(|@import/i,
      name,
    );
  }
});

test("every unknown link gets the same page, and the page of an outage says how to continue", () => {
  assertSays({ kind: "unknown" }, "This link does not lead to a question", "ask the person who sent it to you");
  assertSays({ kind: "unavailable" }, "Answers cannot be accepted right now", "Load the question again");
});

test("the policy allows the page's own style and form, and nothing else", () => {
  const style = /<style>(.*)<\/style>/s.exec(respondPage({ kind: "unknown" }))?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  assert.deepEqual(RESPOND_PAGE_HEADERS, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
  });
});

test("a question for a signed-in person shows the options and where to sign in", () => {
  const page = PAGES["open for a signed-in person"];
  assertSays(page, "The answers are “Approve”, “Reject”, “Ask me later”.", "Only a signed-in person can answer");
  assert.match(
    respondPage(page),
    /<a href="https:\/\/signalbox\.example\.com\/console\/pauses\/psr_1">Sign in to answer</,
  );
});
