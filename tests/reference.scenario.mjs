// SPDX-License-Identifier: Apache-2.0
// The measures beside published results, through the public API alone: trajectories of people in real halls are
// sent as detections, in metres and with the numbers that the experiments gave them; densities and crossings are
// read back as series.
//
// The API keeps one moment a second of densities. To compare every frame of the reference, its recording is sent
// at one frame a second; crossings and flows are sent at the 16 frames a second at which they were recorded, too.
// Two rules of the reference: who stands exactly on an area's border is outside; of a Voronoi cell that a wall
// cuts, only the person's own part counts.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Skipped, check, equal, playAll, scenario, until } from './scenario.mjs';

const DATA = process.env.MUSTER_DATA ?? '../shared/data';
const FPS = 16, HOUR_MS = 3600 * 1000, BATCH_FRAMES = 200;
const RESULTS = 'bottleneck/results/Fundamental_Diagram';
// geo.xml and ini.xml of the reference.
const HALL = [[4, 6.25], [4, 0.53], [2.4, 0.53], [2.4, -0.53], [4, -0.53], [4, -8.5], [-2.25, -8.5], [-2.25, -0.53],
  [-0.6, -0.53], [-0.6, 0.53], [-2.25, 0.53], [-2.25, 6.25]];
const AREA = [[-0.6, -0.53], [2.4, -0.53], [2.4, 0.53], [-0.6, 0.53]];

const ring = (corners) => ({ type: 'Polygon', coordinates: [[...corners, corners[0]]] });
const rows = (text) => text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => line.trim().split(/\s+/).map(Number));

function dataFile(name) {
  const path = join(DATA, 'trajectories', name);
  if (!existsSync(path)) throw new Skipped(`${path} is not here`);
  return path;
}
const member = (name) =>
  rows(execFileSync('tar', ['xJOf', dataFile('jpsreport_bottleneck.tar.xz'), name], { maxBuffer: 1 << 28 }).toString());
const experiment = (name) => rows(execFileSync('xzcat', [dataFile(name)], { maxBuffer: 1 << 28 }).toString());

// Everybody's places, frame by frame: [number, x, y].
function framesOf(recording, metres) {
  const frames = [];
  for (const [id, frame, x, y] of recording) (frames[frame] ??= []).push([id, x * metres, y * metres]);
  return Array.from(frames, (people) => people ?? []);
}

async function makeVenue(admin, { venue, area, line, width, walkable }) {
  const path = `/api/v1/events/lab/venues/${venue}`;
  await admin.put(path, { name: venue, crs: 'local' });
  await admin.put(`${path}/zones/${venue}-area`, { name: 'Measuring area', polygon: ring(area) });
  await admin.put(`${path}/lines/${venue}-line`, { name: 'Line', line: { type: 'LineString', coordinates: line }, ...(width ? { width_m: width } : {}) });
  if (walkable) await admin.put(`${path}/walls/${venue}-hall`, { name: 'Hall', kind: 'walkable', polygon: ring(walkable) });
  await admin.put(`${path}/devices/${venue}-sensor`, { name: 'Sensor', kind: 'camera', sees: [`${venue}-area`], calibration: { kind: 'metres' } });
}

async function openLab(t) {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await admin.post('/api/v1/events', { id: 'lab', name: 'Laboratory', organiser: 'reference', time_zone: 'UTC',
    starts_at: new Date(Date.now() - HOUR_MS).toISOString(), ends_at: new Date(Date.now() + HOUR_MS).toISOString() });
  const { token } = await admin.post('/api/v1/events/lab/tokens', { name: 'sensors' });
  return { admin, sensor: muster.withToken(token) };
}

// Sends the frames, `fps` a second of the past, and nobody for ten seconds after. Returns when it began.
async function send({ sensor }, venue, frames, fps) {
  const startMs = Math.floor(Date.now() / 1000 - frames.length / fps - 30) * 1000;
  const all = [...frames, ...Array.from({ length: 10 * fps }, () => [])];
  for (let first = 0; first < all.length; first += BATCH_FRAMES) {
    await sensor.post('/api/v1/detections', { device: `${venue}-sensor`, unit: 'm', precision: { position: 0.0001 }, fields: ['track', 'x', 'y'],
      frames: all.slice(first, first + BATCH_FRAMES).map((persons, i) =>
        ({ t: new Date(startMs + Math.floor((first + i) * 1000 / fps)).toISOString(), persons })) }, 202);
  }
  return startMs;
}

// By seconds since the beginning; what the series does not have is undefined.
async function readSeries({ admin }, name, startMs, seconds) {
  const range = `event=lab&from=${new Date(startMs).toISOString()}&to=${new Date(startMs + seconds * 1000).toISOString()}`;
  let values;
  await until(`${name} is written to its end`, async () => {
    const answer = await admin.ask('GET', `/api/v1/series/${name}?${range}&limit=100000`);
    if (answer.status === 404) return false;
    equal(answer.status, 200, answer.text);
    values = [];
    for (const [at, value] of JSON.parse(answer.text).items) values[(Date.parse(at) - startMs) / 1000] = value;
    return values.length === seconds;
  }, 60000);
  return values;
}

function agreement(values, reference, isNear) {
  const known = [...reference].filter(([frame]) => frame < values.length);
  const near = known.filter(([frame, expected]) => values[frame] !== undefined && isNear(values[frame], expected));
  const worst = Math.max(...known.map(([frame, expected]) => Math.abs((values[frame] ?? NaN) - expected)));
  return { frames: known.length, near: near.length, worst };
}
const tell = (name, { frames, near, worst }) => console.log(`# ${name}: ${near} of ${frames} frames, worst difference ${worst.toFixed(4)}`);
const equalTo = (value, expected) => Math.abs(value - expected) <= 0.001 + 1e-9;
// The reference is rounded to a thousandth, too.
const within1Percent = (value, expected) => equalTo(value, expected) || Math.abs(value - expected) <= 0.01 * expected;

