// SPDX-License-Identifier: Apache-2.0
// What the control room knows of one venue, and how old that is. A watch outlives its page: whoever
// looks at the outbox and comes back finds the last picture, with its age.
import { all, api, at } from '../shell/api';
import { Cell } from '../shell/cell';
import type {
  DeviceDocument, DevicesMessage, ForecastMessage, LinesMessage, OccupancyMessage, PeopleMessage, VenueDocument, ZonesMessage,
} from '../shell/documents';
import type { Live } from '../shell/live';
import { Loader } from '../shell/loader';
import { live } from '../shell/place';
import { serverNow } from '../shell/server-clock';
import { onLeave } from '../shell/session';
import { Trend } from './trend';

// Counts come every second or faster; who has heard nothing for this long looks at the past.
export const STALE_AFTER_MS = 4000;
const REFRESH_EVERY_MS = 60000;

// What was long on its way may be older than what the line has told.
function newer<T extends { at: string | null }>(heard: T | null, read: T): T {
  return heard && (heard.at ?? '') > (read.at ?? '') ? heard : read;
}

export class Watch {
  readonly venue = new Cell<VenueDocument | null>(null);
  readonly zones = new Cell<ZonesMessage | null>(null);
  readonly people = new Cell<PeopleMessage | null>(null);
  readonly lines = new Cell<LinesMessage | null>(null);
  readonly devices = new Cell<DeviceDocument[]>([]);
  readonly forecast = new Cell<ForecastMessage | null>(null);
  readonly occupancy = new Cell<OccupancyMessage | null>(null);
  readonly trend = new Trend();
  // The venue and its devices as they are configured.
  readonly loader = new Loader(() => this.read());
  heardMs = 0;
  private deviceNews = new Map<string, DevicesMessage['devices'][number]>();
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

  private start(): void {
    this.loader.now();
    const topic = (name: string) => `events/${this.event}/venues/${this.venueId}/${name}`;
    this.stops = [
      this.line.subscribe(topic('zones'), {
        hear: (data) => this.hearZones(data as ZonesMessage),
        // What was configured meanwhile.
        subscribed: this.loader.now,
      }),
      this.line.subscribe(topic('people'), { hear: (data) => this.people.set(data as PeopleMessage) }),
      this.line.subscribe(topic('forecast'), { hear: (data) => this.forecast.set(data as ForecastMessage) }),
      this.line.subscribe(topic('occupancy'), { hear: (data) => this.occupancy.set(data as OccupancyMessage) }),
      this.line.subscribe(topic('lines'), { hear: (data) => this.lines.set(data as LinesMessage) }),
      this.line.subscribe(topic('devices'), { hear: (data) => this.hearDevices(data as DevicesMessage) }),
    ];
    const timer = setInterval(() => {
      if (!document.hidden) this.loader.now();
    }, REFRESH_EVERY_MS);
    this.stops.push(() => clearInterval(timer));
  }

  private stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.loader.stop();
  }

  private async read(): Promise<void> {
    const path = ['events', this.event, 'venues', this.venueId];
    const [venue, devices, forecast, occupancy] = await Promise.all([
      api.get<VenueDocument>(at(...path)),
      all<DeviceDocument>(at(...path, 'devices'), 5000),
      api.get<ForecastMessage>(at(...path, 'forecast')),
      api.get<OccupancyMessage>(at(...path, 'occupancy')),
    ]);
    this.venue.set(venue);
    this.devices.set(devices.map((device) => this.asHeard(device)));
    this.forecast.update((heard) => newer(heard, forecast));
    this.occupancy.update((heard) => newer(heard, occupancy));
  }

  private hearZones(message: ZonesMessage): void {
    this.heardMs = Date.now();
    this.trend.hear(message);
    this.zones.set(message);
  }

  private hearDevices(message: DevicesMessage): void {
    this.deviceNews = new Map(message.devices.map((device) => [device.id, device]));
    this.devices.update((devices) => devices.map((device) => this.asHeard(device)));
  }

  // A list that was long on its way knows less than the line.
  private asHeard(device: DeviceDocument): DeviceDocument {
    const news = this.deviceNews.get(device.id);
    const isNewer = news !== undefined
      && Date.parse(news.last_seen ?? '1970-01-01') >= Date.parse(device.last_seen_at ?? '1970-01-01');
    if (!isNewer) return device;
    const { last_seen, is_silent, clock_ahead_ms, trouble } = news;
    return { ...device, last_seen_at: last_seen, is_silent,
      ...(clock_ahead_ms === undefined ? {} : { clock_ahead_ms }), ...(trouble === undefined ? {} : { trouble }) };
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

onLeave(() => watches.clear());
