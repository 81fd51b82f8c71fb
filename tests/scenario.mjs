// SPDX-License-Identifier: Apache-2.0
// What scenarios are written with: the real program on a free port, people and devices who talk to it
// over HTTP, live sockets, a real PostgreSQL. Output is TAP.
//
//   scenario('door 3 scans a ticket twice', async (t) => {
//     const muster = await t.muster();
//     const admin = await muster.signIn();
//     await admin.get('/api/v1/events', 200);
//   });
//
// Nothing waits for time to pass: a scenario waits for something that it can name, with a deadline.
import { spawn, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

export const ADMIN = { email: 'anna@example.org', password: 'a long enough passphrase' };
const PROGRAM = process.env.MUSTER ?? 'build/muster';
// Sanitizers stretch time: deadlines and "within a second" with it.
export const SLOWNESS = Number(process.env.SLOWNESS ?? 1);
const DEADLINE_MS = 20000 * SLOWNESS;

export function check(claim, words) {
  if (!claim) throw new Error(words);
}

export function equal(actual, expected, words) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === b, `${words}: is ${a}, expected ${b}`);
}

// Asks until the answer is one; for what has no event of its own to wait for.
export async function until(words, ask, deadlineMs = DEADLINE_MS) {
  const last = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    check(Date.now() < last, `not within ${deadlineMs} ms: ${words}`);
    await new Promise((again) => setTimeout(again, 20));
  }
}

export async function within(words, promise, deadlineMs = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not within ${deadlineMs} ms: ${words}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// --- somebody who talks to Muster: a person with a cookie, a device with a token ---

export class Client {
  constructor(url, credentials = {}) {
    this.url = url;
    this.credentials = credentials;
    this.agent = new http.Agent({ keepAlive: true });
  }

  // The answer as {status, headers, text, json}. Throws only when there is none.
  ask(method, path, body = undefined, headers = {}) {
    const isBytes = typeof body === 'string' || body instanceof Uint8Array;
    const bytes = body === undefined ? undefined : isBytes ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
    const all = { ...this.credentials, ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}), ...headers };
    return new Promise((done, fail) => {
      let hasAnswer = false;
      const request = http.request(this.url + path, { method, headers: all, agent: this.agent }, (response) => {
        hasAnswer = true;
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', fail);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const type = response.headers['content-type'] ?? '';
          let json = null;
          try { json = /json/.test(type) && !/ndjson/.test(type) ? JSON.parse(text) : null; } catch { /* told by the caller's check */ }
          done({ status: response.statusCode, headers: response.headers, text, json });
        });
      });
      // A refusal may come before a long body is all sent.
      request.on('error', (error) => { if (!hasAnswer) fail(error); });
      request.end(bytes);
    });
  }

  async expect(method, path, body, statuses, headers) {
    const answer = await this.ask(method, path, body, headers);
    check([statuses].flat().includes(answer.status),
      `${method} ${path}: answered ${answer.status}, expected ${statuses}: ${answer.text.slice(0, 400)}`);
    return answer.json ?? answer.text;
  }

  get(path, statuses = 200) { return this.expect('GET', path, undefined, statuses); }
  post(path, body, statuses = [200, 201, 202, 204]) { return this.expect('POST', path, body, statuses); }
  put(path, body, statuses = [200, 201, 204]) { return this.expect('PUT', path, body, statuses); }
  delete(path, statuses = [200, 204]) { return this.expect('DELETE', path, undefined, statuses); }

  async follow(...topics) {
    const live = new Live(this.url, this.credentials);
    await live.open(topics);
    return live;
  }

  close() { this.agent.destroy(); }
}

