/** The tests of the sender again, with requests that go through the sending thread. */
import { suite } from "node:test";
import { IN_THREAD } from "../../fixtures/receiver.ts";

for (const name of ["sender", "sender-hostile"]) {
  // A module with another query is loaded once more, so its tests are defined again, here in this suite.
  suite(`${name} ${IN_THREAD}`, () => import(`./${name}.test.ts?${IN_THREAD}`));
}
