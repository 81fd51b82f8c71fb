// SPDX-License-Identifier: Apache-2.0
// What Muster stands on gives way: the disk is full, an fsync fails, PostgreSQL goes away. It says so (503 with
// Retry-After and the reason), loses nothing that it said yes to, and goes on by itself.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, equal, playAll, scenario, until, within } from './scenario.mjs';
import { INCIDENTS, ZONES, allOf, buildPark, compare, crowd, makeToken, storedFrames, storedReadings, zoneOf } from './park.mjs';

const HOUR_MS = 3600 * 1000;

// Numbered readings and frames of an hour ago, by turns; remembers what was acknowledged and what refused.
class Sender {
  constructor(client) {
    this.client = client;
    this.base = Date.now() - HOUR_MS;
    this.next = 0;
    this.said = { readings: new Set(), frames: new Set() };
    this.refused = { readings: new Set(), frames: new Set() };
  }

  async send() {
    const number = this.next++;
    const at = this.base + number;
    const kind = number % 2 ? 'frames' : 'readings';
    const answer = kind === 'readings'
      ? await this.client.ask('POST', '/api/v1/readings', { id: 'lift-3', timestamp: new Date(at).toISOString(), trip: number })
      : await this.client.ask('POST', '/api/v1/detections', crowd('cam-1', 2, at));
    check([202, 503].includes(answer.status), `answers ${answer.status}: ${answer.text.slice(0, 300)}`);
    (answer.status === 202 ? this.said : this.refused)[kind].add(at);
    return answer;
  }

  async sendMany(count) {
    for (let i = 0; i < count; i++) equal((await this.send()).status, 202, 'a healthy server takes it');
  }

  sendUntil(words, fits) {
    return until(words, async () => {
      const answer = await this.send();
      return fits(answer) ? answer : null;
    }, 60000);
  }

  // Acknowledged: once. Refused: not there at all.
  async verify(admin) {
    const range = `event=demo&from=${new Date(this.base).toISOString()}&to=${new Date(this.base + this.next + 1000).toISOString()}&limit=1000`;
    for (const [what, stored] of [['readings', storedReadings], ['frames', storedFrames]]) {
      const found = await stored(admin, range);
      compare(this.said[what], found, what);
      equal(found.filter((at) => this.refused[what].has(at)), [], `${what} that were refused and are there`);
    }
  }
}

function checkRefusal(answer, why) {
  equal(answer.status, 503, 'status');
  check(Number(answer.headers['retry-after']) > 0, 'a refusal says when to try again');
  check(/problem\+json/.test(answer.headers['content-type']), 'a refusal is a problem document');
  check(why.test(answer.json.detail), `a refusal says why: ${answer.text}`);
}

async function furnished(muster) {
  const admin = await muster.signIn();
  await buildPark(admin);
  const { token } = await makeToken(admin);
  return { admin, token };
}

const health = (muster) => muster.client().ask('GET', '/healthz');

async function healed(muster, sender) {
  await sender.sendUntil('it takes what is sent again', (answer) => answer.status === 202);
  await until('it is well again', async () => (await health(muster)).status === 200);
  await sender.sendMany(20);
}

scenario('writes fail for want of space: 503 says so, and it heals by itself', async (t) => {
  const muster = await t.muster();
  const { token } = await furnished(muster);
  await muster.stop();
  muster.environment = { MUSTER_FAULT: 'write:300:ENOSPC:2000' };
  await muster.start();
  const sender = new Sender(muster.withToken(token));
  checkRefusal(await sender.sendUntil('the disk is full', (answer) => answer.status === 503), /disk is full/);
  checkRefusal(await health(muster), /disk is full/);
  await healed(muster, sender);
  check(sender.said.readings.size > 20, 'much was said yes to');
  await sender.verify(await muster.signIn());
  muster.environment = {};
  await muster.stop();
  await muster.start();
  await sender.verify(await muster.signIn());
});

// Takes all the space that there is; what it returns gives it back.
function fill(disk, mebibytes) {
  const names = Array.from({ length: mebibytes }, (_, i) => join(disk, `ballast-${i}`));
  try {
    for (const name of names) writeFileSync(name, Buffer.alloc(1024 * 1024));
  } catch (error) {
    equal(error.code, 'ENOSPC', 'why the ballast stops');
  }
  return () => names.forEach((name) => rmSync(name, { force: true }));
}

// Full: it refuses and says why. Space again: it takes everything, and nothing is lost or there unasked.
async function fullAndFreeAgain(disk, mebibytes, muster, admin, token) {
  const sender = new Sender(muster.withToken(token));
  await sender.sendMany(20);
  const free = fill(disk, mebibytes);
  checkRefusal(await sender.sendUntil('the disk is full', (answer) => answer.status === 503), /disk is full/);
  checkRefusal(await health(muster), /disk is full/);
  await admin.get('/api/v1/events', 200); // who only reads is not disturbed
  free();
  await healed(muster, sender);
  await sender.verify(await muster.signIn());
  await muster.kill();
  await muster.start();
  await sender.verify(await muster.signIn());
}

scenario('a disk is really full, and has space again', async (t) => {
  const disk = t.disk(12 * 1024 * 1024);
  const muster = await t.muster({ folder: join(disk, 'data') });
  const { admin, token } = await furnished(muster);
  await fullAndFreeAgain(disk, 16, muster, admin, token);
});

