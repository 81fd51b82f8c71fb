// SPDX-License-Identifier: Apache-2.0
// Which event and which venue. Where there is only one there is nothing to choose.
import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../shell/api';
import { useCell } from '../shell/cell';
import type { VenueSummary } from '../shell/documents';
import { events, loadEvents, loadVenues } from '../shell/place';
import { go, Link } from '../shell/route';

export function Choose({ event }: { event: string | null }) {
  return (
    <main class="page choose" id="main">
      {event ? <Venues key={event} event={event} /> : <Events />}
    </main>
  );
}

function useTrouble(): [string | null, (error: unknown) => void] {
  const [trouble, setTrouble] = useState<string | null>(null);
  return [trouble, (error) => setTrouble(error instanceof Problem ? error.detail : 'This page failed. Reload it.')];
}

function Events() {
  const list = useCell(events);
  const [trouble, setTrouble] = useTrouble();
  useEffect(() => {
    document.title = 'Events · Muster';
    loadEvents().then((found) => {
      const only = found.length === 1 ? found[0] : undefined;
      if (only) go(`/control/${only.id}`, 'replace');
    }, setTrouble);
  }, []);
  return (
    <>
      <h1>Events</h1>
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
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
  const [trouble, setTrouble] = useTrouble();
  const eventList = useCell(events);
  useEffect(() => {
    document.title = 'Venues · Muster';
    loadEvents().catch(setTrouble);
    loadVenues(event).then((found) => {
      const only = found.length === 1 ? found[0] : undefined;
      if (only) go(`/control/${event}/${only.id}`, 'replace');
      else setList(found);
    }, setTrouble);
  }, [event]);
  return (
    <>
      <h1>Venues</h1>
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
      {list?.length === 0 && <p>This event has no venue yet. An organiser can add one through the API.</p>}
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
