// SPDX-License-Identifier: Apache-2.0
// Which labels fit. The most crowded zones choose first; a label that finds no room is drawn smaller,
// and still smaller, down to its sign alone, so that a zone never vanishes from the plan.

export type LabelForm = 'full' | 'count' | 'sign';

export interface LabelWish {
  id: string;
  x: number;
  y: number;
  rank: number;
  widthPx: number; // of the zone on the screen
  heightPx: number;
  nameLength: number;
  hasSign: boolean; // a bell beside its count
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const FORMS: LabelForm[] = ['full', 'count', 'sign'];
const GAP_PX = 2;

function sizeOf(form: LabelForm, wish: LabelWish): [number, number] {
  const sign = wish.hasSign ? 19 : 0;
  if (form === 'full') return [Math.max(72 + sign, Math.min(170, wish.nameLength * 7.2 + 20)), 46];
  if (form === 'count') return [68 + sign, 28];
  return [24, 24];
}

function boxOf(form: LabelForm, wish: LabelWish): Box {
  const [width, height] = sizeOf(form, wish);
  return { left: wish.x - width / 2, top: wish.y - height / 2, right: wish.x + width / 2, bottom: wish.y + height / 2 };
}

const overlap = (a: Box, b: Box) => a.left < b.right + GAP_PX && b.left < a.right + GAP_PX
  && a.top < b.bottom + GAP_PX && b.top < a.bottom + GAP_PX;

// A label may stick out of its zone a little; a long name over a small spot would hide the neighbours.
const isTooBig = (form: LabelForm, wish: LabelWish) => form === 'full'
  && (sizeOf(form, wish)[0] > Math.max(wish.widthPx, 60) * 1.25 || wish.heightPx < 34);

export function chooseForms(wishes: LabelWish[]): Map<string, LabelForm> {
  const taken: Box[] = [];
  const forms = new Map<string, LabelForm>();
  const order = [...wishes].sort((a, b) => b.rank - a.rank || b.widthPx * b.heightPx - a.widthPx * a.heightPx);
  for (const wish of order) {
    const form = FORMS.find((candidate) => !isTooBig(candidate, wish)
      && !taken.some((box) => overlap(box, boxOf(candidate, wish)))) ?? 'sign';
    taken.push(boxOf(form, wish));
    forms.set(wish.id, form);
  }
  return forms;
}
