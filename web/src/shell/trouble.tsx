// SPDX-License-Identifier: Apache-2.0
// What could not be read, why, when it is tried again, and a way not to wait for that.
import type { ComponentChildren } from 'preact';
import { clock, useCell } from './cell';
import type { Loader } from './loader';

export function LoadTrouble({ of, children }: { of: Loader; children: ComponentChildren }) {
  const trouble = useCell(of.trouble);
  const now = useCell(clock);
  if (!trouble) return null;
  const s = Math.ceil((trouble.nextMs - now) / 1000);
  return (
    <div class="load-trouble">
      <p role="alert"><strong>{children}</strong> {trouble.detail}</p>
      <p>
        <span>{s > 0 ? `Next try in ${s} s. ` : 'Trying again. '}</span>
        <button type="button" onClick={of.now}>Try now</button>
      </p>
    </div>
  );
}
