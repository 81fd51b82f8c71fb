// SPDX-License-Identifier: Apache-2.0
// The alarms, and one tap to say "I have seen it".
import type { TargetedMouseEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../shell/api';
import { clock, useCell } from '../shell/cell';
import type { ZoneNow } from '../shell/documents';
import { density, duration, measure, moment, plural, timeOfDay } from '../shell/format';
import { live, venues } from '../shell/place';
import { Link } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { LoadTrouble } from '../shell/trouble';
import { setAlarmWaiting, soundIsBlocked, soundIsOn, switchSound } from './alarm-sound';
import { type Incident, type Incidents, inOrder } from './incidents';

// A number keeps its unit on its line.
const UNITS: Record<string, string> = { density: '\u00a0per\u00a0m²', people: '\u00a0people', temperature: '\u00a0°C', humidity: '\u00a0%' };
const SEVERITIES = { critical: 'Critical', warning: 'Warning', info: 'Note' };
const STATES = { open: 'open', acknowledged: 'seen', resolved: 'over' };
// A finger that is on its way must not land on an alarm that has just moved under it.
const SETTLES_WITHIN_MS = 500;

const worded = (value: number, incident: Incident) => (
  `${incident.measure === 'density' ? density(value) : measure(value)}${UNITS[incident.measure] ?? ''}`);

function cause(incident: Incident): string {
  if (incident.cause === 'no-data') return 'Nothing is heard any more. It is not known how full it is.';
  const verb = incident.direction === 'above' ? 'Reached' : 'Fell to';
  const limit = `${measure(incident.threshold)}${UNITS[incident.measure] ?? ''}`;
  return incident.value === null ? `${verb} the limit of ${limit}.` : `${verb} ${measure(incident.value)}, limit\u00a0${limit}.`;
}

// What fired may be minutes old: beside it stands what is now, where the page knows it.
function present(incident: Incident, now: ZoneNow | undefined): string | null {
  if (incident.cause === 'no-data' || !now) return null;
  if (incident.measure !== 'people' && incident.measure !== 'density') return null;
  const value = now[incident.measure];
  return value === null ? 'Now: not known' : `Now ${worded(value, incident)}`;
}

// Why it is over, where that is more than "by somebody".
const RESOLUTIONS: Record<string, string> = {
  recovered: 'back within its limit',
  'rule changed': 'its rule was changed',
  'rule removed': 'its rule was removed',
  'event over': 'the event is over',
  'event removed': 'the event was removed',
  'zone removed': 'its zone was removed',
  'device removed': 'its device was removed',
  'venue removed': 'its venue was removed',
};

function ending(incident: Incident): string {
  const by = incident.resolved_by ? ` by ${incident.resolved_by}` : '';
  if (incident.resolution === 'recovered' && incident.cause === 'no-data') return `${by}: heard again`;
  const why = RESOLUTIONS[incident.resolution ?? ''];
  return why ? `${by}: ${why}` : by;
}

function history(incident: Incident): string {
  const now = serverNow();
  const opened = moment(Date.parse(incident.opened_at), now);
  if (incident.resolved_at) {
    const lasted = duration(Date.parse(incident.resolved_at) - Date.parse(incident.opened_at));
    return `${opened}, over after ${lasted}${ending(incident)}`;
  }
  const seen = incident.acknowledged_at
    ? ` · seen ${timeOfDay(Date.parse(incident.acknowledged_at), 'minutes')}${incident.acknowledged_by ? ` by ${incident.acknowledged_by}` : ''}`
    : '';
  return `since ${opened} (${duration(now - Date.parse(incident.opened_at))})${seen}`;
}

function Where({ incident, here, zoneName, onShow }: Pick<AlarmProps, 'incident' | 'here' | 'zoneName' | 'onShow'>) {
  const venueList = useCell(venues)?.venues;
  const { zone, venue } = incident;
  const name = zoneName ?? zone ?? incident.subject;
  if (venue !== '' && venue !== here) {
    const venueName = venueList?.find((entry) => entry.id === venue)?.name ?? venue;
    return <Link to={`/control/${incident.event}/${venue}?incident=${incident.id}${zone ? `&zone=${zone}` : ''}`}>{venueName}: {name}</Link>;
  }
  if (!zone || !onShow) return <>{name}</>;
  return <button type="button" class="as-text" onClick={() => onShow(zone)}>{name}</button>;
}

interface AlarmProps {
  incident: Incident;
  here: string; // the venue that is looked at
  zoneName: string | null;
  now: ZoneNow | undefined;
  isAsked: boolean;
  isSettling: boolean;
  onShow: ((zone: string) => void) | null;
  acknowledge: (incident: Incident) => Promise<void>;
  unacknowledge: (incident: Incident) => Promise<void>;
}

// One tap that changes the alarm for everybody; `failed` begins the words when it does not.
function useTap({ incident, isSettling }: AlarmProps, act: (incident: Incident) => Promise<void>, failed: string,
  item: preact.RefObject<HTMLLIElement>) {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const keepsFocus = useRef(false);
  // The button is gone and the alarm has moved; who works by keys stays at it.
  useEffect(() => {
    if (keepsFocus.current) item.current?.focus({ preventScroll: true });
    keepsFocus.current = false;
    setTrouble(null);
  }, [incident.state]);
  const tap = async (event: TargetedMouseEvent<HTMLButtonElement>) => {
    // detail: how often the pointer was pressed; 0 for keys, which cannot miss.
    if (isBusy || event.detail > 1 || (isSettling && event.detail > 0)) return;
    setBusy(true);
    setTrouble(null);
    try {
      keepsFocus.current = item.current?.contains(document.activeElement) ?? false;
      await act(incident);
    } catch (error) {
      keepsFocus.current = false;
      setTrouble(`${failed} ${error instanceof Problem ? error.detail : 'This page failed.'} Try again.`);
    }
    setBusy(false);
  };
  return { isBusy, trouble, tap };
}

function Alarm(props: AlarmProps) {
  const { incident, zoneName, isAsked, isSettling } = props;
  const item = useRef<HTMLLIElement>(null);
  const see = useTap(props, props.acknowledge, 'Not acknowledged.', item);
  const undo = useTap(props, props.unacknowledge, 'Not undone.', item);
  const trouble = see.trouble ?? undo.trouble;
  const what = <span class="visually-hidden"> {incident.name}, {zoneName ?? incident.subject}</span>;
  useCell(clock);
  useEffect(() => {
    if (isAsked) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isAsked]);
  const isOver = incident.state === 'resolved';
  const nowText = isOver ? null : present(incident, props.now);
  return (
    <li ref={item} tabIndex={-1} class={`alarm is-${incident.state} severity-${incident.severity} ${isAsked ? 'is-asked' : ''}`}
      data-incident={incident.id} data-state={incident.state}>
      <p class="alarm-head">
        <span class="alarm-severity">{SEVERITIES[incident.severity]}</span>
        <span class="alarm-state">{STATES[incident.state]}</span>
      </p>
      <div class="alarm-body">
        <h3><Where {...props} /><span class="alarm-name">{incident.name}</span></h3>
        {!isOver && <p>{nowText && <b class="alarm-now">{nowText}. </b>}{cause(incident)}</p>}
        {incident.is_silent && !isOver && <p>Since then nothing new was heard.</p>}
        <p class="alarm-history">{history(incident)}</p>
        {trouble && <p class="trouble" role="alert">{trouble}</p>}
      </div>
      {incident.state === 'open' && (
        <button type="button" class="primary acknowledge" aria-disabled={see.isBusy || isSettling} onClick={(event) => void see.tap(event)}>
          Acknowledge{what}
        </button>
      )}
      {incident.state === 'acknowledged' && (
        <button type="button" class="quiet undo" aria-disabled={undo.isBusy || isSettling} onClick={(event) => void undo.tap(event)}>
          Undo<span class="visually-hidden"> the acknowledgement of</span>{what}
        </button>
      )}
    </li>
  );
}

function SoundSwitch() {
  const isOn = useCell(soundIsOn);
  const isBlocked = useCell(soundIsBlocked);
  if (isOn && isBlocked) {
    // Any tap is enough for the browser; this one says so.
    return <button type="button" class="quiet sound is-blocked">Sound: tap to allow</button>;
  }
  return (
    <button type="button" class="quiet sound" aria-pressed={isOn} onClick={switchSound}>
      Sound {isOn ? 'on' : 'off'}
    </button>
  );
}

// True for a moment after what is listed has moved.
function useSettling(order: string): boolean {
  const [settled, setSettled] = useState(order);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(order), SETTLES_WITHIN_MS);
    return () => clearTimeout(timer);
  }, [order]);
  return settled !== order;
}

