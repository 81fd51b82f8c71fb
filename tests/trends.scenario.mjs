// SPDX-License-Identifier: Apache-2.0
// Where the zones are heading: an hour of counts is sent with the sender's times, as fast as it goes; the
// forecast, the occupancy and an alarm on what is to come follow, through a kill in the middle.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { INCIDENTS, allOf, buildPark, crowd, makeToken } from './park.mjs';

const MINUTE_MS = 60000;
const VENUE = '/api/v1/events/demo/venues/park';
const FORECAST = 'events/demo/venues/park/forecast';
const zoneIn = (document, id) => document.zones.find((zone) => zone.id === id);

// A whole minute, so long ago that all that follows is past.
const beginMs = () => Math.floor(Date.now() / MINUTE_MS - 100) * MINUTE_MS;

// One frame a second of a minute; people stand still, at arm's length.
function minuteOf(people, atMs) {
  const first = crowd('cam-1', 0, atMs);
  const persons = Array.from({ length: people }, (_, i) => [i, 1 + (i % 12) * 1.5, 1 + Math.floor(i / 12) * 1.5]);
  return { ...first, frames: Array.from({ length: 60 }, (_, s) => ({ t: new Date(atMs + s * 1000).toISOString(), persons })) };
}

async function pass(gate, device, measures, atMs) {
  await gate.post('/api/v1/readings', { id: device, timestamp: new Date(atMs).toISOString(), ...measures }, 202);
}

const reached = (admin, document, id, atMs) => until(`${document} of ${id} at ${new Date(atMs).toISOString()}`, async () => {
  const zone = zoneIn(await admin.get(`${VENUE}/${document}`), id);
  return zone.at !== null && Date.parse(zone.at) >= atMs ? zone : null;
});

async function addGates(admin) {
  await admin.put(`${VENUE}/devices/gate-1`, { name: 'Gate 1', kind: 'counter', counts_into: 'stage', silent_after_ms: 600000 });
  await admin.put(`${VENUE}/devices/gate-2`, { name: 'Gate 2', kind: 'counter', counts_into: 'stage', counts_from: 'food', silent_after_ms: 600000 });
}

// A park with the gates, and who tells of what they count.
async function gatedPark(t) {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await addGates(admin);
  return { admin, device: muster.withToken((await makeToken(admin)).token) };
}

scenario('nothing is known of a venue that was not heard, and that is said', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const forecast = await admin.get(`${VENUE}/forecast`);
  equal(forecast.at, null, 'when');
  equal(zoneIn(forecast, 'food'), { id: 'food', at: null, source: 'unknown', people: null, horizons: [], time_to_capacity: null, unusual: null }, 'a zone');
  check(forecast.method.length > 0 && forecast.uncertainty.length > 0, 'method and uncertainty are named');
  const occupancy = await admin.get(`${VENUE}/occupancy`);
  equal(zoneIn(occupancy, 'stage').people, null, 'people');
  await admin.get('/api/v1/events/demo/venues/moon/forecast', 404);
  const place = async (venue, zone) => (await admin.ask('PUT', `/api/v1/events/demo/venues/${venue}/zones/${zone}/occupancy`, { people: 3 })).json.place;
  equal([await place('moon', 'stage'), await place('park', 'moon')], ['venue', 'zone'], 'what is missing where somebody looked');
  await muster.client().get(`${VENUE}/forecast`, 401);
});

scenario('a zone fills up: the forecast says when it is full, and an alarm comes before it is', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await addGates(admin);
  await admin.post('/api/v1/events/demo/rules', {
    id: 'full-soon', name: 'Full within 15 minutes', series: 'zone.*:time_to_capacity_s', direction: 'below', threshold: 900,
    recovery: 1000, hold_ms: 0, severity: 'warning',
  });
  const gate = muster.withToken((await makeToken(admin)).token);
  const live = await admin.follow(INCIDENTS);
  const forecasts = await admin.follow(FORECAST);
  const begin = beginMs();
  for (let minute = 0; minute <= 50; minute++) await pass(gate, 'gate-1', { in: 9 }, begin + minute * MINUTE_MS);
  const incident = await live.next((m) => m.data?.state === 'open');
  equal([incident.data.rule, incident.data.zone], ['full-soon', 'stage'], 'the rule and the zone');
  const zone = await reached(admin, 'forecast', 'stage', begin + 50 * MINUTE_MS);
  equal([zone.source, zone.people], ['counters', 450], 'who counts, and how many there are');
  equal(zone.horizons.map((ahead) => ahead.minutes), [5, 15, 30], 'horizons');
  for (const ahead of zone.horizons) {
    check(ahead.low_90 <= ahead.low_80 && ahead.low_80 <= ahead.people && ahead.people <= ahead.high_80, 'the band holds the middle');
    check(Math.abs(ahead.people - 450 - 9 * ahead.minutes) < 5 + 2 * ahead.minutes, `in ${ahead.minutes} min: ${ahead.people} after 450`);
  }
  check(zone.horizons[0].is_band_learned, 'after half an hour the band of 5 minutes is learned');
  const { soonest_s: soonest, middle_s: middle } = zone.time_to_capacity;
  check(soonest <= middle && middle > 120 && middle < 600, `500 are there in ${middle} s, in ${soonest} s at the soonest`);
  equal(zone.unusual.state, 'learning', 'an hour is not enough to know what is usual');
  await forecasts.next((m) => m.topic === FORECAST && zoneIn(m.data, 'stage').people === 450);
  for (const socket of [live, forecasts]) socket.close();
});

