// SPDX-License-Identifier: Apache-2.0
// Steps of the heat map: each twice the one before, up to half of the hottest cell, since most places are
// cool and the few that are not matter.

export const STEPS = 6;

// The least density of each step, coolest first; the coolest takes all below the second.
export const stepsOf = (hottest: number) => Array.from({ length: STEPS }, (_, i) => (i === 0 ? 0 : hottest / 2 ** (STEPS - i)));

export function stepOf(value: number, hottest: number): number {
  let step = STEPS - 1;
  while (step > 0 && value < hottest / 2 ** (STEPS - step)) step -= 1;
  return step;
}
