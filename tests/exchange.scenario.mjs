// SPDX-License-Identifier: Apache-2.0
// What Muster counts, in the forms that others read: GeoJSON and CSV files, NGSI-LD, SensorThings.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';

const EVENT = '/api/v1/events/demo';
const STA = `${EVENT}/sensorthings/v1.1`;
const NGSI = `${EVENT}/ngsi-ld/v1/entities`;
const STAGE = 'urn:ngsi-ld:CrowdFlowObserved:demo:stage';
const ORIGIN = [11.55, 48.13];
const METRE_NORTH = 180 / (Math.PI * 6371008.8);
const METRE_EAST = METRE_NORTH / Math.cos((ORIGIN[1] * Math.PI) / 180);
const onEarth = ([x, y]) => [ORIGIN[0] + x * METRE_EAST, ORIGIN[1] + y * METRE_NORTH];
const isNear = (a, b) => Math.abs(a[0] - b[0]) < 2e-7 && Math.abs(a[1] - b[1]) < 2e-7;

// Another venue of the event, on the earth, with one zone of 10 x 20 metres.
async function buildMeadow(admin) {
  const venue = `${EVENT}/venues/meadow`;
  await admin.put(venue, { name: 'Meadow', crs: 'wgs84', origin: ORIGIN });
  const ring = [[0, 0], [10, 0], [10, 20], [0, 20], [0, 0]].map(onEarth);
  await admin.put(`${venue}/zones/tent`, { name: 'Tent, "large"', polygon: { type: 'Polygon', coordinates: [ring] }, capacity_persons: 300 });
  await admin.put(`${venue}/devices/cam-9`, { name: 'Pole', kind: 'camera', sees: ['tent'], calibration: { kind: 'metres' } });
}

// Three people who walk north through the tent for fourteen seconds.
function walk(startMs) {
  const frames = Array.from({ length: 140 }, (_, i) => ({ t: new Date(startMs + 100 * i).toISOString(), persons: [2, 5, 8].map((x, k) => [k, x, 2 + 0.1 * i]) }));
  return { device: 'cam-9', unit: 'm', fields: ['track', 'x', 'y'], frames };
}

async function open(t) {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await buildMeadow(admin);
  const device = muster.withToken((await makeToken(admin)).token);
  return { muster, admin, device };
}

const pathOf = (link) => link.slice(link.indexOf('/api/'));

scenario('zones with their counts open as a map and as a table', async (t) => {
  const { muster, admin, device } = await open(t);
  await device.post('/api/v1/detections', crowd('cam-1', 12), 202);
  await until('twelve people are counted', async () => (await admin.get(`${EVENT}/venues/park/crowd`)).people === 12);

  const answer = await admin.ask('GET', `${EVENT}/venues/meadow/crowd.geojson`);
  equal([answer.status, answer.headers['content-type']], [200, 'application/geo+json'], 'the map of the meadow');
  const map = JSON.parse(answer.text);
  equal([map.type, map.features.length, map.features[0].id, map.coordinates_are], ['FeatureCollection', 1, 'tent', undefined], 'its features');
  const { geometry, properties } = map.features[0];
  equal([geometry.type, geometry.coordinates.length, geometry.coordinates[0].length], ['Polygon', 1, 5], 'the tent');
  [[0, 0], [10, 0], [10, 20], [0, 20], [0, 0]].forEach((corner, i) =>
    check(isNear(geometry.coordinates[0][i], onEarth(corner)), `corner ${i} is ${geometry.coordinates[0][i]}, not ${onEarth(corner)}`));
  equal([properties.name, properties.people, properties.level, properties.capacity_persons], ['Tent, "large"', null, 'unknown', 300], 'nobody has looked there');

  const local = JSON.parse((await admin.ask('GET', `${EVENT}/venues/park/crowd.geojson`)).text);
  check(/metres/.test(local.coordinates_are), 'without an origin the map says that it is in metres');
  const stage = local.features.find(({ id }) => id === 'stage');
  equal(stage.geometry.coordinates[0], [[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]], 'the stage in metres');
  equal([stage.properties.people, stage.properties.density], [12, 0.03], 'its people');

  const table = (await admin.ask('GET', `${EVENT}/venues/park/crowd.csv`));
  equal(table.headers['content-type'], 'text/csv; charset=utf-8', 'the table');
  const lines = table.text.trim().split('\n').map((line) => line.split(','));
  equal(lines[0], ['at', 'zone', 'people', 'density', 'level', 'cameras', 'cameras_expected', 'area_m2', 'capacity_persons'], 'its head');
  equal(lines.slice(1).map((line) => line.slice(1)), [['food', '', '', 'unknown', '0', '1', '400', '0'], ['stage', '12', '0.030', 'green', '1', '1', '400', '500']], 'its lines');
  for (const file of ['crowd.geojson', 'crowd.csv', 'tracks.geojson']) {
    await admin.expect('GET', `${EVENT}/venues/nowhere/${file}`, undefined, 404);
    await muster.client().expect('GET', `${EVENT}/venues/park/${file}`, undefined, 401);
    await device.expect('GET', `${EVENT}/venues/park/${file}`, undefined, 403);
  }
});

