'use strict';

// For tests: the source of a bootstrap that does what the event says, or the last segment of its path.
module.exports = `
  const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/';
  const post = (where, body) => fetch(api + where, { method: 'POST', body });
  let served = 0;
  async function loop() {
    for (;;) {
      const next = await fetch(api + 'invocation/next');
      const id = next.headers.get('lambda-runtime-aws-request-id');
      const left = next.headers.get('lambda-runtime-deadline-ms') - Date.now();
      const event = await next.json();
      const own = { id, pid: process.pid, served: ++served, left };
      switch (event.do ?? event.path.split('/').at(-1)) {
        case 'answer': await post('invocation/' + id + '/response', JSON.stringify(event.do ? own : { statusCode: 200, body: JSON.stringify(own) })); break;
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
