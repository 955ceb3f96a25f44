import { type Clock, systemClock } from "../src/clock.ts";

const PATIENCE = 20;

/**
 * Real time, in which everything may take twenty times as long: a flush gives up after five seconds, and what is slow on
 * a machine that has much else to do is not lost.
 */
export const patientClock: Clock = {
  ...systemClock,
  setTimer: (callback, delayMs, options) => systemClock.setTimer(callback, delayMs * PATIENCE, options),
};
