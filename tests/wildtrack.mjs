// SPDX-License-Identifier: Apache-2.0
// WILDTRACK through the public API: seven cameras of a real square, their boxes sent without identities, by a seeded
// protocol: each visible box is dropped with a probability, its foot moved by a share of its width and height, and
// each camera sees a stray on the floor in some pictures.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Skipped, check, command, equal, until } from './scenario.mjs';

const DATA = process.env.MUSTER_DATA ?? '../shared/data';
export const FRAMES = 200, FRAME_MS = 500, CAMERAS = 7;
const SQUARE = [[-3, -9], [9, -9], [9, 27], [-3, 27], [-3, -9]];

function dataFile(name) {
  const path = join(DATA, name);
  if (!existsSync(path)) throw new Skipped(`${path} is not here`);
  return path;
}

function chance(seed) {
  let state = BigInt(seed) * 0x9E3779B97F4A7C15n;
  const uniform = () => { // splitmix64
    state = BigInt.asUintN(64, state + 0x9E3779B97F4A7C15n);
    let z = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xBF58476D1CE4E5B9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94D049BB133111EBn);
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

// Floor in centimetres to pixel.
function project(matrix, x, y) {
  const [u, v, w] = matrix.map((row) => row[0] * x + row[1] * y + row[2]);
  return [u / w, v / w];
}

const isInPicture = ([u, v]) => u > 0 && v > 0 && u < 1920 && v < 1080;

// A box as of a person of 55 by 175 cm who stands anywhere on the square that the camera sees.
function strayBox(matrix, { uniform }) {
  for (let tries = 0; tries < 200; tries += 1) {
    const x = -300 + uniform() * 1200, y = -900 + uniform() * 3600;
    const foot = project(matrix, x, y), right = project(matrix, x + 10, y), behind = project(matrix, x, y + 10);
    const pixels = Math.max(Math.hypot(right[0] - foot[0], right[1] - foot[1]), Math.hypot(behind[0] - foot[0], behind[1] - foot[1])) / 10;
    const [w, h] = [Math.round(55 * pixels), Math.round(175 * pixels)];
    if (isInPicture(foot) && w > 2 && h < 2000) return [Math.round(foot[0] - w / 2), Math.round(foot[1] - h), w, h];
  }
  return null;
}

function seenBoxes(persons, camera, matrix, { drop, noise, strays }, dice) {
  const boxes = [];
  for (const { views } of persons) {
    const view = views[camera];
    if ((view.xmin === -1 && view.xmax === -1) || dice.uniform() < drop) continue;
    const [w, h] = [view.xmax - view.xmin, view.ymax - view.ymin];
    boxes.push([Math.round(view.xmin + noise * w * dice.normal()), Math.round(view.ymin + noise * h * dice.normal()), w, h]);
  }
  const stray = dice.uniform() < strays ? strayBox(matrix, dice) : null;
  return stray ? [...boxes, stray] : boxes;
}

export async function makeSquare(admin, event, matrices) {
  const day = 86400000;
  await admin.post('/api/v1/events', { id: event, name: event, organiser: 'accuracy', time_zone: 'UTC',
    starts_at: new Date(Date.now() - day).toISOString(), ends_at: new Date(Date.now() + day).toISOString() });
  await admin.post(`/api/v1/events/${event}/venues`, { id: 'square', name: 'Square', crs: 'local' });
  const venue = `/api/v1/events/${event}/venues/square`;
  await admin.post(`${venue}/zones`, { id: 'all', name: 'All of it', polygon: { type: 'Polygon', coordinates: [SQUARE] } });
  for (const [i, matrix] of matrices.entries())
    await admin.post(`${venue}/devices`, { id: `cam-${i}`, name: `Camera ${i}`, kind: 'camera', image_px: [1920, 1080],
      calibration: { kind: 'homography', direction: 'floor_to_pixel', unit: 'cm', matrix } });
}

// `test.offMs(camera, i)` is how far a clock is off; `test.moved(camera, i, box)` where a moved camera has the box.
export async function sendAll(admin, event, truth, matrices, test, seed, start) {
  const dice = chance(seed);
  for (const [i, persons] of truth.entries()) {
    const lines = matrices.map((matrix, camera) => {
      const t = new Date(start + i * FRAME_MS + (test.offMs?.(camera, i) ?? 0)).toISOString();
      const boxes = seenBoxes(persons, camera, matrix, test, dice).map((box) => (test.moved ? test.moved(camera, i, box) : box)).filter(Boolean);
      return JSON.stringify({ device: `cam-${camera}`, fields: ['x', 'y', 'w', 'h'], frames: [{ t, persons: boxes }] });
    });
    await admin.expect('POST', `/api/v1/detections?event=${event}`, lines.join('\n'), 202, { 'content-type': 'application/x-ndjson' });
  }
}

export async function settledTracks(admin, event, start) {
  const last = start + (FRAMES - 1) * FRAME_MS;
  const range = `from=${new Date(start).toISOString()}&to=${new Date(last + 1000).toISOString()}&limit=500000`;
  return until(`the tracks of ${event} are settled`, async () => {
    const { frames } = await admin.get(`/api/v1/events/${event}/venues/square/tracks?${range}`);
    if (frames.length === 0 || Date.parse(frames.at(-1).t) < last) return null;
    check(frames.length >= FRAMES, `${frames.length} moments`);
    return (await admin.ask('GET', `/api/v1/events/${event}/venues/square/tracks?${range}&format=csv`)).text;
  });
}

export async function evaluated(t, truthFolder, csv, start) {
  const tracks = join(t.folder(), 'tracks.csv');
  writeFileSync(tracks, csv);
  const run = await command('evaluate', '--truth', truthFolder, '--tracks', tracks, '--start', new Date(start).toISOString(), '--gap', '0', '--json');
  equal(run.code, 0, `exit code (${run.err})`);
  return JSON.parse(run.out.trim().split('\n')[0]);
}

// The truth in a folder of its own, what it says, and the cameras' matrices (floor in centimetres to pixel).
export function readSquare(t) {
  const folder = join(t.folder(), 'truth');
  mkdirSync(folder);
  execFileSync('tar', ['-xf', dataFile('wildtrack/annotations_frames_000-199.tar.xz'), '-C', folder]);
  const truth = readdirSync(folder).sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const matrices = JSON.parse(readFileSync(dataFile('wildtrack/rest_homographies.json'), 'utf8')).sequence1.homography;
  equal([truth.length, matrices.length], [FRAMES, CAMERAS], 'frames and cameras');
  return { folder, truth, matrices };
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

// What is told of cameras that disagree with the others, by their ids.
export async function troubles(admin, event) {
  const { items } = await admin.get(`/api/v1/events/${event}/venues/square/devices`);
  return Object.fromEntries(items.filter((device) => device.trouble).map((device) => [device.id, device.trouble]));
}
