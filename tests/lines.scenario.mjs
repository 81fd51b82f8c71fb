// SPDX-License-Identifier: Apache-2.0
// Who crosses a line is counted each way, told live, kept, added up since a time, and watched by rules.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, makeToken } from './park.mjs';

const VENUE = '/api/v1/events/demo/venues/park';
const CROSSINGS = `${VENUE}/lines/gate/crossings`;
const FRAMES = 200; // ten a second

// Three people walk over x = 10 to the right, one back; then nobody moves.
function walk(startMs) {
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const way = Math.min(i, 120) * 0.1;
    return { t: new Date(startMs + 100 * i).toISOString(), persons: [[1, 4 + way, 2], [2, 3 + way, 4], [3, 5 + way, 6], [4, 16 - way, 8]] };
  });
  return { device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y'], frames };
}

scenario('people walk over a line: it is counted each way, live, kept, and added up', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put(`${VENUE}/lines/gate`, { name: 'Gate', line: { type: 'LineString', coordinates: [[10, 0], [10, 10]] }, left: 'stage', width_m: 2 });
  const { token } = await makeToken(admin);
  const camera = muster.withToken(token);
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 40000;
  const since = new Date(startMs - 60000).toISOString();
  const before = await admin.get(`${CROSSINGS}?since=${since}`);
  equal([before.to_left, before.to_right, before.until, before.flow_to_left], [null, null, null, null], 'what nobody has watched');
  check(before.method.length > 20 && before.uncertainty.length > 20, 'how it is found is said');

  const live = await admin.follow('events/demo/venues/park/lines');
  await camera.post('/api/v1/detections', walk(startMs), 202);
  let now;
  await until('all crossings are told', async () => {
    now = await admin.get(`${CROSSINGS}?since=${since}`);
    return now.to_right === 3 && now.to_left === 1 && now.until !== null && now.flow_to_right !== null;
  });
  equal(now.width_m, 2, 'the width that was set');
  check(now.flow_to_right > 3 * now.flow_to_left - 1e-6 && now.flow_to_left > 0, `flows: ${JSON.stringify(now)}`);
  const message = await live.next((news) => news.topic === 'events/demo/venues/park/lines' && news.data.lines[0]?.minute_to_right === 3);
  equal([message.data.lines[0].id, message.data.lines[0].is_watched, message.data.lines[0].minute_to_left], ['gate', true, 1], 'live');

  const range = `event=demo&from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 15000).toISOString()}`;
  const seconds = (await admin.get(`/api/v1/series/line.gate:to_right?${range}`)).items;
  equal(seconds.length, 15, 'a value a second, zeros too');
  equal(seconds.reduce((sum, [, value]) => sum + value, 0), 3, 'their sum');

  await muster.kill();
  await muster.start();
  // The last half minute is read again, and then nobody is there.
  const nobody = Array.from({ length: 100 }, (_, i) => ({ t: new Date(startMs + 100 * (FRAMES + i)).toISOString(), persons: [] }));
  await muster.withToken(token).post('/api/v1/detections', { ...walk(startMs), frames: nobody }, 202);
  const later = await muster.signIn();
  let again;
  await until('the seconds after the restart are told', async () => {
    again = await later.get(`${CROSSINGS}?since=${since}`);
    return again.until !== null && Date.parse(again.until) > startMs + 25000;
  });
  equal([again.to_left, again.to_right], [1, 3], 'nothing is counted again');
});

scenario('rules watch lines that are there, and wrong questions are refused with their place', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put(`${VENUE}/lines/gate`, { name: 'Gate', line: { type: 'LineString', coordinates: [[10, 0], [10, 10]] } });
  for (const [i, series] of ['line.gate:flow_to_left', 'line.*:flow_to_right'].entries())
    await admin.post('/api/v1/events/demo/rules', { id: `gate-${i}`, name: 'Gate', series, direction: 'above', threshold: 82, recovery: 70,
      hold_ms: 5000, recovery_hold_ms: 5000, severity: 'warning', recipients: ['duty@example.org'] });
  for (const [query, status, place] of [['since=yesterday', 400, 'since'], ['since=2999-01-01T00:00:00Z', 422, 'since'], ['since=2000-01-01T00:00:00Z', 422, 'since']]) {
    const answer = await admin.ask('GET', `${CROSSINGS}?${query}`);
    equal([query, answer.status], [query, status], answer.text);
    check(answer.text.includes(`"${place}`), answer.text);
  }
  await admin.expect('GET', `${VENUE}/lines/nowhere/crossings`, undefined, 404);
  await admin.expect('GET', '/api/v1/events/demo/venues/nowhere/lines/gate/crossings', undefined, 404);
  await muster.client().expect('GET', CROSSINGS, undefined, 401);
});

await playAll();