scenario('cameras and counters disagree, and that is said', async (t) => {
  const { admin, device } = await gatedPark(t);
  const begin = beginMs();
  for (let minute = 0; minute < 6; minute++) {
    await device.post('/api/v1/detections', minuteOf(20, begin + minute * MINUTE_MS), 202);
    await until('the minute is counted', async () => {
      const answer = await admin.ask('GET', `/api/v1/series/zone.stage:people?event=demo&from=${new Date(begin + minute * MINUTE_MS + 50000).toISOString()}`);
      return answer.status === 200 && answer.json.items.length > 0;
    });
    await pass(device, 'gate-1', { in: 40, out: 0 }, begin + minute * MINUTE_MS + 59000);
  }
  const stage = await until('both are heard', async () => {
    const zone = zoneIn(await admin.get(`${VENUE}/occupancy`), 'stage');
    return zone.disagreement !== null && zone.counters > 150 ? zone : null;
  });
  equal(stage.source, 'counters and cameras', 'source');
  check(stage.cameras > 5 && stage.cameras < 25, `cameras: ${stage.cameras}`);
  check(stage.disagreement > 50 && stage.disagreement_sigmas > 3, `disagreement ${stage.disagreement}, ${stage.disagreement_sigmas} sigmas`);
  check(stage.people < stage.counters && stage.deviation > 0, 'the truth is held to be between them');
  const range = `event=demo&from=${new Date(begin).toISOString()}`;
  const series = await allOf(admin, `/api/v1/series/zone.stage:occupancy_disagreement_sigmas?${range}`);
  check(series.length >= 4, 'its series');
});

scenario('counters at the doors: killed in between, everybody is counted once', async (t) => {
  const muster = await t.muster();
  let admin = await muster.signIn();
  await buildPark(admin);
  await addGates(admin);
  const { token } = await makeToken(admin);
  const begin = beginMs();
  let gate = muster.withToken(token);
  let inside = 0;
  const totals = { total_in: 7000, total_out: 5000 };
  for (let minute = 0; minute < 60; minute++) {
    const at = begin + minute * MINUTE_MS;
    if (minute === 21 || minute === 40) {
      if (minute === 21) await reached(admin, 'occupancy', 'stage', at - 2 * MINUTE_MS);
      await muster.kill();
      await muster.start();
      admin = await muster.signIn();
      gate = muster.withToken(token);
    }
    // One sends how many since the last time, and repeats itself; the other running totals.
    const message = { in: 3 + (minute % 5), out: minute % 3 };
    await pass(gate, 'gate-1', message, at);
    await pass(gate, 'gate-1', message, at);
    inside += message.in - message.out;
    if (minute > 0) {
      totals.total_in += 2;
      totals.total_out += 1;
      inside += 1;
    }
    await pass(gate, 'gate-2', totals, at + 1000);
  }
  await pass(gate, 'gate-1', { in: 0 }, begin + 60 * MINUTE_MS);
  const stage = await reached(admin, 'occupancy', 'stage', begin + 60 * MINUTE_MS);
  equal(stage.people, inside, 'inside');
  equal(stage.counters, inside, 'by the counters alone');
  equal(stage.source, 'counters', 'source');
  equal(stage.passages.map((passage) => [passage.counter, passage.in, passage.out, passage.fault]),
    [['gate-1', Array.from({ length: 60 }, (_, m) => 3 + (m % 5)).reduce((a, b) => a + b, 0), 60, null], ['gate-2', 118, 59, null]], 'the doors');
  const range = `event=demo&from=${new Date(begin).toISOString()}&to=${new Date(begin + 70 * MINUTE_MS).toISOString()}&limit=1000`;
  const series = await until('each minute has its occupancy', async () => {
    const items = await allOf(admin, `/api/v1/series/zone.stage:occupancy?${range}`);
    return items.length >= 60 ? items : null;
  });
  equal(series.length, 60, 'minutes');
  equal(series[59][1], inside, 'the last of them');
  const ahead = await allOf(admin, `/api/v1/series/zone.stage:people_in_30_min_high?${range}`);
  equal(ahead.length, 60, 'forecasts');
});

