'use strict';

// A plugin for serverless-offline, which accepts the runtimes provided.* and then cannot run them: it
// answers 502. With it they run as on Lambda: the real bootstrap, told events by the Runtime API.
//
// Only `serverless offline` sees the difference. Nothing that is packaged or deployed is changed.

const path = require('node:path');

// What the bootstrap reads of this machine's environment: the settings of docs/settings.md.
const settings = /^(COUNTER_|KAFKA_|VIDEO_|LIKES_|MODE$|LOG_LEVEL$)/;

module.exports = class Offline {
  constructor(serverless) {
    const prepare = () => this.prepare(serverless);
    this.hooks = { 'before:offline:start:init': prepare, 'before:offline:start': prepare };
  }

  // prepare has each function with a bootstrap called through handler.js. The bootstrap is
  // dist/FUNCTION/bootstrap, or below the folder that custom.bootstraps names.
  prepare({ service, serviceDir }) {
    const folder = service.custom?.bootstraps ?? 'dist';
    const own = Object.entries(process.env).filter(([name]) => settings.test(name));
    for (const [name, fn] of Object.entries(service.functions)) {
      if (!(fn.runtime ?? service.provider.runtime ?? '').startsWith('provided')) continue;
      fn.environment = {
        ...fn.environment,
        ...Object.fromEntries(own),
        OFFLINE_BOOTSTRAP: path.resolve(serviceDir, folder, name, 'bootstrap'),
      };
      fn.runtime = 'nodejs20.x';
      fn.handler = `${path.relative(serviceDir, path.join(__dirname, 'handler'))}.handle`;
      delete fn.package;
    }
  }
};
