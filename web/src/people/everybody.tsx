// SPDX-License-Identifier: Apache-2.0
// Everybody who can sign in, for admins: new ones, names, new passwords, and who may no longer.
import { useRef, useState } from 'preact/hooks';
import { useDeed } from '../shell/deed';
import type { Session } from '../shell/documents';
import { Asked, Field, FormTrouble } from '../shell/fields';
import { plural } from '../shell/format';
import { LoadTrouble } from '../shell/trouble';
import { changePerson, createPerson, LISTED_MAX, loadPeople, newPassword, type NewPerson, type Person } from './people';
import { usePeopleList } from './people-list';

type Question = 'disable' | 'password' | null;

interface PersonFormProps {
  person: Person;
  isMe: boolean;
  onChanged: (words: string) => void;
  onClose: () => void;
}

function PersonForm({ person, isMe, onChanged, onClose }: PersonFormProps) {
  const [name, setName] = useState(person.name);
  const [question, setQuestion] = useState<Question>(null);
  const [password, setPassword] = useState<string | null>(null);
  const { refusal, isBusy, attempt } = useDeed();
  const change = (what: { name?: string; is_disabled?: boolean }, words: string) => attempt(async () => {
    await changePerson(person.id, what);
    setQuestion(null);
    onChanged(words);
  });
  const renew = () => attempt(async () => {
    setPassword((await newPassword(person.id)).password);
    setQuestion(null);
  });
  return (
    <form class="item-form" aria-label={`Account of ${person.name}`}
      onKeyDown={(pressed) => { if (pressed.key === 'Escape') onClose(); }}
      onSubmit={(submitted) => { submitted.preventDefault(); void change({ name: name.trim() }, `${person.email} is called ${name.trim()} now.`); }}>
      <Field name="name" label="Name" value={name} maxLength={100} refusal={refusal} onInput={setName} />
      <FormTrouble refusal={refusal} places={['name']} />
      <div class="item-row">
        <button type="submit" class="primary" aria-disabled={isBusy}>{isBusy ? 'Saving…' : 'Save'}</button>
        <button type="button" onClick={onClose}>Close</button>
        {!isMe && person.is_disabled && (
          <button type="button" onClick={() => void change({ is_disabled: false }, `${person.name} may sign in again.`)}>Let sign in again</button>
        )}
        {!isMe && question === null && <button type="button" data-password onClick={() => setQuestion('password')}>New password…</button>}
        {!isMe && question === null && !person.is_disabled && (
          <button type="button" class="item-danger" data-disable onClick={() => setQuestion('disable')}>Stop from signing in…</button>
        )}
      </div>
      {isMe && <p class="item-hint">This is you: another admin can stop you from signing in or give you a new password.</p>}
      {question === 'disable' && (
        <Asked question={`Stop ${person.name} from signing in? It holds at once, on every device. It can be allowed again.`} yes={`Stop ${person.name}`} no="Keep" isBusy={isBusy}
          onYes={() => void change({ is_disabled: true }, `${person.name} may no longer sign in.`)} onNo={() => setQuestion(null)} />
      )}
      {question === 'password' && (
        <Asked question={`Give ${person.name} a new password? The old one ends, and they are signed out everywhere.`} yes="Give a new one" no="Keep the old one" isBusy={isBusy}
          onYes={() => void renew()} onNo={() => setQuestion(null)} />
      )}
      {password && (
        <p role="status" class="item-secret">The new password of {person.name}, shown this once; tell it to them yourself: <output>{password}</output></p>
      )}
    </form>
  );
}

