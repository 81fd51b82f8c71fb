// SPDX-License-Identifier: Apache-2.0
// The process is killed at a random moment under load, again and again. What it said yes to is there
// afterwards, exactly once. KILL_ROUNDS=100 for the full run; SEED repeats one.
import { SLOWNESS, check, equal, playAll, scenario, until } from './scenario.mjs';
import { ZONES, allOf, buildPark, compare, crowd, makeToken, storedFrames, storedReadings, zoneOf } from './park.mjs';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
const SENDERS = 8;
let seed = Number(process.env.SEED ?? Date.now() % 1000000);
console.log(`# SEED=${seed} KILL_ROUNDS=${ROUNDS}`);

function chance() {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
}

// Sends one numbered reading and one numbered frame after the other until the server is gone.
async function sendUntilGone(client, sender, count, said) {
  for (;;) {
    const number = count.next++;
    const at = count.base + number;
    const isReading = sender % 2 === 0;
    try {
      const answer = isReading
        ? await client.ask('POST', '/api/v1/readings', { id: 'lift-3', timestamp: new Date(at).toISOString(), trip: number })
        : await client.ask('POST', '/api/v1/detections', crowd('cam-1', 2, at));
      if (answer.status === 202) (isReading ? said.readings : said.frames).add(at);
      else check(answer.status === 503, `under load it answers ${answer.status}: ${answer.text.slice(0, 300)}`);
      count.onAnswer();
    } catch {
      return;
    }
  }
}

// Alarms: a lift that overheats and cools down by turns. What is not answered is sent again, so that in the
// end every value was said yes to, in order, and each heat is one incident with one mail about it.
const ALARMS_PER_ROUND = 6;
const HOT = { id: 'too-hot', name: 'Too hot', series: 'lift-3:heat', direction: 'above', threshold: 50, recovery: 40,
  hold_ms: 0, recovery_hold_ms: 0, severity: 'warning', recipients: ['duty@example.org'] };

async function heatUntilGone(client, heats) {
  for (let i = 0; i < ALARMS_PER_ROUND; i++) {
    const reading = { id: 'lift-3', timestamp: new Date(heats.base + heats.said * 1000).toISOString(), heat: heats.said % 2 ? 20 : 90 };
    try {
      const { status } = await client.ask('POST', '/api/v1/readings', reading);
      if (status === 202) heats.said += 1;
    } catch {
      return;
    }
  }
}

async function verifyAlarms(admin, heats) {
  const [hot, cool] = [Math.ceil(heats.said / 2), Math.floor(heats.said / 2)];
  const incidents = await until(`${hot} incidents, ${cool} of them over`, async () => {
    const items = await allOf(admin, '/api/v1/events/demo/incidents?limit=100');
    return items.length >= hot && items.filter((item) => item.state === 'resolved').length >= cool ? items : null;
  });
  // The last value may be stored without an answer.
  check(incidents.length <= hot + 1, `${incidents.length} incidents of ${hot} heats`);
  equal(incidents.length - new Set(incidents.map((incident) => incident.since)).size, 0, 'incidents that are there twice');
  // The begin of each is in a mail, and the end of each that is over is in an answer to it.
  const over = incidents.filter((item) => item.state === 'resolved').length;
  for (const [what, expected, isIt] of [
    ['begins', incidents.length, (mail) => mail.in_reply_to === null],
    ['ends', over, (mail) => mail.in_reply_to !== null],
  ]) {
    const told = await until(`each incident's ${what} is in a mail`, async () => {
      const mails = await allOf(admin, '/api/v1/events/demo/outbox?limit=100');
      const count = mails.filter(isIt).reduce((sum, mail) => sum + mail.incident_count, 0);
      return count >= expected ? count : null;
    });
    check(told <= expected + 1, `mails tell of ${told} ${what}, there are ${expected}`);
  }
}

// Each second in which a frame was said yes to has one count, and it is right.
async function verifyZones(admin, said, range) {
  const seconds = new Set([...said.frames].map((at) => Math.floor(at / 1000) * 1000));
  const found = await until('every second has its count', async () => {
    if ((await admin.ask('GET', `/api/v1/series/zone.stage:people?${range}`)).status === 404) return null;
    const items = await allOf(admin, `/api/v1/series/zone.stage:people?${range}`);
    const times = new Set(items.map((item) => Date.parse(item[0])));
    return [...seconds].every((second) => times.has(second)) ? items : null;
  });
  equal(found.filter((item) => item[1] !== 2), [], 'counts that are wrong');
  equal(found.length - new Set(found.map((item) => item[0])).size, 0, 'seconds that are there twice');
}

async function verify(admin, count, said, heats) {
  const range = `event=demo&from=${new Date(Math.floor(count.base / 1000) * 1000).toISOString()}&to=${new Date(count.base + count.next + 1000).toISOString()}&limit=1000`;
  compare(said.readings, await storedReadings(admin, range), 'readings');
  compare(said.frames, await storedFrames(admin, range), 'frames');
  await verifyZones(admin, said, range);
  await verifyAlarms(admin, heats);
}

