'use strict';

// A Lambda sandbox: a bootstrap, and the Runtime API (2018-06-01) that it asks for events. The
// bootstrap lives for many invocations. When it ends, by a panic or otherwise, the invocation that
// it had fails and the next one gets a new bootstrap. However this program ends, no bootstrap stays.

const http = require('node:http');
const { spawn } = require('node:child_process');

const MOST = 6 * 1024 * 1024; // bytes of an answer, as on Lambda
const GRACE = 250; // ms after a deadline until the bootstrap is killed: serverless-offline says 504 first
// What sees to a bootstrap whose sandbox is gone. serverless-offline ends the worker that a sandbox lives in after
// a time-out, without a word to it, and it may be killed itself: either closes the pipe that this reads from. Five
// seconds are for likes on their way.
const WATCH = 'read -r _; kill -TERM "$0" && sleep 5 && kill -KILL "$0"';
const UNTOUCHED = Symbol('the bootstrap ended before it took the event');

class Sandbox {
  #program;
  #environment;
  #life;

  constructor(program, environment) {
    this.#program = program;
    this.#environment = environment;
  }

  // invoke hands an event to the bootstrap, and gives its answer. One at a time. The call has
  // {id, arn, milliseconds}: milliseconds until its deadline, after which the bootstrap is killed.
  async invoke(event, call) {
    // The bootstrap of before may be about to end; a new one gets one try.
    for (let tries = 0; tries < 2; tries++) {
      if (!this.#life?.alive) this.#life = await Life.begin(this.#program, this.#environment);
      const answer = await this.#life.take(event, call);
      if (answer !== UNTOUCHED) return answer;
    }
    throw failure('Runtime.ExitError', 'the bootstrap ended before it took the event, twice');
  }

  end() {
    this.#life?.end('SIGTERM');
  }
}

// Life is one run of the bootstrap, with an API of its own: what an earlier one still sends goes
// nowhere.
class Life {
  alive = true;
  #server = http.createServer((request, response) => this.#serve(request, response));
  #child;
  #asked; // whether it has ever asked for an event
  #why; // it is over
  #next; // the response that waits for one
  #invocation; // {event, call, resolve, reject, taken, timer}

  static async begin(program, environment) {
    const life = new Life();
    await new Promise((resolve, reject) => {
      life.#server.once('error', reject);
      life.#server.listen(0, '127.0.0.1', resolve);
    });
    life.#child = spawn(program, [], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...environment, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${life.#server.address().port}` },
    });
    life.#watch();
    life.#child.once('error', (e) => life.#over(`${program}: ${e.message}`));
    life.#child.once('exit', (code, signal) => life.#over(`the bootstrap ended: ${signal ?? `status ${code}`}`));
    return life;
  }

  take(event, call) {
    return new Promise((resolve, reject) => {
      if (!this.alive) return this.#asked ? resolve(UNTOUCHED) : reject(failure('Runtime.ExitError', this.#why));
      const timer = setTimeout(() => this.end('SIGKILL'), call.milliseconds + GRACE);
      this.#invocation = { event, call, resolve, reject, timer, deadline: Date.now() + call.milliseconds };
      this.#hand();
    });
  }

  end(signal) {
    this.#child.kill(signal);
  }

  #watch() {
    const { pid } = this.#child;
    if (pid === undefined) return; // it did not start
    const watcher = spawn('sh', ['-c', WATCH, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    watcher.once('error', (e) => this.#over(`sh: ${e.message}`));
    watcher.stdin.on('error', () => {}); // it is gone: so is the bootstrap
    this.#child.once('exit', () => watcher.kill('SIGKILL'));
  }

  // hand answers the bootstrap's question when there are both, a question and an event.
  #hand() {
    const { event, call, deadline, taken } = this.#invocation ?? { taken: true };
    if (taken || !this.#next) return;
    this.#invocation.taken = true;
    this.#next.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': call.id,
      'Lambda-Runtime-Deadline-Ms': String(deadline),
      'Lambda-Runtime-Invoked-Function-Arn': call.arn,
    });
    this.#next.end(JSON.stringify(event));
    this.#next = undefined;
  }

  // settle ends the invocation, where there is one.
  #settle(how) {
    const invocation = this.#invocation;
    this.#invocation = undefined;
    if (!invocation) return;
    clearTimeout(invocation.timer);
    how(invocation);
  }

  #fail(type, message) {
    this.#settle(({ reject }) => reject(failure(type, message)));
  }

  #over(why) {
    if (!this.alive) return;
    this.alive = false;
    this.#why = why;
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#asked && this.#invocation && !this.#invocation.taken) this.#settle(({ resolve }) => resolve(UNTOUCHED));
    this.#fail('Runtime.ExitError', why);
  }

  #serve(request, response) {
    switch (`${request.method} ${request.url.replace(/\/invocation\/[^/]+\/(response|error)$/, '/invocation/ID/$1')}`) {
      case 'GET /2018-06-01/runtime/invocation/next':
        this.#asked = true;
        this.#next = response;
        return this.#hand();
      case 'POST /2018-06-01/runtime/invocation/ID/response':
        return this.#read(request, response, (text) => this.#answer(text));
      case 'POST /2018-06-01/runtime/invocation/ID/error':
      case 'POST /2018-06-01/runtime/init/error':
        return this.#read(request, response, (text) => {
          const { errorType = 'Error', errorMessage = text } = parse(text) ?? {};
          this.#fail(errorType, errorMessage);
        });
      case 'POST /2020-01-01/extension/register': // so that the bootstrap is sent SIGTERM; it always is
        response.writeHead(200, { 'Lambda-Extension-Identifier': 'bootstrap' });
        return response.end('{}');
      case 'GET /2020-01-01/extension/event/next': // there are none
        return undefined;
    }
    response.writeHead(404);
    return response.end();
  }

  #answer(text) {
    const value = text === '' ? null : parse(text);
    if (value === undefined) this.#fail('Runtime.MalformedResponse', 'the answer is no JSON');
    else this.#settle(({ resolve }) => resolve(value));
  }

  #read(request, response, done) {
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size <= MOST) chunks.push(chunk);
    });
    request.on('end', () => {
      const large = size > MOST;
      response.writeHead(large ? 413 : 202);
      response.end();
      if (large) this.#fail('Function.ResponseSizeTooLarge', `the answer has ${size} bytes, more than ${MOST}`);
      else done(Buffer.concat(chunks).toString());
    });
  }
}

function failure(type, message) {
  return Object.assign(new Error(message), { name: type });
}

// parse gives undefined for what is no JSON.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

module.exports = { Sandbox };
