// SPDX-License-Identifier: Apache-2.0
// The venue as it is now. Three layers: the floor and the zones (SVG, in metres), the people (canvas),
// the labels (buttons, in pixels, so that they stay legible at every zoom).
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { AlarmSign, alarmWords, CamerasHeard, isPartial, levelWords, LevelSign, type ZoneAlarm } from '../control/levels';
import { Cell, type Readable, useCell } from '../shell/cell';
import type { DeviceDocument, Level, LineNow, PeopleMessage, VenueDocument, ZoneNow } from '../shell/documents';
import { count, density } from '../shell/format';
import { Dots } from './dots';
import { boundsOf, boundsOfVenue, labelPoint, pathOf, projectionOf } from './geometry';
import { attachGestures } from './gestures';
import { Ground, shapesOf } from './ground';
import { chooseForms } from './labels';
import { LineLabels, Lines, Walls } from './lines';
import { Patterns } from './patterns';
import { fit, isWhole, type Size, toScreen, type View, zoom } from './view';

export interface PlanProps {
  venue: VenueDocument;
  zonesNow: ReadonlyMap<string, ZoneNow>;
  alarmed: ReadonlyMap<string, ZoneAlarm>;
  people: Readable<PeopleMessage | null>;
  devices: DeviceDocument[];
  linesNow: ReadonlyMap<string, LineNow>;
  chosen: string | null;
  onChoose: (zone: string) => void;
  isStale: boolean;
  staleText: string;
}

export function useSize(): [preact.RefObject<HTMLDivElement>, Size] {
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

export interface Stage {
  view: Cell<View | null>;
  ref: preact.RefObject<HTMLDivElement>;
  size: Size;
  bounds: ReturnType<typeof boundsOfVenue>;
}

export function useStage(venue: VenueDocument): Stage {
  const [ref, size] = useSize();
  const view = useMemo(() => new Cell<View | null>(null), []);
  const bounds = useMemo(() => boundsOfVenue(venue), [venue]);
  const latest = useRef({ bounds, size });
  latest.current = { bounds, size };
  // A new size shows the whole again: a turned phone is a new start.
  useLayoutEffect(() => {
    if (size.width > 0 && size.height > 0) view.set(fit(bounds, size));
  }, [size.width, size.height, bounds.minX, bounds.minY, bounds.maxX, bounds.maxY]);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    return attachGestures(element, {
      view, bounds: () => latest.current.bounds, size: () => latest.current.size,
    });
  }, []);
  return { view, ref, size, bounds };
}

