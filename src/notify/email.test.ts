import assert from "node:assert/strict";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import type { SMTPServerOptions } from "smtp-server";
import { type MailServer, startMailServer } from "../../test/fixtures/mail-server.ts";
import { aNotification, handClock } from "../../test/fixtures/notification.ts";
import { readPem } from "../../test/fixtures/receiver.ts";
import { signalled, within } from "../../test/harness/deadline.ts";
import { createSystemClock } from "../clock/system.ts";
import { MAIL_SUBJECT_CHARS_MAX, NOTIFICATION_REASON_CHARS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Notified, Notifier } from "../ports/notifier.ts";
import { createEmail } from "./email.ts";
import { cut } from "./text.ts";

const FROM = "Signalbox, Ltd <ops@signalbox.example>";

function startEmail(context: TestContext, smtpUrl: string, clock: Clock = createSystemClock()): Notifier {
  const email = createEmail({ smtpUrl, from: FROM, clock });
  context.after(() => email.close());
  return email;
}

async function setUp(context: TestContext, options: SMTPServerOptions = {}) {
  const server = await startMailServer(context, options);
  return { server, email: startEmail(context, server.url) };
}

/** An SMTP reply with this code and text. */
const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

function reasonOf(notified: Notified, kind: "again" | "failed"): string {
  assert.equal(notified.kind, kind);
  const reason = "reason" in notified ? notified.reason : "";
  assert.ok(
    reason.length <= NOTIFICATION_REASON_CHARS_MAX && !reason.includes("http") && !reason.includes("127.0.0.1"),
  );
  return reason;
}

/** Failed without another try, because the message may have arrived. */
const UNCONFIRMED = {
  kind: "failed",
  reason: "the server stopped before the message was confirmed",
};

test("details are a table in HTML and lines in plain text, with their markup as text", async (context) => {
  const { server, email } = await setUp(context);
  const details = [
    { label: "Amount", value: "340 EUR" },
    { label: "<b>Supplier</b>", value: "<script>x</script>\nApproved by: Ana" },
  ];
  await email.notify(aNotification({ details }));
  const { text: plain, html } = await server.next();
  assert.match(plain, /\n\nAmount: 340 EUR\n<b>Supplier<\/b>: <script>x<\/script>\n {4}Approved by: Ana\n\n/);
  assert.match(html, /<td [^>]*>Amount<\/td><td [^>]*>340 EUR<\/td>/);
  assert.match(
    html,
    />&lt;b&gt;Supplier&lt;\/b&gt;<\/td><td [^>]*>&lt;script&gt;x&lt;\/script&gt;<br>\nApproved by: Ana</,
  );
});

test("both parts of a mail contain the requester, the question, a link for each option, the deadline and the default", async (context) => {
  const { server, email } = await setUp(context);
  assert.deepEqual(await email.notify(aNotification()), { kind: "sent" });
  const { text: plain, html } = await server.next();
  for (const part of [plain, html]) {
    assert.match(part, /Acme Robots asks:/);
    assert.match(part, /Pay 340 EUR to Acme Corp\?/);
    assert.match(part, /https:\/\/box\.example\/respond\/tok3n\?choice=Approve\b/);
    assert.match(part, /https:\/\/box\.example\/respond\/tok3n\?choice=Not%20yet\b/);
    assert.match(part, /by Friday, 8 May 2026, 14:23 UTC\. If nobody answers, “Not yet” is used as the answer\./);
    assert.match(part, /Opening the page does not send an answer/);
    assert.match(part, /add a note on the page/);
  }
  assert.match(plain, /\nhttps:\/\/box\.example\/respond\/tok3n\n/);
  assert.match(html, /href="https:\/\/box\.example\/respond\/tok3n"/);
  assert.equal(html.match(/<a [^>]*padding:18px/g)?.length, 2);
  assert.doesNotMatch(html, /<script|<img|<form|https?:\/\/(?!box\.example\/)/);
});

test("where a signed-in user decides, each option leads to the console's page", async (context) => {
  const { server, email } = await setUp(context);
  await email.notify(aNotification({ signInRequired: true, options: ["Approve & pay", "Not yet"] }));
  const { text: plain, html } = await server.next();
  const page = "https://box.example/console/pauses/psr_1?choice=";
  for (const part of [plain, html]) {
    assert.deepEqual(
      [...part.matchAll(/[^"\s]*[?]choice=[^"\s]*/g)].map(([link]) => link),
      [`${page}Approve%20%26%20pay`, `${page}Not%20yet`],
    );
    assert.match(part, /sign in to the console, which asks you to confirm/);
    assert.ok(part.includes("https://box.example/respond/tok3n"));
  }
});

