// SPDX-License-Identifier: Apache-2.0
// What is wrong is refused with the place and changes nothing.
import { gzipSync } from 'node:zlib';
import { check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';

const now = () => new Date().toISOString();
const frame = (t, persons) => ({ device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames: [{ t, persons }] });
const raw = (persons) => `{"device":"cam-1","unit":"m","fields":["track","x","y"],"frames":[{"t":"${now()}","persons":[${persons}]}]}`;
const boxes = (w) => ({ device: 'cam-1', fields: ['track', 'x', 'y', 'w', 'h'], frames: [{ t: now(), persons: [[1, 5, 5, w, 20]] }] });

// [what is wrong, body, expected status or statuses, headers]
const DETECTIONS = [
  ['truncated JSON', () => JSON.stringify(crowd('cam-1', 3)).slice(0, -7), 400],
  ['no JSON at all', () => 'hello', 400],
  ['nothing', () => '', [400, 422]],
  ['an array of numbers', () => '[1,2,3]', [400, 422]],
  ['frames as text', () => ({ device: 'cam-1', fields: ['x', 'y'], frames: 'many' }), [400, 422]],
  ['a person as text', () => raw('["tall"]'), [400, 422]],
  ['a person with too few numbers', () => raw('[1]'), 422],
  ['NaN', () => raw('[1,NaN,2]'), 400],
  ['1e999', () => raw('[1,1e999,2]'), [400, 422]],
  ['a box of negative width', () => boxes(-4), 422],
  ['a time in 1970', () => frame('1970-01-01T00:00:00Z', [[1, 5, 5]]), 422],
  ['a time in 2100', () => frame('2100-01-01T00:00:00Z', [[1, 5, 5]]), 422],
  ['a time that is none', () => frame('yesterday', [[1, 5, 5]]), [400, 422]],
  ['a depth of 10,000', () => '['.repeat(10000) + ']'.repeat(10000), 400],
  ['bad UTF-8', () => Buffer.concat([Buffer.from('{"device":"cam-'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), [400, 422]],
  ['100 MB', () => Buffer.alloc(100 * 1024 * 1024, ' '), 413],
  ['a gzip bomb', () => gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')), 413, { 'content-encoding': 'gzip' }],
  ['gzip that is none', () => 'not gzip at all', 400, { 'content-encoding': 'gzip' }],
  ['an encoding that nobody speaks', () => '{}', 415, { 'content-encoding': 'rot13' }],
  ['a media type that nobody speaks', () => '<x/>', 415, { 'content-type': 'application/xml' }],
  ['a device that nobody knows', () => crowd('cam-99', 3), [404, 422]],
];

const READINGS = [
  ['truncated JSON', () => '{"id":"lift-3","temp', 400],
  ['a value that is no number', () => ({ id: 'lift-3', timestamp: now(), temperature: 'warm' }), 422],
  ['NaN', () => `{"id":"lift-3","timestamp":"${now()}","temperature":NaN}`, 400],
  ['a value of "NaN"', () => ({ id: 'lift-3', timestamp: now(), temperature: 'NaN' }), 422],
  ['1e999', () => `{"id":"lift-3","timestamp":"${now()}","temperature":1e999}`, [400, 422]],
  ['a time in 1970', () => ({ id: 'lift-3', timestamp: '1970-01-01T00:00:00Z', temperature: 1 }), 422],
  ['a time in 2100', () => ({ id: 'lift-3', timestamp: '2100-01-01T00:00:00Z', temperature: 1 }), 422],
  ['a device that nobody knows', () => ({ id: 'lift-99', timestamp: now(), temperature: 1 }), [404, 422]],
  ['a depth of 10,000', () => `{"id":"lift-3","x":${'['.repeat(10000)}${']'.repeat(10000)}}`, 400],
];

async function sendAll(client, path, table) {
  for (const [wrong, body, statuses, headers] of table) {
    const answer = await client.ask('POST', path, body(), headers);
    check([statuses].flat().includes(answer.status), `${path} with ${wrong}: answered ${answer.status}, expected ${statuses}: ${answer.text.slice(0, 300)}`);
    check(/json/.test(answer.headers['content-type']), `${path} with ${wrong}: the refusal is JSON`);
    check((answer.json?.detail ?? answer.text).length > 10, `${path} with ${wrong}: the refusal says what to do: ${answer.text}`);
  }
}

scenario('no wrong detections or readings get in, and each refusal says why', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  await sendAll(device, '/api/v1/detections', DETECTIONS);
  await sendAll(device, '/api/v1/readings', READINGS);
  const range = `event=demo&from=1960-01-01T00:00:00Z&to=2110-01-01T00:00:00Z`;
  const detections = await admin.ask('GET', `/api/v1/detections?device=cam-1&${range}`);
  check(!/"persons":\[\[/.test(detections.text), `no detection is there: ${detections.text.slice(0, 300)}`);
  const series = await admin.ask('GET', `/api/v1/series/lift-3:temperature?${range}`);
  equal(series.json?.items?.length ?? 0, 0, 'values of the series');
});

scenario('a revoked token, a stranger and another event’s device are turned away', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const { id, token } = await makeToken(admin);
  const device = muster.withToken(token);
  await device.post('/api/v1/detections', crowd('cam-1', 1), 202);
  await admin.delete(`/api/v1/events/demo/tokens/${id}`);
  await device.post('/api/v1/detections', crowd('cam-1', 2), 401);
  await muster.client().post('/api/v1/detections', crowd('cam-1', 2), 401);
  await muster.withToken('mst_guessed').post('/api/v1/detections', crowd('cam-1', 2), 401);
  const bound = muster.withToken((await makeToken(admin, 'lift-3')).token);
  await bound.post('/api/v1/detections', crowd('cam-1', 2), [403, 404, 422]);
  await bound.get('/api/v1/events/demo/incidents', [403, 404]);
});

scenario('another site’s page cannot act for somebody who is signed in', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const answer = await admin.ask('POST', '/api/v1/events', { id: 'evil', name: 'Evil' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
  equal(answer.status, 403, 'a cross-site post');
});

await playAll();
