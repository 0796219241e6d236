/** A clock that all processes of a machine share, in microseconds: one may subtract what another has read. */
const originUs = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;

export function nowUs(): number {
  return originUs + performance.now() * 1000;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
