/** The times that the cases use. */
import type { EpochMs } from "../../../../src/domain/ids.ts";

/** A whole hour, and a whole day. */
export const START: EpochMs = 1_800_000_000_000 - (1_800_000_000_000 % 86_400_000);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
