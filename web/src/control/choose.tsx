// SPDX-License-Identifier: Apache-2.0
// Which event and which venue. Where there is only one there is nothing to choose.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useCell } from '../shell/cell';
import type { VenueSummary } from '../shell/documents';
import { Loader } from '../shell/loader';
import { events, loadEvents, loadVenues } from '../shell/place';
import { go, Link } from '../shell/route';
import { LoadTrouble } from '../shell/trouble';

export function Choose({ event }: { event: string | null }) {
  return (
    <main class="page choose" id="main">
      {event ? <Venues key={event} event={event} /> : <Events />}
    </main>
  );
}

// Reads once, and again by itself where that fails.
function useLoader(read: () => Promise<void>, of: string | null): Loader {
  const loader = useMemo(() => new Loader(read), [of]);
  useEffect(() => {
    loader.now();
    return () => loader.stop();
  }, [loader]);
  return loader;
}

function Events() {
  const list = useCell(events);
  const loader = useLoader(async () => {
    const found = await loadEvents();
    const only = found.length === 1 ? found[0] : undefined;
    if (only) go(`/control/${only.id}`, 'replace');
  }, null);
  useEffect(() => {
    document.title = 'Events · Muster';
  }, []);
  return (
    <>
      <h1>Events</h1>
      <LoadTrouble of={loader}>The events could not be read.</LoadTrouble>
      {list?.length === 0 && <p>You are a member of no event yet. Ask its organiser to add you.</p>}
      <ul class="tiles">
        {list?.map((entry) => (
          <li key={entry.id}>
            <Link to={`/control/${entry.id}`}>
              <strong>{entry.name}</strong>
              <span>{entry.state}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Venues({ event }: { event: string }) {
  const [list, setList] = useState<VenueSummary[] | null>(null);
  const eventList = useCell(events);
  const loader = useLoader(async () => {
    const [found] = await Promise.all([loadVenues(event), loadEvents()]);
    const only = found.length === 1 ? found[0] : undefined;
    if (only) go(`/control/${event}/${only.id}`, 'replace');
    else setList(found);
  }, event);
  useEffect(() => {
    document.title = 'Venues · Muster';
  }, []);
  return (
    <>
      <h1>Venues</h1>
      <LoadTrouble of={loader}>The venues could not be read.</LoadTrouble>
      {list?.length === 0 && <p>This event has no venue yet. An organiser can add one in the editor.</p>}
      <ul class="tiles">
        {list?.map((entry) => (
          <li key={entry.id}>
            <Link to={`/control/${event}/${entry.id}`}>
              <strong>{entry.name}</strong>
              <span>Control room</span>
            </Link>
          </li>
        ))}
      </ul>
      {eventList && eventList.length > 1 && <p><Link to="/control">All events</Link></p>}
    </>
  );
}
