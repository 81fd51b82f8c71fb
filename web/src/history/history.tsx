// SPDX-License-Identifier: Apache-2.0
// How the chosen zone came to be as it is.
import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { CamerasHeard, LevelSign, LevelWord } from '../control/levels';
import { Problem } from '../shell/api';
import { clock, useCell } from '../shell/cell';
import type { Horizon, ZoneDocument, ZoneForecast, ZoneNow, ZoneOccupancy } from '../shell/documents';
import { count, density, timeOfDay } from '../shell/format';
import { drawnLook } from '../shell/look';
import { serverNow } from '../shell/server-clock';
import { type ChartLimits, type Columns, createChart } from './chart';
import { isCurrent as isCurrentAt, Outlook } from './outlook';
import { joined, loadOrNothing } from './series';

const SPANS = [
  { name: '15 min', minutes: 15, stepS: 5 },
  { name: '1 h', minutes: 60, stepS: 15 },
  { name: '6 h', minutes: 360, stepS: 60 },
  { name: '24 h', minutes: 1440, stepS: 300 },
];
type Span = (typeof SPANS)[number];
const EMPTY: Columns = [[], [], [], [], [], []];

interface Loaded {
  columns: Columns;
  trouble: string | null;
  isLoading: boolean;
  isBehind: boolean;
}

const NOTHING: Loaded = { columns: EMPTY, trouble: null, isLoading: true, isBehind: false };

// Loads at once and then every few steps; what is shown stays until the next answer.
function usePast(event: string, zone: string | null, span: Span): Loaded {
  const [loaded, setLoaded] = useState<Loaded>(NOTHING);
  useEffect(() => {
    if (zone === null) return undefined;
    let isCurrent = true;
    setLoaded(NOTHING);
    const load = async () => {
      const to = serverNow();
      const from = to - span.minutes * 60000;
      try {
        const [seen, dense] = await Promise.all([
          loadOrNothing(event, `zone.${zone}:people`, from, to, span.stepS),
          loadOrNothing(event, `zone.${zone}:density`, from, to, span.stepS),
        ]);
        // Where no camera looks, who passed the doors is known, once a minute.
        const people = seen.times.length > 0 ? seen
          : await loadOrNothing(event, `zone.${zone}:occupancy`, from, to, Math.max(60, span.stepS));
        const isBehind = people.isBehind || dense.isBehind;
        const nothing: null[] = new Array(joined(people, dense)[0].length).fill(null);
        if (isCurrent) setLoaded({ columns: [...joined(people, dense), nothing, nothing, nothing], trouble: null, isLoading: false, isBehind });
      } catch (error) {
        const trouble = error instanceof Problem ? error.detail : 'The history could not be read.';
        if (isCurrent) setLoaded((before) => ({ ...before, trouble, isLoading: false }));
      }
    };
    void load();
    const timer = setInterval(() => void load(), Math.max(5, span.stepS) * 1000);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [event, zone, span]);
  return loaded;
}

// The last stretch, from what is live; a stale value would pretend that it goes on.
function withNow(columns: Columns, now: ZoneNow | null, isStale: boolean): Columns {
  if (!now || isStale || now.people === null) return columns;
  const s = serverNow() / 1000;
  const last = columns[0][columns[0].length - 1] ?? 0;
  if (s <= last) return columns;
  return [[...columns[0], s], [...columns[1], now.people], [...columns[2], now.density],
    [...columns[3], null], [...columns[4], null], [...columns[5], null]];
}

// How far the chart looks ahead: no further than back.
const aheadMinutes = (span: Span) => Math.min(30, span.minutes);

// From the newest point on: a row before it would cut the lines of what was.
function withForecast(columns: Columns, forecast: ZoneForecast | null, isStale: boolean): Columns {
  if (!forecast || isStale || forecast.people === null || !isCurrentAt(forecast.at)) return columns;
  const last = columns[0].length - 1;
  const from = last < 0 ? [Date.parse(forecast.at!) / 1000] : [];
  const lastS = from[0] ?? columns[0][last]!;
  const ahead = forecast.horizons
    .map((horizon) => ({ ...horizon, s: Date.parse(horizon.at) / 1000 + 30 }))
    .filter((horizon) => horizon.s > lastS);
  const anchor = last < 0 ? forecast.people : columns[1][last] ?? forecast.people;
  const past = columns[0].map((): number | null => null);
  const foreseen = (pick: (horizon: Horizon) => number) => [...past.slice(0, Math.max(0, last)), anchor, ...ahead.map(pick)];
  const gap = [...from, ...ahead].map(() => null);
  return [
    [...columns[0], ...from, ...ahead.map((horizon) => horizon.s)],
    [...columns[1], ...gap],
    [...columns[2], ...gap],
    foreseen((horizon) => horizon.people),
    foreseen((horizon) => horizon.low_80),
    foreseen((horizon) => horizon.high_80),
  ];
}

function useChart(zone: ZoneDocument | null, columns: Columns, span: Span) {
  const ref = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const limits = useRef<ChartLimits>({ capacity: null, ladder: null });
  limits.current = {
    capacity: zone?.capacity_persons || null,
    ladder: zone && { amber: zone.amber_m2, orange: zone.orange_m2, red: zone.red_m2 },
  };
  const look = useCell(drawnLook);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const made = createChart(element, () => limits.current);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [look]);
  useEffect(() => {
    const to = serverNow() / 1000;
    chart.current?.batch(() => {
      chart.current?.setData(columns, false);
      chart.current?.setScale('x', { min: to - span.minutes * 60, max: to + aheadMinutes(span) * 60 });
    });
  }, [columns, span, look]);
  return ref;
}

