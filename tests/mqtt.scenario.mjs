// SPDX-License-Identifier: Apache-2.0
// Muster at a real MQTT broker: what zones count goes out, what devices measure comes in, and what the
// broker was told is taken is on disk.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, command, equal, freePort, playAll, scenario, until } from './scenario.mjs';
import { buildPark, compare, crowd, makeToken, storedFrames, storedReadings } from './park.mjs';

const STAGE = 'muster/demo/park/zones/stage';
const CAMERA = 'muster/demo/cam-1/detections';
const zoneAt = (heard, topic) => (heard.newest.get(topic) ? JSON.parse(heard.newest.get(topic)) : null);
const metricOf = async (admin, name) => Number((await admin.get('/metrics')).split('\n')
  .find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0);
const refusedBecause = (admin, reason) => metricOf(admin, `muster_mqtt_refused_total{reason="${reason}"}`);
const at = (broker, ...flags) => ['--mqtt-url', broker.url, ...flags];

scenario('a detection comes in by MQTT, and the count of its zone goes out, retained', async (t) => {
  const broker = await t.broker();
  const heard = await broker.listen('muster/#');
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', 'demo') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster says that it is there', () => heard.newest.get('muster/status') === 'online');
  await until('a zone that no camera has shown is unknown', () => zoneAt(heard, STAGE)?.level === 'unknown');
  equal(zoneAt(heard, STAGE).people, null, 'its people');
  await broker.publish(CAMERA, crowd('cam-1', 12));
  await until('twelve people before the stage', () => zoneAt(heard, STAGE)?.people === 12);
  const told = zoneAt(heard, STAGE);
  equal([told.event, told.venue, told.zone, told.name, told.density, told.level], ['demo', 'park', 'stage', 'Before the stage', 0.03, 'green'], 'the message');
  const late = await broker.listen('muster/demo/#');
  await until('who comes later is told at once', () => zoneAt(late, STAGE)?.people === 12);
  check(late.messages[0].isRetained, 'by a retained message');

  await admin.delete('/api/v1/events/demo/venues/park/zones/stage');
  await until('what is gone is taken back', () => heard.newest.get(STAGE) === '');
  await muster.stop();
  await until('it says goodbye', () => heard.newest.get('muster/status') === 'offline');
});

scenario('what was removed while Muster was down is taken back when it comes again', async (t) => {
  const broker = await t.broker();
  const folder = join(t.folder(), 'data');
  const connected = await t.muster({ folder, flags: at(broker, '--mqtt-event', 'demo') });
  const food = STAGE.replace('stage', 'food');
  const foreign = ['muster/demo/park/zones/Not-An-Id', 'muster/demo/park/lines/stage', 'others/demo/park/zones/stage'];
  await buildPark(await connected.signIn());
  const heard = await broker.listen('#');
  await until('both zones are told', () => zoneAt(heard, STAGE) && zoneAt(heard, food));
  for (const topic of [...foreign, 'muster/fair/hall/zones/bar']) execFileSync('mosquitto_pub', broker.words('-r', '-t', topic, '-m', 'from before'));
  await connected.stop();
  const apart = await t.muster({ folder });
  await (await apart.signIn()).delete('/api/v1/events/demo/venues/park/zones/stage');
  await apart.stop();

  const again = await t.muster({ folder, flags: at(broker, '--mqtt-event', 'demo') });
  await until('the removed zone is taken back', () => heard.newest.get(STAGE) === '');
  await until('and one of a venue that is gone', () => heard.newest.get('muster/fair/hall/zones/bar') === '');
  const admin = await again.signIn();
  await broker.publish(CAMERA.replace('cam-1', 'cam-2'), crowd('cam-2', 7));
  await until('the other zone is told as before', () => zoneAt(heard, food)?.people === 7);
  equal(foreign.map((topic) => heard.newest.get(topic)), foreign.map(() => 'from before'), 'what is not of a zone of its own is left alone');
  const late = await broker.listen('#');
  await until('who comes later', () => zoneAt(late, food));
  equal([late.newest.get(STAGE), late.newest.get('muster/fair/hall/zones/bar')], [undefined, undefined], 'hears nothing of them');
  equal([await refusedBecause(admin, 'topic'), await refusedBecause(admin, 'malformed')], [0, 0], 'nothing of its own is taken for a message to it');
});

