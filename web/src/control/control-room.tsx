// SPDX-License-Identifier: Apache-2.0
// Everything on one screen. On a phone its three parts are one tap apart.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { History } from '../history/history';
import { Plan } from '../plan/plan';
import { clock, useCell } from '../shell/cell';
import type { LineNow, ZoneNow } from '../shell/documents';
import { duration } from '../shell/format';
import { live } from '../shell/place';
import { Link, setQuery, useRoute } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { LoadTrouble } from '../shell/trouble';
import { Alarms } from './alarms';
import { incidentsOf, inOrder } from './incidents';
import { levelWords, type ZoneAlarm } from './levels';
import { LineList } from './line-list';
import { Total } from './total';
import { type Watch, watchOf } from './watch';
import { ZoneList } from './zone-list';

const PARTS = [
  { part: 'plan', name: 'Plan' },
  { part: 'alarms', name: 'Alarms' },
  { part: 'history', name: 'History' },
] as const;
const NOTHING: ReadonlyMap<string, ZoneNow> = new Map();
const NO_LINES: ReadonlyMap<string, LineNow> = new Map();
// A line is told some five seconds after; who has heard nothing for this long knows nothing of now.
const LINES_STALE_MS = 20000;
type Part = (typeof PARTS)[number]['part'];

function PartSwitch({ part, setPart, openCount }: { part: Part; setPart: (part: Part) => void; openCount: number }) {
  return (
    <nav class="parts" aria-label="Parts of the control room">
      {PARTS.map((entry) => (
        <button type="button" key={entry.part} aria-current={entry.part === part ? 'true' : undefined}
          onClick={() => setPart(entry.part)}>
          {entry.name}
          {entry.part === 'alarms' && openCount > 0 && <span class="badge">{openCount}</span>}
        </button>
      ))}
    </nav>
  );
}

// How many alarms wait for a person, and which zones have one that is not over.
function useAlarms(event: string): { openCount: number; alarmed: ReadonlyMap<string, ZoneAlarm> } {
  const incidents = incidentsOf(event);
  const known = useCell(incidents.known);
  useEffect(() => incidents.use(), [incidents]);
  return useMemo(() => {
    const current = inOrder(known?.values() ?? []).filter((incident) => incident.state !== 'resolved').reverse();
    const open = current.filter((incident) => incident.state === 'open');
    return {
      openCount: open.length,
      alarmed: new Map(current.flatMap((incident) => (incident.zone ? [[incident.zone, incident.state as ZoneAlarm]] : []))),
    };
  }, [known]);
}

function useNow(watch: Watch) {
  const zones = useCell(watch.zones);
  useCell(clock);
  useCell(live().connection);
  const zonesNow = useMemo(
    () => new Map<string, ZoneNow>((zones?.zones ?? []).map((zone) => [zone.id, zone])), [zones]);
  return { zones, zonesNow, isStale: zones !== null && watch.isStale(), atMs: zones ? Date.parse(zones.at) : null };
}

function useLines(watch: Watch): ReadonlyMap<string, LineNow> {
  const lines = useCell(watch.lines);
  useCell(clock);
  const isOld = lines === null || serverNow() - Date.parse(lines.at) > LINES_STALE_MS;
  return useMemo(() => (isOld ? NO_LINES : new Map(lines.lines.map((line) => [line.id, line]))), [lines, isOld]);
}

// By keys, past everything that lies between the top of the page and what is urgent.
function SkipToAlarms({ count, show }: { count: number; show: () => void }) {
  if (count === 0) return null;
  const skip = () => {
    show();
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.acknowledge')?.focus());
  };
  return <button type="button" class="skip" onClick={skip}>Skip to the open alarms ({count})</button>;
}