const sums = (left, right) => {
  let net = 0;
  return left.map((value, s) => (net += value - right[s]));
};

scenario('densities and crossings of a bottleneck are those of JPSreport, frame by frame', async (t) => {
  const frames = framesOf(member('bottleneck/traj.txt'), 1);
  const byFrame = (name) => new Map(member(`${RESULTS}/${name}`).map(([frame, value]) => [frame, value]));
  const classic = byFrame('Classical_Voronoi/rho_v_Classic_traj.txt_id_1.dat');
  const voronoi = byFrame('Classical_Voronoi/rho_v_Voronoi_Voronoi_traj.txt_id_1.dat');
  const passed = new Map(member(`${RESULTS}/FlowVelocity/Flow_NT_traj_AO_300.txt_id_4.dat`).map(([frame, , count]) => [frame, count]));
  const lab = await openLab(t);
  const line = [[-2.25, 0.5], [4, 0.5]];
  await makeVenue(lab.admin, { venue: 'slow', area: AREA, line, walkable: HALL });
  await makeVenue(lab.admin, { venue: 'fast', area: AREA, line, walkable: HALL });
  const slow = await send(lab, 'slow', frames, 1);
  const fast = await send(lab, 'fast', frames, FPS);

  const read = (venue, what, startMs, seconds) => readSeries(lab, `${what.startsWith('to_') ? 'line' : 'zone'}.${venue}-${what.startsWith('to_') ? 'line' : 'area'}:${what}`, startMs, seconds);
  const density = agreement(await read('slow', 'density', slow, frames.length), classic, equalTo);
  tell('classic density equal to 0.001', density);
  const cells = agreement(await read('slow', 'density_voronoi', slow, frames.length), voronoi, within1Percent);
  tell('Voronoi density within 1 %', cells);
  const net = sums(await read('slow', 'to_left', slow, frames.length), await read('slow', 'to_right', slow, frames.length));
  const crossings = agreement(net, passed, (value, expected) => Math.abs(value - expected) <= 1);
  tell('N(t) exact to one person', crossings);
  const seconds = Math.floor(frames.length / FPS);
  const fastVoronoi = agreement(await read('fast', 'density_voronoi', fast, seconds),
    new Map([...voronoi].filter(([frame]) => frame % FPS === 0).map(([frame, value]) => [frame / FPS, value])), within1Percent);
  tell('Voronoi density within 1 %, at 16 frames a second', fastVoronoi);
  const fastNet = sums(await read('fast', 'to_left', fast, seconds), await read('fast', 'to_right', fast, seconds));
  const fastCrossings = agreement(fastNet,
    new Map([...passed].filter(([frame]) => frame % FPS === FPS - 1).map(([frame, value]) => [(frame + 1) / FPS - 1, value])),
    (value, expected) => Math.abs(value - expected) <= 1);
  tell('N(t) exact to one person, at 16 frames a second', fastCrossings);

  equal([density.frames, cells.frames, crossings.frames], [959, 931, 959], 'frames that the reference has');
  check(density.near >= 0.998 * density.frames, 'classic densities are those of the reference');
  check(cells.near >= 0.99 * cells.frames, 'Voronoi densities are those of the reference');
  equal(crossings.near, crossings.frames, 'crossings are those of the reference');
  check(fastVoronoi.near >= 0.99 * fastVoronoi.frames, 'also at full speed');
  equal(fastCrossings.near, fastCrossings.frames, 'also at full speed');
});

// Persons a metre and minute over the middle 80 % of the crossings, as the measured figures are defined. Within a
// second, who crossed is spread evenly.
function middleFlow(perSecond, width) {
  const times = perSecond.flatMap((count, s) => Array.from({ length: Math.max(count, 0) }, (_, i) => s + (i + 0.5) / count));
  const first = Math.floor(times.length / 10), last = times.length - first - 1;
  return (last - first) * 60 / (times[last] - times[first]) / width;
}

scenario('flows through exits are those that were measured in the experiments', async (t) => {
  const exits = [['exit-070', 'uo-180-180-070.txt.xz', 0.7, 139.0], ['exit-180', 'uo-180-180-180.txt.xz', 1.8, 94.9],
    ['exit-130', 'hermes_uo-240-240-130.txt.xz', 1.3, 125.7]];
  const recordings = exits.map(([, file]) => framesOf(experiment(file), 0.01));
  const lab = await openLab(t);
  for (const [i, [venue, , width, expected]] of exits.entries()) {
    await makeVenue(lab.admin, { venue, area: [[-10, -10], [10, -10], [10, 10], [-10, 10]], line: [[-10, -4], [10, -4]], width });
    const seconds = Math.floor(recordings[i].length / FPS);
    const startMs = await send(lab, venue, recordings[i], FPS);
    const read = (what) => readSeries(lab, `line.${venue}-line:${what}`, startMs, seconds);
    const out = await read('to_right'), back = await read('to_left');
    const flow = middleFlow(out.map((count, s) => count - back[s]), width);
    console.log(`# ${venue}: ${flow.toFixed(1)} persons/min/m, the experiment's ${expected}`);
    check(Math.abs(flow - expected) <= 0.02 * expected, `the flow of ${venue} is ${flow}, not ${expected}`);
    const told = await read('flow_to_right');
    const last = out.slice(-60).reduce((sum, count) => sum + count, 0) / width;
    check(Math.abs(told[seconds - 1] - last) < 1e-6, `its last minute is ${last} persons/min/m, not ${told[seconds - 1]}`);
  }
});

await playAll();
