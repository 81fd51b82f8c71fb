// SPDX-License-Identifier: Apache-2.0
// Where people were can be asked for afterwards: settled, numbered, page by page, in three forms.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, makeToken } from './park.mjs';

const TRACKS = '/api/v1/events/demo/venues/park/tracks';
const STEPS = 140; // ten a second: fourteen seconds, the first ten of which are a chunk

// Three people who walk along x at 1 m/s, as the camera over the left half sees them.
function walk(startMs) {
  const frames = Array.from({ length: STEPS }, (_, i) => ({
    t: new Date(startMs + 100 * i).toISOString(),
    persons: [2, 6, 10].map((y, k) => [k, 2 + 0.1 * i, y]),
  }));
  return { device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames };
}

const textOf = async (client, path, headers) => {
  const answer = await client.ask('GET', path, undefined, headers);
  equal(answer.status, 200, `GET ${path}`);
  return answer;
};

scenario('who walked through the park is told page by page, as JSON, NDJSON and CSV', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const camera = muster.withToken((await makeToken(admin)).token);
  const startMs = Math.floor(Date.now() / 10000) * 10000 - 60000;
  const range = `from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 10000).toISOString()}`;
  await camera.post('/api/v1/detections', walk(startMs), 202);
  let all;
  await until('the walk is settled and written', async () => (all = await admin.get(`${TRACKS}?${range}`)).frames.length > 0);
  equal([all.method, all.frames.length, all.next], ['tracks', 20, null], 'ten seconds, two steps each');
  check(all.frames.every((frame) => frame.people.length === 3), 'three people in every step');
  equal(new Set(all.frames.flatMap((frame) => frame.people.map(([id]) => id))).size, 3, 'numbers');
  for (const [, x, y] of all.frames[10].people) {
    check(Math.abs(x - 7) < 0.3, `after five seconds x is 7 m, not ${x}`);
    check([2, 6, 10].some((line) => Math.abs(line - y) < 0.2), `y is one of theirs, not ${y}`);
  }

  const paged = [];
  for (let cursor = '', pages = 0; cursor !== null; pages++) {
    const page = await admin.get(`${TRACKS}?${range}&limit=20${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    check(page.frames.length <= 6 && pages < 4, 'six whole steps of three fit into twenty');
    paged.push(...page.frames);
    cursor = page.next;
  }
  equal(paged, all.frames, 'the pages together');

  const lines = await textOf(admin, `${TRACKS}?${range}&format=ndjson`);
  equal(lines.text.trim().split('\n').map((line) => JSON.parse(line)), all.frames, 'NDJSON');
  const csv = await textOf(admin, `${TRACKS}?${range}&limit=20`, { accept: 'text/csv' });
  equal(csv.text.trim().split('\n')[0], 'at,id,x,y', 'the head of the CSV');
  equal(csv.text.trim().split('\n').length, 1 + 18, 'its lines');
  equal(csv.headers['x-next-cursor'], all.frames[6].t, 'where its next page begins');
});

scenario('a wrong question about tracks is refused with its place, and a stranger is', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  for (const [query, status, place] of [
    ['format=xml', 400, 'format'],
    ['limit=0', 400, 'limit'],
    ['limit=500001', 400, 'limit'],
    ['limit=many', 400, 'limit'],
    ['from=yesterday', 400, 'from'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 422, 'from'],
    ['cursor=here', 400, 'cursor'],
  ]) {
    const answer = await admin.ask('GET', `${TRACKS}?${query}`);
    equal([query, answer.status], [query, status], answer.text);
    check(answer.text.includes(`"${place}`), `the refusal of ${query} names ${place}: ${answer.text}`);
  }
  await admin.expect('GET', '/api/v1/events/demo/venues/nowhere/tracks', undefined, 404);
  await muster.client().expect('GET', TRACKS, undefined, 401);
  equal((await admin.get(TRACKS)).frames, [], 'nobody was there yet');
});

await playAll();
