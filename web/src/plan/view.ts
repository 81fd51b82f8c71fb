// SPDX-License-Identifier: Apache-2.0
// Which part of the floor is on the screen: pure functions on (centre in metres, pixels per metre).
import type { Position } from '../shell/documents';
import type { Bounds } from './geometry';

export interface View {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

const ZOOM_MAX = 20;
const MARGIN_PX = 14;

export function fit(bounds: Bounds, size: Size): View {
  const scale = Math.min(
    Math.max(40, size.width - 2 * MARGIN_PX) / Math.max(1, bounds.maxX - bounds.minX),
    Math.max(40, size.height - 2 * MARGIN_PX) / Math.max(1, bounds.maxY - bounds.minY),
  );
  return { x: (bounds.minX + bounds.maxX) / 2, y: (bounds.minY + bounds.maxY) / 2, scale };
}

// All of the floor is in sight: there is nothing to move, and a finger scrolls the page instead.
export const isWhole = (view: View, bounds: Bounds, size: Size) => view.scale <= fit(bounds, size).scale * 1.01;

export const toScreen = (view: View, size: Size, [x, y]: Position): Position => [
  size.width / 2 + (x - view.x) * view.scale, size.height / 2 - (y - view.y) * view.scale,
];

// The floor stays in sight, and nobody gets lost in the grass.
function kept(view: View, bounds: Bounds, size: Size): View {
  const least = fit(bounds, size).scale;
  return {
    x: Math.min(bounds.maxX, Math.max(bounds.minX, view.x)),
    y: Math.min(bounds.maxY, Math.max(bounds.minY, view.y)),
    scale: Math.min(least * ZOOM_MAX, Math.max(least * 0.8, view.scale)),
  };
}

export function pan(view: View, dx: number, dy: number, bounds: Bounds, size: Size): View {
  return kept({ ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale }, bounds, size);
}

// The floor under `anchor` (pixels) stays under it.
export function zoom(view: View, factor: number, anchor: Position, bounds: Bounds, size: Size): View {
  const scaled = kept({ ...view, scale: view.scale * factor }, bounds, size);
  const dx = anchor[0] - size.width / 2;
  const dy = anchor[1] - size.height / 2;
  return kept({
    ...scaled,
    x: view.x + dx / view.scale - dx / scaled.scale,
    y: view.y - dy / view.scale + dy / scaled.scale,
  }, bounds, size);
}
