import assert from "node:assert/strict";
import { test } from "node:test";
import { connectFailure, tlsFailure } from "./failures.ts";

const coded = (code: string, more: object = {}) =>
  Object.assign(new Error(`connect ${code} 10.0.0.5:443`), { code, ...more });
const alert = (number: number) =>
  Object.assign(
    new Error(`4073D76F:error:0A000410:SSL routines::reason:../deps/rec_layer.c:918:SSL alert number ${number}\n`),
    {
      code: "ERR_SSL_SOMETHING",
    },
  );

test("of several addresses' errors, the one that says most about the receiver is reported", () => {
  const reason = (...codes: string[]) => {
    const failure = connectFailure(codes.map((code) => coded(code)));
    return failure.kind === "unreachable" ? failure.reason : failure.kind;
  };
  assert.equal(reason("ENETUNREACH", "ECONNREFUSED"), "connect_refused");
  assert.equal(reason("ETIMEDOUT", "ENETUNREACH"), "connect_timeout");
  assert.equal(reason("ENETUNREACH", "ECONNRESET"), "reset");
  assert.equal(reason("EHOSTUNREACH"), "connect_error");
  assert.equal(reason("EMFILE", "ECONNREFUSED"), "connect_refused");
  assert.equal(reason("ENETUNREACH", "EMFILE"), "out_of_resources");
  assert.equal(reason("ENOTHEARDOF"), "connect_error");
});

test("a local shortage is not a failure of the receiver, and its text says what to do", () => {
  for (const code of ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]) {
    const failure = connectFailure([coded(code)]);
    assert.equal(failure.kind, "out_of_resources", code);
    assert.doesNotMatch(failure.detail, /10\.0\.0\.5/);
  }
  assert.match(connectFailure([coded("EMFILE")]).detail, /ulimit -n/);
});

test("a machine without IPv6 has no route to an IPv6 address, which is not a temporary shortage", () => {
  const failure = connectFailure([coded("EADDRNOTAVAIL", { address: "2606:4700::1" })]);
  assert.ok(failure.kind === "unreachable" && failure.reason === "connect_error");
  assert.match(failure.detail, /no route/);
});

test("every TLS alert is described by its name and in our own words, never in OpenSSL's", () => {
  for (let number = 0; number < 256; number++) {
    const { detail } = tlsFailure(alert(number), false);
    assert.match(
      detail,
      number === 116 ? /asks for a client certificate/ : /^the receiver ended TLS with [a-z_0-9 ]+: it /,
      detail,
    );
    assert.doesNotMatch(detail, /SSL|:error:/);
  }
  assert.match(tlsFailure(alert(48), false).detail, /unknown_ca/);
  assert.match(tlsFailure(alert(255), false).detail, /alert 255/);
});

test("an alert from a receiver that requested a client certificate is explained by that certificate", () => {
  for (const number of [40, 42, 46, 48, 116]) {
    assert.match(tlsFailure(alert(number), true).detail, /^the receiver asks for a client certificate/);
  }
  assert.match(tlsFailure(coded("ECONNRESET"), true).detail, /client certificate.*closed the connection/);
  assert.match(tlsFailure(coded("CERT_HAS_EXPIRED"), true).detail, /has expired/);
});
