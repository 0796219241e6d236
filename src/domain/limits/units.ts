/** What limits are written in: bytes and milliseconds. */
export const KB = 1024;
export const MB = 1024 * KB;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
