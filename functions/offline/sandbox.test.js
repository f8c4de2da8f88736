'use strict';

// node --test functions/offline

const { after, test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Sandbox } = require('./sandbox');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sandbox-'));
after(() => fs.rmSync(dir, { recursive: true }));

// A bootstrap that does what the event says: loop() takes one event after the other.
const obedient = `
  const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/';
  const post = (where, body) => fetch(api + where, { method: 'POST', body });
  let served = 0;
  async function loop() {
    for (;;) {
      const next = await fetch(api + 'invocation/next');
      const id = next.headers.get('lambda-runtime-aws-request-id');
      const left = next.headers.get('lambda-runtime-deadline-ms') - Date.now();
      const event = await next.json();
      switch (event.do) {
        case 'answer': await post('invocation/' + id + '/response', JSON.stringify({ id, pid: process.pid, served: ++served, left })); break;
        case 'nothing': await post('invocation/' + id + '/response', ''); break;
        case 'garble': await post('invocation/' + id + '/response', '{'); break;
        case 'flood': await post('invocation/' + id + '/response', '"' + 'x'.repeat(6 * 1024 * 1024) + '"'); break;
        case 'err': await post('invocation/' + id + '/error', '{"errorType":"Mine","errorMessage":"no"}'); break;
        case 'panic': await post('invocation/' + id + '/error', '{"errorType":"Panic","errorMessage":"oh"}'); process.exit(1);
        case 'exit': process.exit(3);
        case 'sleep': await new Promise((r) => setTimeout(r, 3_600_000));
      }
    }
  }
  loop();
`;

// bootstrap writes a program, and gives a sandbox around it that ends with the test.
function bootstrap(t, source) {
  const file = path.join(dir, t.name.replaceAll(/\W/g, '-'));
  fs.writeFileSync(file, `#!${process.execPath}\n${source}`, { mode: 0o755 });
  const sandbox = new Sandbox(file, process.env);
  t.after(() => sandbox.end());
  return sandbox;
}

let calls = 0;
const invoke = (sandbox, what, milliseconds = 60_000) =>
  sandbox.invoke({ do: what }, { id: `call-${++calls}`, arn: 'arn:aws:lambda:x', milliseconds });

// A process that ended is gone from the system as soon as its parent has heard of it.
const runs = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('one bootstrap answers many', async (t) => {
  const sandbox = bootstrap(t, obedient);
  const first = await invoke(sandbox, 'answer', 5000);
  const second = await invoke(sandbox, 'answer');
  assert.equal(first.id, `call-${calls - 1}`);
  assert.equal(second.pid, first.pid);
  assert.equal(second.served, 2);
  assert.ok(first.left <= 5000, `${first.left} ms left of 5000`);
  assert.equal(await invoke(sandbox, 'nothing'), null);
});

// what it does, the failure, whether the next event goes to the same process
for (const [what, name, same] of [
  ['err', 'Mine', true],
  ['garble', 'Runtime.MalformedResponse', true],
  ['flood', 'Function.ResponseSizeTooLarge', true],
  ['panic', 'Panic', false],
  ['exit', 'Runtime.ExitError', false],
  ['sleep', 'Runtime.ExitError', false],
]) {
  test(`after ${what} the next event is answered`, async (t) => {
    const sandbox = bootstrap(t, obedient);
    const before = await invoke(sandbox, 'answer');
    await assert.rejects(invoke(sandbox, what, what === 'sleep' ? 200 : 60_000), { name });
    const next = await invoke(sandbox, 'answer');
    assert.equal(next.pid === before.pid, same);
    if (!same) assert.ok(!runs(before.pid), 'the bootstrap of before still runs');
  });
}

test('a bootstrap that never asks for an event', async (t) => {
  const sandbox = bootstrap(t, 'process.exit(7)');
  await assert.rejects(invoke(sandbox, 'answer'), { name: 'Runtime.ExitError', message: /status 7/ });
  await assert.rejects(invoke(sandbox, 'answer'), { name: 'Runtime.ExitError', message: /status 7/ });
});

test('no bootstrap', async () => {
  const sandbox = new Sandbox(path.join(dir, 'none'), process.env);
  await assert.rejects(invoke(sandbox, 'answer'), { name: 'Runtime.ExitError', message: /none.*ENOENT/ });
});
