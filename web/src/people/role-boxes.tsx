// SPDX-License-Identifier: Apache-2.0
// Which roles somebody has, to be ticked.
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Refusal } from '../shell/refusal';
import { type Role, ROLES } from './people';

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
    <fieldset class="item-boxes" aria-describedby={`${id}-wrong`}>
      <legend>{legend}</legend>
      {ROLES.map(({ role, name, may }, i) => {
        const isFixed = fixed?.role === role;
        return (
          <label key={role}>
            <input ref={i === 0 ? first : null} type="checkbox" name={role} checked={roles.includes(role)} disabled={isFixed}
              onChange={(event) => onChange(event.currentTarget.checked ? [...roles, role] : roles.filter((other) => other !== role))} />
            <span><b>{name}</b><span class="item-hint">{isFixed ? fixed.why : may}</span></span>
          </label>
        );
      })}
      <p class={isWrong ? 'trouble' : 'trouble is-empty'} role="alert" id={`${id}-wrong`}>{isWrong && refusal?.words}</p>
    </fieldset>
  );
}