test("a mail mentions neither a default nor a note when the pause has none", async (context) => {
  const { server, email } = await setUp(context);
  await email.notify(aNotification({ timeoutDefault: null, allowTextResponse: false }));
  const { text: plain, html } = await server.next();
  for (const part of [plain, html]) {
    assert.match(part, /If nobody answers, no option is chosen\./);
    assert.doesNotMatch(part, /add a note/);
  }
});

test("the headers name the sender, mark the mail as automatic, and identify the pause in the same way at every try", async (context) => {
  const { server, email } = await setUp(context);
  await email.notify(aNotification());
  await email.notify(aNotification());
  const [first, second] = [await server.next(), await server.next()];
  assert.deepEqual(first.headers.get("message-id"), ["<psr_018f2b3c-0000-7000-8000-000000000001@signalbox.example>"]);
  assert.deepEqual(first.headers.get("message-id"), second.headers.get("message-id"));
  assert.deepEqual(first.headers.get("date"), ["Fri, 08 May 2026 12:00:00 +0000"]);
  assert.deepEqual(first.headers.get("auto-submitted"), ["auto-generated"]);
  assert.deepEqual(first.headers.get("from"), ['"Signalbox, Ltd" <ops@signalbox.example>']);
  assert.deepEqual(first.headers.get("to"), ["ana@example.com"]);
  assert.deepEqual(first.headers.get("subject"), ["Acme Robots asks: Pay 340 EUR to Acme Corp?"]);
});

test("a question that looks like an encoded word is shown unchanged", async (context) => {
  const { server, email } = await setUp(context);
  const messages = [
    "=?utf-8?B?4oCuZXZpbA==?=",
    "see =?utf-8?Q?=E2=80=AEevil?= here",
    "a=?UTF-8?q?=41?=b",
    "=?utf-8?Q?a b?=",
    "=?",
    `é ${"long ".repeat(12)}=?utf-8?B?QQ==?= ${"😀".repeat(20)}`,
  ];
  for (const message of messages) {
    await email.notify(aNotification({ message }));
    const { headers } = await server.next();
    assert.deepEqual(headers.get("subject"), [cut(`Acme Robots asks: ${message}`, MAIL_SUBJECT_CHARS_MAX)]);
    const [head = ""] = (server.mails.at(-1) ?? "").split("\r\n\r\n", 1);
    for (const line of head.split("\r\n")) assert.ok(line.length <= 76, line);
  }
});

