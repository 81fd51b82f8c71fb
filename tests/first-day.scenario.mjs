// SPDX-License-Identifier: Apache-2.0
// The first day with Muster: setting up, seeing the crowd, reading a sensor, getting an alarm.
import { ADMIN, SLOWNESS, check, command, equal, playAll, scenario, until } from './scenario.mjs';
import { INCIDENTS, ZONES, buildPark, crowd, makeToken, zoneOf } from './park.mjs';
import { PROMISED } from './routes.mjs';

const NO_ROUTE = 'There is nothing at this address; the OpenAPI document lists all there are.';

scenario('the administrator signs in, and out again; a wrong password does not help', async (t) => {
  const muster = await t.muster();
  check(muster.startedInMs < 1000 * SLOWNESS, `it serves within a second, took ${muster.startedInMs.toFixed(0)} ms`);
  const stranger = muster.client();
  await stranger.get('/api/v1/session', 401);
  await stranger.post('/api/v1/session', { email: ADMIN.email, password: 'guessed' }, 401);
  const admin = await muster.signIn();
  const session = await admin.get('/api/v1/session');
  equal(session.person.email, ADMIN.email, 'who is signed in');
  await admin.delete('/api/v1/session');
  await admin.get('/api/v1/session', 401);
  equal(await muster.stop(), { code: 0, signal: null }, 'the end of the program');
});

scenario('a camera sends detections, and the count of its zone shows on the live socket', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const { token } = await makeToken(admin);
  const camera = muster.withToken(token);
  const live = await admin.follow(ZONES);
  await camera.post('/api/v1/detections', crowd('cam-1', 40), 202);
  const message = await live.next((m) => zoneOf(m, 'stage')?.people === 40);
  check(Math.abs(zoneOf(message, 'stage').density - 0.1) < 1e-9, 'density is 40 people on 400 square metres');
  equal(zoneOf(message, 'food').level, 'unknown', 'a zone that nobody looks at');
  await camera.post('/api/v1/detections', crowd('cam-1', 55, Date.now() + 1000), 202);
  await live.next((m) => zoneOf(m, 'stage')?.people === 55);
  live.close();
});

scenario('a lift tells its temperature, and it is read back as JSON and CSV', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const sensor = muster.withToken((await makeToken(admin, 'lift-3')).token);
  const at = Math.floor(Date.now() / 1000) * 1000 - 60000;
  for (const [i, value] of ['21.4', 21.5, '22'].entries())
    await sensor.put('/api/v1/readings', { id: 'lift-3', timestamp: new Date(at + i * 1000).toISOString(), temperature: value }, 202);
  const range = `event=demo&from=${new Date(at - 1000).toISOString()}&to=${new Date(at + 10000).toISOString()}`;
  const path = `/api/v1/series/lift-3:temperature?${range}`;
  const points = await until('three values are there', async () => {
    const answer = await admin.get(path);
    const list = answer.items ?? answer.points;
    return list?.length === 3 ? list : null;
  });
  equal(points.map((point) => point.value ?? point[1]), [21.4, 21.5, 22], 'values');
  const csv = await admin.ask('GET', path, undefined, { accept: 'text/csv' });
  equal(csv.status, 200, 'CSV');
  check(csv.text.trim().split(/\r?\n/).length === 4, `a header and three lines: ${csv.text}`);
  await muster.client().get(path, 401);
});

scenario('a zone fills up: one alarm opens, its mail is in the outbox, and it resolves', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.post('/api/v1/events/demo/rules', {
    id: 'too-full', name: 'Too full', series: 'zone.stage:people', direction: 'above', threshold: 50, recovery: 40,
    hold_ms: 0, recovery_hold_ms: 0, severity: 'critical', recipients: ['duty@example.org'],
  });
  const camera = muster.withToken((await makeToken(admin)).token);
  const live = await admin.follow(INCIDENTS);
  let at = Date.now() - 10000;
  const see = async (people) => {
    await camera.post('/api/v1/detections', crowd('cam-1', people, at), 202);
    at += 1000;
  };
  for (const people of [30, 60, 61, 62, 60]) await see(people);
  const opened = await live.next((m) => m.data?.state === 'open');
  equal(opened.data.rule, 'too-full', 'rule of the incident');
  const mail = await until('the mail is in the outbox', async () => {
    const { items } = await admin.get('/api/v1/events/demo/outbox');
    return items.find((item) => JSON.stringify(item).includes('duty@example.org'));
  });
  check(JSON.stringify(mail).includes('Too full'), 'the mail names the alarm');
  for (const people of [30, 20, 20, 20]) await see(people);
  await live.next((m) => m.data?.state === 'resolved');
  const { items } = await admin.get('/api/v1/events/demo/incidents');
  equal(items.length, 1, 'incidents of one rule and one zone');
  live.close();
});

scenario('a backup, taken while the server runs, is a whole installation again', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const folder = t.folder();
  const [, source] = muster.flags;
  const backup = await command('backup', '--data-folder', source, `${folder}/copy`);
  equal(backup.code, 0, `muster backup: ${backup.err}`);
  const again = await command('backup', '--data-folder', source, `${folder}/copy`);
  equal(again.code, 1, 'a backup over a backup');
  await muster.stop();
  const restore = await command('restore', '--data-folder', `${folder}/new`, `${folder}/copy`);
  equal(restore.code, 0, `muster restore: ${restore.err}`);
  const second = await t.muster({ folder: `${folder}/new` });
  const { items } = await (await second.signIn()).get('/api/v1/events');
  equal(items.map((item) => item.id), ['demo'], 'events of the restored installation');
});

scenario('every route that is promised is there and in the document, and no other', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const document = await muster.client().get('/api/v1/openapi.json');
  check(document.openapi.startsWith('3.1'), 'OpenAPI 3.1');
  const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item)
    .filter((word) => /^(get|put|post|delete|patch)$/.test(word)).map((word) => `${word.toUpperCase()} ${path}`));
  equal(PROMISED.filter((route) => !described.includes(route)), [], 'promised, and not in the document');
  equal(described.filter((route) => !PROMISED.includes(route)), [], 'in the document, and not in tests/routes.mjs');
  equal((await admin.ask('GET', '/api/v1/nowhere')).json.detail, NO_ROUTE, 'what an address without a route says');
  // Who asks signs out last.
  const signOut = 'DELETE /api/v1/session';
  for (const route of [...PROMISED.filter((name) => name !== signOut), signOut]) {
    const [method, path] = route.split(' ');
    const answer = await admin.ask(method, path.replace(/\{[^}]+\}/g, 'nowhere').replace(/live$/, 'live?topic=x'));
    check(answer.status !== 405 && answer.status < 500 && answer.json?.detail !== NO_ROUTE,
      `${route} answers ${answer.status}: ${answer.text.slice(0, 200)}`);
  }
  equal((await muster.client().get('/healthz')).status, 'ok', 'health');
  check((await muster.client().get('/metrics')).includes('# TYPE muster_'), 'metrics');
});

await playAll();
