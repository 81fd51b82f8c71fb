// SPDX-License-Identifier: Apache-2.0
// A token is made: for what, for which device, and how it is called in the list.
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useDeed } from '../shell/deed';
import { Field, FormTrouble } from '../shell/fields';
import type { Refusal } from '../shell/refusal';
import { deviceOf, type MadeToken, makeToken, NAME_MAX, type NewToken, type Purpose, PURPOSES, type Site } from './tokens';

interface DeviceFieldProps {
  value: string; // '': any
  sites: Site[] | null;
  refusal: Refusal | null;
  onChange: (device: string) => void;
}

function DeviceField({ value, sites, refusal, onChange }: DeviceFieldProps) {
  const id = useId();
  const select = useRef<HTMLSelectElement>(null);
  const isWrong = refusal?.place === 'device';
  useLayoutEffect(() => {
    if (isWrong) select.current?.focus();
  }, [refusal]);
  return (
    <div class="item-field">
      <label for={id}>Device</label>
      <select id={id} ref={select} name="device" value={value} aria-invalid={isWrong} aria-describedby={`${id}-hint ${id}-wrong`}
        onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">Any device of this event</option>
        {value && !deviceOf(sites, value) && <option value={value}>{value}</option>}
        {sites?.filter(({ devices }) => devices.length > 0).map(({ venue, devices }) => (
          <optgroup key={venue.id} label={venue.name}>
            {devices.map((device) => <option key={device.id} value={device.id}>{device.name || device.id}</option>)}
          </optgroup>
        ))}
      </select>
      <p class="item-hint" id={`${id}-hint`}>
        {value ? 'It sends for this device only: stolen with it, it can send for no other.' : 'For a program that sends for many. What stands in one device is better made for that one.'}
      </p>
      <p class={isWrong ? 'trouble' : 'trouble is-empty'} role="alert" id={`${id}-wrong`}>{isWrong && refusal.words}</p>
    </div>
  );
}

function PurposeBoxes({ value, onChange }: { value: Purpose; onChange: (purpose: Purpose) => void }) {
  return (
    <fieldset class="item-boxes">
      <legend>What it may</legend>
      {PURPOSES.map(({ purpose, name, may }) => (
        <label key={purpose}>
          <input type="radio" name="purpose" value={purpose} checked={value === purpose} onChange={() => onChange(purpose)} />
          <span><b>{name}</b><span class="item-hint">{may}</span></span>
        </label>
      ))}
    </fieldset>
  );
}

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

interface Draft {
  name: string;
  purpose: Purpose;
  device: string;
}

const wantedOf = ({ name, purpose, device }: Draft): NewToken => (
  { name: name.trim(), purpose, ...(purpose === 'send' && device ? { device } : {}) });

interface MakeFormProps {
  event: string;
  sites: Site[] | null;
  first: string; // the device that it begins with
  onMade: (made: MadeToken) => void;
}

export function MakeForm({ event, sites, first, onMade }: MakeFormProps) {
  const [draft, setDraft] = useState<Draft>({ name: '', purpose: 'send', device: first });
  const { refusal, isBusy, attempt } = useDeed();
  const sent = useRef({ text: '', key: '' });
  const set = (change: Partial<Draft>) => setDraft((old) => ({ ...old, ...change }));
  // Called like its device, unless somebody has given it a name of its own.
  const nameOf = (device: string) => deviceOf(sites, device)?.name ?? '';
  const pick = (device: string) => setDraft((old) => ({
    ...old, device, name: old.name === '' || old.name === nameOf(old.device) ? nameOf(device) : old.name,
  }));
  useEffect(() => {
    if (first && sites) pick(draft.device);
  }, [sites]);
  const make = () => attempt(async () => {
    const wanted = wantedOf(draft);
    const text = JSON.stringify(wanted);
    if (sent.current.text !== text) sent.current = { text, key: newKey() };
    onMade(await makeToken(event, wanted, sent.current.key));
  });
  return (
    <form class="item-form" aria-label="Make a token" onSubmit={(submitted) => { submitted.preventDefault(); void make(); }}>
      <PurposeBoxes value={draft.purpose} onChange={(purpose) => set({ purpose })} />
      {draft.purpose === 'send' && <DeviceField value={draft.device} sites={sites} refusal={refusal} onChange={pick} />}
      <Field name="name" label="Name" value={draft.name} maxLength={NAME_MAX} refusal={refusal}
        hint="What it is for, so that the right one is found when it must be revoked." onInput={(name) => set({ name })} />
      <FormTrouble refusal={refusal} places={draft.purpose === 'send' ? ['name', 'device'] : ['name']} />
      <div class="item-row"><button type="submit" class="primary" aria-disabled={isBusy}>{isBusy ? 'Making…' : 'Make'}</button></div>
    </form>
  );
}