function PersonRow({ person, isMe, onChanged }: { person: Person; isMe: boolean; onChanged: (words: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  const is = [person.is_admin && 'Admin', person.is_disabled && 'May not sign in'].filter(Boolean).join(', ');
  return (
    <li class={`item ${person.is_disabled ? 'is-disabled' : ''}`} data-person={person.email}>
      <div class="item-who">
        <h3>{person.name || person.email}{isMe && <span class="of"> you</span>}</h3>
        <p class="item-detail">{person.email}</p>
      </div>
      <p class="item-state">{is}</p>
      <button type="button" ref={opener} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Change<span class="visually-hidden"> {person.name}</span>
      </button>
      {isOpen && <PersonForm person={person} isMe={isMe} onChanged={onChanged} onClose={close} />}
    </li>
  );
}

const EMPTY: NewPerson = { email: '', name: '', password: '', is_admin: false };

function CreateForm({ onCreated }: { onCreated: (words: string) => void }) {
  const [draft, setDraft] = useState(EMPTY);
  const { refusal, isBusy, attempt } = useDeed();
  const form = useRef<HTMLFormElement>(null);
  const set = (change: Partial<NewPerson>) => setDraft((old) => ({ ...old, ...change }));
  const create = () => attempt(async () => {
    const { name } = await createPerson({ ...draft, email: draft.email.trim(), name: draft.name.trim() });
    onCreated(`${name} can sign in now. Tell them their first password yourself, and add them to their events.`);
    setDraft(EMPTY);
    form.current?.querySelector('input')?.focus();
  });
  return (
    <form class="item-form" ref={form} aria-label="Create a person" onSubmit={(submitted) => { submitted.preventDefault(); void create(); }}>
      <Field name="email" label="E-mail address" type="email" value={draft.email} maxLength={254} refusal={refusal} onInput={(email) => set({ email })} />
      <Field name="name" label="Name" value={draft.name} maxLength={100} refusal={refusal} onInput={(name) => set({ name })} />
      <Field name="password" label="First password" type="password" value={draft.password} maxLength={256} refusal={refusal}
        hint="At least 8 characters, better 15. Tell it to them yourself: no mail is sent." onInput={(password) => set({ password })} />
      <fieldset class="item-boxes">
        <legend>Rights</legend>
        <label>
          <input type="checkbox" checked={draft.is_admin} onChange={(event) => set({ is_admin: event.currentTarget.checked })} />
          <span><b>Admin</b><span class="item-hint">May do everything, at every event. Cannot be taken back here.</span></span>
        </label>
      </fieldset>
      <FormTrouble refusal={refusal} places={['email', 'name', 'password']} />
      <div class="item-row"><button type="submit" class="primary" aria-disabled={isBusy}>{isBusy ? 'Creating…' : 'Create'}</button></div>
    </form>
  );
}

export function Everybody({ session }: { session: Session }) {
  const { list: people, loader, done, changed } = usePeopleList('Everybody who can sign in', loadPeople);
  const [wanted, setWanted] = useState('');
  const [isAdding, setAdding] = useState(false);
  const word = wanted.trim().toLowerCase();
  const found = people?.filter(({ name, email }) => `${name} ${email}`.toLowerCase().includes(word)) ?? null;
  return (
    <main class="page listing" id="main">
      <header class="page-head"><h1>Everybody who can sign in</h1></header>
      <LoadTrouble of={loader}>The people could not be read.</LoadTrouble>
      <p role="status" class={done ? 'listing-done' : 'visually-hidden'}>{done}</p>
      <section aria-labelledby="add-title" class="listing-add">
        <h2 id="add-title">
          <button type="button" aria-expanded={isAdding} data-add onClick={() => setAdding(!isAdding)}>Create a person</button>
        </h2>
        <div hidden={!isAdding}><CreateForm onCreated={changed} /></div>
      </section>
      <section aria-labelledby="people-title">
        <h2 id="people-title" role="status">{found ? plural(found.length, 'person', 'people') : 'People'}</h2>
        <div class="item-field">
          <label for="people-find">Find by name or address</label>
          <input id="people-find" type="search" autocomplete="off" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </div>
        {people === null && <p role="status">Loading…</p>}
        {people && people.length >= LISTED_MAX && <p class="hint">These are the first {LISTED_MAX}; there may be more.</p>}
        {found?.length === 0 && <p class="hint">Nobody of this name or address.</p>}
        <ul class="listing-items">
          {found?.map((person) => <PersonRow key={person.id} person={person} isMe={person.id === session.person.id} onChanged={changed} />)}
        </ul>
      </section>
    </main>
  );
}
