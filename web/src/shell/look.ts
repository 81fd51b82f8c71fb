// SPDX-License-Identifier: Apache-2.0
// Night is where control rooms are; bright, with strong contrast, is for the sun.
import { Cell } from './cell';

export type Look = 'night' | 'bright' | 'device';
export const LOOKS: { look: Look; name: string }[] = [
  { look: 'night', name: 'Night' },
  { look: 'bright', name: 'Bright' },
  { look: 'device', name: 'As device' },
];

const KEY = 'muster.look';
const prefersLight = matchMedia('(prefers-color-scheme: light)');

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is blocked: it lasts as long as the page.
  }
}

export const look = new Cell<Look>((remembered(KEY) as Look | null) ?? 'night');
// What is drawn now; canvases follow it.
export const drawnLook = new Cell<'night' | 'bright'>('night');

function apply(): void {
  const chosen = look.get();
  const drawn = chosen === 'device' ? (prefersLight.matches ? 'bright' : 'night') : chosen;
  document.documentElement.dataset['look'] = drawn;
  drawnLook.set(drawn);
}

look.subscribe((value) => {
  remember(KEY, value);
  apply();
});
prefersLight.addEventListener('change', apply);
apply();
