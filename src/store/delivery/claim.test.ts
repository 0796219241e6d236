import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import { claim } from "./claim.ts";

test("a lane whose secret does not decrypt is claimed later, and delays no other lane", () => {
  const store = openStore();
  const [torn, whole] = [store.endpoint(), store.endpoint()];
  store.publish([torn, whole]);
  store.run((w) => w.prepare("UPDATE endpoints SET secret_sealed = ? WHERE seq = ?").run(new Uint8Array(40), torn.seq));
  const request = {
    now: START + 1000,
    lanes: [],
    adopt: { lanesMax: 10, countEach: 4, exceptTenants: [] },
    deliveriesMax: 100,
    bytesMax: 1_000_000,
    firstToken: 1,
  };
  const first = store.run((w) => claim(w, request));
  assert.deepEqual(
    first.lanes.map(({ endpoint, deliveries }) => [endpoint.seq, deliveries.length]),
    [[whole.seq, 1]],
  );
  assert.deepEqual(
    first.broken.map(({ endpointSeq }) => endpointSeq),
    [torn.seq],
  );
  const second = store.run((w) => claim(w, { ...request, now: request.now + 1, firstToken: 101 }));
  assert.deepEqual(second.broken, [], "not looked at again at once");
  assert.ok((second.nextReadyAt ?? 0) > request.now + 1);
});
