// SPDX-License-Identifier: Apache-2.0
// What the control room knows of one venue, and how old that is. A watch outlives its page: whoever
// looks at the outbox and comes back finds the last picture, with its age.
import { all, api, at, Problem } from '../shell/api';
import { Cell } from '../shell/cell';
import type {
  DeviceDocument, DevicesMessage, PeopleMessage, VenueDocument, ZonesMessage,
} from '../shell/documents';
import type { Live } from '../shell/live';
import { live } from '../shell/place';
import { serverNow } from '../shell/server-clock';
import { Trend } from './trend';

// Counts come every second or faster; who has heard nothing for this long looks at the past.
export const STALE_AFTER_MS = 4000;
const REFRESH_EVERY_MS = 60000;

export class Watch {
  readonly venue = new Cell<VenueDocument | null>(null);
  readonly trouble = new Cell<Problem | null>(null);
  readonly zones = new Cell<ZonesMessage | null>(null);
  readonly people = new Cell<PeopleMessage | null>(null);
  readonly devices = new Cell<DeviceDocument[]>([]);
  readonly trend = new Trend();
  heardMs = 0;
  private users = 0;
  private stops: (() => void)[] = [];

  constructor(readonly event: string, readonly venueId: string, private readonly line: Live) {}

  // Returns how to stop. The last one out leaves the live topics.
  use(): () => void {
    this.users += 1;
    if (this.users === 1) this.start();
    return () => {
      this.users -= 1;
      if (this.users === 0) this.stop();
    };
  }

  // How old the counts are: by when they came, and by when they were made.
  ageMs(): number {
    const zones = this.zones.get();
    if (!zones) return Infinity;
    return Math.max(Date.now() - this.heardMs, serverNow() - Date.parse(zones.at) - 1000, 0);
  }

  isStale(): boolean {
    return this.line.connection.get().phase !== 'live' || this.ageMs() > STALE_AFTER_MS;
  }

  async load(): Promise<void> {
    const path = ['events', this.event, 'venues', this.venueId];
    try {
      const [venue, devices] = await Promise.all([
        api.get<VenueDocument>(at(...path)),
        all<DeviceDocument>(at(...path, 'devices'), 5000),
      ]);
      this.venue.set(venue);
      this.devices.set(devices);
      this.trouble.set(null);
    } catch (error) {
      if (error instanceof Problem) this.trouble.set(error);
      else throw error;
    }
  }

  private start(): void {
    void this.load();
    const topic = (name: string) => `events/${this.event}/venues/${this.venueId}/${name}`;
    this.stops = [
      this.line.subscribe(topic('zones'), (data) => this.hearZones(data as ZonesMessage)),
      this.line.subscribe(topic('people'), (data) => this.people.set(data as PeopleMessage)),
      this.line.subscribe(topic('devices'), (data) => this.hearDevices(data as DevicesMessage)),
      this.line.connection.subscribe((connection) => {
        // What was configured meanwhile.
        if (connection.phase === 'live') void this.load();
      }),
    ];
    const timer = setInterval(() => {
      if (!document.hidden) void this.load();
    }, REFRESH_EVERY_MS);
    this.stops.push(() => clearInterval(timer));
  }

  private stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  private hearZones(message: ZonesMessage): void {
    this.heardMs = Date.now();
    this.trend.hear(message);
    this.zones.set(message);
  }

  private hearDevices(message: DevicesMessage): void {
    const news = new Map(message.devices.map((device) => [device.id, device]));
    this.devices.update((devices) => devices.map((device) => {
      const now = news.get(device.id);
      return now ? { ...device, last_seen_at: now.last_seen, is_silent: now.is_silent } : device;
    }));
  }
}

const watches = new Map<string, Watch>();

export function watchOf(event: string, venue: string): Watch {
  const key = `${event}/${venue}`;
  let watch = watches.get(key);
  if (!watch) {
    watch = new Watch(event, venue, live());
    watches.set(key, watch);
  }
  return watch;
}
