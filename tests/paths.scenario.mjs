// SPDX-License-Identifier: Apache-2.0
// Where people spent their time, how long they stayed and which ways they took, asked over any period.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, makeToken } from './park.mjs';

const PARK = '/api/v1/events/demo/venues/park';
const HOUR_MS = 3600 * 1000;
const PEOPLE = 7;
const WALK_S = 30; // from the stage to the food court, at 1 m/s
const STAND_S = 12;

const iso = (ms) => new Date(ms).toISOString();
const query = (fromMs, toMs) => `from=${iso(fromMs)}&to=${iso(toMs)}`;

// Ten seconds of somebody who walks from x = 5 m to 35 m, stands there, and is gone.
function tenSeconds(startMs, index) {
  const frames = Array.from({ length: 100 }, (_, i) => {
    const s = index * 10 + i / 10;
    const isThere = s < WALK_S + STAND_S;
    return {
      t: iso(startMs + 1000 * s),
      persons: isThere ? Array.from({ length: PEOPLE }, (_, k) => [k, 5 + Math.min(s, WALK_S), 2 + 2.5 * k]) : [],
    };
  });
  return { device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames };
}

// One camera that sees both zones: whoever walks over is followed.
async function buildWalk(admin) {
  await buildPark(admin);
  await admin.put(`${PARK}/devices/cam-1`, { name: 'Mast 1', kind: 'camera', sees: ['stage', 'food'], calibration: { kind: 'metres' } });
  return (await makeToken(admin)).token;
}

// A whole hour that is over, whenever this runs, and ten minutes more are over, too.
const walkStart = () => Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS + 10 * 60000;

async function send(muster, token, startMs, index) {
  await muster.withToken(token).post('/api/v1/detections', tenSeconds(startMs, index), 202);
}

const covered = (admin, startMs, seconds) => until(`${seconds} s are followed`, async () => {
  const heat = await admin.get(`${PARK}/heat?${query(startMs, startMs + HOUR_MS / 2)}`);
  return heat.covered_s >= seconds ? heat : null;
});

scenario('seven people walk from the stage to the food court, and are told as seven', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const token = await buildWalk(admin);
  const startMs = walkStart();
  equal((await admin.get(`${PARK}/heat?${query(startMs, startMs + 60000)}`)).cells, [], 'nobody was there yet');
  equal((await admin.get(`${PARK}/trips`)).pairs, [], 'nor went anywhere');
  for (let i = 0; i < 10; i++) await send(muster, token, startMs, i);
  const heat = await covered(admin, startMs, 90);
  equal([heat.from, heat.to], [iso(startMs), iso(startMs + HOUR_MS / 2)], 'the period');
  equal(heat.fields, ['column', 'row', 'person_s_per_m2', 'density_per_m2'], 'the columns');
  const sum = heat.cells.reduce((total, cell) => total + cell[2] * heat.cell_m ** 2, 0);
  check(Math.abs(sum - PEOPLE * (WALK_S + STAND_S)) < PEOPLE * 2, `${sum} person-seconds`);
  check(heat.method.length > 20 && heat.uncertainty.length > 20, 'it says how, and how sure');
  // Where they stood it is hottest: 12 s in a square metre, over the time that was looked at.
  const hottest = heat.cells.reduce((a, b) => (b[2] > a[2] ? b : a));
  equal(heat.low[0] + hottest[0] * heat.cell_m, 35, 'the hottest column');
  check(Math.abs(hottest[3] * heat.covered_s - hottest[2]) < 0.01 * hottest[2], 'density is person-seconds over time');

  const coarse = await admin.get(`${PARK}/heat?cell_m=8&${query(startMs, startMs + 600000)}`);
  equal([coarse.cell_m, coarse.columns, coarse.rows], [8, 5, 3], 'cells of 8 m');
  const csv = await admin.ask('GET', `${PARK}/heat?${query(startMs, startMs + 600000)}`, undefined, { accept: 'text/csv' });
  equal(csv.text.trim().split('\n').length, 1 + heat.cells.length, 'lines of the CSV');

  // An hour is told once it is over: its next ten minutes are looked at, and nobody is there.
  equal((await admin.get(`${PARK}/trips?${query(startMs, startMs + 1000)}`)).hours, 0, 'the hour goes on');
  await send(muster, token, startMs + HOUR_MS - 100000, 10);
  const trips = await until('the hour is over', async () => {
    const answer = await admin.get(`${PARK}/trips?${query(startMs, startMs + 1000)}`);
    return answer.hours === 1 ? answer : null;
  });
  equal(trips.pairs, [{ origin: 'stage', destination: 'food', people: PEOPLE }], 'origin and destination');
  equal(trips.ways, [{ zones: ['stage', 'food'], goes_on: false, people: PEOPLE }], 'the way');
  equal([trips.anonymity, trips.pairs_withheld_people, trips.ways_withheld_people], [5, 0, 0], 'nobody is withheld');

  const dwell = await admin.get(`${PARK}/dwell?${query(startMs, startMs + 1000)}`);
  equal([dwell.from, dwell.to], [iso(startMs - 600000), iso(startMs + HOUR_MS - 600000)], 'whole hours');
  const [food, stage] = dwell.zones;
  equal([stage.zone, stage.finished, stage.censored], ['stage', PEOPLE, 0], 'all left the stage');
  check(Math.abs(stage.median_s - 15) < 1.5 && Math.abs(stage.mean_finished_s - 15) < 1.5, `15 s each, not ${stage.median_s}`);
  equal([food.zone, food.finished, food.censored, food.median_s], ['food', 0, PEOPLE, null], 'nobody was seen leaving');
  const one = await admin.ask('GET', `${PARK}/dwell?zone=food&format=csv&${query(startMs, startMs + 1000)}`);
  equal(one.text, `zone,finished,censored,inside,mean_finished_s,median_s,p90_s\nfood,0,${PEOPLE},0,,,\n`, 'one zone as CSV');
});

