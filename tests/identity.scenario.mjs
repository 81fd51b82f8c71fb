// SPDX-License-Identifier: Apache-2.0
// People walk through a hall of whose middle no camera sees anything; some turn back in the dark, some come out of a
// side door there. With each new track the cameras send how the person looks, as alike as pedestrians' vectors of
// public recordings are (cosines of 0.72 of one person, 0.41 of two, in the mean). Judged by muster evaluate, with the
// vectors and without; then that nothing of them is on the disk.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, command, equal, playAll, scenario, until } from './scenario.mjs';

const SEEDS = [5, 6, 7, 8]; // a hall says little: each is a few dozen people who go through the dark
const SECONDS = 360, STEP_MS = 200, PEOPLE = 150, LENGTH_M = 44, PX = 40; // pixels a metre
const VIEWS = { left: 0, right: 29 }; // each sees 15 m
const DIMS = 128, SELF = 0.72, STRANGERS = 0.41;

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

function unit({ normal }) {
  const v = Array.from({ length: DIMS }, (_, i) => normal() * (i < 4 ? 5 : 1)); // a few numbers say most
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
}
const mix = (a, b, share) => a.map((x, i) => Math.sqrt(share) * x + Math.sqrt(1 - share) * b[i]);
const base64 = (v) => Buffer.from(Int8Array.from(v.map((x) => Math.max(-127, Math.min(127, Math.round(x * 300)))))).toString('base64');

function makePeople(dice) {
  const all = unit(dice);
  return Array.from({ length: PEOPLE }, (_, i) => {
    const side = dice.uniform() < 0.5 ? 1 : -1;
    const way = ['dark', 'door', 'through', 'through'][i % 4];
    return { id: i + 1, way, from: dice.uniform() * (SECONDS - 50), speed: side * (1.3 + 0.25 * dice.normal()), start: way === 'door' ? 22 : side > 0 ? 0.2 : LENGTH_M - 0.2,
      y: 2 + 8 * dice.uniform(), look: mix(all, unit(dice), STRANGERS / SELF) };
  });
}

function whereIs(person, seconds) {
  if (seconds < person.from) return null;
  const x = person.start + person.speed * (seconds - person.from);
  if (x < 0 || x > LENGTH_M || (person.way === 'dark' && Math.abs(x - person.start) > 22)) return null;
  return x;
}

const isSeen = (x) => Object.values(VIEWS).some((from) => x >= from && x < from + 15);

async function makeHall(admin, event) {
  const day = 86400000;
  await admin.post('/api/v1/events', { id: event, name: event, organiser: 'identity', time_zone: 'UTC',
    starts_at: new Date(Date.now() - day).toISOString(), ends_at: new Date(Date.now() + day).toISOString() });
  await admin.post(`/api/v1/events/${event}/venues`, { id: 'hall', name: 'Hall', crs: 'local' });
  const venue = `/api/v1/events/${event}/venues/hall`;
  await admin.post(`${venue}/zones`, { id: 'all', name: 'All of it',
    polygon: { type: 'Polygon', coordinates: [[[0, 0], [LENGTH_M, 0], [LENGTH_M, 12], [0, 12], [0, 0]]] } });
  for (const [id, from] of Object.entries(VIEWS)) // from above: the picture is the floor
    await admin.post(`${venue}/devices`, { id, name: id, kind: 'camera', image_px: [15 * PX, 12 * PX],
      calibration: { kind: 'homography', direction: 'pixel_to_floor', unit: 'm', matrix: [1 / PX, 0, from, 0, 1 / PX, 0, 0, 0, 1] } });
}

const sent = []; // vectors
let framesSent = 0; // of all halls
const framesFollowed = async (admin) => Number(/^muster_crowd_frames_total (\d+)/m.exec(await admin.get('/metrics'))?.[1] ?? 0);

