// SPDX-License-Identifier: Apache-2.0
// Fields that say at themselves what is wrong with them. The focus moves in layout effects, at once with what it
// moves to: a key that is pressed as soon as that is seen is meant for it.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Refusal } from './refusal';

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
    <div class="item-field">
      <label for={id}>{label}</label>
      {type === 'password' ? (
        <div class="password">
          {box}
          <button type="button" class="quiet" aria-pressed={isShown} aria-label={`Show ${label.toLowerCase()}`} onClick={() => setShown(!isShown)}>
            {isShown ? 'Hide' : 'Show'}
          </button>
        </div>
      ) : box}
      {hint && <p class="item-hint" id={`${id}-hint`}>{hint}</p>}
      <p class={isWrong ? 'trouble' : 'trouble is-empty'} role="alert" id={`${id}-wrong`}>{isWrong && refusal.words}</p>
    </div>
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
    <div class="item-asked" role="group" aria-labelledby={id}>
      <p id={id}>{question}</p>
      <div class="item-row">
        <button type="button" ref={out} onClick={onNo}>{no}</button>
        <button type="button" class="item-danger" data-yes aria-disabled={isBusy || !isSettled} onClick={() => isSettled && onYes()}>{yes}</button>
      </div>
    </div>
  );
}
