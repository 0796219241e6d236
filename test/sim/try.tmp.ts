import { simulate } from "./simulate.ts";
import { writeFileSync } from "node:fs";
const from = Number(process.argv[2] ?? 1), to = Number(process.argv[3] ?? from);
for (let seed = from; seed <= to; seed++) {
  const t = performance.now();
  const r = await simulate(seed);
  console.log(seed, Math.round(performance.now() - t), "ms", JSON.stringify(r.counts), r.digest.slice(0, 8), "faults", r.faults.length);
  for (const f of r.faults.slice(0, Number(process.env.F ?? 6))) console.log("   ", f.slice(0, 400));
  if (process.env.LOG) writeFileSync(process.env.LOG, r.log.join("\n"));
}
