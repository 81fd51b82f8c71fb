// SPDX-License-Identifier: Apache-2.0
// Who is signed in. `asking` until the server has answered for the first time.
import { api, onSignedOut, Problem } from './api';
import { Cell } from './cell';
import type { Session } from './documents';

export type SessionState =
  | { kind: 'asking'; trouble: string | null }
  | { kind: 'nobody' }
  | { kind: 'somebody'; session: Session };

export const session = new Cell<SessionState>({ kind: 'asking', trouble: null });

const PATH = '/api/v1/session';
const ASK_AGAIN_MS = 2000;

onSignedOut(() => session.set({ kind: 'nobody' }));

export async function askWhoIsSignedIn(): Promise<void> {
  try {
    session.set({ kind: 'somebody', session: await api.get<Session>(PATH) });
  } catch (error) {
    if (error instanceof Problem && !error.isUnreachable) {
      session.set({ kind: 'nobody' });
      return;
    }
    // Who is looking at a live picture keeps it; only a page without any has to wait.
    if (session.get().kind === 'somebody') return;
    session.set({ kind: 'asking', trouble: 'Muster does not answer. This page keeps trying.' });
    setTimeout(() => void askWhoIsSignedIn(), ASK_AGAIN_MS);
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  await api.post(PATH, { email, password });
  session.set({ kind: 'somebody', session: await api.get<Session>(PATH) });
}

export async function signOut(): Promise<void> {
  await api.delete(PATH);
  session.set({ kind: 'nobody' });
}
