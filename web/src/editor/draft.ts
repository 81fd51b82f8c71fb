// SPDX-License-Identifier: Apache-2.0
// What is being drawn: parts of a venue in metres, never changed in place, so that a step back is an
// older one. What differs from what was read is what is sent.
import { projectionOf, unprojectionOf } from '../plan/geometry';
import { at } from '../shell/api';
import type { DeviceDocument, Position, VenueDocument } from '../shell/documents';

export type PartKind = 'zone' | 'line' | 'wall' | 'camera';

export interface Part {
  kind: PartKind;
  id: string;
  name: string;
  rings: Position[][]; // a zone or wall: outer ring, then holes, open; a line: its points; a camera: its place
  more: Record<string, unknown>; // the other members of its document, as they are stored
}

export type Draft = readonly Part[];

export const keyOf = (part: Part) => `${part.kind}/${part.id}`;
export const WORDS: Record<PartKind, string> = { zone: 'Zone', line: 'Line', wall: 'Wall', camera: 'Camera' };
export const POINTS_MIN: Record<PartKind, number> = { zone: 3, line: 2, wall: 3, camera: 1 };

// Members that Muster derives: sent back they would be refused, or become fixed.
const DERIVED = new Set(['id', 'venue', 'name', 'polygon', 'line', 'position', 'ring_m', 'rings_m', 'points_m',
  'length_m', 'polygon_area_m2', 'last_seen_at', 'is_silent', 'clock_ahead_ms', 'trouble']);

function moreOf(document: object): Record<string, unknown> {
  const all = document as Record<string, unknown>;
  const isWhole = (name: string) => (name === 'area_m2' && all.area_m2 === all.polygon_area_m2)
    || (name === 'area_m2' && 'rings_m' in all) || (name === 'width_m' && all.width_m === all.length_m);
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => !DERIVED.has(name) && !isWhole(name) && value !== null));
}

export function draftOf(venue: VenueDocument, devices: DeviceDocument[]): Draft {
  const project = projectionOf(venue);
  return [
    ...(venue.walls ?? []).map((wall): Part => ({ kind: 'wall', id: wall.id, name: wall.name, rings: wall.rings_m, more: moreOf(wall) })),
    ...venue.zones.map((zone): Part => ({ kind: 'zone', id: zone.id, name: zone.name, rings: [zone.ring_m], more: moreOf(zone) })),
    ...(venue.lines ?? []).map((line): Part => ({ kind: 'line', id: line.id, name: line.name, rings: [line.points_m], more: moreOf(line) })),
    ...devices.filter((device) => device.kind === 'camera').map((camera): Part => ({
      kind: 'camera', id: camera.id, name: camera.name, rings: [camera.position ? [project(camera.position)] : []], more: moreOf(camera),
    })),
  ];
}

export function freshId(draft: Draft, kind: PartKind): string {
  for (let n = 1; ; n += 1) if (!draft.some((part) => part.id === `${kind}-${n}`)) return `${kind}-${n}`;
}

export const replace = (draft: Draft, key: string, change: (part: Part) => Part): Draft => (
  draft.map((part) => (keyOf(part) === key ? change(part) : part)));

export const without = (draft: Draft, key: string): Draft => draft.filter((part) => keyOf(part) !== key);

// `ring` and `corner` count from 0; null takes the corner away.
export function moveCorner(part: Part, ring: number, corner: number, to: Position | null): Part {
  const rings = part.rings.map((points, r) => (r !== ring ? points
    : to === null ? points.filter((_, c) => c !== corner) : points.map((point, c) => (c === corner ? to : point))));
  return { ...part, rings };
}

export function movePart(part: Part, dx: number, dy: number): Part {
  return { ...part, rings: part.rings.map((ring) => ring.map(([x, y]): Position => [x + dx, y + dy])) };
}

// A corner in the middle of the edge that begins at `corner`.
export function addCorner(part: Part, ring: number, corner: number): Part {
  const points = part.rings[ring]!;
  const a = points[corner]!;
  const b = points[(corner + 1) % points.length]!;
  const middle: Position = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return { ...part, rings: part.rings.map((old, r) => (r === ring ? [...old.slice(0, corner + 1), middle, ...old.slice(corner + 1)] : old)) };
}

// Only floor that is walkable has holes.
export const mayHaveHoles = (part: Part) => part.kind === 'wall' && part.more.kind === 'walkable';
export const addHole = (part: Part, hole: Position[]): Part => ({ ...part, rings: [...part.rings, hole] });
export const removeHole = (part: Part, ring: number): Part => ({ ...part, rings: part.rings.filter((_, r) => r !== ring) });

export const withMember = (part: Part, name: string, value: unknown): Part => {
  const more = { ...part.more };
  if (value === null || value === '') delete more[name];
  else more[name] = value;
  return { ...part, more };
};

function documentOf(part: Part, venue: VenueDocument): Record<string, unknown> {
  const unproject = unprojectionOf(venue);
  const rings = part.rings.map((ring) => ring.map(unproject));
  const document = { ...part.more, name: part.name };
  switch (part.kind) {
    case 'line': return { ...document, line: { type: 'LineString', coordinates: rings[0] } };
    case 'camera': return { ...document, kind: 'camera', ...(rings[0]?.[0] ? { position: rings[0][0] } : {}) };
    default: return { ...document, polygon: { type: 'Polygon', coordinates: rings.map((ring) => [...ring, ring[0]]) } };
  }
}

export interface Change {
  part: Part;
  path: string;
  body: Record<string, unknown> | null; // null: it goes
}

// Removals first: they make room, and a line may name a zone that comes.
export function changesOf(before: Draft, after: Draft, event: string, venue: VenueDocument): Change[] {
  const pathOf = (part: Part) => at('events', event, 'venues', venue.id, part.kind === 'camera' ? 'devices' : `${part.kind}s`, part.id);
  const old = new Map(before.map((part) => [keyOf(part), part]));
  const kept = new Set(after.map(keyOf));
  const gone = before.filter((part) => !kept.has(keyOf(part))).map((part) => ({ part, path: pathOf(part), body: null }));
  const put = after.filter((part) => old.get(keyOf(part)) !== part
    && JSON.stringify(old.get(keyOf(part))) !== JSON.stringify(part))
    .map((part) => ({ part, path: pathOf(part), body: documentOf(part, venue) }));
  return [...gone, ...put];
}
