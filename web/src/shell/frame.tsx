// SPDX-License-Identifier: Apache-2.0
// Around every page: where we are, whether what we see is now, and the way out.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { soundIsOn, switchSound } from '../control/alarm-sound';
import { watchOf } from '../control/watch';
import { Problem } from './api';
import { clock, useCell } from './cell';
import { ConnectionBanner, ConnectionLamp } from './connection';
import type { Session } from './documents';
import { timeOfDay } from './format';
import { LOOKS, look } from './look';
import { Mark } from './mark';
import { events, loadEvents, loadVenues, venues } from './place';
import { Link, useRoute } from './route';
import { serverNow } from './server-clock';
import { organises, signOut } from './session';

function Clock() {
  useCell(clock);
  // The server's, like every other time on the page.
  return <time class="clock">{timeOfDay(serverNow())}</time>;
}

function SignOut() {
  const [trouble, setTrouble] = useState<string | null>(null);
  const leave = () => {
    setTrouble(null);
    signOut().catch((error: unknown) => setTrouble(error instanceof Problem ? error.detail : 'This page failed.'));
  };
  return (
    <>
      <button type="button" class="wide" onClick={leave}>Sign out</button>
      {trouble && <p class="trouble" role="alert">Still signed in. {trouble}</p>}
    </>
  );
}

function Menu({ session, event }: { session: Session; event: string | null }) {
  const chosen = useCell(look);
  const isOn = useCell(soundIsOn);
  return (
    <details class="menu" onKeyDown={(event) => {
      if (event.key !== 'Escape') return;
      event.currentTarget.open = false;
      event.currentTarget.querySelector('summary')?.focus();
    }}>
      <summary>
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d="M3 5h14M3 10h14M3 15h14" /></svg>
        <span class="visually-hidden">Settings and account</span>
      </summary>
      <div class="menu-body">
        <fieldset>
          <legend>Look</legend>
          <div class="choices">
            {LOOKS.map((entry) => (
              <label key={entry.look}>
                <input type="radio" name="look" value={entry.look} checked={chosen === entry.look}
                  onChange={() => look.set(entry.look)} />
                <span>{entry.name}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <button type="button" class="wide" aria-pressed={isOn} onClick={switchSound}>
          Alarm sound: {isOn ? 'on' : 'off'}
        </button>
        {event && organises(session, event) && <Link to={`/tokens/${event}`} class="menu-link">Tokens of devices and programs</Link>}
        {session.person.is_admin && <Link to="/people" class="menu-link">Everybody who can sign in</Link>}
        <Link to="/privacy" class="menu-link">What is stored, and until when</Link>
        <p class="who">{session.person.name || session.person.email}</p>
        <SignOut />
      </div>
    </details>
  );
}

function SilentBadge({ event, room }: { event: string; room: string }) {
  const silent = useCell(watchOf(event, room).devices).filter((device) => device.is_silent && device.last_seen_at !== null).length;
  if (silent === 0) return null;
  return <span class="badge is-quiet">{silent}<span class="visually-hidden"> silent</span></span>;
}

function usePlaceNames(event: string | null, venue: string | null) {
  const eventList = useCell(events);
  const venueList = useCell(venues);
  const [, setTrouble] = useState(false);
  useEffect(() => {
    if (event) loadVenues(event).catch(() => setTrouble(true));
    if (event && events.get() === null) loadEvents().catch(() => setTrouble(true));
  }, [event]);
  const ofEvent = venueList && venueList.event === event ? venueList.venues : [];
  return {
    eventName: eventList?.find((entry) => entry.id === event)?.name ?? event,
    venueName: ofEvent.find((entry) => entry.id === venue)?.name ?? venue,
    ofEvent,
  };
}

export function Frame({ session, children }: { session: Session; children: ComponentChildren }) {
  const { section, event, venue } = useRoute();
  const { eventName, venueName, ofEvent } = usePlaceNames(event, venue);
  // The outbox is the event's, the others are a venue's: keep the way back.
  const [lastVenue, setLastVenue] = useState<string | null>(venue);
  useEffect(() => {
    if (venue) setLastVenue(venue);
  }, [venue]);
  const room = venue ?? lastVenue ?? ofEvent[0]?.id ?? null;
  return (
    <div class="frame">
      <a class="skip" href="#main">Skip to the content</a>
      <header class="top">
        <Link to="/control" class="home"><Mark /></Link>
        {event && (
          <Link to={`/control/${event}`} class="place">
            <span class="place-event">{eventName}</span>
            {venue && <span class="place-venue">{venueName}</span>}
            <span class="visually-hidden">, choose another place</span>
          </Link>
        )}
        {event && (
          <nav class="sections" aria-label="Sections">
            {room && <Link to={`/control/${event}/${room}`} current={section === 'control' && venue !== null}>Control</Link>}
            {room && <Link to={`/devices/${event}/${room}`} current={section === 'tokens' ? 'below' : section === 'devices'}>Devices<SilentBadge event={event} room={room} /></Link>}
            {room && <Link to={`/analysis/${event}/${room}`} current={section === 'analysis'}>Paths</Link>}
            {organises(session, event) && <Link to={room ? `/editor/${event}/${room}` : `/editor/${event}`} current={section === 'editor'}>Editor</Link>}
            <Link to={`/outbox/${event}`} current={section === 'outbox'}>Outbox</Link>
            {organises(session, event) && <Link to={`/people/${event}`} current={section === 'people'}>People</Link>}
          </nav>
        )}
        <span class="top-gap" />
        <ConnectionLamp />
        <Clock />
        <Menu session={session} event={event} />
      </header>
      <ConnectionBanner />
      {children}
    </div>
  );
}