test("untrusted text cannot add headers or markup or reverse the reading direction, and keeps its line breaks", async (context) => {
  const { server, email } = await setUp(context);
  const sent = await email.notify(
    aNotification({
      requester: "Evil\r\nBcc: eve@example.com\r\n\r\n<b>body</b>",
      message:
        "One\r\nSubject: other\r\n.\r\nMAIL FROM:<eve@example.com>\r\n<script>alert('x')</script> \u202egnp.exe\u0000",
      options: ['"><img src=x>', "50% & more/?#=", "\ud800lone"],
    }),
  );
  assert.deepEqual(sent, { kind: "sent" });
  const { headers, text: plain, html } = await server.next();
  assert.equal(headers.get("bcc"), undefined);
  assert.equal(headers.get("subject")?.length, 1);
  assert.match(headers.get("subject")?.[0] ?? "", /^Evil Bcc: eve@example\.com <b>body<\/b> asks: One Subject: other/);
  assert.doesNotMatch(html, /<script|<img|<b>|\u202e/);
  assert.ok(!html.includes("\0") && !plain.includes("\0"));
  assert.match(
    html,
    /One<br>\nSubject: other<br>\n\.<br>\nMAIL FROM:&lt;eve@example\.com&gt;<br>\n&lt;script&gt;alert\(&#39;x&#39;\)/,
  );
  assert.match(plain, /One\nSubject: other\n\.\nMAIL FROM:<eve@example\.com>\n<script>/);
  const links = [...html.matchAll(/href="([^"]*\?choice=[^"]*)"/g)].map(([, href = ""]) => URL.parse(href));
  assert.deepEqual(
    links.map((link) => link?.searchParams.get("choice")),
    ['"><img src=x>', "50% & more/?#=", "\ufffdlone"],
  );
  assert.equal(server.mails.length, 1);
});

test("a mail without a requester's name uses a general phrase", async (context) => {
  const { server, email } = await setUp(context);
  await email.notify(aNotification({ requester: null }));
  const { text: plain, html, headers } = await server.next();
  assert.deepEqual(headers.get("subject"), ["Your answer is needed: Pay 340 EUR to Acme Corp?"]);
  for (const part of [plain, html]) {
    assert.match(part, /Your answer is needed:/);
    assert.doesNotMatch(part, /null|asks:/);
  }
});

test("a long question is truncated in the subject and complete in the mail", async (context) => {
  const { server, email } = await setUp(context);
  const message = "Is it 🙂? ".repeat(150).trim();
  await email.notify(aNotification({ message }));
  const mail = await server.next();
  assert.ok(mail.html.includes(message) && mail.text.includes(message));
  const subject = mail.headers.get("subject")?.[0] ?? "";
  assert.match(subject, /^Acme Robots asks: Is it 🙂\? .*…$/u);
  assert.ok(subject.length <= 100 && !subject.includes("\ufffd"));
});

test("an address that the server refuses is a permanent failure, with a reason that names no host", async (context) => {
  const { email } = await setUp(context, {
    onRcptTo: (_address, _session, done) =>
      done(
        reply(550, "5.1.1 <ana@example.com>: unknown at mx1.corp.internal [10.0.0.7] fe80::1, see https://x.example/y"),
      ),
  });
  assert.equal(
    reasonOf(await email.notify(aNotification()), "failed"),
    "the mail server refused the recipient: 550 5.1.1 <ana@example.com>: unknown at … […] …, see …",
  );
});

test("a recipient that the server defers is tried again", async (context) => {
  let tries = 0;
  const { server, email } = await setUp(context, {
    onRcptTo(_address, _session, done) {
      tries += 1;
      done(tries === 1 ? reply(451, "4.7.1 Greylisted, come back") : null);
    },
  });
  const put = await email.notify(aNotification());
  assert.equal(reasonOf(put, "again"), "the mail server deferred the message: 451 4.7.1 Greylisted, come back");
  assert.deepEqual(await email.notify(aNotification()), { kind: "sent" });
  assert.equal(server.mails.length, 1);
});

test("a message that the server refuses is a failure; one that it defers is tried again", async (context) => {
  const replies = [reply(554, "5.7.1 looks like spam"), reply(452, "4.3.1 disk full")];
  const { email } = await setUp(context, {
    onData: (stream, _session, done) => void text(stream).then(() => done(replies.shift())),
  });
  const refused = reasonOf(await email.notify(aNotification()), "failed");
  assert.equal(refused, "the mail server refused the message: 554 5.7.1 looks like spam");
  assert.match(reasonOf(await email.notify(aNotification()), "again"), /deferred the message: 452/);
});

test("a long reply is truncated", async (context) => {
  const { email } = await setUp(context, {
    onMailFrom: (_address, _session, done) => done(reply(550, "no ".repeat(200))),
  });
  assert.match(
    reasonOf(await email.notify(aNotification()), "failed"),
    /^the mail server refused the sender: 550 no no .*…$/,
  );
});

test("the user and password of the URL are used", async (context) => {
  const seen: unknown[] = [];
  const server = await startMailServer(context, {
    authOptional: false,
    onAuth({ username, password }, _session, done) {
      seen.push([username, password]);
      done(password === "p@ss:w/rd" ? null : reply(535, "5.7.8 no"), { user: username });
    },
  });
  const login = (password: string) =>
    `smtp://ops%40example.com:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
  const sent = await startEmail(context, login("p@ss:w/rd")).notify(aNotification());
  assert.deepEqual([sent, seen], [{ kind: "sent" }, [["ops@example.com", "p@ss:w/rd"]]]);
  for (const url of [login("hunter2"), server.url]) {
    const refused = await startEmail(context, url).notify(aNotification());
    assert.equal(reasonOf(refused, "again"), "the mail server rejected this server's login");
  }
});

const TLS = { cert: readPem("receiver"), key: readPem("receiver.key") };
const trusting = `?tls.ca=${encodeURIComponent(readPem("ca"))}`;

/** A server that records whether each mail arrived encrypted. */
async function startTlsServer(
  context: TestContext,
  options: SMTPServerOptions,
): Promise<MailServer & { secure: boolean[] }> {
  const secure: boolean[] = [];
  const server = await startMailServer(context, {
    ...TLS,
    ...options,
    onMailFrom(_address, session, done) {
      secure.push(session.secure);
      done();
    },
  });
  return { ...server, secure };
}

test("smtps encrypts the connection from the start, and smtp as soon as the server offers it", async (context) => {
  const direct = await startTlsServer(context, { secure: true });
  const upgraded = await startTlsServer(context, { disabledCommands: [] });
  const urls = [direct.url.replace("smtp:", "smtps:"), upgraded.url];
  for (const url of urls)
    assert.deepEqual(await startEmail(context, url + trusting).notify(aNotification()), { kind: "sent" });
  assert.deepEqual([direct.secure, upgraded.secure], [[true], [true]]);
});

test("a server whose certificate is not trusted gets nothing", async (context) => {
  const server = await startTlsServer(context, { disabledCommands: [] });
  const reason = reasonOf(await startEmail(context, server.url).notify(aNotification()), "again");
  assert.equal(reason, "no secure connection to the mail server could be established");
  assert.deepEqual(server.secure, []);
});

test("an unreachable server is tried again, and the reason does not name it", async (context) => {
  const free = net.createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  free.close();
  const email = startEmail(context, `smtp://user:hunter2@127.0.0.1:${port}`);
  assert.equal(reasonOf(await email.notify(aNotification()), "again"), "the mail server cannot be reached");
});

/** A server that accepts connections and sends nothing. */
async function startSilentServer(context: TestContext) {
  const connected = signalled<net.Socket>("a connection");
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined);
    connected.give(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, connected: connected.promise };
}