// A live socket. next() gives the first message, from the start or the last next() on, that fits.
export class Live {
  constructor(url, credentials) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/live`, { headers: { ...credentials, origin: url } });
    this.messages = [];
    this.waiting = null;
    this.socket.on('message', (bytes) => { this.messages.push(JSON.parse(bytes)); this.look(); });
    this.socket.on('error', () => {});
    this.closed = new Promise((done) => this.socket.on('close', (code) => done(code)));
  }

  async open(topics) {
    await within('the live socket opens', new Promise((done, fail) => {
      this.socket.on('open', done);
      this.socket.on('unexpected-response', (_, response) => fail(new Error(`live socket refused: ${response.statusCode}`)));
    }));
    this.socket.send(JSON.stringify({ subscribe: topics }));
    const answer = await this.next((message) => message.subscribed);
    equal(answer.refused ?? [], [], 'refused topics');
  }

  look() {
    while (this.waiting && this.messages.length > 0) {
      const message = this.messages.shift();
      if (!this.waiting.fits(message)) continue;
      const { done } = this.waiting;
      this.waiting = null;
      done(message);
    }
  }

  next(fits, deadlineMs = DEADLINE_MS) {
    const found = new Promise((done) => { this.waiting = { fits, done }; });
    this.look();
    return within(`a live message that fits ${fits}`, found, deadlineMs);
  }

  close() { this.socket.terminate(); }
}

// --- the program ---

function cleanEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MUSTER')));
}

const FAULT = /(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:|assertion failed/;

export class Muster {
  constructor(flags, environment = {}) {
    this.flags = flags;
    this.environment = environment; // of the next start
    this.log = [];
    this.faults = [];
    this.clients = [];
  }

  async start() {
    const startedAt = process.hrtime.bigint();
    this.process = spawn(PROGRAM, ['serve', '--port', '0', ...this.flags], { env: { ...cleanEnvironment(), ...this.environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.process.on('exit', (code, signal) => done({ code, signal })));
    createInterface({ input: this.process.stderr }).on('line', (line) => {
      this.log.push(line);
      if (FAULT.test(line)) this.faults.push(line);
      if (this.log.length > 400) this.log.shift();
    });
    const listening = new Promise((done) => createInterface({ input: this.process.stdout }).on('line', (line) => {
      const match = line.match(/^listening address=(\S+)$/);
      if (match) done(match[1]);
    }));
    const gone = this.ended.then(({ code, signal }) => { throw new Error(`muster ended with ${signal ?? code} before it listened:\n${this.log.join('\n')}`); });
    this.url = await within('muster listens', Promise.race([listening, gone]));
    gone.catch(() => {});
    this.startedInMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
    return this;
  }

  client(credentials = {}) {
    const client = new Client(this.url, credentials);
    this.clients.push(client);
    return client;
  }

  withToken(token) { return this.client({ authorization: `Bearer ${token}` }); }

  async signIn(person = ADMIN) {
    const answer = await this.client().ask('POST', '/api/v1/session', { email: person.email, password: person.password });
    check(answer.status < 300, `sign-in answered ${answer.status}: ${answer.text}`);
    const cookies = [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0]);
    check(cookies.length > 0, 'signing in sets a cookie');
    return this.client({ cookie: cookies.join('; '), origin: this.url });
  }

  async kill() {
    this.process.kill('SIGKILL');
    return this.ended;
  }

  // SIGTERM; what is queued is written, and it says goodbye with 0.
  async stop() {
    this.process.kill('SIGTERM');
    return within('muster stops', this.ended);
  }

  async end() {
    for (const client of this.clients) client.close();
    const isRunning = this.process && this.process.exitCode === null && this.process.signalCode === null;
    // A sanitizer looks for leaks at a proper end only.
    if (isRunning && SLOWNESS > 1) equal(await this.stop(), { code: 0, signal: null }, 'the end of muster');
    else if (isRunning) await this.kill();
    check(this.faults.length === 0, `muster is at fault: ${this.faults.join('; ')}\n${this.log.join('\n')}`);
  }
}

// Runs a command to its end; {code, out, err}.
export async function command(...words) {
  const child = spawn(PROGRAM, words, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.on('data', (bytes) => { text.out += bytes; });
  child.stderr.on('data', (bytes) => { text.err += bytes; });
  const code = await within(`muster ${words[0]} ends`, new Promise((done) => child.on('close', done)));
  return { code, ...text };
}

// --- PostgreSQL ---

export function freePort() {
  return new Promise((done) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function postgresFolder() {
  const parent = '/usr/lib/postgresql';
  const version = existsSync(parent) ? readdirSync(parent).sort().at(-1) : undefined;
  return version ? join(parent, version, 'bin') : null;
}

export class Postgres {
  constructor(folder, logFolder) {
    this.folder = folder;
    this.logFolder = logFolder; // its write-ahead log, where that has a disk of its own
    this.bin = postgresFolder();
  }

  // PostgreSQL refuses to run as root.
  get who() {
    if (process.getuid() !== 0) return {};
    const id = (flag) => Number(execFileSync('id', [flag, 'postgres']).toString());
    return { uid: id('-u'), gid: id('-g') };
  }

  async start() {
    const { uid, gid } = this.who;
    if (!existsSync(join(this.folder, 'data'))) {
      mkdirSync(this.folder, { recursive: true });
      const folders = [this.folder, ...(this.logFolder ? [this.logFolder] : [])];
      if (uid !== undefined) for (const folder of folders) chownSync(folder, uid, gid);
      execFileSync(join(this.bin, 'initdb'), ['-D', join(this.folder, 'data'), '-U', 'muster', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync',
        ...(this.logFolder ? ['-X', join(this.logFolder, 'wal')] : [])],
        { ...this.who, cwd: this.folder, stdio: 'ignore' });
      this.port = await freePort();
    }
    this.process = spawn(join(this.bin, 'postgres'), ['-D', join(this.folder, 'data'), '-p', String(this.port), '-h', '127.0.0.1', '-k', this.folder],
      { ...this.who, cwd: this.folder, stdio: ['ignore', 'ignore', process.env.SCENARIO_SHOW ? 'inherit' : 'ignore'] });
    this.ended = new Promise((done) => this.process.on('exit', done));
    await until('PostgreSQL answers', () => {
      try {
        execFileSync(join(this.bin, 'pg_isready'), ['-q', '-U', 'muster', '-h', '127.0.0.1', '-p', String(this.port)]);
        return true;
      } catch { return false; }
    });
    this.url = `postgresql://muster@127.0.0.1:${this.port}/postgres`;
    return this;
  }

  // "fast" shutdown; "immediate" is a crash.
  async stop(how = 'SIGINT') {
    this.process.kill(how);
    await within('PostgreSQL stops', this.ended);
  }

  async end() {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) await this.stop('SIGQUIT');
  }
}

