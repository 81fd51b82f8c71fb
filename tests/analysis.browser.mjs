// SPDX-License-Identifier: Apache-2.0
// The page that tells where people were: heat map, stays and popular ways, on a desk and on a phone.
import { ADMIN, check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, makeToken } from './park.mjs';
import { openBrowser, Room } from './browser/room.mjs';

const PARK = '/api/v1/events/demo/venues/park';
const HOUR_MS = 3600 * 1000;
const PEOPLE = 7;

// Ten seconds of people who walk from the stage to the food court in half a minute, and stand there.
function tenSeconds(startMs, index) {
  const frames = Array.from({ length: 100 }, (_, i) => {
    const s = index * 10 + i / 10;
    const persons = s < 45 ? Array.from({ length: PEOPLE }, (_, k) => [k, 5 + Math.min(s, 30), 2 + 2.5 * k]) : [];
    return { t: new Date(startMs + 1000 * s).toISOString(), persons };
  });
  return { device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames };
}

// Once in the last hour that is over, and once just now.
async function walkTwice(muster, admin) {
  await buildPark(admin);
  await admin.put(`${PARK}/devices/cam-1`, { name: 'Mast 1', kind: 'camera', sees: ['stage', 'food'], calibration: { kind: 'metres' } });
  const device = muster.withToken((await makeToken(admin)).token);
  const now = Date.now();
  const before = Math.floor((now - 6 * 60000) / HOUR_MS) * HOUR_MS - HOUR_MS / 2;
  const recent = Math.floor(now / 10000) * 10000 - 120000;
  for (const startMs of [before, recent]) {
    for (let i = 0; i < 11; i++) await device.post('/api/v1/detections', tenSeconds(startMs, i), 202);
  }
  await until('both walks are followed', async () => {
    const heat = await admin.get(`${PARK}/heat?from=${new Date(recent).toISOString()}`);
    const trips = await admin.get(`${PARK}/trips?from=${new Date(before).toISOString()}`);
    return heat.covered_s >= 100 && trips.hours >= 1;
  });
}

const inkOf = (room) => room.page.evaluate(() => {
  const canvas = document.querySelector('.heat-cells');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let i = 3; i < data.length; i += 4) ink += data[i] > 0;
  return ink;
});

scenario('heat, stays and ways of a period are read by eye, by keyboard and on a phone', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  await walkTwice(muster, await muster.signIn());
  for (const [what, look, viewport] of [
    ['a desk', 'night', { width: 1280, height: 800 }],
    ['a bright phone', 'bright', { width: 390, height: 844 }],
    ['a small phone', 'night', { width: 320, height: 640 }],
  ]) {
    const room = await Room.open(browser, muster.url, { look, viewport });
    await room.signIn(ADMIN, '/analysis/demo/park?period=15min');
    await room.see('.analysis-parts[data-period="15min"]');
    check(await inkOf(room) > 1000, `the heat is drawn on ${what}`);
    await room.reads('[data-stay=stage]', /Before the stage.*1[45] s/);
    await room.reads('[data-stay=food]', /Food court.*without an end/);
    await room.reads('.ways li', /Before the stage.*Food court.*7 people/);
    await room.isAccessible(`the page on ${what}`);
    await room.fitsTheScreen(`the page on ${what}`);
    room.hasNoComplaints();
    await room.page.context().close();
  }
});

scenario('the period is chosen by key, kept in the address, and an empty one says so', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await walkTwice(muster, admin);
  await admin.put('/api/v1/events/demo/venues/hall', { name: 'Town hall', crs: 'local' });
  await admin.put('/api/v1/events/demo/venues/hall/zones/foyer', { polygon: { type: 'Polygon', coordinates: [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]] } });
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/control/demo/park');
  await room.page.click('.sections >> text=Paths');
  await room.see('.analysis-parts[data-period="1h"]');
  await room.page.focus('.analysis .choices button:last-child');
  await room.page.keyboard.press('Enter');
  await room.see('.analysis-parts[data-period=today]');
  equal(new URL(room.page.url()).search, '?period=today', 'the address');
  // The map by keys: nearer, and back to the whole.
  await room.page.focus('.heat-map .plan-stage');
  await room.page.keyboard.press('+');
  await room.see('.heat-map .plan-stage[data-whole=false]');
  await room.page.keyboard.press('0');
  await room.see('.heat-map .plan-stage[data-whole=true]');
  await room.page.goto(`${muster.url}/analysis/demo/hall?period=15min`);
  await room.reads('.heat-none', /Nobody was followed here in the last 15 minutes/);
  await room.reads('.ways-panel', /No hour is over yet/);
  await room.isAccessible('the page of an empty hall');
  await room.page.goto(`${muster.url}/analysis/demo/nowhere`);
  await room.see('.analysis [role=alert]');
});

await playAll();
