// SPDX-License-Identifier: Apache-2.0
// Which venue is edited, or a new one.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, at, Problem } from '../shell/api';
import { useCell } from '../shell/cell';
import { Loader } from '../shell/loader';
import { loadVenues, venues } from '../shell/place';
import { go, Link } from '../shell/route';
import { LoadTrouble } from '../shell/trouble';

const idOf = (name: string) => name.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 60);

export function VenueChoice({ event }: { event: string }) {
  const list = useCell(venues);
  const [name, setName] = useState('');
  const [trouble, setTrouble] = useState<string | null>(null);
  const loader = useMemo(() => new Loader(async () => { await loadVenues(event); }), [event]);
  useEffect(() => {
    document.title = 'Editor · Muster';
    loader.now();
    return () => loader.stop();
  }, [loader]);
  const add = async () => {
    setTrouble(null);
    const id = idOf(name) || 'venue';
    try {
      await api.post(at('events', event, 'venues'), { id, name });
      go(`/editor/${event}/${id}`);
    } catch (error) {
      setTrouble(error instanceof Problem ? error.detail : 'This page failed.');
    }
  };
  return (
    <main class="page editor-choice" id="main">
      <h1>Venues to edit</h1>
      <LoadTrouble of={loader}>The venues could not be read.</LoadTrouble>
      <ul class="tiles">
        {list?.event === event && list.venues.map((entry) => (
          <li key={entry.id}><Link to={`/editor/${event}/${entry.id}`}><strong>{entry.name}</strong><span>Editor</span></Link></li>
        ))}
      </ul>
      <form class="part-form" onSubmit={(submitted) => { submitted.preventDefault(); void add(); }}>
        <label>A new venue <input type="text" required maxLength={100} value={name} onInput={(typed) => setName(typed.currentTarget.value)} /></label>
        <button type="submit" class="primary">Add it</button>
        {trouble && <p class="trouble" role="alert">{trouble}</p>}
      </form>
    </main>
  );
}
