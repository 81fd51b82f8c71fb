// SPDX-License-Identifier: Apache-2.0
// One member: who, with which roles, and how that is changed.
import { useRef, useState } from 'preact/hooks';
import { useDeed } from '../shell/deed';
import { Asked, FormTrouble } from '../shell/fields';
import { type Member, removeMember, type Role, roleNames, setRoles } from './people';
import { RoleBoxes } from './role-boxes';

interface MemberRowProps {
  event: string;
  member: Member;
  isMe: boolean;
  isAdmin: boolean; // who looks at it
  isOnlyOrganiser: boolean;
  onChanged: (words: string) => void;
  onRemoved: (words: string) => void;
}

const OWN = 'Yours. Another organiser or an admin can take it from you.';

function RolesForm({ event, member, isMe, isAdmin, isOnlyOrganiser, onClose, ...told }: MemberRowProps & { onClose: () => void }) {
  const { person } = member;
  const [roles, setChosen] = useState<Role[]>(member.roles);
  const [isAsked, setAsked] = useState(false);
  const { refusal, setRefusal, isBusy, attempt } = useDeed();
  const locksOut = isMe && !isAdmin && member.roles.includes('organiser');
  const save = () => {
    if (roles.length === 0) {
      setRefusal({ place: 'roles', words: 'Choose at least one role. Who should have none is removed from the event.' });
      return;
    }
    void attempt(async () => {
      const { roles: now } = await setRoles(event, person.id, roles);
      told.onChanged(`${person.name} is now: ${roleNames(now)}.`);
      onClose();
    });
  };
  const remove = () => void attempt(async () => {
    await removeMember(event, person.id);
    told.onRemoved(`${person.name} is no member any more.`);
  });
  return (
    <form class="item-form" aria-label={`Roles of ${person.name}`} onSubmit={(submitted) => { submitted.preventDefault(); save(); }}
      onKeyDown={(pressed) => { if (pressed.key === 'Escape') onClose(); }}>
      <RoleBoxes legend={`Roles of ${person.name}`} roles={roles} refusal={refusal} onChange={setChosen}
        fixed={locksOut ? { role: 'organiser', why: OWN } : null} />
      {isOnlyOrganiser && !locksOut && <p class="item-hint">Nobody else organises this event. Without an organiser only an admin can change it.</p>}
      <FormTrouble refusal={refusal} places={['roles']} />
      <div class="item-row">
        <button type="submit" class="primary" aria-disabled={isBusy}>{isBusy ? 'Saving…' : 'Save'}</button>
        <button type="button" onClick={onClose}>Cancel</button>
        {!locksOut && !isAsked && <button type="button" class="item-danger" data-remove onClick={() => setAsked(true)}>Remove from the event…</button>}
      </div>
      {isAsked && (
        <Asked question={`Remove ${person.name} from this event? ${isMe ? 'You see' : 'They see'} nothing of it from then on. The account stays.`}
          yes={`Remove ${person.name}`} no="Keep" isBusy={isBusy} onYes={remove} onNo={() => setAsked(false)} />
      )}
    </form>
  );
}

export function MemberRow(props: MemberRowProps) {
  const { member: { person, roles }, isMe } = props;
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <li class="item" data-person={person.email}>
      <div class="item-who">
        <h3>{person.name || person.email}{isMe && <span class="of"> you</span>}</h3>
        <p class="item-detail">{person.email}</p>
      </div>
      <p class="item-state"><span class="visually-hidden">Roles: </span>{roleNames(roles)}</p>
      <button type="button" ref={opener} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Change<span class="visually-hidden"> {person.name}</span>
      </button>
      {isOpen && <RolesForm {...props} onClose={close} />}
    </li>
  );
}
