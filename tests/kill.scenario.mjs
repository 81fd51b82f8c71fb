// SPDX-License-Identifier: Apache-2.0
// The process is killed at a random moment under load, again and again. What it said yes to is there
// afterwards, exactly once. KILL_ROUNDS=100 for the full run; SEED repeats one.
import { SLOWNESS, check, equal, playAll, scenario, until } from './scenario.mjs';
import { ZONES, buildPark, crowd, makeToken, zoneOf } from './park.mjs';

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

async function* pagesOf(client, path) {
  let cursor = '';
  do {
    const page = await client.get(path + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''));
    yield page.items;
    cursor = page.next;
  } while (cursor);
}

function compare(said, found, what) {
  const times = new Map();
  for (const at of found) times.set(at, (times.get(at) ?? 0) + 1);
  const lost = [...said].filter((at) => !times.has(at));
  const twice = [...times].filter(([, n]) => n > 1);
  equal(lost.slice(0, 3), [], `${lost.length} of ${said.size} ${what} are lost, by their times`);
  check(twice.length === 0, `${twice.length} ${what} are there twice`);
}

async function verify(admin, count, said) {
  const range = `event=demo&from=${new Date(count.base).toISOString()}&to=${new Date(count.base + count.next + 1000).toISOString()}&limit=1000`;
  const readings = [];
  for await (const items of pagesOf(admin, `/api/v1/series/lift-3:trip?${range}`))
    readings.push(...items.map((item) => Date.parse(item[0])));
  compare(said.readings, readings, 'readings');
  const frames = [];
  for await (const items of pagesOf(admin, `/api/v1/detections?device=cam-1&${range}`))
    frames.push(...items.flatMap((item) => item.frames ?? [item]).map((frame) => Date.parse(frame.t)));
  compare(said.frames, frames, 'frames');
}

async function killAgainAndAgain(t, muster) {
  const admin = await muster.signIn();
  await buildPark(admin);
  const { token } = await makeToken(admin);
  const said = { readings: new Set(), frames: new Set() };
  const count = { base: Date.now() - 3600 * 1000, next: 0 };
  for (let round = 1; round <= ROUNDS; round++) {
    const killAfter = 20 + Math.floor(chance() * 400);
    let answers = 0;
    const enough = new Promise((done) => { count.onAnswer = () => { if (++answers === killAfter) done(); }; });
    const senders = Array.from({ length: SENDERS }, (_, i) => sendUntilGone(muster.withToken(token), i, count, said));
    await enough;
    await muster.kill();
    await Promise.all(senders);
    await muster.start();
    check(muster.startedInMs < 1000 * SLOWNESS, `round ${round}: serves again after ${muster.startedInMs.toFixed(0)} ms`);
    if (round % 10 === 0 || round === ROUNDS) await verify(await muster.signIn(), count, said);
  }
  console.log(`# ${said.readings.size} readings and ${said.frames.size} frames were acknowledged in ${ROUNDS} rounds`);
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
  await live.next((m) => zoneOf(m, 'stage')?.people === 11);
  await first.kill();
  const killedAt = Date.now();
  await second.withToken(token).post('/api/v1/detections', crowd('cam-1', 22, Math.max(base + 1000, killedAt)), 202);
  await live.next((m) => zoneOf(m, 'stage')?.people === 22);
  const took = Date.now() - killedAt;
  check(took < 5000 * SLOWNESS, `the work goes on after ${took} ms`);
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

scenario('PostgreSQL goes away and comes back: 503 meanwhile, then all is well without a hand', async (t) => {
  const postgres = await t.postgres();
  const muster = await t.muster({ database: postgres.url });
  const admin = await muster.signIn();
  await buildPark(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  const send = (number) => device.ask('POST', '/api/v1/readings',
    { id: 'lift-3', timestamp: new Date(Date.now()).toISOString(), trip: number });
  equal((await send(1)).status, 202, 'before');
  await postgres.stop('SIGQUIT');
  const refused = await until('it refuses', async () => {
    const answer = await send(2);
    return answer.status === 503 ? answer : null;
  });
  check(Number(refused.headers['retry-after']) > 0, 'a refusal says when to try again');
  equal((await muster.client().ask('GET', '/healthz')).status, 503, 'health without a database');
  await postgres.start();
  await until('it takes readings again', async () => (await send(3)).status === 202);
  await until('it is well again', async () => (await muster.client().ask('GET', '/healthz')).status === 200);
});

await playAll();
