// SPDX-License-Identifier: Apache-2.0
// Filling or emptying, and how fast: the count now against the count a minute ago. Density alone says
// too late that a place is filling.
import type { ZonesMessage } from '../shell/documents';

const SAMPLE_EVERY_MS = 5000;
const LOOK_BACK_MS = 60000;
const LEAST_MS = 20000;

interface Sample {
  atMs: number;
  people: Map<string, number>;
}

export class Trend {
  private samples: Sample[] = [];

  hear(message: ZonesMessage): void {
    const atMs = Date.parse(message.at);
    const last = this.samples[this.samples.length - 1];
    if (last && atMs - last.atMs < SAMPLE_EVERY_MS) return;
    const people = new Map<string, number>();
    for (const zone of message.zones) if (zone.people !== null) people.set(zone.id, zone.people);
    this.samples.push({ atMs, people });
    this.samples = this.samples.filter((sample) => atMs - sample.atMs <= LOOK_BACK_MS);
  }

  // Persons per minute; null while too little is known.
  perMinute(zone: string, people: number | null, atMs: number): number | null {
    if (people === null) return null;
    const first = this.samples.find((sample) => sample.people.has(zone));
    const before = first?.people.get(zone);
    if (!first || before === undefined || atMs - first.atMs < LEAST_MS) return null;
    return ((people - before) * 60000) / (atMs - first.atMs);
  }
}
