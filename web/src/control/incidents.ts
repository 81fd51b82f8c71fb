// SPDX-License-Identifier: Apache-2.0
// The alarms of an event: read whenever the server has begun to tell of them live, so that none can
// fall between; and merged by the time of their last change, since answers and news overtake each other.
import { all, api, at, type Page } from '../shell/api';
import { Cell } from '../shell/cell';
import type { Live } from '../shell/live';
import { Loader } from '../shell/loader';
import { live } from '../shell/place';
import { onLeave } from '../shell/session';

export interface Incident {
  id: number;
  event: string;
  rule: string;
  name: string;
  venue: string;
  series: string;
  subject: string;
  zone: string | null;
  measure: string;
  is_silent: boolean; // its values do not come in any more
  severity: 'info' | 'warning' | 'critical';
  cause: 'threshold' | 'no-data';
  direction: 'above' | 'below';
  threshold: number;
  value: number | null;
  state: 'open' | 'acknowledged' | 'resolved';
  opened_at: string;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
  resolved_at: string | null;
  resolved_by: string | null; // null: by itself
  resolution: string | null; // null: not yet, or ended before there was this field
  updated_at: string;
}

const STATE_RANK = { open: 0, acknowledged: 1, resolved: 2 };
const SEVERITY_RANK = { critical: 0, warning: 1, info: 2 };
const RESOLVED_SHOWN = 20;

// What needs a person comes first; of equals the newest.
export function inOrder(incidents: Iterable<Incident>): Incident[] {
  const sorted = [...incidents].sort((a, b) => STATE_RANK[a.state] - STATE_RANK[b.state]
    || (a.state === 'resolved' ? 0 : SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity])
    || Date.parse(b.resolved_at ?? b.opened_at) - Date.parse(a.resolved_at ?? a.opened_at));
  const unresolved = sorted.filter((incident) => incident.state !== 'resolved');
  return [...unresolved, ...sorted.slice(unresolved.length, unresolved.length + RESOLVED_SHOWN)];
}

// The later of two tellings of the same incident. The second wins where they are of the same moment.
const later = (a: Incident | undefined, b: Incident) => (
  a && Date.parse(a.updated_at) > Date.parse(b.updated_at) ? a : b);

// What a list says, and what came live while it was on its way. What neither tells of is gone.
export function merged(list: Incident[], news: Iterable<Incident>): Map<number, Incident> {
  const found = new Map<number, Incident>();
  for (const incident of [...list, ...news]) found.set(incident.id, later(found.get(incident.id), incident));
  return found;
}

export class Incidents {
  // null: not read yet, which is not the same as none.
  readonly known = new Cell<ReadonlyMap<number, Incident> | null>(null);
  // The newest one that opened while we watched, for those who listen rather than look.
  readonly opened = new Cell<Incident | null>(null);
  readonly loader = new Loader(() => this.read());
  private users = 0;
  private unsubscribe = () => {};
  private news: Map<number, Incident> | null = null; // heard while a list is on its way

  constructor(readonly event: string, private readonly line: Live) {}

  use(): () => void {
    this.users += 1;
    if (this.users === 1) this.start();
    return () => {
      this.users -= 1;
      if (this.users > 0) return;
      this.unsubscribe();
      this.loader.stop();
    };
  }

  async acknowledge(incident: Incident): Promise<void> {
    this.hear(await api.post<Incident>(at('events', this.event, 'incidents', String(incident.id), 'acknowledge')));
  }

  // Opens it again, for all.
  async unacknowledge(incident: Incident): Promise<void> {
    this.hear(await api.delete<Incident>(at('events', this.event, 'incidents', String(incident.id), 'acknowledge')));
  }

  private start(): void {
    this.loader.now();
    this.unsubscribe = this.line.subscribe(`events/${this.event}/incidents`, {
      hear: (data) => this.hear(data as Incident),
      subscribed: this.loader.now,
    });
  }

  private async read(): Promise<void> {
    const path = at('events', this.event, 'incidents');
    const news = new Map<number, Incident>();
    this.news = news;
    const [unresolved, resolved] = await Promise.all([
      all<Incident>(`${path}?state=unresolved`),
      api.get<Page<Incident>>(`${path}?state=resolved&limit=${RESOLVED_SHOWN}`),
    ]).finally(() => {
      this.news = null;
    });
    const before = this.known.get();
    const now = merged([...unresolved, ...resolved.items], news.values());
    this.known.set(now);
    // Those that opened while the line was down are news too.
    const fresh = before && inOrder(now.values()).find((incident) => incident.state === 'open' && !before.has(incident.id));
    if (fresh) this.opened.set(fresh);
  }

  private hear(incident: Incident): void {
    this.news?.set(incident.id, later(this.news.get(incident.id), incident));
    const before = this.known.get()?.get(incident.id);
    if (before && later(before, incident) === before) return;
    this.known.set(new Map(this.known.get()).set(incident.id, incident));
    if (!before && incident.state === 'open') this.opened.set(incident);
  }
}

const byEvent = new Map<string, Incidents>();

export function incidentsOf(event: string): Incidents {
  let incidents = byEvent.get(event);
  if (!incidents) {
    incidents = new Incidents(event, live());
    byEvent.set(event, incidents);
  }
  return incidents;
}

onLeave(() => byEvent.clear());