scenario('what a counter cannot mean is refused or told with the reason, and somebody who looked is believed', async (t) => {
  const { admin, device: gate } = await gatedPark(t);
  const begin = beginMs();
  const refused = await gate.ask('POST', '/api/v1/readings', { id: 'gate-1', in: -4 });
  equal(refused.status, 422, 'fewer than nobody');
  check(/in$/.test(refused.json.errors?.[0]?.place ?? refused.json.place ?? refused.json.detail) || /-4/.test(refused.text), `it names the place: ${refused.text}`);
  await pass(gate, 'gate-1', { total_in: 100 }, begin);
  await pass(gate, 'gate-1', { total_in: 90000 }, begin + 60000);
  await pass(gate, 'gate-1', { total_in: 90004 }, begin + 120000);
  const stage = await reached(admin, 'occupancy', 'stage', begin + 2 * MINUTE_MS);
  const { fault } = stage.passages[0];
  equal([fault.what, fault.value, fault.times], ['jump', 90000, 1], 'the fault');
  check(/not counted/.test(fault.detail), fault.detail);
  equal(stage.people, 0, 'the jump is not counted');
  await admin.put(`${VENUE}/zones/stage/occupancy`, { people: -1 }, 422);
  await admin.put(`${VENUE}/zones/moon/occupancy`, { people: 1 }, 404);
  await admin.put(`${VENUE}/zones/stage/occupancy`, { people: 250 }, 204);
  await until('somebody who looked is believed', async () => zoneIn(await admin.get(`${VENUE}/occupancy`), 'stage').people === 250);
  const audit = await admin.get('/api/v1/events/demo/audit');
  check(audit.items.some((row) => row.action === 'occupancy.set' && row.subject === 'zone:stage'), 'who said so is in the audit log');
  await admin.put(`${VENUE}/devices/cam-9`, { kind: 'camera', counts_into: 'stage' }, 422);
});

scenario('more are counted out than in: it is told with its reason, until somebody has looked', async (t) => {
  const { admin, device: gate } = await gatedPark(t);
  const begin = beginMs();
  await pass(gate, 'gate-1', { in: 10, out: 50 }, begin);
  await pass(gate, 'gate-1', { in: 0 }, begin + MINUTE_MS);
  const stage = await reached(admin, 'occupancy', 'stage', begin + MINUTE_MS);
  equal([stage.people, stage.counters], [0, -40], 'inside, and by the counters alone');
  equal(stage.faults.map(({ what, at, value }) => [what, at, value]), [['below_zero', stage.at, -40]], 'what is wrong');
  check(/counted out than in.*say how many are inside/.test(stage.faults[0].detail), stage.faults[0].detail);
  await admin.put(`${VENUE}/zones/stage/occupancy`, { people: 30 }, 204);
  await until('somebody has looked', async () => zoneIn(await admin.get(`${VENUE}/occupancy`), 'stage').faults.length === 0);
});

scenario('a counter is replaced by one that tells otherwise, and one shows nothing for a moment: everybody is counted once', async (t) => {
  const { admin, device: gate } = await gatedPark(t);
  const begin = beginMs();
  const glitch = { 2: 0, 5: 90000 };
  for (let minute = 0; minute <= 12; minute++) {
    const at = begin + minute * 5 * MINUTE_MS;
    await pass(gate, 'gate-1', minute < 4 ? { total_in: 7000 + minute } : { in: 1 }, at);
    await pass(gate, 'gate-2', { total_in: glitch[minute] ?? 5000 + minute }, at);
  }
  await pass(gate, 'gate-1', { in: 0 }, begin + 61 * MINUTE_MS); // so that the minute before is told with both gates
  const stage = await reached(admin, 'occupancy', 'stage', begin + 61 * MINUTE_MS);
  const doors = stage.passages.map((passage) => [passage.counter, passage.in, passage.fault?.what ?? null]);
  equal(doors, [['gate-1', 12, null], ['gate-2', 12, 'glitch']], 'the doors');
});

await playAll();