async function killAgainAndAgain(t, muster) {
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.post('/api/v1/events/demo/rules', HOT);
  const { token } = await makeToken(admin);
  const said = { readings: new Set(), frames: new Set() };
  const count = { base: Date.now() - 3600 * 1000, next: 0 };
  const heats = { base: count.base, said: 0 };
  const starts = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const killAfter = 20 + Math.floor(chance() * 400);
    let answers = 0;
    const enough = new Promise((done) => { count.onAnswer = () => { if (++answers === killAfter) done(); }; });
    const senders = Array.from({ length: SENDERS }, (_, i) => sendUntilGone(muster.withToken(token), i, count, said));
    senders.push(heatUntilGone(muster.withToken(token), heats));
    await enough;
    await muster.kill();
    await Promise.all(senders);
    await muster.start();
    starts.push(muster.startedInMs);
    check(muster.startedInMs < 1000 * SLOWNESS, `round ${round}: serves again after ${muster.startedInMs.toFixed(0)} ms`);
    if (round % 10 === 0 || round === ROUNDS) await verify(await muster.signIn(), count, said, heats);
  }
  starts.sort((a, b) => a - b);
  console.log(`# acknowledged in ${ROUNDS} rounds: ${said.readings.size} readings, ${said.frames.size} frames, ${Math.ceil(heats.said / 2)} alarms`);
  console.log(`# serves again after: median ${starts[starts.length >> 1].toFixed(0)} ms, at most ${starts.at(-1).toFixed(0)} ms`);
}

const DEADLINE_MS = 60000 + ROUNDS * 5000;

scenario('killed under load on SQLite, everything acknowledged is there once', async (t) => {
  await killAgainAndAgain(t, await t.muster());
}, DEADLINE_MS);

scenario('killed under load on PostgreSQL, everything acknowledged is there once', async (t) => {
  const postgres = await t.postgres();
  await killAgainAndAgain(t, await t.muster({ database: postgres.url }));
}, DEADLINE_MS);

scenario('of two processes on one PostgreSQL one is killed, and the other has its work within 5 s', async (t) => {
  const postgres = await t.postgres();
  const first = await t.muster({ database: postgres.url });
  const second = await t.muster({ database: postgres.url });
  const admin = await second.signIn();
  await buildPark(admin);
  const { token } = await makeToken(admin);
  const live = await admin.follow(ZONES);
  const base = Date.now();
  // The first process takes it, whoever has the shard counts it, the second one's client sees it.
  await first.withToken(token).post('/api/v1/detections', crowd('cam-1', 11, base), 202);
  const counted = await live.next((m) => zoneOf(m, 'stage')?.people === 11);
  // Both can be asked, also the one that only hears of it.
  const venue = '/api/v1/events/demo/venues/park';
  for (const person of [admin, await first.signIn()]) {
    const known = await until('both know the count', async () => {
      const answer = await person.get(`${venue}/crowd`);
      return answer.zones.find((zone) => zone.id === 'stage').people === 11 ? answer : null;
    });
    equal(known.people, 11, 'people of the venue');
    check(known.at >= counted.data.at, 'who was told of a change and asks does not get what was before');
    const stage = known.zones.find((zone) => zone.id === 'stage');
    equal([stage.level, stage.cameras], ['green', 1], 'level and cameras');
    equal(known.zones.find((zone) => zone.id === 'food').people, null, 'a zone that nobody sees');
    const camera = await person.get(`${venue}/devices/cam-1`);
    check(camera.last_seen_at !== null && !camera.is_silent, 'the camera was heard');
  }
  // A sensor speaks to one of them, and neither takes it for silent.
  const lift = { id: 'lift-3', timestamp: new Date(base).toISOString(), trip: 1 };
  await first.withToken(token).post('/api/v1/readings', lift, 202);
  await until('the other process has heard the lift, too', async () => !(await admin.get(`${venue}/devices/lift-3`)).is_silent);
  // A camera whose clock is wrong is refused by one, and both can say why.
  await first.withToken(token).post('/api/v1/detections', crowd('cam-1', 11, Date.now() + 42000), 422);
  await until('the other process knows of the wrong clock', async () => (await admin.get(`${venue}/devices/cam-1`)).clock_ahead_ms > 30000);
  await live.next((m) => zoneOf(m, 'stage') !== undefined);
  await first.kill();
  const killedAt = Date.now();
  await second.withToken(token).post('/api/v1/detections', crowd('cam-1', 22, Math.max(base + 1000, killedAt)), 202);
  await live.next((m) => zoneOf(m, 'stage')?.people === 22);
  const took = Date.now() - killedAt;
  check(took < 5000 * SLOWNESS, `the work goes on after ${took} ms`);
  console.log(`# the other process has its work after ${took} ms`);
  live.close();
  // Every second's count stands in the series once.
  const range = `event=demo&from=${new Date(base - 60000).toISOString()}&to=${new Date(base + 60000).toISOString()}`;
  const series = await until('the counts are in the series', async () => {
    const { items } = await admin.get(`/api/v1/series/zone.stage:people?${range}`, [200, 404]);
    return items?.some((item) => item[1] === 22) ? items : null;
  });
  const times = series.map((item) => item[0]);
  equal(new Set(times).size, times.length, 'seconds of the series');
});

await playAll();
