// SPDX-License-Identifier: Apache-2.0
// The server's time, as near as its answers' Date header tells it: a laptop's clock that is ten
// minutes wrong must not make fresh counts look old, nor old ones fresh.

let aheadMs = 0;
let isKnown = false;

export function hearServerDate(header: string | null): void {
  const date = header === null ? NaN : Date.parse(header);
  if (Number.isNaN(date)) return;
  // The header is cut to whole seconds: its middle is the best guess. Small differences are noise.
  const measured = date + 500 - Date.now();
  if (!isKnown || Math.abs(measured - aheadMs) > 1500) aheadMs = measured;
  isKnown = true;
}

export const serverNow = () => Date.now() + aheadMs;
export const toServerTime = (localMs: number) => localMs + aheadMs;