test("a try to a silent server ends at the deadline, and its connection is closed", async (context) => {
  const { url, connected } = await startSilentServer(context);
  const { clock, fire } = handClock();
  const notified = startEmail(context, url, clock).notify(aNotification());
  const socket = await connected;
  const closed = once(socket.resume(), "close");
  fire();
  assert.equal(reasonOf(await notified, "again"), "the mail server did not respond in time");
  await within(closed, "the connection's end");
});

test("a stop immediately ends tries that were not handed over, and starts no more", async (context) => {
  const { url, connected } = await startSilentServer(context);
  const email = startEmail(context, url, handClock().clock);
  const notified = email.notify(aNotification());
  const socket = await connected;
  const closed = once(socket.resume(), "close");
  await within(email.close(), "the stop");
  assert.deepEqual(await notified, { kind: "aborted" });
  await within(closed, "the connection's end");
  assert.deepEqual(await email.notify(aNotification()), { kind: "aborted" });
});

/** A server that holds a complete message until the test lets it respond. */
async function startHesitantServer(context: TestContext) {
  const taken = signalled<() => void>("a message");
  const server = await startMailServer(context, {
    onData: (stream, _session, done) => void text(stream).then(() => taken.give(() => done())),
  });
  return { url: server.url, taken: taken.promise };
}

test("a stop waits for the response to a message that was handed over", async (context) => {
  const { url, taken } = await startHesitantServer(context);
  const email = startEmail(context, url, handClock().clock);
  const notified = email.notify(aNotification());
  const accept = await taken;
  const closed = email.close();
  accept();
  assert.deepEqual(await notified, { kind: "sent" });
  await within(closed, "the stop");
});

test("a stop waits only for a limited time for that response", async (context) => {
  const { url, taken } = await startHesitantServer(context);
  const { clock, fireLast } = handClock();
  const email = startEmail(context, url, clock);
  const notified = email.notify(aNotification());
  await taken;
  const closed = email.close();
  fireLast();
  assert.deepEqual(await notified, UNCONFIRMED);
  await within(closed, "the stop");
});

test("a connection serves several mails, and one that the server has closed does not cost a try", async (context) => {
  const connections = new Set<string>();
  const ended = signalled<void>("the connection's end");
  const { server, email } = await setUp(context, {
    onConnect(session, done) {
      connections.add(session.id);
      done();
    },
    onClose: () => ended.give(),
    socketTimeout: 300,
  });
  for (let mail = 0; mail < 3; mail++) assert.deepEqual(await email.notify(aNotification()), { kind: "sent" });
  assert.equal(connections.size, 1);
  await ended.promise;
  assert.deepEqual(await email.notify(aNotification()), { kind: "sent" });
  assert.deepEqual([connections.size, server.mails.length], [2, 4]);
});

test("only a plain mailbox is a valid address", async (context) => {
  const { email } = await setUp(context);
  assert.equal(await email.addressFault("ana@example.com"), null);
  assert.match((await email.addressFault("ana@example.com, eve@example.com")) ?? "", /^must be an email address/);
});
