'use strict';

// node --test functions/offline

const { after, test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const obedient = require('./obedient');
const { Sandbox } = require('./sandbox');

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sandbox-'));
after(() => fs.rmSync(dir, { recursive: true }));

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
