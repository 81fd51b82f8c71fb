// SPDX-License-Identifier: Apache-2.0
// What the server said against something, at its field where it names one.
import { Problem } from './api';

// Where something is wrong, and what to do.
export interface Refusal {
  place: string | null;
  words: string;
}

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof Problem)) {
    reportError(error);
    return { place: null, words: 'This page failed. Reload it and try again.' };
  }
  const wait = error.status === 429 && error.retryAfterS ? ` Try again in ${error.retryAfterS} s.` : '';
  const detail = error.detail.charAt(0).toUpperCase() + error.detail.slice(1);
  return { place: error.place, words: `${/[.!?]$/.test(detail) ? detail : `${detail}.`}${wait}` };
}
