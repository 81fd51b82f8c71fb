// SPDX-License-Identifier: Apache-2.0
// Two short tones every few seconds while an alarm waits for a person. Made here, so that nothing has
// to be loaded. Browsers let a page sound only after a tap; the switch is one.
import { Cell } from '../shell/cell';
import { remember, remembered } from '../shell/look';

const KEY = 'muster.sound';
const EVERY_MS = 6000;

export const soundIsOn = new Cell(remembered(KEY) === 'on');

let context: AudioContext | null = null;

function tone(frequency: number, startS: number, lengthS: number): void {
  if (!context) return;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  const begin = context.currentTime + startS;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, begin);
  gain.gain.linearRampToValueAtTime(0.25, begin + 0.02);
  gain.gain.setValueAtTime(0.25, begin + lengthS - 0.04);
  gain.gain.linearRampToValueAtTime(0, begin + lengthS);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(begin);
  oscillator.stop(begin + lengthS);
}

function sound(): void {
  context ??= new AudioContext();
  void context.resume();
  tone(740, 0, 0.16);
  tone(988, 0.2, 0.24);
}

export function switchSound(): void {
  soundIsOn.update((isOn) => !isOn);
  remember(KEY, soundIsOn.get() ? 'on' : 'off');
  if (soundIsOn.get()) sound();
}

let waiting = false;
setInterval(() => {
  if (waiting && soundIsOn.get()) sound();
}, EVERY_MS);

export function setAlarmWaiting(isWaiting: boolean): void {
  if (isWaiting && !waiting && soundIsOn.get()) sound();
  waiting = isWaiting;
}
