// SPDX-License-Identifier: Apache-2.0
// The plan that is drawn on. The floor and the parts are SVG in metres; corners are buttons in pixels, so
// that fingers find them and arrow keys move them.
import { useMemo } from 'preact/hooks';
import { labelPoint, pathOf } from '../plan/geometry';
import { Ground, shapesOf } from '../plan/ground';
import { useStage } from '../plan/plan';
import { fit, type Size, toScreen, type View, zoom } from '../plan/view';
import { useCell } from '../shell/cell';
import type { Position, VenueDocument } from '../shell/documents';
import { type Draft, keyOf, type Part, WORDS } from './draft';

export interface BoardProps {
  venue: VenueDocument;
  draft: Draft;
  chosen: string | null;
  sketch: Position[]; // points of what is being drawn
  sketchKind: 'line' | 'area';
  marks: { label: string; floor: Position; move: (to: Position) => void }[]; // of a calibration
  isAiming: boolean; // the next click is a point
  onChoose: (key: string | null) => void;
  onPoint: (at: Position) => void;
  onMoveCorner: (ring: number, corner: number, to: Position | null) => void;
  onTouchCorner: (ring: number, corner: number) => void;
  onMoved: () => void;
}

const KEYS: Record<string, Position> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP_M = 0.5;
const FINE_M = 0.05;

const toFloor = (view: View, size: Size, x: number, y: number): Position => [
  view.x + (x - size.width / 2) / view.scale, view.y - (y - size.height / 2) / view.scale];
