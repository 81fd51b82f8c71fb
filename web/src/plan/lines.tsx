// SPDX-License-Identifier: Apache-2.0
// Walls, and lines with who crossed them in the last minute: an arrow each way, as many pixels as it has to say.
import { memo } from '../shell/memo';
import type { LineDocument, LineNow, Position, VenueDocument, WallDocument } from '../shell/documents';
import { count } from '../shell/format';
import { pathOf } from './geometry';
import { type Size, toScreen, type View } from './view';

const wallPath = (wall: WallDocument) => wall.rings_m.map((ring) => pathOf(ring, 'closed')).join('');

export const Walls = memo(({ venue }: { venue: VenueDocument }) => (
  <g class="walls">
    {(venue.walls ?? []).map((wall) => (
      <path key={wall.id} class={`wall wall-${wall.kind}`} d={wallPath(wall)} fill-rule="evenodd" data-wall={wall.id} />
    ))}
  </g>
));

export const Lines = memo(({ venue }: { venue: VenueDocument }) => (
  <g class="count-lines">
    {(venue.lines ?? []).map((line) => (
      <g key={line.id} data-line={line.id}>
        <path class="count-line-edge" d={pathOf(line.points_m, 'open')} />
        <path class="count-line" d={pathOf(line.points_m, 'open')} />
      </g>
    ))}
  </g>
));

// The middle of the line by its length, and which way it runs there.
export function middleOf(points: Position[]): { at: Position; dx: number; dy: number } {
  const lengths = points.slice(1).map(([x, y], i) => Math.hypot(x - points[i]![0], y - points[i]![1]));
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  for (let i = 0; i < lengths.length; i += 1) {
    const [ax, ay] = points[i]!, [bx, by] = points[i + 1]!, length = lengths[i]!;
    if (length > 0 && (rest <= length || i === lengths.length - 1)) {
      const share = Math.min(1, rest / length);
      return { at: [ax + (bx - ax) * share, ay + (by - ay) * share], dx: (bx - ax) / length, dy: (by - ay) / length };
    }
    rest -= length;
  }
  return { at: points[0] ?? [0, 0], dx: 1, dy: 0 };
}

// Where somebody goes who crosses it, as the plan's names have it.
export function sideNames(line: LineDocument, zoneNames: ReadonlyMap<string, string>): { left: string; right: string } {
  return { left: (line.left && zoneNames.get(line.left)) || 'left', right: (line.right && zoneNames.get(line.right)) || 'right' };
}

// y goes down on the screen: left of a line that runs along (dx, dy) is (-dy, -dx) there.
function Arrow({ degrees }: { degrees: number }) {
  return (
    <svg class="count-arrow" viewBox="0 0 16 16" width="13" height="13" aria-hidden="true" style={{ transform: `rotate(${degrees}deg)` }}>
      <path d="M2 8h11M8.500 3.500 13 8l-4.500 4.500" />
    </svg>
  );
}

interface LineLabelsProps {
  venue: VenueDocument;
  linesNow: ReadonlyMap<string, LineNow>;
  view: View;
  size: Size;
}

const LABEL_PX = 84;

export function LineLabels({ venue, linesNow, view, size }: LineLabelsProps) {
  const placed: Position[] = [];
  const zoneNames = new Map(venue.zones.map((zone) => [zone.id, zone.name]));
  return (
    <div class="plan-labels plan-line-labels">
      {(venue.lines ?? []).map((line) => {
        const { at, dx, dy } = middleOf(line.points_m);
        const [x, y] = toScreen(view, size, at);
        // Where there is no room, the table beside the plan has it.
        if (placed.some(([px, py]) => Math.abs(px - x) < LABEL_PX && Math.abs(py - y) < 26)) return null;
        placed.push([x, y]);
        const now = linesNow.get(line.id);
        const left = (Math.atan2(-dx, -dy) * 180) / Math.PI;
        const names = sideNames(line, zoneNames);
        const [toLeft, toRight] = now?.is_watched ? [now.minute_to_left, now.minute_to_right] : [null, null];
        return (
          <span key={line.id} class="line-label" style={{ left: `${x}px`, top: `${y}px` }} data-line-label={line.id}>
            <span class="visually-hidden">{`${line.name}, in the last minute to ${names.left} `}</span>
            <Arrow degrees={left} /><b>{count(toLeft)}</b>
            <span class="visually-hidden">{`, to ${names.right} `}</span>
            <b>{count(toRight)}</b><Arrow degrees={left + 180} />
          </span>
        );
      })}
    </div>
  );
}
