/** One pause: an agent asks and waits, a person decides on the page, and the webhook arrives once. */
import { isPauseEvent, verify } from "../../packages/sdk/src/index.ts";
import { expect, SECRET, type Stage, say } from "./stage.ts";

const QUESTION = {
  message: "Pay 340 EUR to Acme Corp?",
  options: ["Approve", "Reject"],
  timeout_default: "Reject",
  expires_in_seconds: 600,
  metadata: { invoice: 7 },
};

export async function askPerson(stage: Stage): Promise<void> {
  const { signalbox, receiver } = stage;
  const url = `${receiver.url}/pauses`;
  await signalbox.webhooks.create({ url, events: ["pause.responded", "pause.timed_out"], secret: SECRET });
  const { pause_id, respond_url } = await signalbox.pause(QUESTION);
  if (respond_url === null) throw new Error("the link should be shown to the key that asked");
  say(`asked     "${QUESTION.message}" as ${pause_id}`);
  say(`          the link for a person: ${respond_url}`);
  const [{ status, response_choice }] = await Promise.all([signalbox.waitForPause(pause_id), decide(respond_url)]);
  say(`agent     continues: the pause is ${status}, and the choice is ${response_choice}`);
  expect(status === "responded" && response_choice === "Approve", "the agent should get the person's choice");
  await receiveWebhook(stage, pause_id);
  await answerAgain(respond_url);
}

/** Do what a browser does: open the page, and send its form. */
async function decide(link: string): Promise<void> {
  const page = await (await fetch(link)).text();
  const choices = [...page.matchAll(/<button name="choice" value="([^"]*)"/g)].map(([, choice]) => choice);
  say(`person    opens the link and sees the buttons ${choices.join(" and ")}; opening decides nothing`);
  expect(choices.join() === QUESTION.options.join(), "the page should have a button for each option");
  const decided = await press(link, "Approve");
  say(`person    presses Approve, and the page says: ${headingOf(await decided.text())}`);
}

async function answerAgain(link: string): Promise<void> {
  const refused = await press(link, "Reject");
  say(
    `person    presses Reject, too late (HTTP ${refused.status}), and the page still says: ${headingOf(await refused.text())}`,
  );
  expect(refused.status === 410, "a pause should end once");
}

/** Send the page's form. The server answers 303, which leads back to the page. */
function press(link: string, choice: string): Promise<Response> {
  return fetch(link, { method: "POST", body: new URLSearchParams({ choice }) });
}

function headingOf(page: string): string {
  const [, heading = ""] = /<h1>(.*?)<\/h1>/s.exec(page) ?? [];
  return heading.replaceAll(/<[^>]+>/g, "");
}

async function receiveWebhook({ receiver, outcomes }: Stage, pauseId: string): Promise<void> {
  const { body, raw, headers } = await receiver.arrivals.next();
  await verify({ body: raw, headers, secret: SECRET, scheme: "pausepoint" });
  expect(isPauseEvent(body) && body.pause_id === pauseId, "the webhook should be about this pause");
  say(`          received ${body.event} ${JSON.stringify(body.data)}`);
  say("          both of its signatures are valid: webhook-signature and X-PausePoint-Signature");
  await outcomes.next();
}
