/** Faults in the answers that people give in Slack. */
import type { Mutant } from "./mutant.ts";

const test = "test/wire/pauses/slack-answers.test.ts";
const answers = "src/engine/pauses/slack-answers.ts";

export const slack: readonly Mutant[] = [
  {
    fault: "anybody may send the press of a button",
    file: answers,
    find: "app === null || !isSignedBySlack(request, app, clock.now()) || ",
    replace: "app === null || ",
    test,
  },
  {
    fault: "a request that was received before is accepted again",
    file: answers,
    find: "if (this.#seen.has(key)) return true;",
    replace: "",
    test,
  },
  {
    fault: "a person confirms with the button of another person",
    file: answers,
    find: '(button.step === "confirm" && button.person !== click.person)',
    replace: "false",
    test,
  },
  {
    fault: "a button that the server did not sign counts",
    file: "src/engine/pauses/slack-buttons.ts",
    find: " || !timingSafeEqual(given, expected)",
    replace: "",
    test,
  },
  {
    fault: "a confirmation counts for as long as the question is open",
    file: answers,
    find: "button.until < clock.now()",
    replace: "false",
    test,
  },
  {
    fault: "a user of another tenant decides",
    file: answers,
    find: "user.tenantSeq === pause.tenantSeq && ",
    replace: "",
    test,
  },
  {
    fault: "a viewer decides",
    file: answers,
    find: ' && includesRole(user.role, "developer")',
    replace: "",
    test,
  },
  {
    fault: "one person takes the place of everybody",
    file: answers,
    find: "if (ofPerson >= SLACK_CLICKS_OF_PERSON_COUNT_MAX) return BUSY;",
    replace: "",
    test,
  },
  {
    fault: "a message asks for a password where nobody can type one",
    file: "src/engine/pauses/channel-worker.ts",
    find: " || signIn?.protected === true) return null;",
    replace: ") return null;",
    test,
  },
  {
    fault: "an address that nobody has confirmed counts",
    file: "src/notify/slack-app.ts",
    find: "!isConfirmed || ",
    replace: "",
    test,
  },
  {
    fault: "people of other organizations count",
    file: "src/notify/slack-app.ts",
    find: "!isOwn || ",
    replace: "",
    test: "src/notify/slack-app.test.ts",
  },
];
