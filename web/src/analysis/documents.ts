// SPDX-License-Identifier: Apache-2.0
// What the API tells of heat, stays and ways (docs/formats/paths.md), and which period is asked for.
import { api, at } from '../shell/api';
import type { Position, VenueDocument } from '../shell/documents';
import { boundsOfVenue, contains } from '../plan/geometry';

export interface HeatAnswer {
  from: string;
  to: string;
  covered_s: number;
  uncertainty: string;
  cell_m: number;
  low: Position;
  columns: number;
  rows: number;
  cells: [number, number, number, number][]; // column, row, person-seconds per m2, density
}

export interface ZoneStay {
  zone: string;
  finished: number;
  censored: number;
  inside: number;
  mean_finished_s: number | null;
  median_s: number | null;
  p90_s: number | null;
}

export interface DwellAnswer {
  from: string;
  to: string;
  uncertainty: string;
  zones: ZoneStay[];
}

export interface Way {
  zones: string[];
  goes_on: boolean;
  people: number;
}

export interface TripsAnswer {
  from: string;
  to: string;
  uncertainty: string;
  anonymity: number;
  hours: number;
  hours_withheld: number;
  pairs: { origin: string; destination: string; people: number }[];
  pairs_withheld_people: number;
  ways: Way[];
  ways_withheld_people: number;
}

export interface Walked {
  heat: HeatAnswer;
  dwell: DwellAnswer;
  trips: TripsAnswer;
}

const MINUTE_MS = 60000;
const HOUR_MS = 60 * MINUTE_MS;
const OVER_MS = 6 * MINUTE_MS; // an hour is told five minutes after its end

export const PERIODS = [
  { id: '15min', name: '15 min', words: 'the last 15 minutes' },
  { id: '1h', name: '1 h', words: 'the last hour' },
  { id: 'today', name: 'Today', words: 'today' },
] as const;
export type Period = (typeof PERIODS)[number];

export function beginOf(period: Period, nowMs: number): number {
  if (period.id === '15min') return nowMs - 15 * MINUTE_MS;
  if (period.id === '1h') return nowMs - HOUR_MS;
  return new Date(nowMs).setHours(0, 0, 0, 0);
}

// As fine as a screen shows.
function cellOf(venue: VenueDocument): number {
  const { minX, minY, maxX, maxY } = boundsOfVenue(venue);
  let cell = 1;
  while (cell < 64 && Math.max(maxX - minX, maxY - minY) / cell > 160) cell *= 2;
  return cell;
}

export async function loadWalked(event: string, venue: VenueDocument, period: Period, nowMs: number): Promise<Walked> {
  const ask = <T>(what: string, fromMs: number, more: Record<string, string> = {}) => {
    const query = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(nowMs).toISOString(), ...more });
    return api.get<T>(`${at('events', event, 'venues', venue.id, what)}?${query.toString()}`);
  };
  const fromMs = beginOf(period, nowMs);
  // Ways are told of hours that are over: of the last one at least.
  const lastHour = Math.floor((nowMs - OVER_MS) / HOUR_MS) * HOUR_MS - HOUR_MS;
  const [heat, dwell, trips] = await Promise.all([
    ask<HeatAnswer>('heat', fromMs, { cell_m: `${cellOf(venue)}` }),
    ask<DwellAnswer>('dwell', fromMs),
    ask<TripsAnswer>('trips', Math.min(fromMs, lastHour)),
  ]);
  return { heat, dwell, trips };
}

// What the map shows, in figures: the time of all people in the zone together.
export function personSecondsIn(ring: Position[], heat: HeatAnswer): number {
  let sum = 0;
  for (const [column, row, seconds] of heat.cells) {
    const x = heat.low[0] + (column + 0.5) * heat.cell_m;
    const y = heat.low[1] + (row + 0.5) * heat.cell_m;
    if (contains(ring, x, y)) sum += seconds * heat.cell_m ** 2;
  }
  return sum;
}
