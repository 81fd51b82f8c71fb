// SPDX-License-Identifier: Apache-2.0
// A camera's picture and the points clicked in it. The picture is read by this page and sent nowhere.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Position } from '../shell/documents';
import { plural } from '../shell/format';
import { type Fit, PAIRS_MIN, type Pair, suspectOf } from './homography';

export interface Click {
  pixel: Position;
  floor: Position | null; // still to be clicked on the plan
}

export interface Picture {
  href: string; // of a blob of this page
  width: number;
  height: number;
}

export async function readPicture(file: File): Promise<Picture> {
  const href = URL.createObjectURL(file);
  const image = new Image();
  image.src = href;
  try {
    await image.decode();
  } catch {
    URL.revokeObjectURL(href);
    throw new Error(`${file.name} is no picture that this browser can show.`);
  }
  return { href, width: image.naturalWidth, height: image.naturalHeight };
}

export const pairsOf = (clicks: Click[]): Pair[] => clicks.flatMap((click) => (click.floor ? [{ pixel: click.pixel, floor: click.floor }] : []));

const KEYS: Record<string, Position> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
export const metresOf = (m: number) => (m < 0.995 ? `${Math.round(m * 100)} cm` : `${m.toFixed(2)} m`);

interface PictureProps {
  picture: Picture;
  clicks: Click[];
  onClicks: (clicks: Click[]) => void;
}

function PictureBoard({ picture, clicks, onClicks }: PictureProps) {
  const ref = useRef<HTMLDivElement>(null);
  const isWaiting = clicks.some((click) => click.floor === null);
  const inside = ([x, y]: Position): Position => [Math.min(picture.width, Math.max(0, x)), Math.min(picture.height, Math.max(0, y))];
  const move = (i: number, pixel: Position) => onClicks(clicks.map((click, k) => (k === i ? { ...click, pixel: inside(pixel) } : click)));
  const pixelAt = (event: MouseEvent): Position => {
    const box = ref.current!.getBoundingClientRect();
    return inside([((event.clientX - box.left) / box.width) * picture.width, ((event.clientY - box.top) / box.height) * picture.height]);
  };
  return (
    <div class="snapshot" ref={ref} onClick={(event) => {
      const pixel = pixelAt(event);
      onClicks(isWaiting ? clicks.map((click) => (click.floor ? click : { ...click, pixel })) : [...clicks, { pixel, floor: null }]);
    }}>
      <img src={picture.href} alt="The camera's picture" draggable={false} />
      {clicks.map((click, i) => (
        <button key={i} type="button" class={`handle is-mark ${click.floor ? '' : 'is-waiting'}`}
          style={{ left: `${(click.pixel[0] / picture.width) * 100}%`, top: `${(click.pixel[1] / picture.height) * 100}%` }}
          aria-label={`Picture point ${i + 1}, at pixel ${Math.round(click.pixel[0])}, ${Math.round(click.pixel[1])}`}
          onClick={(event) => event.stopPropagation()}
          onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); event.currentTarget.focus(); }}
          onPointerMove={(event) => { if (event.currentTarget.hasPointerCapture(event.pointerId)) move(i, pixelAt(event)); }}
          onKeyDown={(event) => {
            const step = KEYS[event.key];
            if (!step) return;
            event.preventDefault();
            const by = event.shiftKey ? 1 : 10;
            move(i, [click.pixel[0] + step[0] * by, click.pixel[1] + step[1] * by]);
          }}>{i + 1}</button>
      ))}
    </div>
  );
}

const WHY: Record<'few' | 'line' | 'horizon', string> = {
  few: '',
  line: 'These points stand on one line: click some beside it.',
  horizon: 'These points do not fit together: two of them may be mixed up.',
};

function Verdict({ clicks, fit }: { clicks: Click[]; fit: Fit }) {
  const pairs = pairsOf(clicks);
  const waiting = clicks.findIndex((click) => click.floor === null);
  if (waiting >= 0) return <p class="step" role="status">Now click point {waiting + 1} on the plan.</p>;
  if (pairs.length < PAIRS_MIN) return <p class="step" role="status">Click a spot of the floor in the picture, then on the plan: {plural(PAIRS_MIN - pairs.length, 'more is', 'more are')} needed.</p>;
  if (fit.kind === 'none') return <p class="step is-bad" role="status">{WHY[fit.why]}</p>;
  if (pairs.length === PAIRS_MIN) return <p class="step" role="status">Four points always fit, right or wrong. Click a fifth to see the error.</p>;
  const suspect = suspectOf(pairs);
  return (
    <p class="step" role="status">
      <strong class="error-m">{metresOf(fit.rmsM)}</strong> error on the floor, {metresOf(fit.maxM)} at most.
      {suspect !== null && <span class="is-bad"> Point {suspect + 1} does not fit the others: look at it again.</span>}
    </p>
  );
}

interface SnapshotProps {
  picture: Picture | null;
  clicks: Click[];
  fit: Fit;
  onPicture: (picture: Picture) => void;
  onClicks: (clicks: Click[]) => void;
  onMiddle: () => void; // for keys: a point in the middle of both
  onUse: () => void;
}

export function Snapshot({ picture, clicks, fit, onPicture, onClicks, onMiddle, onUse }: SnapshotProps) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const frame = useRef<HTMLFieldSetElement>(null);
  useEffect(() => () => { if (picture) URL.revokeObjectURL(picture.href); }, [picture]);
  // Where there is little room the plan comes to stand above it: the picture must not hide below.
  useEffect(() => { if (picture) frame.current?.scrollIntoView({ block: 'start' }); }, [picture]);
  const pairs = pairsOf(clicks);
  return (
    <fieldset class="calibrate" ref={frame}>
      <legend>Calibrate</legend>
      <label class="file">A picture from this camera. It stays in this browser.
        <input type="file" accept="image/*" onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          setTrouble(null);
          if (file) readPicture(file).then(onPicture, (error: Error) => setTrouble(error.message));
        }} />
      </label>
      {trouble && <p class="trouble" role="alert">{trouble}</p>}
      {picture && (
        <>
          <Verdict clicks={clicks} fit={fit} />
          <PictureBoard picture={picture} clicks={clicks} onClicks={onClicks} />
          <ol class="pairs">
            {clicks.map((click, i) => (
              <li key={i}>
                <span>Point {i + 1}</span>
                <span>{click.floor === null ? 'not on the plan yet' : fit.kind === 'fit' && pairs.length > PAIRS_MIN ? metresOf(fit.errorsM[i] ?? 0) : '–'}</span>
                <button type="button" aria-label={`Remove point ${i + 1}`} onClick={() => onClicks(clicks.filter((_, k) => k !== i))}>×</button>
              </li>
            ))}
          </ol>
          <button type="button" onClick={onMiddle}>Add a point in the middle</button>
          <button type="button" class="primary" aria-disabled={fit.kind === 'none'} onClick={() => fit.kind === 'fit' && onUse()}>Use this calibration</button>
        </>
      )}
    </fieldset>
  );
}
