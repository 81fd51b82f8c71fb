// SPDX-License-Identifier: Apache-2.0
// The alarms of an event: loaded once and after every reconnection, then told of live.
import { all, api, at, type Page } from '../shell/api';
import { Cell } from '../shell/cell';
import type { Live } from '../shell/live';
import { live } from '../shell/place';

export interface Incident {
  id: number;
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

export class Incidents {
  readonly known = new Cell<ReadonlyMap<number, Incident>>(new Map());
  // The newest one that opened while we watched, for those who listen rather than look.
  readonly opened = new Cell<Incident | null>(null);
  private users = 0;
  private stops: (() => void)[] = [];

  constructor(readonly event: string, private readonly line: Live) {}

  use(): () => void {
    this.users += 1;
    if (this.users === 1) this.start();
    return () => {
      this.users -= 1;
      if (this.users > 0) return;
      for (const stop of this.stops) stop();
    };
  }

  async acknowledge(incident: Incident): Promise<void> {
    this.hear(await api.post<Incident>(at('events', this.event, 'incidents', String(incident.id), 'acknowledge')));
  }

  private start(): void {
    void this.load();
    this.stops = [
      this.line.subscribe(`events/${this.event}/incidents`, (data) => this.hear(data as Incident)),
      this.line.connection.subscribe((connection) => {
        if (connection.phase === 'live') void this.load();
      }),
    ];
  }

  private async load(): Promise<void> {
    try {
      const path = at('events', this.event, 'incidents');
      const [unresolved, resolved] = await Promise.all([
        all<Incident>(`${path}?state=unresolved`),
        api.get<Page<Incident>>(`${path}?state=resolved&limit=${RESOLVED_SHOWN}`),
      ]);
      const list = [...unresolved, ...resolved.items];
      this.known.set(new Map(list.map((incident) => [incident.id, incident])));
    } catch {
      // The line's state is shown already, and the next connection loads again.
    }
  }

  private hear(incident: Incident): void {
    const before = this.known.get().get(incident.id);
    // An answer and the live topic tell the same in either order.
    if (before && Date.parse(before.updated_at) > Date.parse(incident.updated_at)) return;
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
