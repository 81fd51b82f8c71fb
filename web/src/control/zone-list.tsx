// SPDX-License-Identifier: Apache-2.0
// The zones as a table: the plan's other half, for eyes, keyboards and screen readers alike.
import type { VenueDocument, ZoneDocument, ZoneNow } from '../shell/documents';
import { count, density } from '../shell/format';
import { AlarmSign, alarmWords, CamerasHeard, levelWords, LevelSign, LevelWord, type ZoneAlarm } from './levels';
import type { Trend } from './trend';

interface ZoneListProps {
  venue: VenueDocument;
  zonesNow: ReadonlyMap<string, ZoneNow>;
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

interface RowProps {
  zone: ZoneDocument;
  now: ZoneNow | undefined;
  alarm: ZoneAlarm | undefined;
  perMinute: number | null;
  isChosen: boolean;
  onChoose: () => void;
}

function Row({ zone, now, alarm, perMinute, isChosen, onChoose }: RowProps) {
  const level = now?.level ?? 'unknown';
  const share = zone.capacity_persons > 0 && now?.people != null ? now.people / zone.capacity_persons : null;
  return (
    <tr class={`level-${level} ${isChosen ? 'is-chosen' : ''}`} data-zone-row={zone.id} onClick={onChoose}>
      <th scope="row">
        <button type="button" class="zone-name" aria-pressed={isChosen}>
          <LevelSign level={level} />
          <span>{zone.name} <LevelWord level={level} /><AlarmSign alarm={alarm} /><span class="visually-hidden">{alarmWords(alarm)}</span> <CamerasHeard now={now} /></span>
        </button>
      </th>
      <td class="figure">
        <b>{count(now?.people)}</b>
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

export function ZoneList({ venue, zonesNow, alarmed, atMs, trend, chosen, onChoose }: ZoneListProps) {
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
                  <Row key={zone.id} zone={zone} now={now} alarm={alarmed.get(zone.id)} isChosen={zone.id === chosen}
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
