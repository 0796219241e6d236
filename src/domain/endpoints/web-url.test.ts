import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWebUrl, urlFault } from "./web-url.ts";

/** URLs that `URL.parse` repairs, each to the host `a.example`. */
const REPAIRED = {
  characters: [
    " https://a.example/",
    "https://a.example/ ",
    "\thttps://a.example/",
    "ht\ntps://a.example/",
    "https://a.exa\nmple/",
    "https:\\\\a.example/",
    "https:/\\a.example/",
    "https://a.example\\@b.example/",
    "https://a.example/x y",
  ],
  slashes: [
    "https:///a.example/",
    "https:///user@a.example/",
    "https:////a.example/",
    "https:/a.example/",
    "https:a.example/",
    "HTTPS:///a.example",
  ],
  credentials: [
    "https://user@a.example/",
    "https://user:password@a.example/",
    "https://@a.example/",
    "https://:@a.example/",
    "https://b.example@a.example",
  ],
} as const;

for (const [fault, urls] of Object.entries(REPAIRED)) {
  test(`a URL with wrong ${fault} is refused, although the parser would repair it`, () => {
    for (const url of urls) {
      assert.equal(URL.parse(url)?.hostname, "a.example", url);
      assert.equal(urlFault(url), fault, url);
      assert.equal(parseWebUrl(url), null, url);
    }
  });
}

test("a plain URL is accepted with any path and query", () => {
  for (const url of [
    "https://a.example",
    "HTTPS://A.example:8443/hook?to=x@y.example#part",
    "http://[::1]:3000/",
    "https://a.example//double//slashes",
    "https://a.example/@user",
    "https://a.example?next=https:///x",
    "https://bücher.example/é",
  ]) {
    assert.equal(parseWebUrl(url)?.href, new URL(url).href);
  }
});

test("text that is not a web URL parses to null", () => {
  for (const url of [
    "",
    "a.example",
    "a.example:443",
    "127.0.0.1:8080",
    "//a.example",
    "ftp://a.example",
    "https://",
  ]) {
    assert.equal(parseWebUrl(url), null, url);
  }
});
