// SPDX-License-Identifier: Apache-2.0
// What Muster says that it stores is what it stores: old rows of every kind are gone at the age that the
// program says of itself, the command says the same, and what a camera tells of looks reaches no file.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, command, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, crowd, makeToken, storedFrames } from './park.mjs';

const MINUTE_MS = 60000;
const DAY_MS = 24 * 60 * MINUTE_MS;
// Each unlike its default, and unlike the others.
const PERIODS = ['--keep-streams', '25h', '--keep-detections', '3h', '--keep-tracks', '90min', '--keep-values', '5d',
  '--keep-mails', '6d', '--keep-incidents', '7d', '--session-absolute', '4h'];

// --- the databases, past the program ---

// {run(store, sql), number(store, sql)}
async function openDatabase(t, engine) {
  const folder = t.folder();
  if (engine === 'postgres') {
    const postgres = await t.postgres();
    const ask = (store, sql) => execFileSync(join(postgres.bin, 'psql'),
      [postgres.url, '-q', '-t', '-A', '-c', `SET search_path TO ${store}; ${sql}`]).toString();
    return { folder, database: postgres.url, files: postgres.folder, stop: () => postgres.stop(), run: ask, number: (store, sql) => Number(ask(store, sql)) };
  }
  // Node has no SQLite of its own here; Python's is there wherever Meson is.
  const program = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=10); rows = db.execute(sys.argv[2]).fetchall();'
    + ' print(rows[0][0] if rows else ""); db.commit()';
  const ask = (store, sql) => execFileSync('python3', ['-c', program, join(folder, `${store}.db`), sql]).toString();
  return { folder, files: folder, stop: () => {}, run: ask, number: (store, sql) => Number(ask(store, sql)) };
}

const BYTES = "CAST('x' AS BYTEA)";
const name = (at) => `CAST('${at}' AS BYTEA)`;

