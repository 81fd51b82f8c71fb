// SPDX-License-Identifier: Apache-2.0
// Fields that say at themselves what is wrong with them. The focus moves in layout effects, at once with what it
// moves to: a key that is pressed as soon as that is seen is meant for it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Refusal, type Role, ROLES } from './people';

interface FieldProps {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'password';
  value: string;
  maxLength: number;
  hint?: string;
  isNext?: boolean; // has come to be filled in now
  refusal: Refusal | null;
  onInput: (value: string) => void;
}

export function Field({ name, label, type = 'text', value, maxLength, hint, isNext = false, refusal, onInput }: FieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isShown, setShown] = useState(false);
  const isWrong = refusal?.place === name;
  useLayoutEffect(() => {
    if (isWrong) input.current?.focus();
  }, [refusal]);
  useLayoutEffect(() => {
    if (isNext) input.current?.focus();
  }, []);
  const box = (
    <input id={id} ref={input} name={name} type={type === 'password' && isShown ? 'text' : type} value={value} required maxLength={maxLength}
      autocomplete={type === 'password' ? 'new-password' : 'off'} autocapitalize={type === 'text' ? 'words' : 'none'} spellcheck={false}
      aria-invalid={isWrong} aria-describedby={`${id}-hint ${id}-wrong`} onInput={(event) => onInput(event.currentTarget.value)} />
  );
  return (
    <div class="person-field">
      <label for={id}>{label}</label>
      {type === 'password' ? (
        <div class="password">
          {box}
          <button type="button" class="quiet" aria-pressed={isShown} aria-label={`Show ${label.toLowerCase()}`} onClick={() => setShown(!isShown)}>
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
      ) : box}
      {hint && <p class="person-hint" id={`${id}-hint`}>{hint}</p>}
      <p class={isWrong ? 'trouble' : 'trouble is-empty'} role="alert" id={`${id}-wrong`}>{isWrong && refusal.words}</p>
    </div>
  );
}

interface RoleBoxesProps {
  legend: string;
  roles: Role[];
  fixed?: { role: Role; why: string } | null; // one that cannot be changed here
  refusal: Refusal | null;
  onChange: (roles: Role[]) => void;
}

export function RoleBoxes({ legend, roles, fixed, refusal, onChange }: RoleBoxesProps) {
  const id = useId();
  const first = useRef<HTMLInputElement>(null);
  const isWrong = refusal?.place?.startsWith('roles') ?? false;
  useLayoutEffect(() => {
    if (isWrong) first.current?.focus();
  }, [refusal]);
  return (
    <fieldset class="role-boxes" aria-describedby={`${id}-wrong`}>
      <legend>{legend}</legend>
      {ROLES.map(({ role, name, may }, i) => {
        const isFixed = fixed?.role === role;
        return (
          <label key={role}>
            <input ref={i === 0 ? first : null} type="checkbox" name={role} checked={roles.includes(role)} disabled={isFixed}
              onChange={(event) => onChange(event.currentTarget.checked ? [...roles, role] : roles.filter((other) => other !== role))} />
            <span><b>{name}</b><span class="person-hint">{isFixed ? fixed.why : may}</span></span>
          </label>
        );
      })}
      <p class={isWrong ? 'trouble' : 'trouble is-empty'} role="alert" id={`${id}-wrong`}>{isWrong && refusal?.words}</p>
    </fieldset>
  );
}

// What belongs to none of the form's fields.
export function FormTrouble({ refusal, places }: { refusal: Refusal | null; places: string[] }) {
  const isElsewhere = refusal !== null && !places.some((place) => refusal.place?.startsWith(place));
  const at = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (isElsewhere) at.current?.scrollIntoView({ block: 'nearest' });
  }, [refusal]);
  return <p ref={at} class={isElsewhere ? 'trouble' : 'trouble is-empty'} role="alert">{isElsewhere && refusal.words}</p>;
}

interface AskedProps {
  question: ComponentChildren;
  yes: string;
  no: string;
  isBusy: boolean;
  onYes: () => void;
  onNo: () => void;
}

// A finger that taps twice must not say yes to a question that has just come under it.
const SETTLES_WITHIN_MS = 500;

// A second tap for what is hard to take back. The way out has the focus: who presses Enter twice changes nothing.
export function Asked({ question, yes, no, isBusy, onYes, onNo }: AskedProps) {
  const id = useId();
  const out = useRef<HTMLButtonElement>(null);
  const [isSettled, setSettled] = useState(false);
  useLayoutEffect(() => out.current?.focus(), []);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLES_WITHIN_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div class="person-asked" role="group" aria-labelledby={id}>
      <p id={id}>{question}</p>
      <div class="person-row">
        <button type="button" ref={out} onClick={onNo}>{no}</button>
        <button type="button" class="person-danger" data-yes aria-disabled={isBusy || !isSettled} onClick={() => isSettled && onYes()}>{yes}</button>
      </div>
    </div>
  );
}
