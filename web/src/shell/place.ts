// SPDX-License-Identifier: Apache-2.0
// The event and the venue that are looked at, with their names for the header, and one live line for
// all sections: going to the outbox and back must not lose the picture.
import { all, at } from './api';
import { Cell } from './cell';
import type { EventDocument, VenueSummary } from './documents';
import { Live, liveUrl } from './live';
import { askWhoIsSignedIn, onLeave } from './session';

export const events = new Cell<EventDocument[] | null>(null);
export const venues = new Cell<{ event: string; venues: VenueSummary[] } | null>(null);

export async function loadEvents(): Promise<EventDocument[]> {
  const list = await all<EventDocument>(at('events'));
  events.set(list);
  return list;
}

export async function loadVenues(event: string): Promise<VenueSummary[]> {
  const known = venues.get();
  if (known?.event === event) return known.venues;
  const list = await all<VenueSummary>(at('events', event, 'venues'));
  venues.set({ event, venues: list });
  return list;
}

let line: Live | null = null;

export function live(): Live {
  line ??= new Live(liveUrl(), (failure) => {
    // Perhaps the session has ended; a refused handshake looks like any other failure.
    if (failure.isRefusal || failure.attempt % 3 === 2) void askWhoIsSignedIn();
  });
  return line;
}

onLeave(() => {
  line?.close();
  line = null;
  events.set(null);
  venues.set(null);
});