// How a row of this kind looks that is as old as `at`: [table, columns and values]. A kind that expires
// and is not here fails the scenario: say how to make one.
const SPECIMENS = {
  detections: (at) => [['telemetry.detection_chunk', `(device, window_ms, steps, persons, data) VALUES (1, ${at}, 0, 0, ${BYTES})`]],
  tracks: (at) => [['telemetry.crowd_track', `(event, venue, from_ms, data) VALUES ('e', 'v', ${at}, ${BYTES})`]],
  'heat-minutes': (at) => [['telemetry.crowd_heat_minute', `(event, venue, from_ms, grid, covered_ms, data) VALUES ('e', 'v', ${at}, '1', 0, ${BYTES})`]],
  seconds: (at) => [['telemetry.crowd_second', `(event, venue, s, people, written_s) VALUES ('e', 'v', ${Math.floor(at / 1000)}, '{}', ${Math.floor(at / 1000)})`]],
  trends: (at) => [
    ['telemetry.trend_zone', `(event, venue, zone, position, saved_ms, state) VALUES ('e', 'v', 'z${at}', 0, ${at}, ${BYTES})`],
    ['telemetry.trend_document', `(event, venue, written_ms, forecast, occupancy) VALUES ('e', 'v${at}', ${at}, '{}', '{}')`]],
  values: (at) => [['telemetry.series_chunk', `(series, level, chunk_ms, data) VALUES (1, 0, ${at}, ${BYTES})`]],
  sessions: (at) => [['main.person_session', `(id, token_hash, person_id, created_at_ms, seen_at_ms, expires_at_ms, address, agent)
    SELECT ${at}, ${name(at)}, id, ${at}, ${at}, ${at}, '', 'specimen' FROM person LIMIT 1`]],
  mails: (at) => [
    ['main.notify_mail', `(event, id, recipient, subject, body_text, body_html, message_id, severity, incident_count, state, attempts,
      failure, created_ms, tries_since_ms, sent_ms, next_ms) VALUES ('e', ${at}, 'a@b.c', '', '', '', '', 0, 0, 2, 0, '', ${at}, 0, 0, 0)`],
    ['main.notify_told', `(event, incident, letter, created_ms) VALUES ('e', ${at}, '', ${at})`]],
  incidents: (at) => [
    ['main.alert_incident', `(event, id, rule, rule_name, venue, series, severity, cause, direction, threshold, recovery, value, is_silent,
      since_ms, opened_ms, updated_ms, acknowledged_ms, acknowledged_by, resolved_ms, resolved_by)
      VALUES ('e', ${at}, 'r', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', ${at}, '')`],
    ['main.alert_transition', `(event, incident, number, kind, at_ms, actor, value) VALUES ('f', ${at}, 1, 0, ${at}, '', 0)`]],
  'dead-letters': (at) => ['main', 'telemetry'].map((store) => [`${store}.store_dead_letter`,
    `(consumer, stream, shard, position, at_ms, record_at_ms, key, kind, body, reason) VALUES ('c', 's', 0, ${at}, ${at}, ${at}, '', '', ${BYTES}, '')`]),
  answers: (at) => [['main.api_reply', `(name, fingerprint, expires_at_ms, sealed) VALUES (${name(at)}, ${BYTES}, ${at + DAY_MS}, ${BYTES})`]],
  left: (at) => [['main.venue_left', `(event, id, venue, left_ms) VALUES ('e', 'd${at}', 'v', ${at})`]],
  'revoked-tokens': (at) => [['main.device_token', `(id, token_hash, event, device, name, created_at_ms, last_used_at_ms, revoked_at_ms)
    VALUES (${at}, ${name(at)}, 'e', '', 'specimen', 1, 1, ${at})`]],
};
// Which of the tables' rows are specimens.
const OURS = {
  detection_chunk: 'device = 1', crowd_track: "event = 'e'", crowd_second: "event = 'e'", crowd_heat_minute: "event = 'e'", series_chunk: 'series = 1 AND level = 0',
  trend_zone: "event = 'e'", trend_document: "event = 'e'",
  person_session: "agent = 'specimen'", notify_mail: "event = 'e'", notify_told: "event = 'e'", alert_incident: "event = 'e'",
  alert_transition: "event = 'f'", store_dead_letter: "consumer = 'c'", api_reply: `fingerprint = ${BYTES}`, venue_left: "event = 'e'", device_token: "name = 'specimen'",
};

const split = (table) => table.split('.');
function countOurs(database, table) {
  const [store, bare] = split(table);
  return database.number(store, `SELECT COUNT(*) FROM ${bare} WHERE ${OURS[bare]}`);
}

// One row that is a minute too old, and one that has ten minutes left.
function insertSpecimens(database, kinds) {
  const tables = new Map();
  for (const kind of kinds) {
    check(SPECIMENS[kind.id], `${kind.id} expires: say in SPECIMENS of this scenario how an old row of it looks`);
    for (const spare of [-MINUTE_MS, 10 * MINUTE_MS]) {
      for (const [table, row] of SPECIMENS[kind.id](Date.now() - kind.kept.for_ms + spare)) {
        const [store, bare] = split(table);
        database.run(store, `INSERT INTO ${bare} ${row}`);
        tables.set(table, kind);
      }
    }
  }
  return tables;
}

const countRecords = (database, store, stream, beforeMs) =>
  database.number(store, `SELECT COUNT(*) FROM store_record WHERE stream = '${stream}' AND at_ms < ${beforeMs}`);