function Waiting({ watch }: { watch: Watch }) {
  const trouble = useCell(watch.loader.trouble);
  if (!trouble) return <p role="status">Loading…</p>;
  return (
    <>
      <LoadTrouble of={watch.loader}>The venue could not be read.</LoadTrouble>
      <p><Link to="/control">Choose another place</Link></p>
    </>
  );
}

export function ControlRoom({ event, venue: venueId }: { event: string; venue: string }) {
  const watch = watchOf(event, venueId);
  useEffect(() => watch.use(), [watch]);
  const venue = useCell(watch.venue);
  const devices = useCell(watch.devices);
  const forecast = useCell(watch.forecast);
  const occupancy = useCell(watch.occupancy);
  const inside = useMemo(() => new Map((occupancy?.zones ?? []).map((zone) => [zone.id, zone])), [occupancy]);
  const { zones, zonesNow, isStale, atMs } = useNow(watch);
  const linesNow = useLines(watch);
  const { openCount, alarmed } = useAlarms(event);
  const { query } = useRoute();
  // A mail's link names its incident.
  const [part, setPart] = useState<Part>(query.has('incident') ? 'alarms' : 'plan');

  // Nothing chosen yet: the most crowded zone is the interesting one.
  const asked = query.get('zone');
  const worst = useMemo(() => {
    const rank = (id: string) => levelWords(zonesNow.get(id)?.level ?? 'unknown').rank;
    const dense = (id: string) => zonesNow.get(id)?.density ?? 0;
    const ids = (venue?.zones ?? []).map((zone) => zone.id);
    return ids.sort((a, b) => rank(b) - rank(a) || dense(b) - dense(a))[0] ?? null;
  }, [venue, zones === null]);
  const chosen = venue?.zones.some((zone) => zone.id === asked) ? asked : worst;
  const choose = (zone: string) => setQuery('zone', zone);

  useEffect(() => {
    document.title = `${openCount > 0 ? `(${openCount}) ` : ''}${venue?.name ?? 'Control room'} · Muster`;
  }, [openCount, venue?.name]);
  const zoneNames = useMemo(
    () => new Map((venue?.zones ?? []).map((zone) => [zone.id, zone.name])), [venue]);

  if (!venue) {
    return (
      <main class="page" id="main">
        <h1>Control room</h1>
        <Waiting watch={watch} />
      </main>
    );
  }
  const chosenZone = venue.zones.find((zone) => zone.id === chosen) ?? null;
  return (
    <>
      <SkipToAlarms count={openCount} show={() => setPart('alarms')} />
      <main class="control" id="main" data-part={part} data-stale={isStale}>
        <h1 class="visually-hidden">Control room, {venue.name}</h1>
        <Total venue={venue} people={zones?.people ?? null} zonesNow={zonesNow} atMs={atMs} isStale={isStale} />
        <Plan venue={venue} zonesNow={zonesNow} alarmed={alarmed} people={watch.people} devices={devices} linesNow={linesNow} chosen={chosen}
          onChoose={choose} isStale={isStale} staleText={`Not current: ${duration(watch.ageMs())} old`} />
        <div class="side">
          <Alarms incidents={incidentsOf(event)} venue={venueId} zoneNames={zoneNames} zonesNow={isStale ? NOTHING : zonesNow} asked={query.get('incident')} onShow={(zone) => {
            choose(zone);
            setPart('plan');
          }} />
          <ZoneList venue={venue} zonesNow={zonesNow} inside={inside} alarmed={alarmed} atMs={atMs ?? 0} trend={watch.trend} chosen={chosen} onChoose={choose} />
          <LineList event={event} venue={venue} linesNow={linesNow} />
        </div>
        <History event={event} zone={chosenZone} now={chosen ? zonesNow.get(chosen) ?? null : null} isStale={isStale}
          forecast={forecast?.zones.find((zone) => zone.id === chosen) ?? null}
          inside={chosen ? inside.get(chosen) ?? null : null} />
      </main>
      <PartSwitch part={part} setPart={setPart} openCount={openCount} />
    </>
  );
}
