// SPDX-License-Identifier: Apache-2.0
// Who is at the event with which roles.
import { useRef, useState } from 'preact/hooks';
import { useCell } from '../shell/cell';
import type { Session } from '../shell/documents';
import { plural } from '../shell/format';
import { events } from '../shell/place';
import { Link } from '../shell/route';
import { LoadTrouble } from '../shell/trouble';
import { JoinForm } from './join-form';
import { MemberRow } from './member-row';
import { loadMembers, type Member } from './people';
import { usePeopleList } from './people-list';

const organise = (member: Member) => member.roles.includes('organiser');

export function Members({ event, session }: { event: string; session: Session }) {
  const { list: members, loader, done, changed } = usePeopleList('People', () => loadMembers(event), event);
  const [isAdding, setAdding] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const name = useCell(events)?.find((entry) => entry.id === event)?.name;
  const { id: me, is_admin: isAdmin } = session.person;
  const removed = (words: string) => {
    changed(words);
    heading.current?.focus(); // what had the focus is gone
  };
  return (
    <main class="page listing" id="main">
      <header class="page-head">
        <h1>People{name && <span class="visually-hidden"> of {name}</span>}</h1>
        {isAdmin && <Link to="/people">Everybody who can sign in</Link>}
      </header>
      <LoadTrouble of={loader}>The members could not be read.</LoadTrouble>
      <p role="status" class={done ? 'listing-done' : 'visually-hidden'}>{done}</p>
      <section aria-labelledby="add-title" class="listing-add">
        <h2 id="add-title">
          <button type="button" aria-expanded={isAdding} data-add onClick={() => setAdding(!isAdding)}>Add a member</button>
        </h2>
        <div hidden={!isAdding}><JoinForm event={event} isAdmin={isAdmin} onJoined={changed} /></div>
      </section>
      <section aria-labelledby="members-title">
        <h2 id="members-title" ref={heading} tabIndex={-1}>{members ? plural(members.length, 'member', 'members') : 'Members'}</h2>
        {members === null && <p role="status">Loading…</p>}
        {members?.length === 0 && <p class="hint">Nobody is a member yet: only admins see this event.</p>}
        <ul class="listing-items">
          {members?.map((member) => (
            <MemberRow key={member.person.id} event={event} member={member} isMe={member.person.id === me} isAdmin={isAdmin}
              isOnlyOrganiser={organise(member) && members.filter(organise).length === 1} onChanged={changed} onRemoved={removed} />
          ))}
        </ul>
      </section>
    </main>
  );
}
