// SPDX-License-Identifier: Apache-2.0
// Where people spent their time, how long they stayed, and which ways they took.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, at } from '../shell/api';
import type { VenueDocument } from '../shell/documents';
import { duration, timeOfDay } from '../shell/format';
import type { PlacedPage } from '../shell/later';
import { Loader } from '../shell/loader';
import { setQuery, useRoute } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { LoadTrouble } from '../shell/trouble';
import { loadWalked, PERIODS, type Period, type Walked } from './documents';
import { HeatKey, HeatMap } from './heat-map';
import { Stays, Ways } from './tables';

const AGAIN_MS = 30000; // tracks come in pieces of ten seconds

interface Seen {
  venue: VenueDocument;
  walked: Walked;
  period: Period;
}

function useSeen(event: string, venue: string, period: Period) {
  const [seen, setSeen] = useState<Seen | null>(null);
  const loader = useMemo(() => new Loader(async () => {
    const document = await api.get<VenueDocument>(at('events', event, 'venues', venue));
    setSeen({ venue: document, walked: await loadWalked(event, document, period, serverNow()), period });
  }), [event, venue, period]);
  useEffect(() => {
    loader.now();
    const timer = setInterval(loader.now, AGAIN_MS);
    return () => {
      clearInterval(timer);
      loader.stop();
    };
  }, [loader]);
  return { seen, loader };
}

function Covered({ walked: { heat } }: { walked: Walked }) {
  const [fromMs, toMs] = [Date.parse(heat.from), Math.min(Date.parse(heat.to), serverNow())];
  const missedS = (toMs - fromMs) / 1000 - heat.covered_s;
  return (
    <p class="analysis-period" role="status">
      {timeOfDay(fromMs, 'minutes')} to {timeOfDay(Date.parse(heat.to), 'minutes')}
      {missedS > 60 && <span class="of"> people could be followed for {duration(heat.covered_s * 1000)} of it</span>}
    </p>
  );
}

export function Analysis({ event, venue }: PlacedPage) {
  const { query } = useRoute();
  const period = PERIODS.find((entry) => entry.id === query.get('period')) ?? PERIODS[1];
  const { seen, loader } = useSeen(event, venue ?? '', period);
  useEffect(() => {
    document.title = `Paths · ${seen?.venue.name ?? ''} · Muster`;
  }, [seen?.venue.name]);
  // What is shown is of the period that it says, also while another is on its way.
  const isOther = seen !== null && seen.period !== period;
  return (
    <main class="analysis" id="main">
      <header class="analysis-head">
        <h1>Where people were</h1>
        <div class="choices" role="group" aria-label="Period">
          {PERIODS.map((entry) => (
            <button type="button" key={entry.id} aria-pressed={entry === period} onClick={() => setQuery('period', entry.id)}>{entry.name}</button>
          ))}
        </div>
        {seen && <Covered walked={seen.walked} />}
        {(isOther || !seen) && <p class="hint" role="status">Loading…</p>}
        {seen && <HeatKey heat={seen.walked.heat} />}
      </header>
      <LoadTrouble of={loader}>Heat, stays and ways could not be read.</LoadTrouble>
      {seen && (
        <div class="analysis-parts" data-period={seen.period.id}>
          <HeatMap venue={seen.venue} heat={seen.walked.heat} words={seen.period.words} />
          <div class="analysis-side">
            <Stays venue={seen.venue} dwell={seen.walked.dwell} heat={seen.walked.heat} />
            <Ways venue={seen.venue} trips={seen.walked.trips} />
          </div>
        </div>
      )}
    </main>
  );
}
