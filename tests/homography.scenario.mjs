// SPDX-License-Identifier: Apache-2.0
// The editor's calibration against cameras whose truth is known: those of WILDTRACK where they are there,
// and one made up. Clicks are given a hand's noise, and the error must be what such a hand makes.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { check, equal, playAll, scenario, Skipped } from './scenario.mjs';

const FILE = `${process.env.MUSTER_DATA ?? '../shared/data'}/wildtrack/rest_homographies.json`;
const { transformSync } = createRequire(new URL('../web/package.json', import.meta.url))('esbuild');
const source = readFileSync(new URL('../web/src/editor/homography.ts', import.meta.url), 'utf8');
const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
const { apply, fitHomography, invert, suspectOf } = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);

// A camera 6 m up, looking down at 30 degrees: floor metres to pixels of 1920 x 1080.
const MAST = [1100, 960 * 0.866, 9000, 0, -600 + 540 * 0.866, 12000, 0, 0.866, 9];
const FLOOR = [[-4, 2], [4, 2], [-6, 14], [6, 14], [0, 8], [-2, 5], [3, 10], [5, 6]];

// Numbers that are the same on every run (mulberry32), as a normal deviate.
function hand(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

const pairsOf = (toPixel, floor, noisePx = 0, seed = 1) => {
  const shake = hand(seed);
  return floor.map((point) => {
    const [x, y] = apply(toPixel, point);
    return { floor: point, pixel: [x + noisePx * shake(), y + noisePx * shake()] };
  });
};
const worst = (fit, toPixel, floor) => Math.max(...floor.map((point) => {
  const [x, y] = apply(fit.matrix, apply(toPixel, point));
  return Math.hypot(x - point[0], y - point[1]);
}));

scenario('exact points give the camera back, from four on and from many', async () => {
  for (const count of [4, 5, 8]) {
    const fit = fitHomography(pairsOf(MAST, FLOOR.slice(0, count)));
    equal(fit.kind, 'fit', `${count} points`);
    check(worst(fit, MAST, FLOOR) < 1e-6 && fit.maxM < 1e-6, `${count} points are ${worst(fit, MAST, FLOOR)} m off`);
  }
});

scenario('points that do not tell are refused with the reason', async () => {
  equal(fitHomography(pairsOf(MAST, FLOOR.slice(0, 3))), { kind: 'none', why: 'few' }, 'three points');
  equal(fitHomography(pairsOf(MAST, [[0, 2], [0, 4], [0, 8], [0, 9], [0, 12]])), { kind: 'none', why: 'line' }, 'a line');
  equal(fitHomography(pairsOf(MAST, [[0, 2], [0, 4], [0, 8], [3, 9]])), { kind: 'none', why: 'line' }, 'three of four on a line');
  const folded = pairsOf(MAST, FLOOR.slice(0, 4));
  [folded[0].pixel, folded[1].pixel] = [folded[1].pixel, folded[0].pixel];
  equal(fitHomography(folded), { kind: 'none', why: 'horizon' }, 'two mixed up');
});

scenario('a click on the wrong spot stands out from the others', async () => {
  const pairs = pairsOf(MAST, FLOOR, 1);
  pairs[5].floor = [pairs[5].floor[0] + 2, pairs[5].floor[1]];
  equal(suspectOf(pairs), 5, 'the suspect');
  equal(suspectOf(pairsOf(MAST, FLOOR, 1)), null, 'where all are right');
  equal(suspectOf(pairs.slice(1, 6)), null, 'of five: four always fit');
});

scenario('with a hand\'s noise the seven cameras of WILDTRACK come out within centimetres', async (t) => {
  if (!existsSync(FILE)) throw new Skipped(`there is no ${FILE}`);
  const { homography, frame_width: width, frame_height: height } = JSON.parse(readFileSync(FILE, 'utf8')).sequence1;
  let checked = 0;
  homography.forEach((rows, camera) => {
    // Of the file: floor centimetres to pixels. Here metres.
    const toPixel = rows.flat().map((value, i) => (i % 3 === 2 ? value : value * 100));
    const toFloor = invert(toPixel);
    const spots = [[0.15, 0.95], [0.85, 0.95], [0.3, 0.6], [0.7, 0.6], [0.5, 0.75], [0.2, 0.7], [0.8, 0.7], [0.5, 0.9]]
      .map(([x, y]) => apply(toFloor, [x * width, y * height])).filter(([x, y]) => Math.hypot(x, y) < 60);
    if (spots.length < 6) return;
    const exact = fitHomography(pairsOf(toPixel, spots));
    check(exact.kind === 'fit' && worst(exact, toPixel, spots) < 1e-5, `camera ${camera + 1}, exact: ${worst(exact, toPixel, spots)} m`);
    const noisy = fitHomography(pairsOf(toPixel, spots, 1.5, camera + 1));
    check(noisy.kind === 'fit' && noisy.rmsM < 0.25, `camera ${camera + 1}, 1.5 px of noise: ${noisy.rmsM} m`);
    t.note?.(`camera ${camera + 1}: ${spots.length} points, rms ${noisy.rmsM.toFixed(3)} m, true worst ${worst(noisy, toPixel, spots).toFixed(3)} m`);
    checked += 1;
  });
  check(checked >= 4, `${checked} cameras saw enough floor`);
});

await playAll();
