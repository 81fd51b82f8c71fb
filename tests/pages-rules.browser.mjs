// SPDX-License-Identifier: Apache-2.0
// The pages' own rules, without a browser: what labels fit, where the plan is, how old is old.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { check, equal, playAll, scenario } from './scenario.mjs';

const ofPages = createRequire(new URL('../web/package.json', import.meta.url));
const esbuild = createRequire(ofPages.resolve('vite'))('esbuild');

// A module of the pages, as the browser would get it.
async function load(path) {
  const built = await esbuild.build({
    entryPoints: [fileURLToPath(new URL(`../web/src/${path}`, import.meta.url))],
    bundle: true, write: false, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact',
  });
  return import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString('base64')}`);
}

scenario('a label stands inside its zone, even where the middle of the zone is outside of it', async () => {
  const { labelPoint, boundsOf } = await load('plan/geometry.ts');
  equal(labelPoint([[0, 0], [10, 0], [10, 10], [0, 10]]), [5, 5], 'the middle of a square');
  const horseshoe = [[0, 0], [30, 0], [30, 30], [20, 30], [20, 10], [10, 10], [10, 30], [0, 30]];
  const [x, y] = labelPoint(horseshoe);
  check(y < 10 || x < 10 || x > 20, `(${x}, ${y}) is in the horseshoe`);
  equal(boundsOf([]), null, 'nothing has no bounds');
});

scenario('a WGS 84 plan is projected as the server does', async () => {
  const { projectionOf } = await load('plan/geometry.ts');
  const project = projectionOf({ crs: 'wgs84', origin: [13.4, 52.5] });
  const [x, y] = project([13.401, 52.501]);
  check(Math.abs(y - 111.19508) < 0.0001, `a thousandth of a degree north is 111.195 m: ${y}`);
  check(Math.abs(x - 111.19508 * Math.cos(52.5 * Math.PI / 180)) < 0.0001, `east is shorter: ${x}`);
  equal(projectionOf({ crs: 'local' })([3, 4]), [3, 4], 'metres stay');
});

scenario('labels never hide one another, and the most crowded zone keeps its own', async () => {
  const { chooseForms } = await load('plan/labels.ts');
  const wish = (id, x, rank) => ({ id, x, y: 100, rank, widthPx: 160, heightPx: 80, nameLength: 12 });
  const forms = chooseForms([wish('calm', 100, 1), wish('danger', 150, 4), wish('far', 500, 1)]);
  equal(Object.fromEntries(forms), { danger: 'full', calm: 'sign', far: 'full' }, 'forms');
  const narrow = chooseForms([{ ...wish('bridge', 100, 4), widthPx: 40, heightPx: 20 }]);
  equal(narrow.get('bridge'), 'count', 'a small zone has its count without the name');
});

scenario('zooming keeps the floor under the finger, and nobody gets lost outside', async () => {
  const { fit, zoom, pan, toScreen } = await load('plan/view.ts');
  const bounds = { minX: 0, minY: 0, maxX: 100, maxY: 50 };
  const size = { width: 800, height: 400 };
  const whole = fit(bounds, size);
  const at = [600, 100];
  const floorAt = (view) => [view.x + (at[0] - 400) / view.scale, view.y - (at[1] - 200) / view.scale];
  const near = zoom(whole, 2, at, bounds, size);
  check(Math.hypot(...floorAt(near).map((v, i) => v - floorAt(whole)[i])) < 1e-9, 'the same spot of the floor');
  equal(toScreen(whole, size, [50, 25]), [400, 200], 'the middle');
  const lost = pan(near, 1e6, -1e6, bounds, size);
  check(lost.x >= 0 && lost.x <= 100 && lost.y >= 0 && lost.y <= 50, 'still on the floor');
  check(zoom(whole, 1e9, at, bounds, size).scale <= whole.scale * 20, 'zoom has an end');
});

scenario('a trend is told after twenty seconds, over the last minute', async () => {
  const { Trend } = await load('control/trend.ts');
  const trend = new Trend();
  const start = Date.parse('2026-06-20T21:00:00Z');
  const hear = (s, people) => trend.hear({ at: new Date(start + s * 1000).toISOString(), people, zones: [{ id: 'a', people }] });
  hear(0, 100);
  hear(10, 110);
  equal(trend.perMinute('a', 110, start + 10000), null, 'too early');
  hear(20, 120);
  equal(trend.perMinute('a', 120, start + 20000), 60, 'ten in ten seconds');
  equal(trend.perMinute('a', null, start + 20000), null, 'an unknown count has no trend');
  for (let s = 30; s <= 120; s += 10) hear(s, 120);
  equal(trend.perMinute('a', 120, start + 120000), 0, 'steady for a minute');
});

scenario('two series share one axis of time, and silence is a gap', async () => {
  const { joined } = await load('history/series.ts');
  equal(joined({ times: [1, 2], values: [5, 6] }, { times: [2, 3], values: [0.5, 0.6] }),
    [[1, 2, 3], [5, 6, null], [null, 0.5, 0.6]], 'joined');
});

scenario('what needs a person comes first among the alarms', async () => {
  globalThis.location = { origin: 'http://x', protocol: 'http:', host: 'x', pathname: '/', search: '' };
  globalThis.addEventListener = () => {};
  globalThis.document = { addEventListener: () => {}, documentElement: { dataset: {} } };
  globalThis.matchMedia = () => ({ matches: false, addEventListener: () => {} });
  const { inOrder } = await load('control/incidents.ts');
  const one = (id, state, severity, minute) => ({ id, state, severity, opened_at: `2026-06-20T21:${minute}:00Z`, resolved_at: state === 'resolved' ? `2026-06-20T22:${minute}:00Z` : null });
  const order = inOrder([one(1, 'resolved', 'critical', 10), one(2, 'acknowledged', 'critical', 20), one(3, 'open', 'warning', 30),
    one(4, 'open', 'critical', '05'), one(5, 'open', 'critical', 15)]).map((incident) => incident.id);
  equal(order, [5, 4, 3, 2, 1], 'order');
});

scenario('of two tellings of an alarm the later one counts, in whatever order they come', async () => {
  const { merged } = await load('control/incidents.ts');
  const told = (id, state, second) => ({ id, state, updated_at: `2026-06-20T21:00:0${second}Z` });
  const states = (list, news) => [...merged(list, news).values()].map(({ id, state }) => `${id} ${state}`);
  equal(states([told(1, 'open', 1)], [told(1, 'resolved', 2)]), ['1 resolved'], 'news is later');
  equal(states([told(1, 'acknowledged', 3)], [told(1, 'open', 2)]), ['1 acknowledged'], 'the list is later');
  equal(states([told(1, 'open', 1), told(1, 'resolved', 2)], []), ['1 resolved'], 'resolved between the two lists');
  equal(states([], [told(7, 'open', 5)]), ['7 open'], 'only news');
});

// A page's sheet (or one of pages that look alike), by the page's class. The others belong to no page alone.
const PAGE_SHEETS = ['analysis', 'editor', 'listing', 'privacy'];
const SHARED_SHEETS = ['alarms', 'colours', 'control', 'forced', 'frame', 'ground', 'history', 'index', 'pages', 'phone', 'plan'];
const STYLES = new URL('../web/src/style/', import.meta.url);

// Selectors of a list, whatever stands in brackets.
const apart = (list) => list.split(/,(?![^()]*\))/).map((one) => one.trim());

function selectorsOf(sheet) {
  const text = readFileSync(new URL(`${sheet}.css`, STYLES), 'utf8').replace(/\/\*[^]*?\*\//g, '');
  return [...text.matchAll(/([^{};]+)\{/g)].map(([, list]) => list.trim()).filter((list) => !list.startsWith('@')).flatMap(apart);
}

// Below the page: .editor, .editor-choice, :where(.editor) and what is in them, each perhaps of one look only.
const isBelow = (page, selector) => new RegExp(`^(:root\\S* )?(:where\\(\\.${page}\\b|\\.${page}\\b)`).test(selector);

scenario('what a page\'s style sheet says of .step or .table holds on that page only', async () => {
  const sheets = readdirSync(STYLES).map((name) => name.replace(/\.css$/, '')).sort();
  equal(sheets, [...PAGE_SHEETS, ...SHARED_SHEETS].sort(), 'sheets, of a page or shared');
  equal(['.step', '.table > .editor', '.editors', ':where(.listing) .step'].filter((selector) => isBelow('editor', selector)), [], 'what would leak');
  for (const page of PAGE_SHEETS) {
    const selectors = selectorsOf(page);
    check(selectors.length > 8, `${page}.css has ${selectors.length} selectors`);
    equal(selectors.filter((selector) => !isBelow(page, selector)), [], `selectors of ${page}.css that hold everywhere: write :where(.${page}) before them`);
  }
});

await playAll();
process.exit(process.exitCode ?? 0); // the pages' clock keeps ticking