export function Plan(props: PlanProps) {
  const { venue, zonesNow, chosen, onChoose } = props;
  const { view, ref, size, bounds } = useStage(venue);
  const now = useCell(view);
  const shapes = useMemo(() => shapesOf(venue), [venue]);
  const zonePaths = useMemo(() => venue.zones.map((zone) => ({
    zone, path: pathOf(zone.ring_m, 'closed'), labelAt: labelPoint(zone.ring_m), box: boundsOf(zone.ring_m),
  })), [venue]);
  const levelOf = (zone: string): Level => zonesNow.get(zone)?.level ?? 'unknown';
  const centre = () => [size.width / 2, size.height / 2] as [number, number];
  const zoomBy = (factor: number) => now && view.set(zoom(now, factor, centre(), bounds, size));

  return (
    <section class={`plan ${props.isStale ? 'is-stale' : ''}`} aria-label="Plan of the venue"
      style={{ '--plan-aspect': `${(bounds.maxX - bounds.minX) / (bounds.maxY - bounds.minY)}` }}>
      <div class="plan-stage" ref={ref} tabIndex={0} role="group" data-whole={now !== null && isWhole(now, bounds, size)}
        aria-label="Plan. Arrow keys move it, plus and minus zoom, zero shows everything.">
        {now && (
          <>
            <svg class="plan-floor" width={size.width} height={size.height} aria-hidden="true" focusable="false">
              <Patterns scale={now.scale} />
              <g transform={`translate(${size.width / 2 - now.x * now.scale} ${size.height / 2 + now.y * now.scale}) scale(${now.scale} ${-now.scale})`}>
                <Ground venue={venue} shapes={shapes} />
                <Walls venue={venue} />
                {zonePaths.map(({ zone, path }) => (
                  <g key={zone.id} class={`zone level-${levelOf(zone.id)} ${zone.id === chosen ? 'is-chosen' : ''}`}
                    data-zone={zone.id} data-level={levelOf(zone.id)} onClick={() => onChoose(zone.id)}>
                    {zone.id === chosen && <path class="zone-halo" d={path} />}
                    <path class="zone-fill" d={path} />
                    <path class="zone-pattern" d={path} fill={`url(#pattern-${levelOf(zone.id)})`} />
                    <path class="zone-line" d={path} />
                  </g>
                ))}
                <Lines venue={venue} />
              </g>
            </svg>
            <Dots people={props.people} view={view} size={size} />
            <PlanNames shapes={shapes} view={now} size={size} />
            <DeviceMarks venue={venue} devices={props.devices} view={now} size={size} />
            <ZoneLabels zones={zonePaths} view={now} size={size} zonesNow={zonesNow} alarmed={props.alarmed} chosen={chosen}
              onChoose={onChoose} />
            <LineLabels venue={venue} linesNow={props.linesNow} view={now} size={size} />
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
      {props.isStale && <p class="plan-stale">{props.staleText}</p>}
    </section>
  );
}

function PlanNames({ shapes, view, size }: { shapes: ReturnType<typeof shapesOf>; view: View; size: Size }) {
  return (
    <div class="plan-names" aria-hidden="true">
      {shapes.filter((shape) => shape.name !== '' && !['ground', 'floor'].includes(shape.kind)).map((shape) => {
        const [x, y] = toScreen(view, size, shape.labelAt);
        const width = shape.widthM * view.scale;
        const height = shape.heightM * view.scale;
        const isUpright = height > width * 1.6;
        if (Math.max(width, height) < shape.name.length * 6.5 || Math.min(width, height) < 13) return null;
        return (
          <span key={shape.key} class={`plan-name plan-name-${shape.kind} ${isUpright ? 'is-upright' : ''}`}
            style={{ left: `${x}px`, top: `${y}px` }}>{shape.name}</span>
        );
      })}
    </div>
  );
}

interface DeviceMarksProps {
  venue: VenueDocument;
  devices: DeviceDocument[];
  view: View;
  size: Size;
}

// Only those that are silent: what works needs no attention.
function DeviceMarks({ venue, devices, view, size }: DeviceMarksProps) {
  const project = projectionOf(venue);
  return (
    <div class="plan-devices" aria-hidden="true">
      {devices.filter((device) => device.is_silent && device.position).map((device) => {
        const [x, y] = toScreen(view, size, project(device.position!));
        return (
          <span key={device.id} class="plan-device" title={`${device.name} is silent`} style={{ left: `${x}px`, top: `${y}px` }}>
            <svg viewBox="0 0 16 16" width="14" height="14"><path d="M2 5h8v6H2ZM10 7.300l4-2v5.400l-4-2M1.500 14 14.500 2" /></svg>
          </span>
        );
      })}
    </div>
  );
}

interface ZoneLabelsProps {
  zones: { zone: VenueDocument['zones'][number]; labelAt: [number, number]; box: ReturnType<typeof boundsOf> }[];
  view: View;
  size: Size;
  zonesNow: ReadonlyMap<string, ZoneNow>;
  alarmed: ReadonlyMap<string, ZoneAlarm>;
  chosen: string | null;
  onChoose: (zone: string) => void;
}

function ZoneLabels({ zones, view, size, zonesNow, alarmed, chosen, onChoose }: ZoneLabelsProps) {
  const placed = zones.map(({ zone, labelAt, box }) => {
    const [x, y] = toScreen(view, size, labelAt);
    const level = zonesNow.get(zone.id)?.level ?? 'unknown';
    return {
      zone, x, y, level,
      wish: {
        id: zone.id, x, y, nameLength: zone.name.length,
        rank: levelWords(level).rank + (alarmed.get(zone.id) === 'open' ? 20 : 0) + (zone.id === chosen ? 10 : 0),
        hasSign: alarmed.has(zone.id),
        widthPx: box ? (box.maxX - box.minX) * view.scale : 0,
        heightPx: box ? (box.maxY - box.minY) * view.scale : 0,
      },
    };
  });
  const forms = chooseForms(placed.map((entry) => entry.wish));
  return (
    <div class="plan-labels">
      {placed.map(({ zone, x, y, level }) => {
        const now = zonesNow.get(zone.id);
        const isSeen = x >= 0 && y >= 0 && x <= size.width && y <= size.height;
        return (
          <button type="button" key={zone.id} hidden={!isSeen}
            class={`zone-label level-${level} form-${forms.get(zone.id) ?? 'sign'} ${zone.id === chosen ? 'is-chosen' : ''} ${alarmed.get(zone.id) === 'open' ? 'has-alarm' : ''} ${isPartial(now) ? 'is-partial' : ''}`}
            style={{ left: `${x}px`, top: `${y}px` }} aria-pressed={zone.id === chosen}
            onClick={() => onChoose(zone.id)}>
            <span class="zone-label-count"><LevelSign level={level} size={14} />{now?.people != null && <b>{count(now.people)}</b>}<AlarmSign alarm={alarmed.get(zone.id)} size={14} /></span>
            {' '}
            <span class="zone-label-name">{zone.name}</span>
            <span class="visually-hidden">
              {`, ${levelWords(level).word}${now?.density == null ? '' : `, ${density(now.density)} per m²`}${alarmWords(alarmed.get(zone.id))}`}
              {isPartial(now) && <>, <CamerasHeard now={now} /></>}
            </span>
          </button>
        );
      })}
    </div>
  );
}
