// SPDX-License-Identifier: Apache-2.0
// Somebody becomes a member, by address. Who is unknown is created on the way, where an admin asks for it.
import { useRef, useState } from 'preact/hooks';
import { Field, FormTrouble } from '../shell/fields';
import { type Refusal, refusalOf } from '../shell/refusal';
import { join, type Joining, type NewPerson, type Role, roleNames, sameAddress } from './people';
import { RoleBoxes } from './role-boxes';

const EMPTY = { email: '', name: '', password: '', is_admin: false };
const PLACES = ['email', 'name', 'password', 'roles'];
const UNKNOWN = 'Nobody with this address can sign in here yet.';

interface JoinFormProps {
  event: string;
  isAdmin: boolean;
  onJoined: (words: string) => void;
}

export function JoinForm({ event, isAdmin, onJoined }: JoinFormProps) {
  const [draft, setDraft] = useState<NewPerson>(EMPTY);
  const [roles, setRoles] = useState<Role[]>(['control']);
  const [unknown, setUnknown] = useState<string | null>(null); // the address that nobody has
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isBusy, setBusy] = useState(false);
  const sent = useRef<string | null>(null); // for whom a first password has gone out
  const form = useRef<HTMLFormElement>(null);
  const isNew = unknown !== null && sameAddress(unknown, draft.email);
  const set = (change: Partial<NewPerson>) => setDraft((old) => ({ ...old, ...change }));

  const hear = (answer: Joining) => {
    if (answer.kind === 'is_member') {
      setRefusal({ place: 'email', words: `${answer.member.person.name} is a member already: ${roleNames(answer.member.roles)}. Change the roles in the list.` });
    } else if (answer.kind === 'unknown') {
      if (isAdmin) setUnknown(draft.email);
      else setRefusal({ place: 'email', words: `${UNKNOWN} Check its spelling, or ask an admin to create the person.` });
    } else {
      const { person, roles: now } = answer.member;
      const isOwn = isNew && !answer.isNew && sent.current !== draft.email;
      onJoined(`${person.name} is a member now: ${roleNames(now)}.${isOwn ? ' The account was there already; its password stays.' : ''}`
        + `${answer.isNew ? ' Tell them their first password yourself.' : ''}`);
      setDraft(EMPTY);
      setUnknown(null);
      form.current?.querySelector('input')?.focus();
    }
  };
  const add = async () => {
    if (isBusy) return;
    setRefusal(null);
    if (roles.length === 0) {
      setRefusal({ place: 'roles', words: 'Choose at least one role.' });
      return;
    }
    setBusy(true);
    try {
      hear(await join(event, draft.email.trim(), roles, isNew ? { ...draft, email: draft.email.trim(), name: draft.name.trim() } : null));
    } catch (error) {
      if (isNew) sent.current = draft.email;
      setRefusal(refusalOf(error));
    }
    setBusy(false);
  };
  return (
    <form class="item-form" ref={form} aria-label="Add a member" onSubmit={(submitted) => { submitted.preventDefault(); void add(); }}>
      <Field name="email" label="E-mail address" type="email" value={draft.email} maxLength={254} refusal={refusal} onInput={(email) => set({ email })} />
      {isNew && (
        <>
          <p role="status">{UNKNOWN} If the address is right, give a name and a first password.</p>
          <Field name="name" label="Name" value={draft.name} maxLength={100} refusal={refusal} isNext onInput={(name) => set({ name })} />
          <Field name="password" label="First password" type="password" value={draft.password} maxLength={256} refusal={refusal}
            hint="At least 8 characters, better 15. Tell it to them yourself: no mail is sent." onInput={(password) => set({ password })} />
        </>
      )}
      <RoleBoxes legend="Roles" roles={roles} refusal={refusal} onChange={setRoles} />
      <FormTrouble refusal={refusal} places={PLACES} />
      <div class="item-row">
        <button type="submit" class="primary" aria-disabled={isBusy}>{isBusy ? 'Adding…' : isNew ? 'Create and add' : 'Add'}</button>
      </div>
    </form>
  );
}