scenario('it listens to its own counts only until it has heard what stood there', async (t) => {
  const broker = await t.broker({ lines: ['allow_anonymous true', 'sys_interval 1'] });
  const COUNT = '$SYS/broker/subscriptions/count';
  const heard = await broker.listen(COUNT);
  await t.muster({ flags: at(broker, '--mqtt-event', 'demo') });
  const [ours, ins] = [1, 3]; // the listener's; detections, readings and SenML of the event
  await until('Muster listens to what is sent to it, and to its own', () => heard.newest.get(COUNT) === String(ours + ins + 1));
  await until('and then to what is sent to it', () => heard.newest.get(COUNT) === String(ours + ins));
});

scenario('SceneScape cameras, readings and SenML come in by their topics', async (t) => {
  const broker = await t.broker();
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', 'demo/lift-3', '--mqtt-scenescape-event', 'demo') });
  const admin = await muster.signIn();
  await buildPark(admin);
  const now = Date.now();
  const camera = { id: 'cam-2', timestamp: new Date(now).toISOString(), objects: { person: [{ id: 1, confidence: 0.9, bounding_box_px: { x: 1, y: 2, width: 3, height: 4 } }] } };
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  await broker.publish('scenescape/data/camera/cam-2', camera);
  await broker.publish('muster/demo/lift-3/readings', { timestamp: new Date(now).toISOString(), trip: 7 });
  await broker.publish('muster/demo/lift-3/senml', [{ bn: 'lift-3:', bt: Math.floor(now / 1000), n: 'load', u: 'kg', v: 310 }]);
  await until('the camera message is stored', async () => (await admin.get('/api/v1/detections/count?event=demo&device=cam-2')).detections === 1);
  await until('the reading is stored', async () => (await admin.ask('GET', '/api/v1/series/lift-3:trip?event=demo')).json?.items?.[0]?.[1] === 7);
  await until('the SenML is stored', async () => (await admin.ask('GET', '/api/v1/series/lift-3:load?event=demo')).json?.items?.[0]?.[1] === 310);
});