const rounded = ([x, y]: Position): Position => [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
const metres = ([x, y]: Position) => `${x.toFixed(1)}, ${y.toFixed(1)} m`;

interface HandleProps {
  at: Position;
  view: View;
  size: Size;
  name: string;
  look: string;
  text?: string;
  onMove: (to: Position | null) => void;
  onMoved: () => void;
  onTouch?: () => void;
}

function Handle({ at, view, size, name, look, text, onMove, onMoved, onTouch }: HandleProps) {
  const [x, y] = toScreen(view, size, at);
  const drag = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    if (!element.hasPointerCapture(event.pointerId)) return;
    const box = element.parentElement!.getBoundingClientRect();
    onMove(rounded(toFloor(view, size, event.clientX - box.left, event.clientY - box.top)));
  };
  const key = (event: KeyboardEvent) => {
    const step = KEYS[event.key];
    const length = event.shiftKey ? FINE_M : STEP_M;
    if (step) onMove(rounded([at[0] + step[0] * length, at[1] + step[1] * length]));
    else if (event.key === 'Delete' || event.key === 'Backspace') onMove(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button type="button" class={`handle ${look}`} style={{ left: `${x}px`, top: `${y}px` }} aria-label={`${name}, at ${metres(at)}`}
      onPointerDown={(event) => { event.stopPropagation(); event.currentTarget.setPointerCapture(event.pointerId); event.currentTarget.focus(); }}
      onPointerMove={drag} onPointerUp={onMoved} onFocus={onTouch} onKeyDown={key} onClick={(event) => event.stopPropagation()}>{text}</button>
  );
}

function heading(part: Part): number | null {
  const value = part.more.heading_deg;
  return typeof value === 'number' ? value : null;
}

function Shape({ part, isChosen, onChoose }: { part: Part; isChosen: boolean; onChoose: () => void }) {
  const points = part.rings[0]!;
  if (part.kind === 'camera' || points.length === 0) return null;
  const path = part.rings.map((ring) => pathOf(ring, part.kind === 'line' ? 'open' : 'closed')).join('');
  return (
    <g class={`part part-${part.kind} ${part.more.kind === 'walkable' ? 'is-walkable' : ''} ${isChosen ? 'is-chosen' : ''}`} data-part={keyOf(part)}
      onClick={(event) => { event.stopPropagation(); onChoose(); }}>
      <path class="part-grip" d={path} fill-rule="evenodd" />
      <path class="part-edge" d={path} fill-rule="evenodd" />
    </g>
  );
}

// A line's left and right, beside its middle: which is which must be seen, not guessed.
function Sides({ part, view, size }: { part: Part; view: View; size: Size }) {
  const points = part.rings[0]!;
  if (part.kind !== 'line' || points.length < 2) return null;
  const k = Math.floor((points.length - 1) / 2);
  const [a, b] = [toScreen(view, size, points[k]!), toScreen(view, size, points[k + 1]!)];
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const normal: Position = [(b[1] - a[1]) / length, -(b[0] - a[0]) / length];
  const middle: Position = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  return (
    <>
      {(['left', 'right'] as const).map((side) => {
        const way = side === 'left' ? 26 : -26;
        return <span key={side} class="side-name" style={{ left: `${middle[0] + way * normal[0]}px`, top: `${middle[1] + way * normal[1]}px` }}>{side}</span>;
      })}
    </>
  );
}

function Camera({ part, view, size, isChosen, onChoose }: { part: Part; view: View; size: Size; isChosen: boolean; onChoose: () => void }) {
  const place = part.rings[0]![0];
  if (!place) return null;
  const [x, y] = toScreen(view, size, place);
  const degrees = heading(part);
  const mark = (
    <svg viewBox="-20 -20 40 40" width="40" height="40" aria-hidden="true">
      {degrees !== null && <path class="camera-sight" transform={`rotate(${degrees})`} d="M0 0L-9-19H9Z" />}
      <circle r="7" />
    </svg>
  );
  // The chosen one has a handle on it, which is the button there.
  if (isChosen) return <span class="camera is-chosen" style={{ left: `${x}px`, top: `${y}px` }} data-part={keyOf(part)}>{mark}</span>;
  return (
    <button type="button" class="camera" style={{ left: `${x}px`, top: `${y}px` }} data-part={keyOf(part)}
      aria-label={`Camera ${part.name}`} onClick={(event) => { event.stopPropagation(); onChoose(); }}>{mark}</button>
  );
}

// What lies below what: an obstacle in a zone must stay in sight, and a line over both.
function rank(part: Part): number {
  if (part.kind === 'wall') return part.more.kind === 'walkable' ? 0 : 2;
  return { zone: 1, line: 3, camera: 4 }[part.kind];
}

export function Board(props: BoardProps) {
  const { venue, draft, chosen, sketch } = props;
  const { view, ref, size, bounds } = useStage(venue);
  const now = useCell(view);
  const shapes = useMemo(() => shapesOf(venue), [venue]);
  const part = draft.find((entry) => keyOf(entry) === chosen);
  const click = (event: MouseEvent) => {
    if (!now || !ref.current) return;
    const box = ref.current.getBoundingClientRect();
    if (props.isAiming) props.onPoint(rounded(toFloor(now, size, event.clientX - box.left, event.clientY - box.top)));
    else props.onChoose(null);
  };
  const key = (event: KeyboardEvent) => {
    if (!props.isAiming || !now || event.key !== ' ' || event.target !== event.currentTarget) return;
    event.preventDefault();
    props.onPoint(rounded([now.x, now.y]));
  };
  const zoomBy = (factor: number) => now && view.set(zoom(now, factor, [size.width / 2, size.height / 2], bounds, size));
  const choose = (entry: Part) => (props.isAiming ? undefined : () => props.onChoose(keyOf(entry)));
  return (
    <section class="plan board" aria-label="Plan to draw on" style={{ '--plan-aspect': `${(bounds.maxX - bounds.minX) / (bounds.maxY - bounds.minY)}` }}>
      <div class={`plan-stage ${props.isAiming ? 'is-aiming' : ''}`} ref={ref} tabIndex={0} role="group" onClick={click} onKeyDown={key}
        aria-label="Plan. Arrow keys move it, plus and minus zoom. While drawing, space sets a point at the cross in the middle.">
        {now && (
          <>
            <svg class="plan-floor" width={size.width} height={size.height} aria-hidden="true" focusable="false">
              <g transform={`translate(${size.width / 2 - now.x * now.scale} ${size.height / 2 + now.y * now.scale}) scale(${now.scale} ${-now.scale})`}>
                <Ground venue={venue} shapes={shapes} />
                <g class={props.isAiming ? 'is-behind' : ''}>
                  {[...draft].sort((a, b) => rank(a) - rank(b)).map((entry) => <Shape key={keyOf(entry)} part={entry} isChosen={keyOf(entry) === chosen} onChoose={() => props.onChoose(keyOf(entry))} />)}
                </g>
                {sketch.length > 0 && <path class={`sketch sketch-${props.sketchKind}`} d={pathOf(sketch, props.sketchKind === 'area' && sketch.length > 2 ? 'closed' : 'open')} />}
              </g>
            </svg>
            <div class="handles">
              {draft.filter((entry) => entry.kind === 'camera').map((entry) => (
                <Camera key={keyOf(entry)} part={entry} view={now} size={size} isChosen={keyOf(entry) === chosen} onChoose={choose(entry) ?? (() => {})} />
              ))}
              {draft.filter((entry) => entry.kind === 'zone').map((entry) => {
                const [x, y] = toScreen(now, size, labelPoint(entry.rings[0]!));
                return <span key={entry.id} class="side-name" aria-hidden="true" style={{ left: `${x}px`, top: `${y}px` }}>{entry.name}</span>;
              })}
              {part && <Sides part={part} view={now} size={size} />}
              {part && !props.isAiming && part.rings.flatMap((ring, r) => ring.map((point, c) => (
                <Handle key={`${r}/${c}`} at={point} view={now} size={size} look={part.kind === 'camera' ? 'is-camera' : ''}
                  name={part.kind === 'camera' ? `Place of ${part.name}` : `Corner ${c + 1} of ${r > 0 ? `hole ${r} in ` : ''}${WORDS[part.kind].toLowerCase()} ${part.name}`}
                  onMove={(to) => props.onMoveCorner(r, c, to)} onMoved={props.onMoved} onTouch={() => props.onTouchCorner(r, c)} />
              )))}
              {sketch.map((point, i) => {
                const [x, y] = toScreen(now, size, point);
                return <span key={i} class="sketch-point" style={{ left: `${x}px`, top: `${y}px` }} />;
              })}
              {props.marks.map((mark) => (
                <Handle key={mark.label} at={mark.floor} view={now} size={size} look="is-mark" text={mark.label} name={`Floor point ${mark.label}`}
                  onMove={(to) => to && mark.move(to)} onMoved={props.onMoved} />
              ))}
            </div>
            {props.isAiming && <span class="aim" aria-hidden="true" />}
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
    </section>
  );
}