// --- an MQTT broker ---

const BROKER = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'].find(existsSync);

export class Broker {
  constructor(folder, lines, tools) {
    this.folder = folder;
    this.lines = lines; // of its configuration
    this.tools = tools; // what its clients are told besides the address
    this.listeners = [];
  }

  async start() {
    this.port ??= await freePort();
    const file = join(this.folder, 'mosquitto.conf');
    writeFileSync(file, [`listener ${this.port} 127.0.0.1`, 'user root', 'max_queued_messages 100000', 'persistence false', ...this.lines, ''].join('\n'));
    this.process = spawn(BROKER, ['-c', file], { stdio: ['ignore', 'ignore', process.env.SCENARIO_SHOW ? 'inherit' : 'ignore'] });
    this.ended = new Promise((done) => this.process.on('exit', done));
    await until('the broker answers', () => new Promise((done) => {
      const socket = net.connect(this.port, '127.0.0.1', () => { socket.destroy(); done(true); });
      socket.on('error', () => done(false));
    }));
    return this;
  }

  get url() { return `mqtt://127.0.0.1:${this.port}`; }

  words(...words) { return ['-h', '127.0.0.1', '-p', String(this.port), ...this.tools, ...words]; }

  // Every line is a message; resolves when the broker has acknowledged all.
  publish(topic, ...lines) {
    const child = spawn('mosquitto_pub', this.words('-q', '1', '-l', '-t', topic), { stdio: ['pipe', 'ignore', 'inherit'] });
    const done = new Promise((ended) => child.on('close', ended));
    child.stdin.end(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
    return within(`messages to ${topic} are taken by the broker`, done).then((code) => equal(code, 0, 'mosquitto_pub ends with'));
  }

  // {messages: [{topic, isRetained, text}], newest: Map of topic to text}, growing.
  async listen(filter) {
    const heard = { messages: [], newest: new Map() };
    const child = spawn('stdbuf', ['-oL', 'mosquitto_sub', ...this.words('-q', '1', '-t', filter, '-F', '%r %t %p', '-d')], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.listeners.push(child);
    let isSubscribed = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('Subscribed ')) isSubscribed = true;
      const match = line.match(/^([01]) (\S+) (.*)$/);
      if (!match) return;
      heard.messages.push({ isRetained: match[1] === '1', topic: match[2], text: match[3] });
      heard.newest.set(match[2], match[3]);
    });
    await until('the broker has taken the subscription', () => isSubscribed);
    return heard;
  }

  async stop(how = 'SIGTERM') {
    this.process.kill(how);
    await within('the broker stops', this.ended);
  }

  async end() {
    for (const child of this.listeners) child.kill('SIGKILL');
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) await this.stop('SIGKILL');
  }
}

