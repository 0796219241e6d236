/** Faults in what the server receives: signatures, delivery IDs, loops. */
import type { Mutant } from "./mutant.ts";

const PARSE_REQUEST = "src/engine/inbound/payload/parse-request.test.ts";
const LOOPS = "test/e2e/inbound/loops.test.ts";

export const inbound: readonly Mutant[] = [
  {
    fault: "an inbound signature with an old timestamp is accepted",
    file: "src/engine/inbound/schemes/timestamped.ts",
    find: 'if (time.kind === "rejected") return time;',
    replace: 'if (time.kind === "rejected") return { kind: "signed", timestamp: null, signatures: [] };',
    test: "src/engine/inbound/verify/verify.test.ts",
  },
  {
    fault: "a sender's delivery ID is read as a double",
    file: "src/engine/inbound/payload/pointers.ts",
    find: "return sourceAt(body.source, steps);",
    replace: "return String(value);",
    test: PARSE_REQUEST,
  },
  {
    fault: "the servers that a webhook came through are not counted",
    file: "src/engine/inbound/loops.ts",
    find: "return hopsIn(headers[LOOP_HEADER.toLowerCase()]);",
    replace: "return hopsIn(headers[LOOP_HEADER]);",
    test: LOOPS,
    only: "keep the count",
  },
  {
    fault: "a server refuses a webhook one server early",
    file: "src/engine/inbound/loops.ts",
    find: "hops > LOOP_HOPS_COUNT_MAX ?",
    replace: "hops >= LOOP_HOPS_COUNT_MAX ?",
    test: LOOPS,
    only: "a pause status in a loop",
  },
  {
    fault: "a request without a genuine signature is told about a loop",
    file: "src/engine/inbound/verify/verify.ts",
    find: 'return verification.kind === "verified" ? (loopFault(request) ?? verification) : verification;',
    replace: "return loopFault(request) ?? verification;",
    test: LOOPS,
    only: "a pause status in a loop",
  },
  {
    fault: "an event forgets the servers that its webhook came through",
    file: "src/engine/inbound/inbound-receiver.ts",
    find: "event: inTrace(cameThrough(event, hopsOf(request)), traceContextIn(request.headers)),",
    replace: "event,",
    test: LOOPS,
    only: "keep the count",
  },
  {
    fault: "a pause status's event forgets the servers that the pause status came through",
    file: "src/engine/inbound/inbound-receiver.ts",
    find: "const hops = hopsOf(request);",
    replace: "const hops = 0;",
    test: LOOPS,
    only: "keeps the count",
  },
  {
    fault: "an event that is published again begins a loop anew",
    file: "src/engine/inbound/reprocessing.ts",
    find: "const hops = hopsOf(record.raw);",
    replace: "const hops = 0;",
    test: LOOPS,
    only: "keep the count",
  },
  {
    fault: "a refused webhook that is reprocessed begins a loop anew",
    file: "src/engine/inbound/reprocessing.ts",
    find: "inTrace(cameThrough(event, hopsOf(record.raw)), traceContextIn(record.raw.headers))",
    replace: "event",
    test: LOOPS,
    only: "keeps the count",
  },
  {
    fault: "a refused pause status that is reprocessed begins a loop anew",
    file: "src/engine/inbound/reprocessing.ts",
    find: "hops: hopsOf(record.raw), trace, now })",
    replace: "hops: 0, trace, now })",
    test: LOOPS,
    only: "keeps the count",
  },
  {
    fault: "the header that counts servers is not stored",
    file: "src/engine/inbound/kept-headers.ts",
    find: "user-agent|cdn-loop|",
    replace: "user-agent|",
    test: LOOPS,
    only: "keep the count",
  },
];
