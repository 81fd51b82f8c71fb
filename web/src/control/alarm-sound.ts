// SPDX-License-Identifier: Apache-2.0
// Two short tones every few seconds while an alarm waits for a person. Made here, so that nothing has
// to be loaded. Browsers let a page sound only after a tap; until then a switch that is on is silent, and
// the page says so.
import { Cell } from '../shell/cell';
import { remember, remembered } from '../shell/look';

const KEY = 'muster.sound';
const EVERY_MS = 6000;

export const soundIsOn = new Cell(remembered(KEY) === 'on');

export const soundIsBlocked = new Cell(false);

let context: AudioContext | null = null;

function prepare(): AudioContext {
  if (!context) {
    const made = new AudioContext();
    made.onstatechange = () => soundIsBlocked.set(made.state !== 'running');
    soundIsBlocked.set(made.state !== 'running');
    context = made;
  }
  void context.resume();
  return context;
}

const allow = () => {
  if (soundIsOn.get()) prepare();
};
addEventListener('pointerup', allow);
addEventListener('keydown', allow);

function tone(context: AudioContext, frequency: number, startS: number, lengthS: number): void {
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
  const context = prepare();
  tone(context, 740, 0, 0.16);
  tone(context, 988, 0.2, 0.24);
}

export function switchSound(): void {
  soundIsOn.update((isOn) => !isOn);
  remember(KEY, soundIsOn.get() ? 'on' : 'off');
  if (soundIsOn.get()) sound();
}

if (soundIsOn.get()) prepare();

let waiting = false;
setInterval(() => {
  if (waiting && soundIsOn.get()) sound();
}, EVERY_MS);

export function setAlarmWaiting(isWaiting: boolean): void {
  if (isWaiting && !waiting && soundIsOn.get()) sound();
  waiting = isWaiting;
}
