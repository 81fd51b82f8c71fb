// SPDX-License-Identifier: Apache-2.0
// The floor plan under everything: the venue's GeoJSON, drawn quietly, each kind in its own way.
import { memo } from '../shell/memo';
import type { PlanFeature, Position, VenueDocument } from '../shell/documents';
import { boundsOf, boundsOfVenue, labelPoint, pathOf, projectionOf } from './geometry';

interface Shape {
  key: string;
  kind: string;
  name: string;
  area: string;
  line: string;
  spot: Position | null;
  labelAt: Position;
  widthM: number;
  heightM: number;
}

type Rings = Position[][];

function partsOf(feature: PlanFeature): { areas: Rings; lines: Rings; spot: Position | null } {
  const geometry = feature.geometry;
  const none = { areas: [], lines: [], spot: null };
  if (!geometry) return none;
  switch (geometry.type) {
    case 'Polygon': return { ...none, areas: geometry.coordinates as Rings };
    case 'MultiPolygon': return { ...none, areas: (geometry.coordinates as Rings[]).flat() };
    case 'LineString': return { ...none, lines: [geometry.coordinates as Position[]] };
    case 'MultiLineString': return { ...none, lines: geometry.coordinates as Rings };
    case 'Point': return { ...none, spot: geometry.coordinates as Position };
    default: return none;
  }
}

const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9-]/g, '');

export function shapesOf(venue: VenueDocument): Shape[] {
  const project = projectionOf(venue);
  return (venue.plan?.features ?? []).map((feature, index) => {
    const parts = partsOf(feature);
    const areas = parts.areas.map((ring) => ring.map(project));
    const lines = parts.lines.map((line) => line.map(project));
    const spot = parts.spot ? project(parts.spot) : null;
    const box = boundsOf([...areas.flat(), ...lines.flat(), ...(spot ? [spot] : [])])
      ?? { minX: 0, minY: 0, maxX: 0, maxY: 0 };
    return {
      key: `${index}`,
      kind: plain(feature.properties?.kind ?? 'other'),
      name: feature.properties?.name ?? '',
      area: areas.map((ring) => pathOf(ring, 'closed')).join(''),
      line: lines.map((line) => pathOf(line, 'open')).join(''),
      spot,
      labelAt: spot ?? (areas[0] ? labelPoint(areas[0]) : [(box.minX + box.maxX) / 2, (box.minY + box.maxY) / 2]),
      widthM: box.maxX - box.minX,
      heightM: box.maxY - box.minY,
    };
  });
}

function Picture({ venue }: { venue: VenueDocument }) {
  if (!venue.picture) return null;
  const project = projectionOf(venue);
  const box = boundsOfVenue(venue);
  const [west, south] = venue.picture_bounds
    ? project([venue.picture_bounds[0], venue.picture_bounds[1]]) : [box.minX, box.minY];
  const [east, north] = venue.picture_bounds
    ? project([venue.picture_bounds[2], venue.picture_bounds[3]]) : [box.maxX, box.maxY];
  return (
    <g transform={`translate(0 ${south + north}) scale(1 -1)`}>
      <image class="plan-picture" href={venue.picture.href} x={west} y={south} width={east - west}
        height={north - south} preserveAspectRatio="none" />
    </g>
  );
}

export const Ground = memo(({ venue, shapes }: { venue: VenueDocument; shapes: Shape[] }) => (
  <g class="ground">
    <Picture venue={venue} />
    {shapes.map((shape) => (
      <g key={shape.key} class={`ground-${shape.kind}`}>
        {shape.area && <path class="ground-area" d={shape.area} fill-rule="evenodd" />}
        {shape.line && <path class="ground-line" d={shape.line} />}
        {shape.spot && <circle class="ground-spot" cx={shape.spot[0]} cy={shape.spot[1]} r="0.8" />}
      </g>
    ))}
  </g>
));

export type { Shape };
