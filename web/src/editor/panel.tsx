// SPDX-License-Identifier: Apache-2.0
// What stands on the plan, and what is known about the part that is chosen.
import type { ComponentChildren } from 'preact';
import { type Draft, keyOf, type Part, type PartKind, withMember, WORDS } from './draft';

const ORDER: PartKind[] = ['zone', 'line', 'wall', 'camera'];
const PLURALS: Record<PartKind, string> = { zone: 'Zones', line: 'Lines', wall: 'Walls', camera: 'Cameras' };

export function PartList({ draft, chosen, onChoose }: { draft: Draft; chosen: string | null; onChoose: (key: string) => void }) {
  return (
    <>
      {ORDER.map((kind) => {
        const parts = draft.filter((part) => part.kind === kind);
        return parts.length === 0 ? null : (
          <section key={kind} class="part-list">
            <h2>{PLURALS[kind]}</h2>
            <ul>
              {parts.map((part) => (
                <li key={part.id}>
                  <button type="button" aria-pressed={keyOf(part) === chosen} data-entry={keyOf(part)} onClick={() => onChoose(keyOf(part))}>
                    {part.name}{part.kind === 'camera' && !part.rings[0]![0] && <span class="of"> not placed</span>}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </>
  );
}

interface FieldsProps {
  part: Part;
  draft: Draft;
  onChange: (change: (part: Part) => Part, merge: string | null) => void;
}

function NumberField({ part, name, label, onChange, ...range }: FieldsProps & { name: string; label: string; min: number; max: number; step: number }) {
  return (
    <label>{label}
      <input type="number" inputMode="decimal" value={(part.more[name] as number | undefined) ?? ''} min={range.min} max={range.max} step={range.step}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const value = Number(text);
          if (text === '' || Number.isFinite(value)) onChange((old) => withMember(old, name, text === '' ? null : value), `${keyOf(part)} ${name}`);
        }} />
    </label>
  );
}

function ZoneChoice({ part, draft, name, label, onChange }: FieldsProps & { name: string; label: string }) {
  return (
    <label>{label}
      <select value={(part.more[name] as string | undefined) ?? ''} onChange={(event) => {
        const zone = event.currentTarget.value;
        onChange((old) => withMember(old, name, zone), null);
      }}>
        <option value="">No zone</option>
        {draft.filter((entry) => entry.kind === 'zone').map((zone) => <option key={zone.id} value={zone.id}>{zone.name}</option>)}
      </select>
    </label>
  );
}

function OwnFields(props: FieldsProps) {
  const { part, onChange } = props;
  switch (part.kind) {
    case 'zone': return <NumberField {...props} name="capacity_persons" label="Persons at most (0: not set)" min={0} max={10000000} step={1} />;
    case 'line': return (
      <>
        <ZoneChoice {...props} name="left" label="On the left" />
        <ZoneChoice {...props} name="right" label="On the right" />
        <NumberField {...props} name="width_m" label="Width in metres (empty: its length)" min={0.01} max={10000} step={0.01} />
        <button type="button" onClick={() => onChange((old) => ({ ...old, rings: [[...old.rings[0]!].reverse()] }), null)}>Swap left and right</button>
      </>
    );
    case 'wall': return (
      <label>Kind
        <select value={(part.more.kind as string | undefined) ?? 'obstacle'} onChange={(event) => {
          const kind = event.currentTarget.value;
          onChange((old) => withMember(old, 'kind', kind), null);
        }}>
          <option value="obstacle">Obstacle: nobody walks in it</option>
          <option value="walkable">Walkable: people walk in it</option>
        </select>
      </label>
    );
    case 'camera': return <NumberField {...props} name="heading_deg" label="Looks to (degrees, 0 is up, 90 right)" min={0} max={360} step={1} />;
  }
}

export function PartForm({ children, onRemove, ...props }: FieldsProps & { onRemove: () => void; children?: ComponentChildren }) {
  const { part, onChange } = props;
  return (
    <section class="part-form" aria-label={`${WORDS[part.kind]} ${part.name}`}>
      <h2>{WORDS[part.kind]} <span class="of">{part.id}</span></h2>
      <label>Name
        <input type="text" value={part.name} maxLength={100} onInput={(event) => {
          const name = event.currentTarget.value;
          onChange((old) => ({ ...old, name }), `${keyOf(part)} name`);
        }} />
      </label>
      <OwnFields {...props} />
      {children}
      <button type="button" class="remove" onClick={onRemove}>Remove this {WORDS[part.kind].toLowerCase()}</button>
    </section>
  );
}
