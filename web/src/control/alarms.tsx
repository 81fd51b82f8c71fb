// SPDX-License-Identifier: Apache-2.0
// The alarms, and one tap to say "I have seen it".
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../shell/api';
import { clock, useCell } from '../shell/cell';
import { duration, measure, moment, plural, timeOfDay } from '../shell/format';
import { live } from '../shell/place';
import { serverNow } from '../shell/server-clock';
import { LoadTrouble } from '../shell/trouble';
import { setAlarmWaiting, soundIsOn, switchSound } from './alarm-sound';
import { type Incident, type Incidents, inOrder } from './incidents';

const UNITS: Record<string, string> = { density: ' per m²', people: ' people', temperature: ' °C', humidity: ' %' };
const SEVERITIES = { critical: 'Critical', warning: 'Warning', info: 'Note' };

const worded = (value: number, incident: Incident) => `${measure(value)}${UNITS[incident.measure] ?? ''}`;

function cause(incident: Incident): string {
  if (incident.cause === 'no-data') return 'Nothing is heard any more. It is not known how full it is.';
  const side = incident.direction === 'above' ? 'at or above' : 'at or below';
  const value = incident.value === null ? 'Value' : worded(incident.value, incident);
  return `${value}, ${side} the limit of ${worded(incident.threshold, incident)}.`;
}

function history(incident: Incident): string {
  const now = serverNow();
  const opened = moment(Date.parse(incident.opened_at), now);
  if (incident.resolved_at) {
    const lasted = duration(Date.parse(incident.resolved_at) - Date.parse(incident.opened_at));
    const by = incident.resolved_by ? ` by ${incident.resolved_by}` : '';
    return `${opened}, over after ${lasted}${by}`;
  }
  const seen = incident.acknowledged_at
    ? ` · seen ${timeOfDay(Date.parse(incident.acknowledged_at), 'minutes')}${incident.acknowledged_by ? ` by ${incident.acknowledged_by}` : ''}`
    : '';
  return `since ${opened} (${duration(now - Date.parse(incident.opened_at))})${seen}`;
}

interface AlarmProps {
  incident: Incident;
  zoneName: string | null;
  isAsked: boolean;
  onShow: ((zone: string) => void) | null;
  acknowledge: (incident: Incident) => Promise<void>;
}

function Alarm({ incident, zoneName, isAsked, onShow, acknowledge }: AlarmProps) {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const item = useRef<HTMLLIElement>(null);
  useCell(clock);
  useEffect(() => {
    if (isAsked) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isAsked]);
  const tap = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await acknowledge(incident);
    } catch (error) {
      setTrouble(error instanceof Problem ? error.detail : 'That failed. Try again.');
    }
    setBusy(false);
  };
  const zone = incident.zone;
  return (
    <li ref={item} class={`alarm is-${incident.state} severity-${incident.severity} ${isAsked ? 'is-asked' : ''}`} data-incident={incident.id}
      data-state={incident.state}>
      <p class="alarm-head">
        <span class="alarm-severity">{SEVERITIES[incident.severity]}</span>
        <span class="alarm-state">{{ open: 'open', acknowledged: 'seen', resolved: 'over' }[incident.state]}</span>
      </p>
      <h3>
        {zone && onShow
          ? <button type="button" class="as-text" onClick={() => onShow(zone)}>{zoneName ?? zone}</button>
          : zoneName ?? incident.subject}
        <span class="alarm-name">{incident.name}</span>
      </h3>
      {incident.state !== 'resolved' && <p>{cause(incident)}</p>}
      {incident.is_silent && incident.state !== 'resolved' && <p>Since then nothing new was heard.</p>}
      <p class="alarm-history">{history(incident)}</p>
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
      {incident.state === 'open' && (
        <button type="button" class="primary acknowledge" disabled={isBusy} onClick={() => void tap()}>
          Acknowledge<span class="visually-hidden"> {incident.name}, {zoneName ?? incident.subject}</span>
        </button>
      )}
    </li>
  );
}

function SoundSwitch() {
  const isOn = useCell(soundIsOn);
  return (
    <button type="button" class="quiet sound" aria-pressed={isOn} onClick={switchSound}>
      Sound {isOn ? 'on' : 'off'}
    </button>
  );
}

export interface AlarmsProps {
  incidents: Incidents;
  zoneNames: ReadonlyMap<string, string>;
  asked: string | null; // the incident that a link named
  onShow: (zone: string) => void;
}

export function Alarms({ incidents, zoneNames, asked, onShow }: AlarmsProps) {
  const known = useCell(incidents.known);
  const newest = useCell(incidents.opened);
  const trouble = useCell(incidents.loader.trouble);
  const connection = useCell(live().connection);
  const ordered = inOrder(known?.values() ?? []);
  const current = ordered.filter((incident) => incident.state !== 'resolved');
  const over = ordered.filter((incident) => incident.state === 'resolved');
  const openCount = current.filter((incident) => incident.state === 'open').length;
  useEffect(() => {
    setAlarmWaiting(openCount > 0);
    return () => setAlarmWaiting(false);
  }, [openCount]);
  const nameOf = (incident: Incident) => (incident.zone ? zoneNames.get(incident.zone) ?? null : null);
  const item = (incident: Incident) => (
    <Alarm key={incident.id} incident={incident} zoneName={nameOf(incident)} isAsked={String(incident.id) === asked}
      onShow={incident.zone && zoneNames.has(incident.zone) ? onShow : null}
      acknowledge={(which) => incidents.acknowledge(which)} />
  );
  return (
    <section class={`panel alarms ${openCount > 0 ? 'has-open' : ''} ${trouble ? 'has-trouble' : ''}`} aria-labelledby="alarms-title">
      <header>
        <h2 id="alarms-title">Alarms {current.length > 0 && <span class="badge">{current.length}</span>}</h2>
        <SoundSwitch />
      </header>
      {connection.phase !== 'live' && <p class="alarm-note">Not current: new alarms do not arrive.</p>}
      {connection.phase === 'live' && <LoadTrouble of={incidents.loader}>The alarms may not be complete.</LoadTrouble>}
      <p class="visually-hidden" role="alert">
        {newest ? `${SEVERITIES[newest.severity]} alarm: ${nameOf(newest) ?? newest.subject}. ${newest.name}. ${cause(newest)}` : ''}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="alarms-title">
        {known === null && !trouble && <p class="hint">Loading…</p>}
        {known !== null && !trouble && current.length === 0 && <p class="hint">No alarm is open.</p>}
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
