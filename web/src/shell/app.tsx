// SPDX-License-Identifier: Apache-2.0
// Which page is seen: by the address, and by who is signed in.
import { useEffect } from 'preact/hooks';
import { Choose } from '../control/choose';
import { ControlRoom } from '../control/control-room';
import { Devices } from '../devices/devices';
import { Outbox } from '../outbox/outbox';
import { PrivacyPage } from '../privacy/privacy';
import { Later } from './later';
import { useCell } from './cell';
import { Frame } from './frame';
import { go, Link, pathAfterSignIn, useRoute } from './route';
import { askWhoIsSignedIn, session } from './session';
import { SignIn } from './sign-in';

// Only some need them: nobody else waits for them.
const readEditor = () => import('../editor/editor').then((module) => module.Editor);
const readPeople = () => import('../people/page').then((module) => module.People);
const readTokens = () => import('../tokens/page').then((module) => module.Tokens);
const readAnalysis = () => import('../analysis/analysis').then((module) => module.Analysis);

function Waiting({ trouble }: { trouble: string | null }) {
  return (
    <main class="waiting" id="main">
      <h1 class="visually-hidden">Muster</h1>
      <p role="status">{trouble ?? 'Loading…'}</p>
    </main>
  );
}

function Section() {
  const { section, event, venue } = useRoute();
  if (section === 'control' && event && venue) return <ControlRoom key={`${event}/${venue}`} event={event} venue={venue} />;
  if (section === 'control') return <Choose event={event} />;
  if (section === 'devices' && event && venue) return <Devices key={`${event}/${venue}`} event={event} venue={venue} />;
  if (section === 'analysis' && event && venue) return <Later key={`paths ${event}/${venue}`} read={readAnalysis} at={{ event, venue }} />;
  if (section === 'editor' && event) return <Later key={`${event}/${venue}`} read={readEditor} at={{ event, venue }} />;
  if (section === 'people') return <Later key={`people ${event}`} read={readPeople} at={{ event }} />;
  if (section === 'tokens' && event) return <Later key={`tokens ${event}`} read={readTokens} at={{ event }} />;
  if (section === 'outbox' && event) return <Outbox key={event} event={event} />;
  return (
    <main class="page" id="main">
      <h1>There is no such page</h1>
      <p><Link to="/control">To the control room</Link></p>
    </main>
  );
}

export function App() {
  const state = useCell(session);
  const { section, query } = useRoute();

  useEffect(() => {
    void askWhoIsSignedIn();
  }, []);

  const isLost = state.kind === 'nobody' && section !== 'sign-in' && section !== 'privacy';
  const isInside = state.kind === 'somebody' && section === 'sign-in';
  useEffect(() => {
    if (isLost) {
      const here = location.pathname + location.search;
      go(here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`, 'replace');
    }
    if (isInside) go(pathAfterSignIn(query), 'replace');
  }, [isLost, isInside]);

  // Whoever is counted may read it, signed in or not.
  if (section === 'privacy') return <PrivacyPage />;
  if (state.kind === 'asking') return <Waiting trouble={state.trouble} />;
  if (state.kind === 'nobody') return <SignIn />;
  return <Frame session={state.session}><Section /></Frame>;
}