async function isGoneInTime(t, engine) {
  const database = await openDatabase(t, engine);
  const muster = await t.muster({ ...database, flags: PERIODS });
  const admin = await muster.signIn();
  await buildPark(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  await device.post('/api/v1/detections', crowd('cam-1', 3));
  await device.post('/api/v1/readings', { id: 'lift-3', timestamp: new Date().toISOString(), trip: 1 });

  const { kinds } = await muster.client().get('/api/v1/privacy');
  const expiring = kinds.filter((kind) => kind.kept.how === 'for');
  check(expiring.length >= 10, `kinds that expire: ${expiring.length}`);
  // A roll-up is a table of the same name that stays, however old.
  database.run('telemetry', `INSERT INTO series_chunk (series, level, chunk_ms, data) VALUES (1, 1, 0, ${BYTES})`);
  const tables = insertSpecimens(database, expiring.filter((kind) => kind.streams.length === 0));
  for (const [table, kind] of tables) {
    await until(`${kind.id}: the row of ${table} that is older than ${kind.kept.words} is gone`, () => countOurs(database, table) < 2);
  }

  // Streams hold real records: they become older, first not old enough, then too old.
  const streams = expiring.flatMap((kind) => kind.streams.map((stream) => [kind, split(kind.tables[0])[0], stream]));
  // The last moments of detections are still needed, to count on from: they stay as long again, as it says.
  const oldest = (kind, stream, times = stream === 'detections' ? 2 : 1) => Date.now() - kind.kept.for_ms * times;
  const setAges = (spare) => {
    for (const [kind, store, stream] of streams) {
      const at = spare < 0 ? oldest(kind, stream) : oldest(kind, stream, 1);
      database.run(store, `UPDATE store_record SET at_ms = ${at + spare} WHERE stream = '${stream}'`);
    }
  };
  setAges(10 * MINUTE_MS);
  // While housekeeping passes once more.
  database.run('telemetry', `INSERT INTO crowd_track (event, venue, from_ms, data) VALUES ('e', 'v', 1, ${BYTES})`);
  await until('an ancient track is gone', () => countOurs(database, 'telemetry.crowd_track') < 2);
  const before = streams.map(([, store, stream]) => countRecords(database, store, stream, Date.now() - 20 * MINUTE_MS));
  const filled = streams.filter((_, i) => before[i] > 0).map(([, , stream]) => stream);
  check(['detections', 'readings', 'venues'].every((stream) => filled.includes(stream)), `streams with records: ${filled}`);
  setAges(-MINUTE_MS);
  for (const [kind, store, stream] of streams) {
    await until(`${kind.id}: old records of ${stream} are gone`, () => countRecords(database, store, stream, oldest(kind, stream)) === 0);
  }

  for (const [table, kind] of tables) equal(countOurs(database, table), 1, `${kind.id}: rows of ${table} that are young enough`);
  equal(database.number('telemetry', 'SELECT COUNT(*) FROM series_chunk WHERE series = 1 AND level = 1'), 1, 'roll-ups');
}

scenario('what is older than the program says of itself is gone, on SQLite', (t) => isGoneInTime(t, 'sqlite'));
scenario('what is older than the program says of itself is gone, on PostgreSQL', (t) => isGoneInTime(t, 'postgres'));

scenario('the command says of the settings what the server says of itself, to everybody', async (t) => {
  for (const flags of [[], PERIODS, ['--keep-mails', '0', '--keep-incidents', '0']]) {
    const muster = await t.muster({ flags });
    const answer = await muster.client().ask('GET', '/api/v1/privacy');
    equal(answer.status, 200, 'without signing in');
    const told = await command('privacy', '--json', ...flags);
    equal([told.code, told.err], [0, ''], 'the command');
    equal(JSON.parse(told.out), answer.json, `with ${flags.join(' ') || 'no flags'}`);
    const words = (await command('privacy', ...flags)).out.replace(/\s+/g, ' ');
    for (const kind of answer.json.kinds) {
      check(words.includes(kind.name) && words.includes(kind.kept.words), `the text says of ${kind.id}: ${kind.kept.words}`);
    }
  }
  const wrong = await command('privacy', '--keep-tracks', 'a while');
  equal(wrong.code, 2, 'a period that is none');
});

// --- looks ---

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : entry.isFile() ? [join(folder, entry.name)] : []));
}