function Summary({ columns }: { columns: Columns }) {
  let peak = -1;
  columns[1].forEach((value, i) => {
    if (value !== null && value > (columns[1][peak] ?? -1)) peak = i;
  });
  const peakPeople = columns[1][peak];
  if (peakPeople == null) return null;
  return (
    <p class="summary">
      Peak <b>{count(peakPeople)}</b> at {timeOfDay(columns[0][peak]! * 1000, 'minutes')}
    </p>
  );
}

export interface HistoryProps {
  event: string;
  zone: ZoneDocument | null;
  now: ZoneNow | null;
  isStale: boolean;
  forecast: ZoneForecast | null;
  inside: ZoneOccupancy | null;
}

export function History({ event, zone, now, isStale, forecast, inside }: HistoryProps) {
  const [span, setSpan] = useState<Span>(SPANS[0]!);
  const past = usePast(event, zone?.id ?? null, span);
  useCell(clock);
  const columns = withForecast(withNow(past.columns, now, isStale), forecast, isStale);
  const ref = useChart(zone, columns, span);
  const level = now?.level ?? 'unknown';
  const hasNothing = columns[0].length === 0;
  return (
    <section class={`panel history ${isStale ? 'is-stale' : ''}`} aria-labelledby="history-title">
      <header>
        <h2 id="history-title"><LevelSign level={level} /> {zone?.name ?? 'History'}</h2>
        {zone && (
          <p class="history-now">
            <LevelWord level={level} />
            <span><b>{count(now?.people)}</b>{zone.capacity_persons > 0 && ` of ${count(zone.capacity_persons)}`} people</span>
            <span><b>{density(now?.density)}</b> per m²</span>
            <CamerasHeard now={now ?? undefined} />
            <Summary columns={columns} />
          </p>
        )}
        <p class="chart-key" aria-hidden="true"><span class="key-people">People</span><span class="key-density">Density per m²</span><span class="key-ahead">Forecast, 80 % band</span></p>
        <div class="choices" role="group" aria-label="Time span">
          {SPANS.map((entry) => (
            <button type="button" key={entry.name} aria-pressed={entry === span} onClick={() => setSpan(entry)}>{entry.name}</button>
          ))}
        </div>
      </header>
      {zone && !isStale && <Outlook forecast={forecast} inside={inside} />}
      <div class="chart-frame">
        <div class="chart" ref={ref} role="img"
          aria-label={zone ? `People and density in ${zone.name}, last ${span.name}, and the forecast of people` : 'No zone is chosen'} />
        {hasNothing && (
          <p class="hint chart-hint">{past.isLoading ? 'Loading…' : past.trouble ?? 'Nothing was counted here in this time.'}</p>
        )}
        {!hasNothing && !isStale && past.trouble && <p class="chart-trouble">{past.trouble}</p>}
        {!isStale && !past.trouble && past.isBehind && (
          <p class="chart-trouble">The newest values are still being written; they will follow here.</p>
        )}
      </div>
    </section>
  );
}
