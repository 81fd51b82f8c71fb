// SPDX-License-Identifier: Apache-2.0
// What this installation stores, about whom and until when: for everybody who is counted, in plain words.
// The server says it as it is in force; nothing is known here.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api } from '../shell/api';
import { Loader } from '../shell/loader';
import { Mark } from '../shell/mark';
import { Link } from '../shell/route';
import { LoadTrouble } from '../shell/trouble';

type About = 'crowd' | 'guests' | 'staff' | 'nobody';

interface Kind {
  id: string;
  name: string;
  holds: string;
  about: About;
  personal: 'no' | 'nameless' | 'yes';
  why: string;
  kept: { how: string; for_ms: number | null; words: string; setting: string | null };
}

interface Privacy {
  kinds: Kind[];
  notes: string[];
}

const GROUPS: { about: About; title: string }[] = [
  { about: 'crowd', title: 'About people in the crowd' },
  { about: 'guests', title: 'About guests' },
  { about: 'staff', title: 'About those who work here' },
  { about: 'nobody', title: 'About nobody' },
];

const PERSONAL: Record<Kind['personal'], string> = {
  no: 'Says nothing of single people',
  nameless: 'Single people, without a name',
  yes: 'Personal',
};

function KindCard({ kind }: { kind: Kind }) {
  return (
    <li class={`stored is-${kind.kept.how}`}>
      <h3>{kind.name}</h3>
      <p class="stored-until"><span class="visually-hidden">Kept: </span>{kind.kept.words}</p>
      <p>{kind.holds}</p>
      <p class="stored-why">{kind.why}</p>
      {kind.kept.how !== 'not_stored' && <p class="stored-personal">{PERSONAL[kind.personal]}</p>}
    </li>
  );
}

export function PrivacyPage() {
  const [privacy, setPrivacy] = useState<Privacy | null>(null);
  const loader = useMemo(() => new Loader(async () => setPrivacy(await api.get<Privacy>('/api/v1/privacy'))), []);
  useEffect(() => {
    document.title = 'What is stored, and until when · Muster';
    loader.now();
    return () => loader.stop();
  }, [loader]);
  return (
    <div class="frame">
      <header class="top">
        <Link to="/control" class="home"><Mark /></Link>
      </header>
      <main class="page privacy" id="main">
        <header class="page-head"><h1>What is stored, and until when</h1></header>
        <p class="lead">
          People are counted here so that no place becomes too full. Cameras send where somebody stands, never a
          picture, a face or a name. This is everything that is stored, as it is in force now.
        </p>
        <LoadTrouble of={loader}>What is stored could not be read.</LoadTrouble>
        {privacy === null && <p role="status">Loading…</p>}
        {privacy && GROUPS.map(({ about, title }) => {
          const kinds = privacy.kinds.filter((kind) => kind.about === about);
          return kinds.length > 0 && (
            <section key={about} aria-labelledby={`about-${about}`}>
              <h2 id={`about-${about}`}>{title}</h2>
              <ul class="stored-list">{kinds.map((kind) => <KindCard key={kind.id} kind={kind} />)}</ul>
            </section>
          );
        })}
        {privacy && (
          <section aria-labelledby="about-copies">
            <h2 id="about-copies">Good to know</h2>
            <ul class="privacy-notes">{privacy.notes.map((note) => <li key={note}>{note}</li>)}</ul>
          </section>
        )}
      </main>
    </div>
  );
}
