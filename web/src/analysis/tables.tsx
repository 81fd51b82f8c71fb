// SPDX-License-Identifier: Apache-2.0
// Stays and ways in words and figures.
import type { VenueDocument } from '../shell/documents';
import { count, duration, plural, timeOfDay } from '../shell/format';
import { personSecondsIn, type DwellAnswer, type HeatAnswer, type TripsAnswer, type Way } from './documents';

// A zone that was removed still has its past.
const nameOf = (venue: VenueDocument, zone: string) => venue.zones.find((entry) => entry.id === zone)?.name ?? (zone || 'another zone');

const stay = (seconds: number | null) => (seconds === null ? '–' : duration(seconds * 1000));

const span = (from: string, to: string) => `${timeOfDay(Date.parse(from), 'minutes')} to ${timeOfDay(Date.parse(to), 'minutes')}`;

// Of many people at once, so never in days.
const together = (hours: number) => (hours < 1 ? `${count(hours * 60)} min` : hours < 10 ? `${hours.toFixed(1)} h` : `${count(hours)} h`);

interface StaysProps {
  venue: VenueDocument;
  dwell: DwellAnswer;
  heat: HeatAnswer;
}

export function Stays({ venue, dwell, heat }: StaysProps) {
  const known = new Map(dwell.zones.map((zone) => [zone.zone, zone]));
  const rows = venue.zones.map((zone) => ({ zone, stays: known.get(zone.id), hours: personSecondsIn(zone.ring_m, heat) / 3600 }))
    .sort((a, b) => b.hours - a.hours || a.zone.name.localeCompare(b.zone.name, undefined, { numeric: true }));
  return (
    <section class="panel" aria-labelledby="stays-title">
      <header><h2 id="stays-title">Stays in the zones</h2></header>
      <p class="analysis-note">Stays that ended from {span(dwell.from, dwell.to)}, and those who are inside now.</p>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="stays-title">
        <table class="stays">
          <thead>
            <tr>
              <th scope="col">Zone</th>
              <th scope="col" class="figure">All people’s time</th>
              <th scope="col" class="figure">Half leave within</th>
              <th scope="col" class="figure">90 % within</th>
              <th scope="col" class="figure">Stays</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ zone, stays, hours }) => (
              <tr key={zone.id} data-stay={zone.id}>
                <th scope="row">{zone.name}{stays && stays.inside > 0 && <span class="of">{count(stays.inside)} inside</span>}</th>
                <td class="figure">{together(hours)}</td>
                <td class="figure"><b>{stay(stays?.median_s ?? null)}</b></td>
                <td class="figure">{stay(stays?.p90_s ?? null)}</td>
                <td class="figure">
                  {count(stays ? stays.finished + stays.censored : 0)}
                  {stays && stays.censored > 0 && <span class="of">{count(stays.censored)} without an end</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="analysis-note">– : too few have left to tell. Who is lost from sight and found again counts as two stays; those without an end are lost or still inside, and lasted at least so long.</p>
    </section>
  );
}

function Steps({ venue, way }: { venue: VenueDocument; way: Way }) {
  return (
    <span class="way">
      {way.zones.map((zone, i) => (
        <span key={i}>{i > 0 && <><span class="way-arrow" aria-hidden="true">→ </span><span class="visually-hidden">, then </span></>}{nameOf(venue, zone)} </span>
      ))}
      {way.goes_on && <span class="of">and on</span>}
    </span>
  );
}

const WAYS_SHOWN = 12;

function leftOut({ anonymity, ways_withheld_people: people, hours_withheld: hours }: TripsAnswer): string {
  const parts = [
    ...(people > 0 ? [`${plural(people, 'person', 'people')} whose way fewer than ${anonymity} took in their hour`] : []),
    ...(hours > 0 ? [`${plural(hours, 'hour', 'hours')} with fewer than ${anonymity} people on the way`] : []),
  ];
  return parts.length === 0 ? 'Nobody is left out.' : `So that nobody is told alone, left out: ${parts.join(', and ')}.`;
}

export function Ways({ venue, trips }: { venue: VenueDocument; trips: TripsAnswer }) {
  const moved = trips.ways.filter((way) => way.zones.length > 1).slice(0, WAYS_SHOWN);
  const most = moved[0]?.people ?? 1;
  const isTold = Date.parse(trips.to) > Date.parse(trips.from);
  return (
    <section class="panel ways-panel" aria-labelledby="ways-title">
      <header><h2 id="ways-title">Popular ways</h2></header>
      {!isTold && <p class="hint">No hour is over yet: ways are told five minutes after the end of each hour.</p>}
      {isTold && (
        <>
          <p class="analysis-note">{span(trips.from, trips.to)}, by whole hours.</p>
          {moved.length === 0 && trips.hours === 0 && <p class="hint">Nobody was followed then. Ways of the present hour are told five minutes after its end.</p>}
          {moved.length === 0 && trips.hours > 0 && <p class="hint">No way from one zone to another was taken by {trips.anonymity} people or more in an hour.</p>}
          <ol class="ways">
            {moved.map((way) => (
              <li key={way.zones.join('>') + (way.goes_on ? '>' : '')}>
                <Steps venue={venue} way={way} />
                <b>{plural(way.people, 'person', 'people')}</b>
                <span class="way-bar" aria-hidden="true"><span style={{ width: `${(100 * way.people) / most}%` }} /></span>
              </li>
            ))}
          </ol>
          <p class="analysis-note">
            {leftOut(trips)} A way ends where somebody is lost from sight.
          </p>
        </>
      )}
    </section>
  );
}