scenario('tracks are lines on the earth, page by page', async (t) => {
  const { admin, device } = await open(t);
  const startMs = Math.floor(Date.now() / 10000) * 10000 - 60000;
  await device.post('/api/v1/detections', walk(startMs), 202);
  const range = `from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 10000).toISOString()}`;
  const read = async (query) => JSON.parse((await admin.ask('GET', `${EVENT}/venues/meadow/tracks.geojson?${range}${query}`)).text);
  let map;
  await until('the walk is settled', async () => (map = await read('')).features.length > 0);
  equal([map.features.length, map.next], [3, null], 'three people');
  for (const { geometry, properties } of map.features) {
    equal([geometry.type, geometry.coordinates.length, properties.times.length], ['LineString', 20, 20], 'a line of ten seconds');
    check(properties.times.every((time, i) => i === 0 || time > properties.times[i - 1]), 'its times ascend');
    const moved = (geometry.coordinates[19][1] - geometry.coordinates[0][1]) / METRE_NORTH;
    check(Math.abs(moved - 9.5) < 0.5, `they walk 9.5 m to the north, not ${moved}`);
  }
  const first = await read('&limit=3');
  equal(first.features.map(({ geometry }) => geometry.type), ['Point', 'Point', 'Point'], 'one moment is points');
  const rest = await read(`&cursor=${encodeURIComponent(first.next)}`);
  equal(rest.features.map(({ geometry }) => geometry.coordinates.length), [19, 19, 19], 'the page after it');
});

