'use strict';

// node --test functions/offline/offline.test.js, in the repository's root: serverless offline with the plugin,
// over HTTP, and a bootstrap that fails in every way that there is.

const { after, before, test } = require('node:test');
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const obedient = require('./obedient');

const root = path.resolve(__dirname, '../..');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'offline-'));
const seen = new Set(); // pids of bootstraps
let offline;
let ended;
let url;
let log = '';

// freePort is one where nobody listens, for a program that must be told.
const freePort = () =>
  new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const ask = (what) => fetch(`${url}/dev/${what}`, { method: 'POST', body: '{}' });

// until tries again and again.
async function until(what, condition) {
  for (let tries = 0; tries < 600; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${what}, for a minute:\n${log}`);
}

const runs = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

before(async () => {
  for (const name of ['patient', 'hurried']) {
    fs.mkdirSync(path.join(dir, 'dist', name), { recursive: true });
    fs.writeFileSync(path.join(dir, 'dist', name, 'bootstrap'), `#!${process.execPath}\n${obedient}`, { mode: 0o755 });
  }
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  fs.cpSync(__dirname, path.join(dir, 'plugin'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'package.json'), '{"private":true}');
  fs.writeFileSync(
    path.join(dir, 'serverless.yml'),
    JSON.stringify({
      service: 'obedient',
      provider: { name: 'aws', runtime: 'provided.al2', stage: 'dev', region: 'eu-central-1' },
      functions: {
        patient: { handler: 'bootstrap', timeout: 60, events: [{ http: { path: 'patient/{what}', method: 'post' } }] },
        hurried: { handler: 'bootstrap', timeout: 8, events: [{ http: { path: 'hurried/{what}', method: 'post' } }] },
      },
      plugins: ['./plugin', 'serverless-offline'],
    }),
  );
  const [http, lambda, alb] = [await freePort(), await freePort(), await freePort()];
  url = `http://localhost:${http}`;
  const args = ['node_modules/.bin/serverless', 'offline', 'start', '--httpPort', http, '--lambdaPort', lambda, '--albPort', alb];
  offline = spawn(process.execPath, args, { cwd: dir, env: { ...process.env, SLS_TELEMETRY_DISABLED: '1' } });
  ended = new Promise((resolve) => offline.once('exit', resolve));
  for (const stream of [offline.stdout, offline.stderr]) stream.on('data', (text) => (log += text));
  await until('serverless offline does not answer', () => ask('patient/answer').then((r) => r.ok, () => offline.exitCode !== null));
});

after(async () => {
  offline.kill('SIGKILL');
  await ended;
  for (const pid of seen) if (runs(pid)) process.kill(pid, 'SIGKILL'); // they hold the log open
  fs.rmSync(dir, { recursive: true });
});

const answer = async (name) => {
  const response = await ask(`${name}/answer`);
  assert.equal(response.status, 200, log);
  const own = await response.json();
  seen.add(own.pid);
};

// An answer that is no response of HTTP, and one that is too large, are the function's failure, too.
for (const [name, what, status] of [
  ['patient', 'err', 502],
  ['patient', 'panic', 502],
  ['patient', 'exit', 502],
  ['patient', 'garble', 502],
  ['patient', 'flood', 502],
  ['patient', 'nothing', 502],
  ['hurried', 'sleep', 504],
]) {
  test(`${what} gives ${status}, and the next call is served`, async () => {
    await answer(name);
    assert.equal((await ask(`${name}/${what}`)).status, status, log);
    await answer(name);
  });
}

test('no process is left', async () => {
  await Promise.all(Array.from({ length: 5 }, () => answer('patient')));
  offline.kill('SIGTERM');
  await ended;
  await until('bootstraps run on', () => ![...seen].some(runs));
});
