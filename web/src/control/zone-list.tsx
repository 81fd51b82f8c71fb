// SPDX-License-Identifier: Apache-2.0
// The zones as a table: the plan's other half, for eyes, keyboards and screen readers alike.
import type { VenueDocument, ZoneDocument, ZoneNow, ZoneOccupancy } from '../shell/documents';
import { count, density, timeOfDay } from '../shell/format';
import { serverNow } from '../shell/server-clock';
import { AlarmSign, alarmWords, CamerasHeard, levelWords, LevelSign, LevelWord, type ZoneAlarm } from './levels';
import type { Trend } from './trend';

// Quiet counters say that nobody passes; the server believes that for so long.
const COUNTERS_HOLD_MS = 15 * 60000;
// A minute is told with a message of a later one: what is older than this says when it was.
const COUNTERS_FRESH_MS = 3 * 60000;

interface ZoneListProps {
  venue: VenueDocument;
  zonesNow: ReadonlyMap<string, ZoneNow>;
  inside: ReadonlyMap<string, ZoneOccupancy>;
  alarmed: ReadonlyMap<string, ZoneAlarm>;
  atMs: number;
  trend: Trend;
  chosen: string | null;
  onChoose: (zone: string) => void;
}

// The most crowded first, by level and then by how full; who is watched must not jump for one person.
function inOrder(zones: ZoneDocument[], now: ReadonlyMap<string, ZoneNow>): ZoneDocument[] {
  const rank = (zone: ZoneDocument) => levelWords(now.get(zone.id)?.level ?? 'unknown').rank;
  return [...zones].sort((a, b) => rank(b) - rank(a) || a.name.localeCompare(b.name, undefined, { numeric: true }));
}

function TrendArrow({ perMinute }: { perMinute: number | null }) {
  if (perMinute === null) return <span class="trend">–</span>;
  const rate = Math.round(perMinute);
  if (Math.abs(rate) < 2) return <span class="trend">steady</span>;
  return (
    <span class={`trend ${rate > 0 ? 'is-rising' : 'is-falling'}`}>
      <span aria-hidden="true">{rate > 0 ? '▲' : '▼'}</span>
      <span class="visually-hidden">{rate > 0 ? 'rising by ' : 'falling by '}</span>
      {count(Math.abs(rate))}
      <span class="unit">/min</span>
    </span>
  );
}

// What the counters at its doors say of a zone that no camera sees.
interface ByCounters {
  people: number;
  atMs: number;
}

function byCounters(now: ZoneNow | undefined, inside: ZoneOccupancy | undefined): ByCounters | null {
  if (now?.people != null || !inside?.at || inside.people === null || inside.counters === null) return null;
  const atMs = Date.parse(inside.at);
  return serverNow() - atMs <= COUNTERS_HOLD_MS ? { people: inside.people, atMs } : null;
}

function CountersWord({ counted }: { counted: ByCounters }) {
  const isOlder = serverNow() - counted.atMs > COUNTERS_FRESH_MS;
  return <span class="level-word level-unknown">By counters{isOlder && `, ${timeOfDay(counted.atMs, 'minutes')}`}</span>;
}

interface RowProps {
  zone: ZoneDocument;
  now: ZoneNow | undefined;
  counted: ByCounters | null;
  alarm: ZoneAlarm | undefined;
  perMinute: number | null;
  isChosen: boolean;
  onChoose: () => void;
}

function Row({ zone, now, counted, alarm, perMinute, isChosen, onChoose }: RowProps) {
  const level = now?.level ?? 'unknown';
  const people = counted ? counted.people : now?.people;
  const share = zone.capacity_persons > 0 && people != null ? people / zone.capacity_persons : null;
  return (
    <tr class={`level-${level} ${isChosen ? 'is-chosen' : ''}`} data-zone-row={zone.id} onClick={onChoose}>
      <th scope="row">
        <button type="button" class="zone-name" aria-pressed={isChosen}>
          <LevelSign level={level} />
          <span>{zone.name} {counted ? <CountersWord counted={counted} /> : <LevelWord level={level} />}<AlarmSign alarm={alarm} /><span class="visually-hidden">{alarmWords(alarm)}</span> <CamerasHeard now={now} /></span>
        </button>
      </th>
      <td class="figure">
        <b>{count(people)}</b>
        {zone.capacity_persons > 0 && (
          <>
            <span class="of"> of {count(zone.capacity_persons)}</span>
            <span class="bar" aria-hidden="true"><span style={{ width: `${Math.min(100, (share ?? 0) * 100)}%` }} /></span>
          </>
        )}
      </td>
      <td class="figure"><b>{density(now?.density)}</b></td>
      <td class="figure"><TrendArrow perMinute={perMinute} /></td>
    </tr>
  );
}

export function ZoneList({ venue, zonesNow, inside, alarmed, atMs, trend, chosen, onChoose }: ZoneListProps) {
  return (
    <section class="panel zones" aria-labelledby="zones-title">
      <h2 id="zones-title">Zones</h2>
      {venue.zones.length === 0 ? <p class="hint">This venue has no zones yet.</p> : (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="zones-title">
          <table>
            <caption class="visually-hidden">People, density and trend by zone, the most crowded first</caption>
            <thead>
              <tr>
                <th scope="col">Zone</th>
                <th scope="col" class="figure">People</th>
                <th scope="col" class="figure"><abbr title="persons per square metre">per m²</abbr></th>
                <th scope="col" class="figure">Trend</th>
              </tr>
            </thead>
            <tbody>
              {inOrder(venue.zones, zonesNow).map((zone) => {
                const now = zonesNow.get(zone.id);
                return (
                  <Row key={zone.id} zone={zone} now={now} counted={byCounters(now, inside.get(zone.id))} alarm={alarmed.get(zone.id)} isChosen={zone.id === chosen}
                    perMinute={trend.perMinute(zone.id, now?.people ?? null, atMs)}
                    onChoose={() => onChoose(zone.id)} />
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