// What the answers have to add up to, from the tracks themselves.
async function expectedOf(admin, startMs, seconds) {
  const people = new Map();
  for (let cursor = iso(startMs); cursor !== null;) {
    const page = await admin.get(`${PARK}/tracks?${query(startMs, startMs + seconds * 1000)}&cursor=${cursor}`);
    for (const frame of page.frames) {
      for (const [id, x, y] of frame.people) people.set(id, [...people.get(id) ?? [], [Date.parse(frame.t), x, y]]);
    }
    cursor = page.next;
  }
  let personMs = 0;
  const visits = { stage: 0, food: 0 };
  for (const fixes of people.values()) {
    for (let i = 1; i < fixes.length; i++) {
      const gap = fixes[i][0] - fixes[i - 1][0];
      if (gap < 2000) personMs += gap;
    }
    for (const [zone, isIn] of [['stage', (x) => x > 0 && x < 20], ['food', (x) => x > 20 && x < 40]]) {
      const inside = fixes.filter(([, x]) => isIn(x));
      if (inside.length > 0 && inside.at(-1)[0] - inside[0][0] >= 5000) visits[zone] += 1;
    }
  }
  return { personMs, visits };
}

scenario('killed again and again, what was walked is told once', async (t) => {
  const muster = await t.muster();
  const token = await buildWalk(await muster.signIn());
  const startMs = walkStart();
  for (let i = 0; i < 12; i++) {
    await send(muster, token, startMs, i);
    if (i % 3 !== 2) continue;
    // In the middle of whatever it does with what it just said yes to.
    if (i < 9) await covered(await muster.signIn(), startMs, (i - 2) * 10);
    await muster.kill();
    await muster.start();
  }
  const admin = await muster.signIn();
  const heat = await covered(admin, startMs, 110);
  const expected = await expectedOf(admin, startMs, 110);
  const sum = heat.cells.reduce((total, cell) => total + cell[2] * heat.cell_m ** 2, heat.outside_person_s);
  check(expected.personMs > 200000, `they were followed for ${expected.personMs} ms in all`);
  check(Math.abs(sum - expected.personMs / 1000) < 0.01, `${sum} person-seconds, ${expected.personMs / 1000} in the tracks`);
  equal(heat.covered_s, 110, 'seconds that are covered');
  const { zones } = await admin.get(`${PARK}/dwell?${query(startMs, startMs + 1000)}`);
  const visits = Object.fromEntries(zones.map((zone) => [zone.zone, zone.finished + zone.censored]));
  equal([visits.stage, visits.food], [expected.visits.stage, expected.visits.food], 'visits of stage and food court');
}, 90000);

