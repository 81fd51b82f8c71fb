// SPDX-License-Identifier: Apache-2.0
// Something to be taken elsewhere, with a button that copies it.
import { useId, useRef, useState } from 'preact/hooks';

// Over plain http a page has no clipboard of its own; what is selected can be copied still.
async function copy(from: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(from.textContent ?? '');
    return true;
  } catch {
    getSelection()?.selectAllChildren(from);
    return document.execCommand('copy');
  }
}

interface ToCopyProps {
  label: string;
  hint?: string;
  text: string;
}

export function ToCopy({ label, hint, text }: ToCopyProps) {
  const id = useId();
  const from = useRef<HTMLElement>(null);
  const [told, setTold] = useState('');
  const take = async () => {
    setTold('');
    const isCopied = from.current !== null && await copy(from.current);
    setTold(isCopied ? 'Copied' : 'This browser does not let it be copied: it is selected, copy it by hand.');
  };
  return (
    <div class="to-copy" role="group" aria-labelledby={id}>
      <p><b id={id}>{label}</b>{hint && <span class="item-hint"> {hint}</span>}</p>
      <code ref={from}>{text}</code>
      <button type="button" onClick={() => void take()}>Copy<span class="visually-hidden"> {label}</span></button>
      <p role="status">{told}</p>
    </div>
  );
}
