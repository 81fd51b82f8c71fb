// SPDX-License-Identifier: Apache-2.0
// Who is signed in. `asking` until the server has answered for the first time.
import { api, onUnknown, Problem } from './api';
import { Cell } from './cell';
import type { Session } from './documents';

export type SessionState =
  | { kind: 'asking'; trouble: string | null }
  | { kind: 'nobody' }
  | { kind: 'somebody'; session: Session };

export const session = new Cell<SessionState>({ kind: 'asking', trouble: null });

const PATH = '/api/v1/session';
const ASK_AGAIN_MS = 2000;

// Counts sign-ins and sign-outs: an answer that was asked for before one of them tells nothing any more.
let turn = 0;

function become(state: SessionState): void {
  turn += 1;
  session.set(state);
}

// What belongs to one person must not outlive the session.
export function onLeave(forget: () => void): void {
  session.subscribe((state) => {
    if (state.kind === 'nobody') forget();
  });
}

onUnknown(() => void askWhoIsSignedIn());

// Only a 401 says that nobody is. Whatever else goes wrong, who is looking at a picture keeps it, and a
// page without one waits.
export async function askWhoIsSignedIn(): Promise<void> {
  const asked = turn;
  try {
    const found = await api.get<Session>(PATH);
    if (asked === turn) session.set({ kind: 'somebody', session: found });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (asked !== turn) return;
    if (error.status === 401) {
      if (session.get().kind !== 'nobody') become({ kind: 'nobody' });
    } else if (session.get().kind === 'asking') {
      session.set({ kind: 'asking', trouble: `${error.detail} This page keeps trying.` });
      setTimeout(() => void askWhoIsSignedIn(), ASK_AGAIN_MS);
    }
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  await api.post(PATH, { email, password });
  become({ kind: 'somebody', session: await api.get<Session>(PATH) });
}

// Throws where the server did not hear it: the session goes on, and whoever leaves must know.
export async function signOut(): Promise<void> {
  try {
    await api.delete(PATH);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  become({ kind: 'nobody' });
}

// Who may change an event's places, as the server decides too.
export const organises = (of: Session, event: string): boolean => of.person.is_admin
  || of.memberships.some((membership) => membership.event === event && membership.roles.includes('organiser'));