scenario('heat on a map, and questions that are refused with their place', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const token = await buildWalk(admin);
  const startMs = walkStart();
  for (let i = 0; i < 3; i++) await send(muster, token, startMs, i);
  await covered(admin, startMs, 20);
  const period = query(startMs, startMs + 60000);
  for (const [path, status, place] of [
    [`heat?${period}&format=geojson`, 422, 'format'],
    [`heat?${period}&format=xml`, 400, 'format'],
    [`dwell?${period}&format=geojson`, 400, 'format'],
    [`heat?${period}&cell_m=3`, 400, 'cell_m'],
    [`heat?${period}&cell_m=0`, 400, 'cell_m'],
    ['heat?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z', 413, 'from'],
    ['trips?from=yesterday', 400, 'from'],
    ['dwell?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 422, 'from'],
    [`dwell?${period}&zone=nowhere`, 404, 'zone'],
  ]) {
    const answer = await admin.ask('GET', `${PARK}/${path}`);
    equal([path, answer.status], [path, status], answer.text);
    check(answer.text.includes(`"${place}`), `the refusal of ${path} names ${place}: ${answer.text}`);
  }
  for (const what of ['heat', 'dwell', 'trips']) {
    await admin.expect('GET', `/api/v1/events/demo/venues/nowhere/${what}`, undefined, 404);
    await muster.client().expect('GET', `${PARK}/${what}`, undefined, 401);
  }
});

scenario('the heat of a venue on earth is GeoJSON that a map shows in its place', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const token = await buildWalk(admin);
  const [west, south, east, north] = [11.55, 48.13, 11.5505, 48.1302]; // 37 m x 22 m
  const meadow = '/api/v1/events/demo/venues/meadow';
  await admin.put(meadow, { crs: 'wgs84', origin: [west, south] });
  await admin.put(`${meadow}/zones/grass`, {
    polygon: { type: 'Polygon', coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] },
  });
  await admin.put(`${meadow}/devices/cam-9`, { kind: 'camera', sees: ['grass'], calibration: { kind: 'metres' } });
  const startMs = walkStart();
  for (let i = 0; i < 2; i++) await muster.withToken(token).post('/api/v1/detections', { ...tenSeconds(startMs, i), device: 'cam-9' }, 202);
  const period = query(startMs, startMs + 60000);
  const map = await until('somebody walked over the grass', async () => {
    const answer = await admin.ask('GET', `${meadow}/heat?${period}`, undefined, { accept: 'application/geo+json' });
    equal([answer.status, answer.headers['content-type']], [200, 'application/geo+json'], 'GeoJSON');
    const found = JSON.parse(answer.text);
    return found.features.length > 0 ? found : null;
  });
  equal([map.type, map.covered_s, map.cell_m], ['FeatureCollection', 10, 1], 'what it is');
  for (const { type, geometry, properties } of map.features) {
    const [ring] = geometry.coordinates;
    equal([type, ring.length, ring[4]], ['Feature', 5, ring[0]], 'a closed square');
    // A metre is 0.00000899 degrees northwards, and 0.0000135 eastwards at this latitude.
    check(Math.abs(ring[1][0] - ring[0][0] - 1.347e-5) < 2e-8 && Math.abs(ring[2][1] - ring[1][1] - 8.993e-6) < 2e-8, `a square metre: ${ring}`);
    check(ring.every(([x, y]) => x >= west && x <= east && y >= south && y <= north), `on the grass: ${ring}`);
    check(properties.density_per_m2 > 0, 'somebody was there');
  }
});

await playAll();