scenario('what cannot be used is counted and named in the log, and the rest goes on', async (t) => {
  const broker = await t.broker();
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', '+') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  await broker.publish(CAMERA, '{"frames": [', 'not JSON');
  await broker.publish('muster/demo/nobody/detections', crowd('nobody', 1));
  await broker.publish('muster/nowhere/cam-1/detections', crowd('cam-1', 1));
  await broker.publish('muster/demo/CAM 1/detections', crowd('cam-1', 1));
  await broker.publish(CAMERA, crowd('cam-2', 3)); // in another's name
  await broker.publish(CAMERA, { ...crowd('cam-1', 1), frames: [{ t: 'soon', persons: [[1, 2, 3]] }] });
  await broker.publish(CAMERA, crowd('cam-1', 5));
  await until('the good one is stored', async () => (await admin.get('/api/v1/detections/count?event=demo')).detections === 5);
  equal([await refusedBecause(admin, 'malformed'), await refusedBecause(admin, 'unknown_device'), await refusedBecause(admin, 'topic'), await refusedBecause(admin, 'invalid')],
    [2, 2, 1, 2], 'refused: malformed, unknown device, topic, invalid');
  const line = muster.log.find((one) => one.includes('a message cannot be used') && one.includes(CAMERA));
  check(line && /place="body:1:/.test(line), `the log names the topic and the place: ${line}`);
});

scenario('nobody sends by MQTT whom the settings do not name', async (t) => {
  const broker = await t.broker();
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', 'fair demo/lift-3') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  await broker.publish(CAMERA, crowd('cam-1', 5));
  await broker.publish('scenescape/data/camera/cam-1', crowd('cam-1', 5));
  await broker.publish('muster/demo/lift-3/readings', { trip: 1 });
  await until('who is named is heard', async () => (await admin.ask('GET', '/api/v1/series/lift-3:trip?event=demo')).status === 200);
  equal((await admin.get('/api/v1/detections/count?event=demo')).detections, 0, 'detections of others');
});

const ROUND = 2000; // messages of each kind
const KILLS = Number(process.env.KILL_ROUNDS ?? 3);

scenario('killed again and again under QoS 1 messages, everything is there, once', async (t) => {
  const broker = await t.broker();
  const folder = join(t.folder(), 'data');
  const flags = at(broker, '--mqtt-event', 'demo');
  let muster = await t.muster({ folder, flags });
  await buildPark(await muster.signIn());
  const base = Date.now() - 3600 * 1000;
  const all = Array.from({ length: ROUND * KILLS }, (_, i) => base + i);
  const killedAt = [];
  const stored = async (client) => (await client.get('/api/v1/detections/count?event=demo')).detections / 2;
  for (let kill = 0; kill < KILLS; kill++) {
    const admin = await muster.signIn();
    await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
    const times = all.slice(kill * ROUND, (kill + 1) * ROUND);
    const sent = Promise.all([
      broker.publish(CAMERA, ...times.map((time) => crowd('cam-1', 2, time))),
      broker.publish('muster/demo/lift-3/readings', ...times.map((time) => ({ timestamp: new Date(time).toISOString(), trip: time - base }))),
    ]);
    killedAt.push(await until('some of this round is stored', async () => {
      const count = await stored(admin);
      return count > kill * ROUND ? count - kill * ROUND : null;
    }));
    await muster.kill();
    await sent; // the broker has them all, whoever reads
    muster = await t.muster({ folder, flags });
    const again = await muster.signIn();
    await until('the rest of the round is stored', async () => (await stored(again)) >= (kill + 1) * ROUND);
  }
  check(killedAt.some((count) => count < ROUND), `it was killed mid-stream, at ${killedAt} of ${ROUND}`);
  const admin = await muster.signIn();
  const range = `event=demo&from=${new Date(base).toISOString()}&to=${new Date(base + all.length).toISOString()}&limit=100000`;
  await until('all readings are stored', async () => (await storedReadings(admin, range)).length >= all.length);
  compare(new Set(all), await storedFrames(admin, range), 'frames');
  compare(new Set(all), await storedReadings(admin, range), 'readings');
  console.log(`# killed at ${killedAt.join(', ')} of ${ROUND} frames`);
});

scenario('while the database is away messages stay at the broker, and are there once when it is back', async (t) => {
  const broker = await t.broker();
  const postgres = await t.postgres();
  const muster = await t.muster({ database: postgres.url, flags: at(broker, '--mqtt-event', 'demo') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  await postgres.stop();
  const base = Date.now() - 60000;
  const times = Array.from({ length: 100 }, (_, i) => base + i);
  await broker.publish(CAMERA, ...times.map((time) => crowd('cam-1', 2, time)));
  await until('it says that they wait', () => muster.log.some((line) => line.includes('stay at the broker')));
  await postgres.start();
  const again = await until('people can sign in again', () => muster.signIn().catch(() => null));
  const range = `event=demo&from=${new Date(base).toISOString()}&to=${new Date(base + 100).toISOString()}`;
  await until('all are stored', async () => (await again.ask('GET', '/api/v1/detections/count?event=demo')).json?.detections === 200, 40000);
  compare(new Set(times), await storedFrames(again, range), 'frames');
});

scenario('a device that sends too much is cut to its rate, and others are heard', async (t) => {
  const broker = await t.broker();
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', 'demo', '--ingest-rate', '10') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  const base = Date.now() - 60000;
  await broker.publish(CAMERA, ...Array.from({ length: 500 }, (_, i) => crowd('cam-1', 1, base + i)));
  await broker.publish('muster/demo/cam-2/detections', crowd('cam-2', 3, base));
  await until('the other is heard', async () => (await admin.get('/api/v1/detections/count?event=demo&device=cam-2')).detections === 3);
  const { detections } = await admin.get('/api/v1/detections/count?event=demo&device=cam-1');
  check(detections >= 20 && detections < 300, `twice the rate at once, and ten a second: ${detections} of 500 are stored`);
  equal(await metricOf(admin, 'muster_mqtt_over_rate_total'), 500 - detections, 'the others are counted');
  check(muster.log.some((line) => line.includes('over the rate') && line.includes(CAMERA)), 'and named in the log');
});

scenario('a broker that goes away and comes back is told everything anew', async (t) => {
  const broker = await t.broker();
  const muster = await t.muster({ flags: at(broker, '--mqtt-event', 'demo') });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('Muster is at the broker', () => metricOf(admin, 'muster_mqtt_connected'));
  await broker.stop('SIGKILL');
  await until('Muster notices', async () => (await metricOf(admin, 'muster_mqtt_connected')) === 0);
  const camera = muster.withToken((await makeToken(admin)).token);
  await camera.post('/api/v1/detections', crowd('cam-1', 9), 202);
  await broker.start();
  const heard = await broker.listen('muster/#');
  await until('it is back', () => heard.newest.get('muster/status') === 'online');
  await until('with the newest count', () => zoneAt(heard, STAGE)?.level !== undefined);
});

scenario('with TLS, a name and a password', async (t) => {
  const folder = t.folder();
  const key = join(folder, 'key.pem');
  const certificate = join(folder, 'certificate.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const names = join(folder, 'names');
  execFileSync('mosquitto_passwd', ['-c', '-b', names, 'muster', 'Riesenrad am See']);
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'Riesenrad am See\n');
  const broker = await t.broker({
    lines: ['allow_anonymous false', `password_file ${names}`, `cafile ${certificate}`, `certfile ${certificate}`, `keyfile ${key}`],
    tools: ['-u', 'muster', '-P', 'Riesenrad am See', '--cafile', certificate],
  });
  const heard = await broker.listen('muster/#');
  const url = ['--mqtt-url', `mqtts://127.0.0.1:${broker.port}`, '--mqtt-event', 'demo'];
  const muster = await t.muster({ flags: [...url, '--mqtt-ca-file', certificate, '--mqtt-user', 'muster', '--mqtt-password-file', secret] });
  const admin = await muster.signIn();
  await buildPark(admin);
  await until('it is there', () => heard.newest.get('muster/status') === 'online');
  await broker.publish(CAMERA, ...Array.from({ length: 200 }, (_, i) => crowd('cam-1', 50, Date.now() - 400 + i)));
  await until('all is stored', async () => (await admin.get('/api/v1/detections/count?event=demo')).detections === 200 * 50);
  await muster.kill();
  await until('the broker says that it is gone', () => heard.newest.get('muster/status') === 'offline');

  const wrong = await t.muster({ flags: [...url, '--mqtt-ca-file', certificate, '--mqtt-user', 'muster', '--mqtt-password', 'wrong'] });
  await until('a wrong password is told', () => wrong.log.some((line) => /no broker/.test(line) && /refused|authori/i.test(line)));
  const distrustful = await t.muster({ flags: [...url, '--mqtt-user', 'muster', '--mqtt-password-file', secret] });
  await until('an unknown authority is told', () => distrustful.log.some((line) => /no broker/.test(line)));
  check(!distrustful.log.some((line) => /msg="connected"/.test(line)), 'and not believed');
});

scenario('of several processes one is the bridge, and another takes its place', async (t) => {
  const broker = await t.broker();
  const postgres = await t.postgres();
  const start = () => t.muster({ database: postgres.url, flags: at(broker, '--mqtt-event', 'demo') });
  const muster = [await start(), await start()];
  const isConnected = async (one) => (await metricOf(await one.signIn(), 'muster_mqtt_connected')) === 1;
  await buildPark(await muster[0].signIn());
  const heard = await broker.listen('muster/#');
  const first = await until('one is connected', async () => ((await isConnected(muster[0])) ? 0 : (await isConnected(muster[1])) ? 1 : undefined) !== undefined
    && ((await isConnected(muster[0])) ? muster[0] : muster[1]));
  const other = muster.find((one) => one !== first);
  check(!(await isConnected(other)), 'and one only');
  await first.kill();
  await broker.publish(CAMERA, crowd('cam-1', 6));
  await until('the other takes over', () => isConnected(other));
  await until('and what came meanwhile', () => zoneAt(heard, STAGE)?.people === 6 || heard.messages.some(({ topic, text }) => topic === STAGE && text && JSON.parse(text).people === 6));
  const admin = await other.signIn();
  equal((await admin.get('/api/v1/detections/count?event=demo')).detections, 6, 'stored once');
});

scenario('wrong settings are refused at the start, with the remedy', async (t) => {
  const folder = join(t.folder(), 'data');
  const port = await freePort();
  for (const [flags, words] of [
    [['--mqtt-url', 'http://broker'], 'mqtt://host:port'],
    [['--mqtt-url', 'mqtt://anna:secret@broker'], '--mqtt-password-file'],
    [['--mqtt-url', 'mqtt://broker:0'], 'port'],
    [['--mqtt-url', 'mqtt://broker', '--mqtt-event', 'Demo'], 'mqtt-event'],
    [['--mqtt-url', 'mqtt://broker', '--mqtt-prefix', 'a/#'], 'mqtt-prefix'],
    [['--mqtt-url', 'mqtts://broker', '--mqtt-ca-file', '/nowhere.pem'], 'mqtt-ca-file'],
  ]) {
    const { code, err } = await command('serve', '--port', String(port), '--data-folder', folder, ...flags);
    check(code !== 0 && err.includes(words), `${flags.join(' ')}: ended with ${code}: ${err}`);
    check(!err.includes('secret@') || !err.includes('anna:secret'), 'a password is not repeated');
  }
});

await playAll();
