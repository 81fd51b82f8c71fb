// SPDX-License-Identifier: Apache-2.0
// The plan with the time that people spent on it: cells on a canvas between the floor and the zones.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useCell } from '../shell/cell';
import type { VenueDocument } from '../shell/documents';
import { density } from '../shell/format';
import { drawnLook } from '../shell/look';
import { boundsOf, labelPoint, pathOf } from '../plan/geometry';
import { Ground, shapesOf } from '../plan/ground';
import { useStage } from '../plan/plan';
import { fit, isWhole, type Size, toScreen, type View, zoom } from '../plan/view';
import type { HeatAnswer } from './documents';
import { STEPS, stepOf, stepsOf } from './heat-scale';

export const hottestOf = (heat: HeatAnswer) => heat.cells.reduce((most, cell) => Math.max(most, cell[3]), 0);

const NAME_PX = 6.5; // of a letter, about

function draw(canvas: HTMLCanvasElement, heat: HeatAnswer, view: View, size: Size): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const colours = Array.from({ length: STEPS }, (_, i) => style.getPropertyValue(`--heat-${i + 1}`).trim());
  const hottest = hottestOf(heat);
  const side = heat.cell_m * view.scale;
  for (const [column, row, , value] of heat.cells) {
    const x = size.width / 2 + (heat.low[0] + column * heat.cell_m - view.x) * view.scale;
    const y = size.height / 2 - (heat.low[1] + (row + 1) * heat.cell_m - view.y) * view.scale;
    if (x < -side || y < -side || x > size.width || y > size.height) continue;
    context.fillStyle = colours[stepOf(value, hottest)]!;
    // A hair more, so that no seams show between neighbours.
    context.fillRect(x, y, side + 0.5, side + 0.5);
  }
}

function Cells({ heat, view, size }: { heat: HeatAnswer; view: View; size: Size }) {
  const ref = useRef<HTMLCanvasElement>(null);
  const look = useCell(drawnLook);
  useEffect(() => {
    if (ref.current) draw(ref.current, heat, view, size);
  }, [heat, view, size.width, size.height, look]);
  return <canvas ref={ref} class="heat-cells" data-cells={heat.cells.length} aria-hidden="true" />;
}

export function HeatMap({ venue, heat, words }: { venue: VenueDocument; heat: HeatAnswer; words: string }) {
  const { view, ref, size, bounds } = useStage(venue);
  const now = useCell(view);
  const shapes = useMemo(() => shapesOf(venue), [venue]);
  const zones = useMemo(() => venue.zones.map((zone) => ({ zone, path: pathOf(zone.ring_m, 'closed'), at: labelPoint(zone.ring_m), box: boundsOf(zone.ring_m) })), [venue]);
  const zoomBy = (factor: number) => now && view.set(zoom(now, factor, [size.width / 2, size.height / 2], bounds, size));
  const floor = now && `translate(${size.width / 2 - now.x * now.scale} ${size.height / 2 + now.y * now.scale}) scale(${now.scale} ${-now.scale})`;
  return (
    <section class="plan heat-map" aria-label="Heat map" style={{ '--plan-aspect': `${(bounds.maxX - bounds.minX) / (bounds.maxY - bounds.minY)}` }}>
      <div class="plan-stage" ref={ref} tabIndex={0} role="group" data-whole={now !== null && isWhole(now, bounds, size)}
        aria-label={`Heat map of ${words}; the table of zones says the same in figures. Arrow keys move it, plus and minus zoom, zero shows everything.`}>
        {now && floor && (
          <>
            <svg class="plan-floor" width={size.width} height={size.height} aria-hidden="true" focusable="false">
              <g transform={floor}><Ground venue={venue} shapes={shapes} /></g>
            </svg>
            <Cells heat={heat} view={now} size={size} />
            <svg class="plan-floor heat-zones" width={size.width} height={size.height} aria-hidden="true" focusable="false">
              <g transform={floor}>{zones.map(({ zone, path }) => <path key={zone.id} d={path} />)}</g>
            </svg>
            <div class="plan-names" aria-hidden="true">
              {zones.map(({ zone, at, box }) => {
                const [x, y] = toScreen(now, size, at);
                // Where it does not fit it would hide a neighbour's; nearer, it does.
                if (!box || (box.maxX - box.minX) * now.scale < zone.name.length * NAME_PX) return null;
                return <span key={zone.id} class="heat-name" style={{ left: `${x}px`, top: `${y}px` }}>{zone.name}</span>;
              })}
            </div>
          </>
        )}
      </div>
      <div class="plan-tools">
        <button type="button" aria-label="Zoom in" onClick={() => zoomBy(1.5)}>+</button>
        <button type="button" aria-label="Zoom out" onClick={() => zoomBy(1 / 1.5)}>−</button>
        <button type="button" aria-label="Show everything" onClick={() => view.set(fit(bounds, size))}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></svg>
        </button>
      </div>
      {heat.cells.length === 0 && <p class="hint heat-none">Nobody was followed here in {words}.</p>}
    </section>
  );
}

export function HeatKey({ heat }: { heat: HeatAnswer }) {
  const hottest = hottestOf(heat);
  if (hottest === 0) return null;
  return (
    <div class="heat-key">
      <span id="heat-key-title">Mean people per m²</span>
      <ol aria-labelledby="heat-key-title">
        {stepsOf(hottest).map((least, i) => (
          <li key={i}><span class={`heat-step heat-step-${i + 1}`} aria-hidden="true" />{i === 0 ? 'below' : 'from'} {short(i === 0 ? stepsOf(hottest)[1]! : least)}</li>
        ))}
      </ol>
    </div>
  );
}

const short = (value: number) => (value >= 0.1 ? density(value) : value.toPrecision(1));
