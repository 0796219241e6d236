/** A clock in microseconds that all processes of a machine share, so times of different processes can be compared. */
const originUs = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000;

export function nowUs(): number {
  return originUs + performance.now() * 1000;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
