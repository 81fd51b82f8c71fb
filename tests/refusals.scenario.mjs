// SPDX-License-Identifier: Apache-2.0
// What is wrong is refused with the place and changes nothing.
import { gzipSync } from 'node:zlib';
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';

const now = () => new Date().toISOString();
const frame = (t, persons) => ({ device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames: [{ t, persons }] });
const raw = (persons) => `{"device":"cam-1","unit":"m","fields":["track","x","y"],"frames":[{"t":"${now()}","persons":[${persons}]}]}`;
const boxes = (w) => ({ device: 'cam-1', fields: ['track', 'x', 'y', 'w', 'h'], frames: [{ t: now(), persons: [[1, 5, 5, w, 20]] }] });

// 100 MB of spaces as zstd in 3 KB: 800 blocks of one byte, repeated 128 KiB times (RFC 8878, 3.1.1).
function zstdBomb(blocks = 800) {
  const block = (isLast) => { const head = (131072 << 3) | (1 << 1) | isLast; return [head & 255, (head >> 8) & 255, head >> 16, 32]; };
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38, ...Array.from({ length: blocks }, (_, i) => block(i === blocks - 1 ? 1 : 0)).flat()]);
}

// The end of a message is cut off: the decoder stops one past its last byte.
const cut = JSON.stringify(crowd('cam-1', 3)).slice(0, -7);
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
// Where the wrong value begins in raw(): one past what stands before it.
const atValue = (offset) => `body:1:${raw('').indexOf('"persons":[') + '"persons":['.length + 1 + offset}`;

// [what is wrong, body, status, place, headers]
const DETECTIONS = [
  ['truncated JSON', () => cut, 400, `body:1:${cut.length + 1}`],
  ['no JSON at all', () => 'hello', 400, 'body:1:1'],
  ['nothing', () => '', 400, 'body:1:1'],
  ['an array of numbers', () => '[1,2,3]', 422, 'body'],
  ['frames as text', () => ({ device: 'cam-1', unit: 'm', fields: ['x', 'y'], frames: 'many' }), 422, 'frames'],
  ['fields that are no box', () => ({ device: 'cam-1', fields: ['x', 'y'], frames: [] }), 422, 'fields'],
  ['a person as text', () => raw('["tall"]'), 422, 'frames[0].persons[0]'],
  ['a person with too few numbers', () => raw('[1]'), 422, 'frames[0].persons[0]'],
  ['NaN', () => raw('[1,NaN,2]'), 400, atValue(3)],
  ['1e999', () => raw('[1,1e999,2]'), 400, atValue(8)],
  ['a box of negative width', () => boxes(-4), 422, 'frames[0].persons[0][3]'],
  ['a time in 1970', () => frame('1970-01-01T00:00:00Z', [[1, 5, 5]]), 422, 'frames[0].t'],
  ['a time in 2100', () => frame('2100-01-01T00:00:00Z', [[1, 5, 5]]), 422, 'frames[0].t'],
  ['a time that is none', () => frame('yesterday', [[1, 5, 5]]), 422, 'frames[0].t'],
  ['a depth of 10,000', () => nested(10000), 400, 'body:1:33'],
  ['bad UTF-8', () => Buffer.concat([Buffer.from('{"device":"cam-'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]), 400, 'body:1:18'],
  ['100 MB', () => Buffer.alloc(100 * 1024 * 1024, ' '), 413, 'body'],
  ['a gzip bomb', () => gzipSync(Buffer.alloc(100 * 1024 * 1024, ' ')), 413, 'body', { 'content-encoding': 'gzip' }],
  ['a zstd bomb', () => zstdBomb(), 413, 'body', { 'content-encoding': 'zstd' }],
  ['a million empty persons in 4 KB', () => gzipSync(raw('[],'.repeat(1e6) + '[]')), 413, 'frames[0].persons', { 'content-encoding': 'gzip' }],
  ['a million messages of nothing', () => '{}\n'.repeat(1e6), 413, 'messages[10000].frames'],
  ['gzip that is none', () => 'not gzip at all', 400, 'body', { 'content-encoding': 'gzip' }],
  ['an encoding that nobody speaks', () => '{}', 415, 'header Content-Encoding', { 'content-encoding': 'rot13' }],
  ['a media type that nobody speaks', () => '<x/>', 415, 'header Content-Type', { 'content-type': 'application/xml' }],
  ['a device that nobody knows', () => crowd('cam-99', 3), 404, 'device'],
];

const reading = (value) => ({ id: 'lift-3', timestamp: now(), temperature: value });
const rawReading = (value) => JSON.stringify(reading(0)).replace(/0}$/, `${value}}`);
const READINGS = [
  ['truncated JSON', () => '{"id":"lift-3","temp', 400, 'body:1:20'],
  ['a value that is no number', () => reading('warm'), 422, 'temperature'],
  ['NaN', () => rawReading('NaN'), 400, `body:1:${rawReading('NaN').length - 1}`],
  ['a value of "NaN"', () => reading('NaN'), 422, 'temperature'],
  ['1e999', () => rawReading('1e999'), 400, `body:1:${rawReading('1e999').length - 1}`],
  ['a value whose sums are infinite', () => reading(1.7e308), 422, 'temperature'],
  ['a SenML sum that is infinite', () => [{ n: 'lift-3:temperature', bs: 1.7e308, s: 1.7e308 }], 422, '[0].s', { 'content-type': 'application/senml+json' }],
  ['a time in 1970', () => ({ ...reading(1), timestamp: '1970-01-01T00:00:00Z' }), 422, 'timestamp'],
  ['a time in 2100', () => ({ ...reading(1), timestamp: '2100-01-01T00:00:00Z' }), 422, 'timestamp'],
  ['a device that nobody knows', () => ({ ...reading(1), id: 'lift-99' }), 404, '[0].id'],
  ['a depth of 10,000', () => `{"id":"lift-3","x":${nested(10000)}}`, 400, 'body'],
];