scenario('a zone is a CrowdFlowObserved to an NGSI-LD client', async (t) => {
  const { muster, admin, device } = await open(t);
  await device.post('/api/v1/detections', { ...crowd('cam-1', 12), device: 'cam-9' }, 202);
  await until('the tent is counted', async () => (await admin.get(`${EVENT}/venues/meadow/crowd`)).people !== null);
  const list = await admin.ask('GET', `${NGSI}?type=CrowdFlowObserved`, undefined, { accept: 'application/ld+json' });
  equal([list.status, list.headers['content-type'], list.headers['ngsild-results-count']], [200, 'application/ld+json', '3'], 'the list');
  equal(list.json.map(({ id }) => id.split(':').at(-1)), ['tent', 'food', 'stage'], 'every zone');
  const tent = list.json[0];
  equal([tent.type, tent['@context'].length, tent.name.type, tent.location.type, tent.location.value.type], ['CrowdFlowObserved', 2, 'Property', 'GeoProperty', 'Polygon'], 'the tent');
  equal([tent.peopleCount.type, typeof tent.peopleCount.value, tent.dateObserved.value['@type']], ['Property', 'number', 'DateTime'], 'its count');
  check(Date.parse(tent.peopleCount.observedAt) > Date.now() - 60000, 'observed just now');
  const food = list.json[1];
  equal([food.peopleCount, food.location, food.crowdLevel.value], [undefined, undefined, 'unknown'], 'what is not known is left out');

  const brief = await admin.ask('GET', `${NGSI}/${STAGE}?options=keyValues`, undefined, { accept: 'application/json' });
  equal([brief.status, brief.headers['content-type'], brief.json.id, brief.json.name, brief.json['@context']], [200, 'application/json', STAGE, 'Before the stage', undefined], 'one, briefly');
  check(/json-ld#context/.test(brief.headers.link), 'its context is a link');
  const simple = await admin.get(`${NGSI}/urn:ngsi-ld:CrowdFlowObserved:demo:tent?options=simplified`);
  equal([simple.peopleCount, simple.location.type, typeof simple.dateObserved], [tent.peopleCount.value, 'Polygon', 'string'], 'the tent, briefly');
  equal((await admin.get(`${NGSI}?limit=1&offset=1`)).map(({ id }) => id.split(':').at(-1)), ['food'], 'a page');
  equal(await admin.get(`${NGSI}?type=Vehicle`), [], 'of another type');

  for (const [path, status, place] of [
    [`${NGSI}?options=short`, 400, 'options'], [`${NGSI}?limit=0`, 400, 'limit'], [`${NGSI}?offset=-1`, 400, 'offset'], [`${NGSI}?q=peopleCount>3`, 400, 'q'],
    [`${NGSI}/${STAGE}s`, 404, 'entity'], [`${NGSI}/urn:ngsi-ld:CrowdFlowObserved:fair:stage`, 404, 'entity'], [`${NGSI}/stage`, 404, 'entity'],
  ]) {
    const answer = await admin.ask('GET', path);
    equal([path, answer.status], [path, status], answer.text);
    check(answer.text.includes(`"${place}`), `the refusal names ${place}: ${answer.text}`);
  }
  await muster.client().expect('GET', NGSI, undefined, 401);
});

scenario('a SensorThings client finds its way from the root to the newest value', async (t) => {
  const { admin, device } = await open(t);
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 60000;
  // The camera of the lift's zone is not needed: these are the series that counting makes.
  for (let s = 0; s < 12; s++) await device.post('/api/v1/detections', crowd('cam-1', 3 + s, startMs + s * 1000), 202);
  const read = (link) => admin.get(pathOf(link));
  const root = await admin.get(STA);
  equal(root.value.map(({ name }) => name), ['Things', 'Locations', 'Datastreams', 'Sensors', 'ObservedProperties', 'Observations', 'FeaturesOfInterest'], 'the entity sets');
  const things = await read(root.value[0].url);
  equal(things.value.map((thing) => [thing['@iot.id'], thing.name]), [['meadow', 'Meadow'], ['park', 'City park']], 'the venues');
  equal(await read(things.value[1]['@iot.selfLink']), things.value[1], 'a thing by its own link');
  const streams = await read(things.value[1]['Datastreams@iot.navigationLink']);
  equal(streams.value.length, 11, 'two zones of five measures, and the venue');
  const people = streams.value.find((one) => one['@iot.id'] === 'zone.stage:people');
  equal([people.name, people.unitOfMeasurement.symbol, people.observationType.split('/').at(-1)], ['Before the stage: People', '{person}', 'OM_CountObservation'], 'people before the stage');
  equal((await read(people['Thing@iot.navigationLink']))['@iot.id'], 'park', 'its thing');
  equal((await read(people['Sensor@iot.navigationLink']))['@iot.id'], 'tracks', 'its sensor');
  equal((await read(people['ObservedProperty@iot.navigationLink']))['@iot.id'], 'people', 'its property');

  const link = people['Observations@iot.navigationLink'];
  let all;
  await until('twelve seconds are written', async () => (all = (await read(link)).value).length >= 12);
  equal(all.slice(0, 12).map((one) => one.phenomenonTime), Array.from({ length: 12 }, (_, s) => new Date(startMs + s * 1000).toISOString()), 'the seconds');
  const series = (await admin.get(`/api/v1/series/zone.stage:people?event=demo&from=${new Date(startMs).toISOString()}`)).items;
  equal(all.map((one) => one.result), series.map(([, value]) => value), 'the values are those of the series');
  const newest = await read(`${link}?$orderby=phenomenonTime%20desc&$top=1`);
  equal(newest.value.map((one) => one['@iot.id']), [all.at(-1)['@iot.id']], 'the newest');
  equal(await read(newest.value[0]['@iot.selfLink']), newest.value[0], 'an observation by its own link');
  equal((await read(newest.value[0]['Datastream@iot.navigationLink']))['@iot.id'], 'zone.stage:people', 'its datastream');
  equal((await read(newest.value[0]['FeatureOfInterest@iot.navigationLink']))['@iot.id'], 'zone.stage', 'its feature');

  const ids = all.map((one) => one['@iot.id']);
  for (const [order, expected] of [['asc', ids], ['desc', ids.slice().reverse()]]) {
    const found = [];
    for (let next = `${link}?$orderby=phenomenonTime%20${order}&$top=5`; next; ) {
      const page = await read(next);
      check(page.value.length > 0 && page.value.length <= 5, 'pages of five');
      found.push(...page.value.map((one) => one['@iot.id']));
      next = page['@iot.nextLink'];
    }
    equal(found, expected, `page by page, ${order}`);
  }
  const filter = `$filter=phenomenonTime%20gt%20${all[2].phenomenonTime}%20and%20phenomenonTime%20le%20${all[5].phenomenonTime}`;
  equal((await read(`${link}?${filter}`)).value.map((one) => one['@iot.id']), ids.slice(3, 6), 'a range of time');
  equal((await read(`${link}?${filter}&$skip=1&$orderby=phenomenonTime%20desc`)).value.map((one) => one['@iot.id']), [ids[4], ids[3]], 'and the newest left out');
  equal((await admin.get(`${STA}/Datastreams('zone.food:people')/Observations`)).value, [], 'nothing was ever counted there');
  equal((await admin.get(`${STA}/Datastreams('zone.food:people')/Observations?$orderby=phenomenonTime%20desc`)).value, [], 'nor lately');

  const page = await admin.get(`${STA}/Datastreams?$top=10&$count=true`);
  equal([page['@iot.count'], page.value.length], [17, 10], 'all datastreams');
  const rest = await read(page['@iot.nextLink']);
  equal([rest.value.length, rest['@iot.nextLink']], [7, undefined], 'the rest');
  const locations = await admin.get(`${STA}/Locations`);
  equal([locations.value.length, locations.value[0].location], [1, { type: 'Point', coordinates: ORIGIN }], 'only the meadow is on the earth');
  equal((await admin.get(`${STA}/ObservedProperties('speed')/Datastreams`)).value.map((one) => one['@iot.id']), ['zone.tent:speed', 'zone.food:speed', 'zone.stage:speed'], 'speeds');
  equal((await admin.get(`${STA}/FeaturesOfInterest('zone.tent')`)).feature.type, 'Polygon', 'the tent');
});

scenario('what is not served of SensorThings is refused by its name', async (t) => {
  const { muster, admin, device } = await open(t);
  for (const [path, status, words] of [
    ["Things?$expand=Datastreams", 400, '$expand'], ["Things?$select=name", 400, '$select'], ["Things?$filter=name%20eq%20'a'", 400, '$filter'],
    ["Things?$orderby=name", 400, '$orderby'], ['Things?$top=0', 400, '$top'], ['Things?$top=1001', 400, '$top'], ['Things?$skip=-1', 400, '$skip'], ['Things?$count=yes', 400, '$count'],
    ["Datastreams('zone.stage:people')/Observations?$filter=result%20gt%203", 400, '$filter'],
    ["Datastreams('zone.stage:people')/Observations?$orderby=result", 400, '$orderby'], ["Datastreams('zone.stage:people')/Observations?$count=true", 400, '$count'],
    ["Datastreams('zone.stage:people')/Observations?$skip=5000", 400, '$skip'], ['Things?limit=3', 400, 'limit'],
    ['Things(1)', 404, 'ids are texts'], ["Things('nowhere')", 404, 'nowhere'], ["Datastreams('zone.stage:joy')/Observations", 404, 'zone.stage:joy'],
    ['Observations', 404, 'list of all'], ["Observations('zone.stage:people@17')", 404, '@17'], ["Observations('zone.stage:people')", 404, 'zone.stage:people'],
    ['Tasks', 404, 'follow its links'], ["Things('park')/name", 404, 'follow its links'], ["Things('park')x", 404, 'follow its links'],
  ]) {
    const answer = await admin.ask('GET', `${STA}/${path}`);
    equal([path, answer.status], [path, status], answer.text);
    check(answer.text.includes(words), `the refusal of ${path} says ${words}: ${answer.text}`);
  }
  equal(await admin.get(`${STA}/`), await admin.get(STA), 'the root is the same with a slash at its end');
  await muster.client().expect('GET', STA, undefined, 401);
  await device.expect('GET', `${STA}/Things`, undefined, 403);
  await admin.expect('GET', '/api/v1/events/other/sensorthings/v1.1/Things', undefined, 404);
  await admin.expect('GET', '/api/v1/events/other/ngsi-ld/v1/entities', undefined, 404);
});

scenario('a token that reads gives another platform the counts, and nothing else', async (t) => {
  const { muster, admin, device } = await open(t);
  const tokens = `${EVENT}/tokens`;
  const made = await admin.post(tokens, { name: 'City platform', purpose: 'read' });
  equal([made.purpose, made.device, /^mst_/.test(made.token)], ['read', undefined, true], 'the token, shown once');
  const listed = (await admin.get(tokens)).items;
  equal([listed.map(({ purpose }) => purpose).sort(), listed.some(({ token }) => token)], [['read', 'send'], false], 'the list');
  const created = (await admin.get(`${EVENT}/audit`)).items.find(({ subject }) => subject === `token:${made.id}`);
  equal([created.action, created.detail], ['token.created', 'reads counts'], 'the log of changes');
  const city = muster.withToken(made.token);

  const startMs = Math.floor(Date.now() / 1000) * 1000 - 60000;
  for (let s = 0; s < 3; s++) await device.post('/api/v1/detections', crowd('cam-1', 12, startMs + s * 1000), 202);
  await device.post('/api/v1/readings', { id: 'lift-3', temperature: 21 }, 202);
  await until('the seconds are written', async () => (await city.ask('GET', `/api/v1/series/zone.stage:people?from=${new Date(startMs).toISOString()}`)).json?.items?.length >= 3);
  equal((await city.get(`${EVENT}/venues/park/crowd`)).zones.map(({ id }) => id), ['food', 'stage'], 'the zones now');
  for (const path of [`${EVENT}/venues/park/crowd.geojson`, `${EVENT}/venues/park/crowd.csv`, NGSI, `${NGSI}/${STAGE}`, STA]) await city.get(path);
  equal((await city.get(`${STA}/Datastreams('zone.stage:people')/Observations?$orderby=phenomenonTime%20desc&$top=1`)).value[0].result, 12, 'an observation');
  const series = (await city.get('/api/v1/series')).items.map(({ id }) => id);
  check(series.includes('zone.stage:people') && series.every((id) => /^(zone|line|venue)\./.test(id)), `the series of what is counted: ${series}`);
  await admin.get('/api/v1/series/lift-3:temperature?event=demo');
  await city.get('/api/v1/series/lift-3:temperature', 403);

  for (const path of ['', '/members', '/tokens', '/audit', '/rules', '/incidents', '/outbox', '/venues', '/venues/park', '/venues/park/devices', '/venues/park/tracks', '/venues/park/tracks.geojson',
    '/venues/park/trips', '/venues/park/dwell', '/venues/park/heat', '/venues/park/forecast', '/venues/park/occupancy']) await city.get(EVENT + path, 403);
  for (const path of ['/api/v1/events', '/api/v1/people', '/api/v1/audit', '/api/v1/session', '/api/v1/detections?device=cam-1', '/api/v1/detections/count', `/api/v1/live?topic=events/demo/venues/park/zones`])
    await city.get(path, 403);
  await city.post('/api/v1/detections', crowd('cam-1', 1), 403);
  await city.post('/api/v1/readings', { id: 'lift-3', temperature: 1 }, 403);
  await city.post(tokens, { name: 'Another', purpose: 'read' }, 403);
  await city.delete(`${EVENT}/venues/park/zones/stage`, 403);
  await device.get(`${EVENT}/venues/park/crowd`, 403);
  await city.get(STA.replace('demo', 'other'), 404);
  await city.get('/api/v1/series?event=other', 404);

  for (const [body, place] of [[{ name: 'x', purpose: 'write' }, 'purpose'], [{ name: 'x', purpose: 'read', device: 'cam-1' }, 'device']]) {
    const answer = await admin.ask('POST', tokens, body);
    equal([answer.status, answer.json.place], [422, place], answer.text);
  }
  const document = await muster.client().get('/api/v1/openapi.json');
  const takes = (path, method) => document.paths[path][method].security.find(({ token }) => token)?.token ?? [];
  equal([takes('/api/v1/series', 'get'), takes('/api/v1/readings', 'post'), takes('/api/v1/detections', 'get')], [['read'], ['send'], []], 'what the document says of tokens');
  await admin.delete(`${tokens}/${made.id}`);
  await city.get(STA, 401);
  await city.get(`${EVENT}/venues/park/crowd`, 401);
});

await playAll();
