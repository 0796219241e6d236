import assert from "node:assert/strict";
import { test } from "node:test";
import { pathAfterSignIn } from "../../../console/src/session/after-sign-in.ts";

const ORIGIN = "https://hooks.example.com";
const after = (to: unknown) => pathAfterSignIn(to, ORIGIN);

test("after signing in, a person comes to the page that the address names", () => {
  const pages = ["/console/", "/console/deliveries?status=FAILED#top", "/console/go/a%2Fb", "/console/sign-in-log"];
  assert.deepEqual(pages.map(after), pages);
});

test("an address that is no page of the console leads to the overview", () => {
  const others = [
    undefined,
    ["/console/jobs"],
    "",
    "https://evil.example.com/console/",
    "//evil.example.com/console/",
    "/console/../docs",
    "/console/%zz",
    "/console/%ff",
  ];
  assert.deepEqual(
    others.map(after),
    others.map(() => "/console/"),
  );
});

test("the sign-in page does not lead to itself", () => {
  const self = ["sign-in", "sign-in/", "Sign-In", "/sign-in", "%73ign-in", "./sign-in?to=/console/jobs"];
  assert.deepEqual(
    self.map((path) => after(`/console/${path}`)),
    self.map(() => "/console/"),
  );
});
