// SPDX-License-Identifier: Apache-2.0
// The members of an event for its organisers; everybody, where no event is named, for admins.
import { useCell } from '../shell/cell';
import { Link } from '../shell/route';
import { organises, session } from '../shell/session';
import { Everybody } from './everybody';
import { Members } from './members';

export function People({ event }: { event: string | null }) {
  const state = useCell(session);
  if (state.kind !== 'somebody') return null;
  const may = event ? organises(state.session, event) : state.session.person.is_admin;
  if (!may) return (
    <main class="page" id="main">
      <h1>People</h1>
      <p role="alert">{event ? 'Only an organiser of this event sees its members. Ask one of them.' : 'Only an admin sees everybody. Ask one of them.'}</p>
      <p><Link to="/control">To the control room</Link></p>
    </main>
  );
  return event ? <Members event={event} session={state.session} /> : <Everybody session={state.session} />;
}
