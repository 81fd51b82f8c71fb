// SPDX-License-Identifier: Apache-2.0
// Drag, pinch, wheel and keys move the view. A press that did not move stays a click.
import type { Cell } from '../shell/cell';
import type { Position } from '../shell/documents';
import type { Bounds } from './geometry';
import { fit, pan, type Size, type View, zoom } from './view';

const CLICK_WITHIN_PX = 5;
const KEY_STEP_PX = 60;

export interface Stage {
  view: Cell<View | null>;
  bounds: () => Bounds;
  size: () => Size;
}

export function attachGestures(element: HTMLElement, stage: Stage): () => void {
  const pointers = new Map<number, Position>();
  let moved = 0;

  const change = (how: (view: View, bounds: Bounds, size: Size) => View) => {
    const view = stage.view.get();
    if (view) stage.view.set(how(view, stage.bounds(), stage.size()));
  };
  const at = (event: MouseEvent): Position => {
    const box = element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = (): { middle: Position; distance: number } | null => {
    const [a, b] = [...pointers.values()];
    if (!a || !b) return null;
    return { middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], distance: Math.hypot(a[0] - b[0], a[1] - b[1]) };
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) moved = 0;
  };
  const move = (event: PointerEvent) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const pinchBefore = spread();
    const now = at(event);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved > CLICK_WITHIN_PX && !element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, now);
    const pinch = spread();
    if (pinchBefore && pinch) {
      change((view, bounds, size) => zoom(
        pan(view, pinch.middle[0] - pinchBefore.middle[0], pinch.middle[1] - pinchBefore.middle[1], bounds, size),
        pinch.distance / Math.max(1, pinchBefore.distance), pinch.middle, bounds, size));
    } else if (moved > CLICK_WITHIN_PX) {
      change((view, bounds, size) => pan(view, now[0] - before[0], now[1] - before[1], bounds, size));
    }
  };
  const up = (event: PointerEvent) => pointers.delete(event.pointerId);
  const click = (event: MouseEvent) => {
    if (moved <= CLICK_WITHIN_PX || event.detail === 0) return;
    event.stopPropagation();
    event.preventDefault();
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    change((view, bounds, size) => zoom(view, Math.exp(-event.deltaY * 0.0016), at(event), bounds, size));
  };
  const keys: Record<string, (view: View, bounds: Bounds, size: Size) => View> = {
    ArrowLeft: (view, bounds, size) => pan(view, KEY_STEP_PX, 0, bounds, size),
    ArrowRight: (view, bounds, size) => pan(view, -KEY_STEP_PX, 0, bounds, size),
    ArrowUp: (view, bounds, size) => pan(view, 0, KEY_STEP_PX, bounds, size),
    ArrowDown: (view, bounds, size) => pan(view, 0, -KEY_STEP_PX, bounds, size),
    '+': (view, bounds, size) => zoom(view, 1.4, [size.width / 2, size.height / 2], bounds, size),
    '-': (view, bounds, size) => zoom(view, 1 / 1.4, [size.width / 2, size.height / 2], bounds, size),
    '0': (_view, bounds, size) => fit(bounds, size),
  };
  const key = (event: KeyboardEvent) => {
    const how = keys[event.key === '=' ? '+' : event.key];
    if (!how || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    change(how);
  };

  element.addEventListener('pointerdown', down);
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener('click', click, true);
  element.addEventListener('wheel', wheel, { passive: false });
  element.addEventListener('keydown', key);
  return () => {
    element.removeEventListener('pointerdown', down);
    element.removeEventListener('pointermove', move);
    element.removeEventListener('pointerup', up);
    element.removeEventListener('pointercancel', up);
    element.removeEventListener('click', click, true);
    element.removeEventListener('wheel', wheel);
    element.removeEventListener('keydown', key);
  };
}
