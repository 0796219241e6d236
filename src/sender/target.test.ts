import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuard } from "./guard.ts";
import { readTarget } from "./target.ts";

const read = (url: string, allowNetworks: readonly string[] = [], allowHttp = true) =>
  readTarget(url, { allowHttp, guard: createGuard(allowNetworks) });

function reason(url: string, allowNetworks?: readonly string[], allowHttp?: boolean): string {
  const verdict = read(url, allowNetworks, allowHttp);
  return verdict.kind === "refused" ? verdict.reason : `accepted as ${verdict.target.origin}`;
}

const ODD_LOOPBACK = [
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://017700000001/",
  "http://0x7f000001/",
  "http://0x7f.1/",
  "http://0177.0.0.1/",
  "http://127.1/",
  "http://127.0.1/",
  "http://127.0.0.1./",
  "http://127.00.00.01/",
  "http://１２７.０.０.１/",
  "http://127。0。0。1/",
  "http://127｡0｡0｡1/",
  "http://①②⑦.0.0.1/",
  "http://%31%32%37.0.0.1/",
  "http://0x7F.0x0.0x0.0x1/",
  "http://[::1]/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://[::0001]/",
  "HTTP://127.0.0.1:8080/",
];

test("every unusual notation of a loopback address is refused, and allowed if loopback is allowed", () => {
  for (const url of ODD_LOOPBACK) {
    assert.match(reason(url), /is a loopback address; add its network to SIGNALBOX_ALLOW_NETWORKS/, url);
    assert.equal(read(url, ["127.0.0.0/8", "::1/128"]).kind, "accepted", url);
  }
});

test("unusual notations of other refused addresses are refused by their kind", () => {
  const cases: Array<[string, RegExp]> = [
    ["http://0xa9fea9fe/latest/meta-data/", /cloud metadata/],
    ["http://2852039166/", /cloud metadata/],
    ["http://[::ffff:169.254.169.254]/", /cloud metadata/],
    ["http://[fd00:ec2::254]/", /cloud metadata/],
    ["http://[::ffff:7f00:1]/", /IPv4-mapped/],
    ["http://[::ffff:127.0.0.1]/", /IPv4-mapped/],
    ["http://[::127.0.0.1]/", /IPv4-compatible/],
    ["http://[64:ff9b::10.0.0.1]/", /NAT64/],
    ["http://[2002:a00:1::]/", /6to4/],
    ["http://0/", /unspecified/],
    ["http://0.0.0.0:8080/", /unspecified/],
    ["http://10.1/", /private/],
    ["http://0300.0250.1.1/", /private/],
    ["http://[fe80::1]/", /link-local/],
  ];
  for (const [url, kind] of cases) assert.match(reason(url), kind, url);
});

test("names that only exist inside a network are refused without a lookup", () => {
  const within = [
    "http://localhost/",
    "http://LOCALHOST./",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://api.localhost:3000/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://db.internal./",
    "http://intranet/",
    "http://intranet./",
  ];
  for (const url of within) {
    const verdict = read(url);
    assert.ok(verdict.kind === "refused" && verdict.by === "address", url);
    assert.match(verdict.reason, /SIGNALBOX_ALLOW_NETWORKS/, url);
  }
});

test("names that only exist inside a network are accepted once networks are allowed", () => {
  const names = [
    "api",
    "orders.default.svc.cluster.local",
    "host.docker.internal",
    "metadata.google.internal",
    "printer.local",
  ];
  for (const name of names) {
    for (const url of [`http://${name}:3000/hook`, `http://${name}.:3000/hook`]) {
      const verdict = read(url, ["10.0.0.0/8"]);
      assert.ok(verdict.kind === "accepted", url);
      assert.deepEqual(verdict.target.host, { kind: "name", name });
    }
  }
  assert.match(reason("http://api/", [], false), /must begin with https/);
  const loopback = read("http://localhost/", ["10.0.0.0/8"]);
  assert.ok(loopback.kind === "refused" && loopback.reason.includes("127.0.0.0/8"));
});

test("localhost stands for the loopback addresses that are allowed", () => {
  const addresses = (url: string, networks: string[]) => {
    const verdict = read(url, networks);
    return verdict.kind === "accepted" && verdict.target.host.kind === "addresses" && verdict.target.host.addresses;
  };
  assert.deepEqual(addresses("http://localhost:3000/", ["127.0.0.0/8"]), ["127.0.0.1"]);
  assert.deepEqual(addresses("http://localhost/", ["127.0.0.0/8", "::1/128"]), ["127.0.0.1", "::1"]);
});

test("http is refused unless it is allowed, and the reason names the setting", () => {
  assert.match(reason("http://example.com/", [], false), /https:\/\/; set SIGNALBOX_ALLOW_HTTP=true/);
  const both = /SIGNALBOX_ALLOW_HTTP=true to allow http:\/\/\. Also, .*add .* to SIGNALBOX_ALLOW_NETWORKS to allow it$/;
  for (const host of ["localhost:3000", "127.0.0.1", "10.0.0.1", "shop"])
    assert.match(reason(`http://${host}/`, [], false), both);
  assert.equal(read("http://example.com/").kind, "accepted");
  assert.equal(read("https://example.com/", [], false).kind, "accepted");
});

test("malformed URLs, other schemes, user names and hidden characters are refused", () => {
  const cases: Array<[string, RegExp]> = [
    ["", /not a valid/],
    ["example.com", /not a valid/],
    ["/hook", /not a valid/],
    ["https:example.com", /not a valid/],
    ["https://", /not a valid/],
    ["https://exa mple.com/", /spaces/],
    ["https://exam\tple.com/", /spaces/],
    [" https://example.com/", /spaces/],
    ["https://example.com/\r\nHost: evil", /spaces/],
    ["https://example.com\\@evil.com/", /backslashes/],
    ["https://user:secret@example.com/", /user name/],
    ["https://user@example.com/", /user name/],
    ["https://@example.com/", /user name/],
    ["ftp://example.com/", /must begin with https/],
    ["javascript://example.com/%0aalert(1)", /must begin with https/],
    ["file:///etc/passwd", /not a valid/],
    ["https://example.com:99999/", /not a valid/],
    ["https://example.com:0/", /port/],
    ["https://1.2.3.4.5/", /not a valid/],
    ["https://[fe80::1%25eth0]/", /not a valid/],
    ["https://[::1/", /not a valid/],
    ["https://example..com/", /empty label/],
    ["https://example.com../", /empty label/],
    [`https://example.com/${"a".repeat(2048)}`, /longer than 2048/],
  ];
  for (const [url, rule] of cases) assert.match(reason(url), rule, JSON.stringify(url));
});

test("an accepted URL is split into the parts that are sent", () => {
  const verdict = read("https://Hooks.Bücher.example.:8443/a b?q=ü#part".replace(" ", "%20"));
  assert.ok(verdict.kind === "accepted");
  assert.deepEqual(verdict.target, {
    origin: "https://hooks.xn--bcher-kva.example.:8443",
    secure: true,
    port: 8443,
    host: { kind: "name", name: "hooks.xn--bcher-kva.example" },
    hostname: "hooks.xn--bcher-kva.example",
    path: "/a%20b?q=%C3%BC",
  });
  const plain = read("http://8.8.8.8");
  assert.ok(plain.kind === "accepted");
  assert.deepEqual(plain.target, {
    origin: "http://8.8.8.8",
    secure: false,
    port: 80,
    host: { kind: "addresses", addresses: ["8.8.8.8"] },
    hostname: "8.8.8.8",
    path: "/",
  });
});