// What the cameras see; whoever comes into view has a new track, and a vector.
async function sendAll(admin, event, people, hasVectors, start) {
  const dice = chance(99), lines = [], known = new Map();
  for (let ms = 0; ms < SECONDS * 1000; ms += STEP_MS) {
    for (const [device, from] of Object.entries(VIEWS)) {
      const persons = [];
      for (const person of people) {
        const x = whereIs(person, ms / 1000);
        if (x === null || x < from + 0.3 || x >= from + 14.7) continue;
        const key = `${device}/${person.id}`, isNew = !known.has(key);
        if (isNew) known.set(key, known.size + 1);
        const feature = isNew && hasVectors ? base64(mix(person.look, unit(dice), SELF)) : null;
        if (feature) sent.push(feature);
        if (dice.uniform() < 0.1 && !isNew) continue;
        const u = (x - from) * PX + 2 * dice.normal(), v = person.y * PX + 2 * dice.normal();
        persons.push([known.get(key), Math.round(u - 8), Math.round(v - 40), 16, 40, feature]);
      }
      lines.push(JSON.stringify({ device, fields: ['track', 'x', 'y', 'w', 'h', 'feature'], frames: [{ t: new Date(start + ms).toISOString(), persons }] }));
    }
    if (lines.length < 200 && ms + STEP_MS < SECONDS * 1000) continue;
    framesSent += lines.length;
    await admin.expect('POST', `/api/v1/detections?event=${event}`, lines.splice(0).join('\n'), 202, { 'content-type': 'application/x-ndjson' });
    // As cameras do, who do not send the next minutes before anybody has looked at these.
    await until('they are followed', async () => await framesFollowed(admin) >= framesSent);
  }
}

// Whoever is in somebody's view, second by second.
function truthOf(people) {
  const rows = ['frame,id,x,y'];
  for (let ms = 0; ms < SECONDS * 1000; ms += 1000) {
    for (const person of people) {
      const x = whereIs(person, ms / 1000);
      if (x !== null && isSeen(x)) rows.push(`${ms / 1000 + 1},${person.id},${x.toFixed(3)},${person.y.toFixed(3)}`);
    }
  }
  return rows.join('\n') + '\n';
}

async function settled(admin, event, start) {
  const range = `from=${new Date(start).toISOString()}&to=${new Date(start + SECONDS * 1000).toISOString()}&limit=500000`;
  return until(`the tracks of ${event} are settled`, async () => {
    const { frames } = await admin.get(`/api/v1/events/${event}/venues/hall/tracks?${range}`);
    if (frames.length === 0 || Date.parse(frames.at(-1).t) < start + (SECONDS - 2) * 1000) return null;
    return (await admin.ask('GET', `/api/v1/events/${event}/venues/hall/tracks?${range}&format=csv`)).text;
  });
}

// The scores of one hall and its people, with vectors and without.
async function walkThrough(admin, folder, seed, start) {
  const people = makePeople(chance(seed)), truth = truthOf(people), first = Number(truth.split('\n')[1].split(',')[0]);
  const from = new Date(start + (first - 1) * 1000).toISOString(), scores = {};
  writeFileSync(join(folder, 'truth.csv'), truth);
  await Promise.all([['with', true], ['without', false]].map(async ([kind, hasVectors]) => {
    const event = `${kind}-${seed}`, tracks = join(folder, `${event}.csv`);
    await makeHall(admin, event);
    await sendAll(admin, event, people, hasVectors, start);
    writeFileSync(tracks, await settled(admin, event, start));
    const run = await command('evaluate', '--truth', join(folder, 'truth.csv'), '--tracks', tracks, '--start', from, '--frames-per-s', '1', '--json');
    equal(run.code, 0, `exit code (${run.err})`);
    scores[kind] = JSON.parse(run.out.trim().split('\n')[0]).idf1;
  }));
  return scores;
}

scenario('who walks out of one camera\'s view and into another\'s keeps the number, and vectors touch no disk', async (t) => {
  const data = join(t.folder(), 'data');
  const muster = await t.muster({ folder: data });
  const admin = await muster.signIn();
  const start = Math.floor(Date.now() / 1000) * 1000 - SECONDS * 1000 - 10000;
  const folder = t.folder(), gains = [];
  for (const seed of SEEDS) {
    const scores = await walkThrough(admin, folder, seed, start);
    console.log(`# hall ${seed}: IDF1 ${scores.with.toFixed(4)} with vectors, ${scores.without.toFixed(4)} without`);
    gains.push(scores.with - scores.without);
  }
  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  const disk = files.map((file) => readFileSync(join(file.path ?? data, file.name)));
  check(sent.length > 100 && disk.length > 1, `${sent.length} vectors, ${disk.length} files`);
  for (const feature of sent) {
    const some = Buffer.from(feature, 'base64').subarray(40, 56);
    check(!disk.some((bytes) => bytes.includes(some) || bytes.includes(feature.slice(40, 60))), 'a vector stands on the disk');
  }
  check(gains.every((gain) => gain > 0.02), `every hall gains by the vectors: ${gains}`);
  check(gains.reduce((sum, gain) => sum + gain, 0) / gains.length >= 0.05, `IDF1 gains by the vectors: ${gains}`);
}, 240000);

await playAll();