async function sendAll(client, path, table) {
  for (const [wrong, body, status, place, headers] of table) {
    const answer = await client.ask('POST', path, body(), headers);
    const said = answer.json ?? {};
    equal([answer.status, said.status, said.place], [status, status, place], `${path} with ${wrong}: status, and place of the refusal (${answer.text.slice(0, 300)})`);
    equal(answer.headers['content-type'], 'application/problem+json', `${path} with ${wrong}: the refusal's type`);
    check(said.detail?.length > 10, `${path} with ${wrong}: the refusal says what to do: ${answer.text}`);
  }
}

scenario('no wrong detections or readings get in, and each refusal says why', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  const range = 'event=demo&from=1960-01-01T00:00:00Z&to=2110-01-01T00:00:00Z';
  const stored = async () => [
    (await admin.get(`/api/v1/detections/count?${range}`)).detections,
    (await admin.get(`/api/v1/series/lift-3:temperature?${range}`)).items,
    (await admin.get('/api/v1/series?event=demo')).items.map((series) => series.id).filter((id) => id.startsWith('lift')),
  ];
  await device.post('/api/v1/detections', crowd('cam-1', 3), 202);
  await device.post('/api/v1/readings', { id: 'lift-3', timestamp: now(), temperature: 21.5 }, 202);
  await until('what is right is stored', async () => (await admin.get('/api/v1/series?event=demo')).items.some(({ id }) => id === 'lift-3:temperature'));
  const before = await stored();
  equal(before[0], 3, 'detections before');
  equal(before[1].length, 1, 'values before');
  await sendAll(device, '/api/v1/detections', DETECTIONS);
  await sendAll(device, '/api/v1/readings', READINGS);
  equal(await stored(), before, 'what is stored after all refusals');
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
});

scenario('a token of one device speaks for no other, in whatever form', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put('/api/v1/events/demo/venues/park/devices/lift-4', { name: 'Lift 4', kind: 'sensor' });
  const camera = muster.withToken((await makeToken(admin, 'cam-1')).token);
  const lift = muster.withToken((await makeToken(admin, 'lift-3')).token);
  const other = { id: 'lift-4', timestamp: now(), temperature: 1 };
  const senml = { 'content-type': 'application/senml+json' };
  const lines = { 'content-type': 'application/x-ndjson' };
  await camera.expect('POST', '/api/v1/detections', crowd('cam-2', 2), 403);
  await camera.expect('POST', '/api/v1/detections', `${JSON.stringify(crowd('cam-2', 2))}\n`, 403, lines);
  await camera.expect('POST', '/api/v1/detections', { id: 'cam-2', timestamp: now(), objects: { person: [] } }, 403);
  await lift.expect('POST', '/api/v1/detections', crowd('cam-1', 2), 403);
  await lift.expect('POST', '/api/v1/readings', other, 403);
  await lift.expect('PUT', '/api/v1/readings', [other], 403);
  await lift.expect('POST', '/api/v1/readings', `${JSON.stringify(other)}\n`, 403, lines);
  await lift.expect('POST', '/api/v1/readings', [{ bn: 'lift-', n: '4:temperature', v: 1 }], 403, senml);
  await lift.expect('POST', '/api/v1/readings?event=elsewhere', { ...other, id: 'lift-3' }, 404);
  await lift.get('/api/v1/events/demo/incidents', 403);
  equal((await admin.get('/api/v1/detections/count?event=demo')).detections, 0, 'detections');
  equal((await admin.get('/api/v1/series?event=demo')).items.filter(({ id }) => id.startsWith('lift')), [], 'series');
  await lift.post('/api/v1/readings', { ...other, id: 'lift-3' }, 202);
});

scenario('another site’s page cannot act for somebody who is signed in', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  const answer = await admin.ask('POST', '/api/v1/events', { id: 'evil', name: 'Evil' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' });
  equal(answer.status, 403, 'a cross-site post');
});

scenario('a token that sends too often is told when to come back, and others go on', async (t) => {
  const muster = await t.muster({ flags: ['--ingest-rate', '5'] });
  const admin = await muster.signIn();
  await buildPark(admin);
  const eager = muster.withToken((await makeToken(admin)).token);
  const other = muster.withToken((await makeToken(admin)).token);
  const answers = await Promise.all(Array.from({ length: 40 }, () => eager.ask('POST', '/api/v1/detections', crowd('cam-1', 2))));
  const refused = answers.filter(({ status }) => status === 429);
  check(refused.length > 0 && answers.filter(({ status }) => status === 202).length >= 10,
    `ten at once are taken, forty are not: ${answers.map(({ status }) => status)}`);
  equal(answers.length, refused.length + answers.filter(({ status }) => status === 202).length, 'all are answered so or so');
  equal(refused[0].headers['retry-after'], '1', 'when to come back');
  equal(refused[0].headers['ratelimit-policy'], '"route";q=5;w=1', 'the policy');
  check(/^"route";r=0;t=\d+$/.test(refused[0].headers.ratelimit), `what is left: ${refused[0].headers.ratelimit}`);
  equal(refused[0].json.code, 'too-many', 'the code');
  await other.post('/api/v1/detections', crowd('cam-1', 2), 202);
  await eager.post('/api/v1/readings', { id: 'lift-3', timestamp: now(), temperature: 21.5 }, 202);
});

await playAll();
