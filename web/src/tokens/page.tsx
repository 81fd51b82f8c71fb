// SPDX-License-Identifier: Apache-2.0
// What devices and programs sign in with: made, listed and revoked by the event's organisers.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useCell } from '../shell/cell';
import { plural, timeOfDay } from '../shell/format';
import { useListing } from '../shell/listing';
import { Loader } from '../shell/loader';
import { events } from '../shell/place';
import { Link, useRoute } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { organises, session } from '../shell/session';
import { LoadTrouble } from '../shell/trouble';
import { MakeForm } from './make-form';
import { ShownOnce } from './shown-once';
import { TokenRow } from './token-row';
import { deviceOf, LISTED_MAX, loadSites, loadTokens, type MadeToken, type Site, type Token } from './tokens';

const FIND_FROM = 9; // fewer are all seen at once

function useSites(event: string) {
  const [sites, setSites] = useState<Site[] | null>(null);
  const loader = useMemo(() => new Loader(async () => setSites(await loadSites(event))), [event]);
  useEffect(() => {
    loader.now();
    return () => loader.stop();
  }, [loader]);
  return { sites, loader };
}

interface MakingProps {
  event: string;
  sites: Site[] | null;
  onMade: () => void;
}

function Making({ event, sites, onMade }: MakingProps) {
  const first = useRoute().query.get('device') ?? '';
  const [isOpen, setOpen] = useState(first !== '');
  const [made, setMade] = useState<MadeToken | null>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const kept = () => {
    setMade(null);
    setOpen(false);
    opener.current?.focus();
  };
  const show = (token: MadeToken) => {
    setMade(token);
    onMade();
  };
  return (
    <section aria-labelledby="make-title" class="listing-add">
      <h2 id="make-title">
        <button type="button" ref={opener} aria-expanded={isOpen} data-add onClick={() => setOpen(!isOpen)}>Make a token</button>
      </h2>
      <div hidden={!isOpen}>
        {made ? <ShownOnce event={event} made={made} sites={sites ?? []} onKept={kept} />
          : <MakeForm event={event} sites={sites} first={first} onMade={show} />}
      </div>
    </section>
  );
}

function Listed({ event }: { event: string }) {
  const [readMs, setReadMs] = useState(0);
  const { list: tokens, loader, done, changed } = useListing('Tokens', async () => {
    const list = await loadTokens(event);
    setReadMs(serverNow());
    return list;
  }, event);
  const { sites, loader: sitesLoader } = useSites(event);
  const [wanted, setWanted] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const name = useCell(events)?.find((entry) => entry.id === event)?.name;
  const word = wanted.trim().toLowerCase();
  const nameOf = (token: Token) => (token.device ? deviceOf(sites, token.device)?.name || null : null);
  const found = tokens?.filter((token) => `${token.name} ${token.device ?? ''} ${nameOf(token) ?? ''}`.toLowerCase().includes(word)) ?? [];
  const living = found.filter((token) => token.revoked_at === null);
  const revoked = found.filter((token) => token.revoked_at !== null);
  const taken = (words: string) => {
    changed(words);
    heading.current?.focus(); // what had the focus is gone
  };
  const rows = (some: Token[]) => (
    <ul class="listing-items">
      {some.map((token) => <TokenRow key={token.id} event={event} token={token} deviceName={nameOf(token)} onRevoked={taken} />)}
    </ul>
  );
  return (
    <main class="page listing" id="main">
      <header class="page-head"><h1>Tokens of devices and programs{name && <span class="visually-hidden"> of {name}</span>}</h1></header>
      <p class="hint">Cameras, sensors and other platforms sign in with a token instead of a password. Make one for each, so that each can be revoked alone.</p>
      <LoadTrouble of={loader}>The tokens could not be read.</LoadTrouble>
      <LoadTrouble of={sitesLoader}>The devices could not be read.</LoadTrouble>
      <p role="status" class={done ? 'listing-done' : 'visually-hidden'}>{done}</p>
      <Making event={event} sites={sites} onMade={() => changed('')} />
      <section aria-labelledby="tokens-title">
        <div class="listing-head">
          <h2 id="tokens-title" ref={heading} tabIndex={-1}>{tokens ? plural(living.length, 'token', 'tokens') : 'Tokens'}</h2>
          {tokens && <p class="of">as of {timeOfDay(readMs)}</p>}
          {tokens && <button type="button" data-again onClick={loader.now}>Look again</button>}
        </div>
        {tokens && tokens.length >= FIND_FROM && (
          <div class="item-field">
            <label for="tokens-find">Find by name or device</label>
            <input id="tokens-find" type="search" autocomplete="off" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
          </div>
        )}
        {tokens === null && <p role="status">Loading…</p>}
        {tokens && tokens.length >= LISTED_MAX && <p class="hint">These are the first {LISTED_MAX}; there may be more.</p>}
        {tokens && living.length === 0 && <p class="hint">{word ? 'None of this name or device.' : 'None yet: no device can send, and no other platform can read.'}</p>}
        {rows(living)}
      </section>
      {revoked.length > 0 && (
        <section aria-labelledby="revoked-title">
          <h2 id="revoked-title">Revoked in the last 30 days</h2>
          {rows(revoked)}
        </section>
      )}
    </main>
  );
}

export function Tokens({ event }: { event: string }) {
  const state = useCell(session);
  if (state.kind !== 'somebody') return null;
  if (organises(state.session, event)) return <Listed event={event} />;
  return (
    <main class="page" id="main">
      <h1>Tokens of devices and programs</h1>
      <p role="alert">Only an organiser of this event sees its tokens. Ask one of them.</p>
      <p><Link to="/control">To the control room</Link></p>
    </main>
  );
}
