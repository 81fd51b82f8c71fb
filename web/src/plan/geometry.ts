// SPDX-License-Identifier: Apache-2.0
// Floor geometry in metres, x to the right and y up, as the server projects it (docs/formats/venue.md).
import type { Position, VenueDocument } from '../shell/documents';

export interface Bounds {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
}

const METRES_PER_DEGREE = (6371008.8 * Math.PI) / 180;

// From the plan's coordinates to metres.
export function projectionOf(venue: VenueDocument): (position: Position) => Position {
  const origin = venue.origin;
  if (venue.crs !== 'wgs84' || !origin) return (position) => position;
  const metresPerLongitude = METRES_PER_DEGREE * Math.cos((origin[1] * Math.PI) / 180);
  return ([longitude, latitude]) => [
    (longitude - origin[0]) * metresPerLongitude, (latitude - origin[1]) * METRES_PER_DEGREE,
  ];
}

// And back, for what is drawn to be stored.
export function unprojectionOf(venue: VenueDocument): (position: Position) => Position {
  const origin = venue.origin;
  if (venue.crs !== 'wgs84' || !origin) return ([x, y]) => [Number(x.toFixed(4)), Number(y.toFixed(4))];
  const metresPerLongitude = METRES_PER_DEGREE * Math.cos((origin[1] * Math.PI) / 180);
  return ([x, y]) => [
    Number((origin[0] + x / metresPerLongitude).toFixed(9)), Number((origin[1] + y / METRES_PER_DEGREE).toFixed(9)),
  ];
}

export function boundsOf(positions: Iterable<Position>): Bounds | null {
  let bounds: Bounds | null = null;
  for (const [x, y] of positions) {
    if (!bounds) bounds = { minX: x, minY: y, maxX: x, maxY: y };
    bounds.minX = Math.min(bounds.minX, x);
    bounds.minY = Math.min(bounds.minY, y);
    bounds.maxX = Math.max(bounds.maxX, x);
    bounds.maxY = Math.max(bounds.maxY, y);
  }
  return bounds;
}

export function boundsOfVenue(venue: VenueDocument): Bounds {
  if (venue.bounds_m) {
    const [minX, minY, maxX, maxY] = venue.bounds_m;
    if (maxX > minX && maxY > minY) return { minX, minY, maxX, maxY };
  }
  return boundsOf(venue.zones.flatMap((zone) => zone.ring_m)) ?? { minX: 0, minY: 0, maxX: 100, maxY: 60 };
}

export function pathOf(ring: Position[], close: 'open' | 'closed'): string {
  const points = ring.map(([x, y]) => `${x.toFixed(3)} ${y.toFixed(3)}`).join('L');
  return points === '' ? '' : `M${points}${close === 'closed' ? 'Z' : ''}`;
}

export function contains(ring: Position[], x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i]!;
    const [xj, yj] = ring[j]!;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) isInside = !isInside;
  }
  return isInside;
}

function distanceToEdge(ring: Position[], x: number, y: number): number {
  let nearest = Infinity;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [ax, ay] = ring[j]!;
    const [bx, by] = ring[i]!;
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    nearest = Math.min(nearest, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return nearest;
}

// Where a label has the most room: the best of a grid, which is near enough for text. The middle of
// the box wins when it is about as good, since people expect it there.
export function labelPoint(ring: Position[]): Position {
  const box = boundsOf(ring);
  if (!box) return [0, 0];
  const middle: Position = [(box.minX + box.maxX) / 2, (box.minY + box.maxY) / 2];
  let best = middle;
  let most = contains(ring, ...middle) ? distanceToEdge(ring, ...middle) * 1.1 : -1;
  const steps = 12;
  for (let i = 1; i < steps; i += 1) {
    for (let j = 1; j < steps; j += 1) {
      const x = box.minX + ((box.maxX - box.minX) * i) / steps;
      const y = box.minY + ((box.maxY - box.minY) * j) / steps;
      if (!contains(ring, x, y)) continue;
      const room = distanceToEdge(ring, x, y);
      if (room > most) {
        most = room;
        best = [x, y];
      }
    }
  }
  return best;
}
