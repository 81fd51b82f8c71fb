// SPDX-License-Identifier: Apache-2.0
// What the API answers (docs/formats/ describes it). Only what the pages read.

export interface Session {
  person: { id: number; name: string; email: string; is_admin: boolean };
  memberships: { event: string; roles: string[] }[];
}

export interface EventDocument {
  id: string;
  name: string;
  state: 'draft' | 'published' | 'running' | 'over';
  time_zone?: string;
  starts_at?: string;
  ends_at?: string;
}

export type Position = [number, number];

export interface Geometry {
  type: string;
  coordinates: unknown;
}

export interface PlanFeature {
  properties: { kind?: string; name?: string } | null;
  geometry: Geometry | null;
}

export interface ZoneDocument {
  id: string;
  name: string;
  ring_m: Position[];
  area_m2: number;
  capacity_persons: number; // 0: not told
  amber_m2: number;
  orange_m2: number;
  red_m2: number;
  trouble?: { says: string } | null; // it leaves what is walkable
}

export interface LineDocument {
  id: string;
  name: string;
  points_m: Position[];
  length_m: number;
  width_m: number;
  left?: string;
  right?: string;
}

export interface WallDocument {
  id: string;
  name: string;
  kind: 'obstacle' | 'walkable';
  rings_m: Position[][];
}

export interface DeviceDocument {
  id: string;
  name: string;
  kind: 'camera' | 'counter' | 'sensor';
  position?: Position | null;
  heading_deg?: number;
  image_px?: [number, number];
  silent_after_ms: number;
  calibration?: { kind: string; error_m?: number; points?: [number, number, number, number][] } | null;
  last_seen_at: string | null;
  is_silent: boolean;
  clock_ahead_ms?: number | null; // of its newest frame; a little below 0 is healthy
  trouble?: DeviceTrouble | null; // it does not agree with the cameras that see the same people
}

export interface DeviceTrouble {
  kind: 'clock' | 'moved';
  merging: 'corrected' | 'left_out';
  clock_off_ms?: number; // ahead of the others, or behind when negative
  moved_m?: number | null;
  since: string;
}

export interface VenueSummary {
  id: string;
  name: string;
}

export interface VenueDocument extends VenueSummary {
  crs: 'local' | 'wgs84';
  origin?: Position | null;
  version: number;
  bounds_m: [number, number, number, number] | null;
  plan?: { features: PlanFeature[] } | null;
  picture: { href: string; content_type: string } | null;
  picture_bounds?: [number, number, number, number] | null;
  zones: ZoneDocument[];
  lines?: LineDocument[];
  walls?: WallDocument[];
  trouble?: { says: string } | null; // its walls are left out
}

export type Level = 'green' | 'amber' | 'orange' | 'red' | 'unknown';

export interface ZoneNow {
  id: string;
  people: number | null;
  density: number | null;
  level: Level;
  cameras?: number; // heard
  cameras_expected?: number;
}

export interface Horizon {
  minutes: number;
  at: string;
  people: number;
  low_80: number;
  high_80: number;
  is_band_learned: boolean;
}

export interface ZoneForecast {
  id: string;
  at: string | null;
  people: number | null;
  horizons: Horizon[];
  time_to_capacity: { soonest_s: number | null; middle_s: number | null; latest_s: number | null } | null;
  unusual: { state: 'learning' | 'usual' | 'unusual'; strength?: number; usual_people?: number } | null;
}

export interface ForecastMessage {
  at: string | null;
  zones: ZoneForecast[];
}

export interface ZoneOccupancy {
  id: string;
  at: string | null;
  people: number | null;
  deviation: number | null;
  counters: number | null; // by themselves; null: nobody is counted at the doors
  cameras: number | null;
  disagreement: number | null;
  disagreement_sigmas: number | null;
  faults?: { what: string; detail: string }[]; // what makes its numbers wrong; absent until a first minute is told after an update
  passages: { counter: string; fault: { at: string; detail: string } | null }[];
}

export interface OccupancyMessage {
  at: string | null;
  zones: ZoneOccupancy[];
}

export interface ZonesMessage {
  at: string;
  people: number | null;
  zones: ZoneNow[];
}

export interface LineNow {
  id: string;
  is_watched: boolean;
  minute_to_left?: number; // persons in the watched seconds of the last minute
  minute_to_right?: number;
  flow_to_left?: number; // persons / min / m
  flow_to_right?: number;
}

export interface LinesMessage {
  at: string;
  lines: LineNow[];
}

export interface CrossingsDocument {
  since: string;
  until: string | null; // null: not watched of late
  to_left: number | null;
  to_right: number | null;
}

export interface PeopleMessage {
  at: string;
  points: Position[];
}

export interface DevicesMessage {
  devices: { id: string; last_seen: string | null; is_silent: boolean; clock_ahead_ms?: number | null; trouble?: DeviceTrouble | null }[];
}
