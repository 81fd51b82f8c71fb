// SPDX-License-Identifier: Apache-2.0
// A venue from a file, over HTTP: previewed, taken, and in the audit log; published plans too.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equal, playAll, scenario, Skipped } from './scenario.mjs';

const PLANS = `${process.env.MUSTER_DATA ?? '../shared/data'}/floorplan`;
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

// --- a zip archive, its files stored as they are ---

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function zipOf(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), common, Buffer.from(name), bytes);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), common, entry, Buffer.from(name));
    at += 30 + name.length + bytes.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06'), end]);
}

function campus(t) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-imdf-'));
  t.endings.push(() => rmSync(folder, { recursive: true }));
  execFileSync('tar', ['-xJf', `${PLANS}/SPbPU_campus_IMDF.tar.xz`, '-C', folder]);
  return zipOf(readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.path ?? folder, entry.name)) })));
}

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