export interface AlarmsProps {
  incidents: Incidents;
  venue: string;
  zoneNames: ReadonlyMap<string, string>;
  zonesNow: ReadonlyMap<string, ZoneNow>; // empty where what is known is not of now
  asked: string | null; // the incident that a link named
  onShow: (zone: string) => void;
}

function Announcement({ incidents, nameOf }: { incidents: Incidents; nameOf: (incident: Incident) => string | null }) {
  const newest = useCell(incidents.opened);
  return (
    <p class="visually-hidden" role="alert">
      {newest ? `${SEVERITIES[newest.severity]} alarm: ${nameOf(newest) ?? newest.subject}. ${newest.name}. ${cause(newest)}` : ''}
    </p>
  );
}

export function Alarms({ incidents, venue, zoneNames, zonesNow, asked, onShow }: AlarmsProps) {
  const known = useCell(incidents.known);
  const trouble = useCell(incidents.loader.trouble);
  const isLive = useCell(live().connection).phase === 'live';
  const ordered = inOrder(known?.values() ?? []);
  const current = ordered.filter((incident) => incident.state !== 'resolved');
  const over = ordered.filter((incident) => incident.state === 'resolved');
  const openCount = current.filter((incident) => incident.state === 'open').length;
  const isSettling = useSettling(current.map((incident) => `${incident.id} ${incident.state}`).join());
  useEffect(() => {
    setAlarmWaiting(openCount > 0);
    return () => setAlarmWaiting(false);
  }, [openCount]);
  const nameOf = (incident: Incident) => (incident.zone ? zoneNames.get(incident.zone) ?? null : null);
  const item = (incident: Incident) => (
    <Alarm key={incident.id} incident={incident} here={venue} zoneName={nameOf(incident)} now={zonesNow.get(incident.zone ?? '')}
      isAsked={String(incident.id) === asked} isSettling={isSettling}
      onShow={incident.zone && zoneNames.has(incident.zone) ? onShow : null}
      acknowledge={(which) => incidents.acknowledge(which)} unacknowledge={(which) => incidents.unacknowledge(which)} />
  );
  return (
    <section class={`panel alarms ${openCount > 0 ? 'has-open' : ''} ${trouble ? 'has-trouble' : ''}`} aria-labelledby="alarms-title">
      <header>
        <h2 id="alarms-title">
          Alarms {openCount > 0 && <span class="badge">{openCount} open</span>}
          {current.length > openCount && <span class="alarms-seen"> {current.length - openCount} seen</span>}
        </h2>
        <SoundSwitch />
      </header>
      {!isLive && <p class="alarm-note">Not current: new alarms do not arrive.</p>}
      {isLive && <LoadTrouble of={incidents.loader}>The alarms may not be complete.</LoadTrouble>}
      <Announcement incidents={incidents} nameOf={nameOf} />
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="alarms-title">
        {known === null && !trouble && <p class="hint">Loading…</p>}
        {known !== null && !trouble && current.length === 0 && <p class="hint">{isLive ? 'No alarm is open.' : 'No alarm was open when last known.'}</p>}
        <ul>{current.map(item)}</ul>
        {over.length > 0 && (
          <details class="over" open={over.some((incident) => String(incident.id) === asked)}>
            <summary>{plural(over.length, 'alarm', 'alarms')} over</summary>
            <ul>{over.map(item)}</ul>
          </details>
        )}
      </div>
    </section>
  );
}
