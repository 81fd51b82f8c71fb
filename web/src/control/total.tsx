// SPDX-License-Identifier: Apache-2.0
// The number that is asked for on the radio, and how many zones stand where: also the plan's legend.
import type { VenueDocument, ZoneNow } from '../shell/documents';
import { count, timeOfDay } from '../shell/format';
import { isPartial, LEVELS, LevelSign } from './levels';

interface TotalProps {
  venue: VenueDocument;
  people: number | null;
  zonesNow: ReadonlyMap<string, ZoneNow>;
  atMs: number | null;
  isStale: boolean;
}

export function Total({ venue, people, zonesNow, atMs, isStale }: TotalProps) {
  const capacity = venue.zones.reduce((sum, zone) => sum + zone.capacity_persons, 0);
  const byLevel = new Map<string, number>();
  for (const zone of venue.zones) {
    const level = zonesNow.get(zone.id)?.level ?? 'unknown';
    byLevel.set(level, (byLevel.get(level) ?? 0) + 1);
  }
  const blind = venue.zones.filter(({ id }) => (zonesNow.get(id)?.level ?? 'unknown') === 'unknown' || isPartial(zonesNow.get(id))).length;
  return (
    <section class={`total ${isStale ? 'is-stale' : ''}`} aria-label="The venue now">
      <p class="total-people">
        <b data-total={people ?? ''}>{count(people)}</b>
        <span>{people === 1 ? 'person' : 'people'}
          {blind > 0 && people !== null
            ? <small class="at-least">at least: {blind === 1 ? 'one zone is' : `${blind} zones are`} not fully seen</small>
            : capacity > 0 && <small>zones hold {count(capacity)}</small>}
        </span>
      </p>
      <ul class="legend" aria-label="Zones by level">
        {LEVELS.map(({ level, word }) => (
          <li key={level} class={`level-${level} ${byLevel.get(level) ? '' : 'is-none'}`}>
            <LevelSign level={level} /><b>{byLevel.get(level) ?? 0}</b> {word}
          </li>
        ))}
      </ul>
      {atMs !== null && <p class="as-of">{isStale ? 'last counts ' : 'counted '}{timeOfDay(atMs)}</p>}
    </section>
  );
}