// Every run of 16 bytes of it, in whatever form: a part is as bad as the whole. Some cameras send numbers
// of four bytes, which one may scale to one.
function tracesOf(feature) {
  const floats = feature.length === 512 ? Array.from({ length: feature.length / 4 }, (_, i) => feature.readFloatLE(i * 4)) : [];
  const largest = Math.max(...floats.map(Math.abs));
  const scaled = Buffer.from(floats.map((value) => Math.round((value / largest) * 127)));
  const forms = [feature, Buffer.from(feature.toString('base64')), Buffer.from(feature.toString('hex')),
    Buffer.from(feature).reverse(), Buffer.from([...feature].map((byte) => byte ^ 0x80)), scaled];
  return forms.flatMap((form) => Array.from({ length: Math.floor(form.length / 16) }, (_, i) => form.subarray(i * 16, i * 16 + 16)));
}

async function leavesNoTrace(t, engine) {
  const database = await openDatabase(t, engine);
  const muster = await t.muster({ ...database, flags: ['--log-level', 'debug'] });
  const admin = await muster.signIn();
  await buildPark(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  const feature = randomBytes(128);
  const text = feature.toString('base64');
  const start = Date.now() - 20000;
  const frame = (i, look) => ({ device: 'cam-1', unit: 'm', fields: ['track', 'x', 'y', 'feature'],
    frames: [{ t: new Date(start + i * 200).toISOString(), persons: [[1, 2 + i / 50, 3, look], [2, 9, 3, null]] }] });
  const answers = [];
  for (let i = 0; i < 60; i += 1) answers.push(await device.ask('POST', '/api/v1/detections', frame(i, text)));
  equal(answers.filter((answer) => answer.status !== 202).map((answer) => answer.text), [], 'detections with looks');
  // The same from a camera that speaks another tongue.
  const floats = Buffer.from(Float32Array.from({ length: 128 }, () => Math.random() - 0.5).buffer);
  const reid = floats.toString('base64');
  for (const look of [reid, { embedding_vector: reid }]) {
    await device.post('/api/v1/detections', { id: 'cam-1', timestamp: new Date(start + 13000).toISOString(),
      objects: { person: [{ id: 3, confidence: 0.9, bounding_box_px: { x: 1, y: 1, width: 1, height: 1 }, reid: look }] } }, 202);
  }
  // What is wrong with a look is said without it.
  const bad = await device.ask('POST', '/api/v1/detections', frame(61, `${text}!`));
  check(/must be base64/.test(bad.text), `not base64: ${bad.status} ${bad.text}`);
  const torn = await device.ask('POST', '/api/v1/detections', JSON.stringify(frame(62, text)).slice(0, -10));
  equal(torn.status, 400, 'a torn body');

  const range = `from=${new Date(start).toISOString()}&to=${new Date(start + 60000).toISOString()}`;
  await until('all frames can be read', async () => (await storedFrames(admin, range)).length >= 60);
  const shown = await admin.get(`/api/v1/detections?device=cam-1&${range}`);
  check(!JSON.stringify(shown).includes('feature'), 'what is read has no looks');
  const traces = [...tracesOf(feature), ...tracesOf(floats)];
  const clean = (bytes, where) => check(!traces.some((trace) => bytes.includes(trace)), `looks are in ${where}`);
  const look = () => filesBelow(database.files).forEach((path) => clean(readFileSync(path), path));
  if (engine === 'sqlite') look();
  await muster.stop();
  await database.stop();
  look();
  check(filesBelow(database.files).some((path) => readFileSync(path).includes('cam-1')), 'what is stored would be found');
  clean(Buffer.from(muster.log.join('\n')), 'the log');
  clean(Buffer.from(bad.text + torn.text), 'an answer');
}

scenario('what a camera tells of looks reaches no file of SQLite and no log', (t) => leavesNoTrace(t, 'sqlite'));
scenario('what a camera tells of looks reaches no file of PostgreSQL and no log', (t) => leavesNoTrace(t, 'postgres'));

await playAll();
