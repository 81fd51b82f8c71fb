// SPDX-License-Identifier: Apache-2.0
// A venue from a file, over HTTP: previewed, taken, and in the audit log; published plans too.
import { existsSync, readFileSync } from 'node:fs';
import { campus, PLANS } from './plans.mjs';
import { equal, playAll, scenario, Skipped } from './scenario.mjs';

const HALL = '/api/v1/events/demo/venues/hall';
const WKT = 'GEOMETRYCOLLECTION (POLYGON ((0 0, 40 0, 40 30, 0 30, 0 0), (5 5, 8 5, 8 8, 5 8, 5 5)))';

async function send(admin, type, body, query = '') {
  return admin.ask('POST', `${HALL}/import${query}`, body, { 'content-type': type });
}

async function hall(t, document) {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await admin.post('/api/v1/events', { id: 'demo', name: 'Demo', starts_at: '2026-06-20T10:00:00Z', ends_at: '2026-06-21T02:00:00Z' });
  await admin.put(HALL, document);
  return admin;
}

scenario('an organiser looks at what a file would change, and then takes it', async (t) => {
  const admin = await hall(t, { name: 'Hall' });
  const would = await send(admin, 'text/plain', WKT, '?dry_run=true');
  equal([would.status, would.json.walls.length, would.json.dry_run], [200, 1, true], 'the preview');
  equal((await admin.get(HALL)).walls, [], 'walls after the preview');
  const did = await send(admin, 'text/plain', WKT);
  equal([did.status, did.json.walls[0].action], [200, 'create'], 'the import');
  const venue = await admin.get(HALL);
  equal([venue.walls[0].kind, venue.walls[0].area_m2, venue.bounds_m], ['walkable', 1191, [0, 0, 40, 30]], 'the hall');
  const bad = await send(admin, 'text/plain', 'POLYGON ((0 0, 1 x))');
  equal([bad.status, bad.json.place], [400, 'body:1:18'], 'bad WKT');
  equal((await send(admin, 'image/png', WKT)).status, 415, 'a picture');
  equal((await send(admin, 'text/plain', WKT, '?dry_run=perhaps')).status, 400, 'a flag');
  const { items } = await admin.get('/api/v1/events/demo/audit');
  equal(items.filter((line) => line.action === 'venue.import').length, 1, 'lines in the audit log');
});

scenario('published plans are taken, and what is not is named', async (t) => {
  if (!existsSync(PLANS)) throw new Skipped(`there is no ${PLANS}`);
  const admin = await hall(t, { name: 'Hall' });
  // In the arena three holes are slivers without area.
  for (const [name, walls, slivers] of [['jupedsim_arena', 1, 3], ['jupedsim_SiB2023_entrance_jupedsim', 1, 0]]) {
    const answer = await send(admin, 'text/plain', readFileSync(`${PLANS}/${name}.wkt`));
    equal([answer.status, answer.json.walls?.length, answer.json.passed_over?.length], [200, walls, slivers], `${name}: ${answer.text.slice(0, 300)}`);
    await admin.delete(HALL);
    await admin.put(HALL, { name: 'Hall' });
  }
  const archive = campus(t);
  const placeless = await send(admin, 'application/zip', archive);
  equal([placeless.status, placeless.json.place], [422, 'origin'], 'a venue that is nowhere');
  await admin.put(HALL, { name: 'Campus', origin: [30.373, 60.007] });
  const several = await send(admin, 'application/zip', archive);
  equal([several.status, several.json.place], [422, 'query level'], 'an archive of several levels');
  const third = await send(admin, 'application/zip', archive, '?level=2');
  equal([third.status, third.json.zones?.length, third.json.lines?.length], [200, 32, 28], `the third floor: ${third.text.slice(0, 300)}`);
  equal(third.json.passed_over.find((entry) => entry.place === 'unit.geojson')?.why, '112 are of other levels', 'units elsewhere');
  const [stairs] = (await admin.get(HALL)).zones.filter((zone) => zone.name === 'Лестница');
  equal(stairs.area_m2 > 5 && stairs.area_m2 < 200, true, `stairs of ${stairs.area_m2} m2`);
});

await playAll();