scenario("PostgreSQL's disk is full, and has space again", async (t) => {
  const disk = t.disk(96 * 1024 * 1024);
  const postgres = await t.postgres({ disk });
  const muster = await t.muster({ database: postgres.url });
  const { admin, token } = await furnished(muster);
  await fullAndFreeAgain(disk, 100, muster, admin, token);
});

scenario('an fsync fails: the process ends and says why, and the next one has everything', async (t) => {
  const muster = await t.muster();
  const { token } = await furnished(muster);
  await muster.stop();
  muster.environment = { MUSTER_FAULT: 'sync:150:EIO:1' };
  await muster.start();
  const sender = new Sender(muster.withToken(token));
  const sending = (async () => {
    try {
      for (;;) equal((await sender.send()).status, 202, 'before the fsync fails');
    } catch (error) {
      check(/ECONN|socket/.test(error.code ?? error.message), `the connection ends: ${error}`);
    }
  })();
  equal((await within('the process ends', muster.ended)).signal, 'SIGABRT', 'its end');
  await sending;
  check(muster.log.some((line) => /level=error.*fsync failed/.test(line)), `its last words: ${muster.log.slice(-3).join('\n')}`);
  check(sender.said.readings.size > 5, 'something was said yes to before');
  muster.environment = {};
  await muster.start();
  sender.client = muster.withToken(token);
  await sender.sendMany(5);
  await sender.verify(await muster.signIn());
});

scenario('a fault that cannot be read is refused, and other commands know none', async (t) => {
  const muster = await t.muster();
  await muster.stop();
  muster.environment = { MUSTER_FAULT: 'whatever' };
  const error = await muster.start().then(() => null, (reason) => reason);
  check(/MUSTER_FAULT/.test(String(error)), `says which variable: ${error}`);
});

const FULL = {
  id: 'too-full', name: 'Too full', series: 'zone.stage:people', direction: 'above', threshold: 50, recovery: 40,
  hold_ms: 0, recovery_hold_ms: 0, severity: 'critical', recipients: ['duty@example.org'],
};

// So many people before the stage, frame by frame, until the claim holds.
async function crowdUntil(camera, people, words, ask) {
  return until(words, async () => {
    await camera.ask('POST', '/api/v1/detections', crowd('cam-1', people));
    return ask();
  });
}

const incidentsOf = (admin, state) => async () => {
  const items = await allOf(admin, '/api/v1/events/demo/incidents?limit=100');
  const found = items.filter((item) => !state || item.state === state);
  return found.length > 0 ? found : null;
};

scenario('PostgreSQL crashes and comes back: 503 meanwhile, then the work goes on without a hand', async (t) => {
  const postgres = await t.postgres();
  const muster = await t.muster({ database: postgres.url });
  const { admin, token } = await furnished(muster);
  await admin.post('/api/v1/events/demo/rules', FULL);
  const camera = muster.withToken(token);
  const sender = new Sender(camera);
  const before = await admin.follow(INCIDENTS);
  await sender.sendMany(40);
  await crowdUntil(camera, 60, 'the alarm opens', incidentsOf(admin, 'open'));
  await until('its mail is in the outbox', async () => (await allOf(admin, '/api/v1/events/demo/outbox?limit=100')).length === 1);
  await postgres.stop('SIGQUIT');
  checkRefusal(await sender.sendUntil('it refuses', (answer) => answer.status === 503), /away/);
  // Who refused may have wanted to read; the writer learns it from whoever writes next.
  checkRefusal(await until('its health says so', async () => {
    const answer = await health(muster);
    return answer.status === 200 ? null : answer;
  }), /away/);
  const blind = await until('people are told too', async () => {
    const answer = await admin.ask('GET', '/api/v1/events/demo/incidents');
    return answer.status === 200 ? null : answer;
  });
  checkRefusal(blind, /away/);
  await postgres.start();
  await healed(muster, sender);
  // What others did meanwhile was not heard: pages come back and read the present state.
  equal(await within('the live socket is closed', before.closed), 1013, 'how it is closed');
  const [zones, incidents] = [await admin.follow(ZONES), await admin.follow(INCIDENTS)];
  // Every consumer goes on: live counts, the alarm's end and the next one, its mail, history.
  await camera.post('/api/v1/detections', crowd('cam-1', 33), 202);
  await zones.next((message) => zoneOf(message, 'stage')?.people === 33);
  await crowdUntil(camera, 10, 'the alarm resolves', incidentsOf(admin, 'resolved'));
  await crowdUntil(camera, 70, 'the next alarm opens', incidentsOf(admin, 'open'));
  await incidents.next((message) => message.data?.state === 'resolved');
  await incidents.next((message) => message.data?.state === 'open');
  const mails = await until('two alarms and the end of the first are in the outbox', async () => {
    const items = await allOf(admin, '/api/v1/events/demo/outbox?limit=100');
    return items.length >= 3 ? items : null;
  });
  equal(mails.filter((mail) => mail.in_reply_to === null).length, 2, 'mails of alarms');
  equal(mails.filter((mail) => mail.in_reply_to !== null).length, 1, 'mails of ends');
  equal((await incidentsOf(admin)()).length, 2, 'incidents');
  await sender.verify(admin);
});

await playAll();