// --- scenarios ---

class Scene {
  constructor() {
    this.endings = [];
  }

  folder() {
    if (!this.root) {
      this.root = mkdtempSync(join(tmpdir(), 'muster-scenario-'));
      chmodSync(this.root, 0o755);
      this.endings.push(() => rmSync(this.root, { recursive: true, force: true }));
    }
    this.folders = (this.folders ?? 0) + 1;
    const path = join(this.root, String(this.folders));
    mkdirSync(path);
    return path;
  }

  // An empty installation with one administrator. {database} for PostgreSQL, {folder} to share one.
  async muster({ database, folder, flags = [], environment = {} } = {}) {
    const where = ['--data-folder', folder ?? join(this.folder(), 'data'), ...(database ? ['--database', database] : [])];
    const muster = new Muster([...where, '--admin-email', ADMIN.email, '--admin-password', ADMIN.password, ...flags], environment);
    this.endings.push(() => muster.end());
    return muster.start();
  }

  // A disk of its own of so many bytes; only root may have one.
  disk(bytes) {
    const path = this.folder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0755`, 'tmpfs', path], { stdio: 'pipe' });
    } catch (error) {
      throw new Skipped(`no disk can be mounted here: ${String(error.stderr ?? error).trim()}`);
    }
    this.endings.push(() => execFileSync('umount', ['-l', path]));
    return path;
  }

  // {disk} for its tables only: without room for its log PostgreSQL ends, which is being away.
  async postgres({ disk } = {}) {
    if (!postgresFolder()) throw new Skipped('PostgreSQL is not installed');
    const postgres = new Postgres(join(disk ?? this.folder(), 'pg'), disk && this.folder());
    this.endings.push(() => postgres.end());
    return postgres.start();
  }

  // `lines` of its configuration, `tools`: flags of mosquitto_pub and mosquitto_sub.
  async broker({ lines = ['allow_anonymous true'], tools = [] } = {}) {
    if (!BROKER) throw new Skipped('mosquitto is not installed');
    const broker = new Broker(this.folder(), lines, tools);
    this.endings.push(() => broker.end());
    return broker.start();
  }

  async end() {
    while (this.endings.length > 0) await this.endings.pop()();
  }
}

export class Skipped extends Error {}

const scenarios = [];
export function scenario(name, act, deadlineMs = 90000) {
  scenarios.push({ name, act, deadlineMs: deadlineMs * SLOWNESS });
}

async function play({ name, act, deadlineMs }, number) {
  const scene = new Scene();
  try {
    await within(name, act(scene), deadlineMs);
    await scene.end();
    console.log(`ok ${number} - ${name}`);
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`ok ${number} - ${name} # SKIP ${error.message}`);
    } else {
      console.log(`not ok ${number} - ${name}`);
      console.log(String(error.stack ?? error).split('\n').map((line) => `# ${line}`).join('\n'));
      process.exitCode = 1;
    }
    for (let left = true; left;) left = await scene.end().then(() => false, () => true);
  }
}

// Every scenario of the file, one after the other; named parts as arguments choose some.
export async function playAll() {
  const wanted = process.argv.slice(2);
  const chosen = scenarios.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  console.log(`1..${chosen.length}`);
  let number = 0;
  for (const one of chosen) await play(one, ++number);
}
