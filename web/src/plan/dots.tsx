// SPDX-License-Identifier: Apache-2.0
// People as dots, on a canvas of their own: ten times a second two thousand of them, without a
// redraw of anything else.
import { useEffect, useRef } from 'preact/hooks';
import type { Readable } from '../shell/cell';
import type { PeopleMessage } from '../shell/documents';
import { drawnLook } from '../shell/look';
import type { Size, View } from './view';

const PERSON_RADIUS_M = 0.24;
const RADIUS_MIN_PX = 1.3;
const RADIUS_MAX_PX = 5;

interface Drawing {
  people: PeopleMessage | null;
  view: View;
  size: Size;
  colour: string;
}

function draw(canvas: HTMLCanvasElement, { people, view, size, colour }: Drawing): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const ratio = devicePixelRatio || 1;
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  if (!people) return;
  const radius = Math.min(RADIUS_MAX_PX, Math.max(RADIUS_MIN_PX, PERSON_RADIUS_M * view.scale));
  context.fillStyle = colour;
  context.beginPath();
  for (const [x, y] of people.points) {
    const px = size.width / 2 + (x - view.x) * view.scale;
    const py = size.height / 2 - (y - view.y) * view.scale;
    if (px < -9 || py < -9 || px > size.width + 9 || py > size.height + 9) continue;
    context.moveTo(px + radius, py);
    context.arc(px, py, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

interface DotsProps {
  people: Readable<PeopleMessage | null>;
  view: Readable<View | null>;
  size: Size;
}

export function Dots({ people, view, size }: DotsProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return undefined;
    let frame = 0;
    const ask = () => {
      if (frame) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        const now = view.get();
        const colour = getComputedStyle(canvas).color;
        if (now) draw(canvas, { people: people.get(), view: now, size, colour });
      });
    };
    const stops = [people.subscribe(ask), view.subscribe(ask), drawnLook.subscribe(ask)];
    ask();
    return () => {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
    };
  }, [people, view, size.width, size.height]);
  return <canvas ref={ref} class="plan-dots" aria-hidden="true" />;
}
